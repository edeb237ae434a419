"""What crosses is what the disclosure table lists, signed; and each reader sees what is theirs, of their own side."""

import json

import pytest

from riverloop.apps.clearance import exchange
from riverloop.apps.clearance.deciding import latest_of
from riverloop.apps.clearance.models import Movement, SideDecision
from riverloop.apps.clearance.outcomes import WORDS, outcome_filter, outcome_of
from riverloop.apps.clearance.selectors import facts_shown, movements, rulebook, timeline, zone
from riverloop.apps.clearance.services import movement_restate, movement_withdraw, officer_state
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.notices.models import Message
from riverloop.core.kernel.errors import ZoneError
from tests.cast import account
from tests.movements import EQUIPMENT, VISITOR, again, copy_of, file, file_visitor, heard, officers, open_matter

pytestmark = pytest.mark.django_db


def test_no_field_crosses_that_the_disclosure_table_does_not_list(cast):
    words = rulebook().packs.dictionary
    goods = file(cast, {**EQUIPMENT, "biomaterial_level": 2, "has_dh_import_permit": True})
    person = file_visitor(cast)
    for movement, own in ((goods, {"biomaterial_level"}), (person, {"residence", "nationality"})):
        told = json.loads(Message.objects.get(owner_side="hk", subject=movement.ref, kind="movement.declared").body)
        allowed = zone().disclosed("declare", "cn", movement.flow)
        for fact in told["items"][0]:
            assert (words.facts[fact].document or fact) in allowed
        assert set(told) - {"movement", "items"} <= allowed
        assert own <= set(told["items"][0])
    assert (
        "dh_import_permit" not in Message.objects.get(owner_side="hk", subject=goods.ref, kind="movement.declared").body
    )


def test_names_and_references_stay_where_it_was_filed(cast):
    file(cast, VISITOR, flow="person", person=cast.hana_herself, reference="Hana to Shenzhen")
    for message in Message.objects.all():
        for kept in ("Hana", "Ha Na", cast.hana_herself.id, cast.delta.id, cast.dora.id, "Delta"):
            assert kept not in message.body


def test_a_field_that_is_not_in_the_table_is_refused_before_it_is_signed(cast):
    movement = file(cast)
    with pytest.raises(ZoneError, match="may not be told"):
        exchange.send(movement, exchange.WITHDRAWN, "withdraw", secret="x")
    assert not Message.objects.filter(body__contains="secret").exists()


def test_a_decision_that_was_tampered_with_is_refused_and_changes_nothing(cast):
    movement = file(cast, deliver=False)
    messages_deliver()
    before = again(movement)
    movement_restate(by=cast.dora, movement=movement, items={0: {"controlled_drug": True}})
    forged = Message.objects.filter(state="queued", kind="movement.restated").get()
    Message.objects.filter(pk=forged.pk).update(
        body=forged.body.replace('"controlled_drug":true', '"controlled_drug":null')
    )
    messages_deliver()
    forged.refresh_from_db()
    assert forged.state == "refused"
    assert copy_of(movement).own_low == before.other_low


def test_what_was_told_carries_a_signature_that_anyone_can_check(cast):
    movement = file(cast)
    for kept in SideDecision.objects.all():
        assert exchange.signature_holds(kept)
    told = SideDecision.objects.get(movement=movement, side="cn")
    assert exchange.told_by(told)["side"] == "cn"
    told.told = told.told.replace('"at_best":"', '"at_best":"x')
    assert not exchange.signature_holds(told)


def test_a_side_speaks_for_itself_alone(cast):
    movement = file(cast)
    copy = copy_of(movement)
    number = latest_of([copy.id], "cn")[copy.id].number
    body = {"side": "hk", "number": number + 1, "outcome": "cleared", "at_best": "cleared", "at_worst": "cleared"}
    exchange.send(copy, exchange.DECIDED, "side_decision", **body, at=copy.declared_at, packs="x")
    messages_deliver()
    assert again(movement).other_low == movement.other_low
    assert not SideDecision.objects.filter(owner_side="hk", number=number + 1).exists()


def test_an_older_answer_never_replaces_a_newer_one(cast):
    movement = file(cast)
    copy = copy_of(movement)
    body = {"side": "cn", "number": 1, "outcome": "cleared", "at_best": "cleared", "at_worst": "cleared"}
    exchange.send(copy, exchange.DECIDED, "side_decision", **body, at=copy.declared_at, packs="x")
    messages_deliver()
    assert again(movement).other_low == movement.other_low


def test_the_other_side_withdraws_nothing_that_was_not_filed_there(cast):
    movement = file(cast)
    exchange.send(copy_of(movement), exchange.WITHDRAWN, "withdraw", at=movement.declared_at)
    messages_deliver()
    assert again(movement).withdrawn_at is None


# Who sees what


def test_each_reader_lists_the_movements_that_are_theirs(cast):
    goods, person = file(cast), file_visitor(cast)
    mine = file(cast, VISITOR, by=cast.eve, organisation=cast.egret, flow="person", person=cast.edwin)
    (customs,) = officers("hk", "hk.ced", "carl")
    (theirs,) = officers("cn", "cn.gacc", "gao")
    (health,) = officers("hk", "hk.dh", "dan")
    seen = {
        cast.dora: {goods, person}, cast.eve: {mine}, cast.hana: {person}, cast.ada: {goods, person, mine},
        cast.oscar: {person, mine}, customs: {goods}, health: set(), theirs: {copy_of(goods)},
        cast.otto: {copy_of(person), copy_of(mine)}, cast.amy: {copy_of(one) for one in (goods, person, mine)},
        cast.mei: set(), cast.pat: set(), cast.paul: set(), cast.tess: set(), cast.nobody_yet: set(), cast.greta: set(),
    }  # fmt: skip
    for user, expected in seen.items():
        assert set(movements(visible_to=user)) == expected, user.name
    assert not movements(visible_to=None).exists()


def test_an_authority_without_the_lead_sees_a_movement_once_it_has_a_matter_on_it(cast):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    (health,) = officers("hk", "hk.dh", "dan")
    assert open_matter(movement, rule="hk.dangerous-drugs").authority == "hk.dh"
    assert set(movements(visible_to=health)) == {movement}
    shown = facts_shown(movement, health)[movement.items.get().id]
    assert set(shown) == {"controlled_drug", "suspected_infectious"}


def test_a_gate_sees_what_crosses_there_within_a_day(cast):
    today = file(cast, VISITOR, flow="person", person=cast.hana_herself, days=0, control_point="futian")
    elsewhere = file(cast, VISITOR, flow="person", person=cast.hana_herself, days=0, control_point="huanggang")
    later = file(cast, VISITOR, flow="person", person=cast.hana_herself, days=4, control_point="futian")
    seen = set(movements(visible_to=cast.greta))
    assert today in seen
    assert elsewhere not in seen
    assert later not in seen
    assert facts_shown(today, cast.greta) == {today.items.get().id: {}}
    mainland = account("gang", "cn", "gate", control_point="futian")
    assert set(movements(visible_to=mainland)) == {copy_of(today)}


def test_of_what_names_no_control_point_a_gate_sees_the_flows_that_may_pass_it(cast):
    person = file(cast, VISITOR, flow="person", person=cast.hana_herself, days=0)
    goods = file(cast, days=0)
    data = file(cast, {"important_data": False}, flow="data", days=0)
    named = file(cast, days=0, control_point="futian")
    assert zone().flows_through("futian") == {"person"}
    assert zone().flows_through("huanggang") == {"person", "goods"}
    assert not zone().flows_through("west_bridge")
    assert set(movements(visible_to=cast.greta)) == {person, named}
    harbour = account("hugo", "hk", "gate", control_point="huanggang")
    assert set(movements(visible_to=harbour)) == {person, goods}
    bridge = account("bea", "hk", "gate", control_point="west_bridge")
    assert not movements(visible_to=bridge).exists()
    for user, may in ((cast.greta, {person, named}), (harbour, {person, goods}), (bridge, set())):
        seen = {one for one in (person, goods, data, named) if user.has_perm("clearance.cross_movement", one)}
        assert seen == may


def test_each_reader_sees_the_facts_that_are_theirs(cast):
    movement = file_visitor(cast)
    officer_state(by=cast.oscar, movement=movement, place=0, facts={"watch_hit": True})
    item = movement.items.get().id
    stated = set(VISITOR)
    assert set(facts_shown(movement, cast.dora)[item]) == stated
    assert set(facts_shown(movement, cast.hana)[item]) == stated
    officers_facts = set(facts_shown(movement, cast.oscar)[item])
    assert "watch_hit" in officers_facts
    assert not officers_facts & {"nationality", "residence"}
    assert set(facts_shown(movement, cast.ada)[item]) == stated | {"watch_hit"}
    copy = copy_of(movement)
    assert "watch_hit" not in facts_shown(copy, cast.otto)[copy.items.get().id]


def test_a_hit_on_a_watch_list_never_shows_to_the_applicant_or_across(cast):
    movement = file_visitor(cast, document_kind="home_return_permit")
    officer_state(by=cast.oscar, movement=movement, place=0, facts={"watch_hit": True})
    movement = heard(movement)
    assert outcome_of(movement) == outcome_of(copy_of(movement)) == "referred"
    for user, kept in ((cast.dora, movement), (cast.hana, movement), (cast.otto, copy_of(movement))):
        said = str(timeline(kept, user)) + str(facts_shown(kept, user))
        assert "watch" not in said.lower()
    for row in [*Message.objects.values_list("body", flat=True), *SideDecision.objects.filter(owner_side="cn")]:
        assert "watch" not in str(getattr(row, "result", row))


def test_the_timeline_tells_in_order_what_happened_and_who_did_it(cast):
    movement = file_visitor(cast)
    movement = heard(movement_restate(by=cast.dora, movement=movement, items={0: {"stay_days": 5}}))
    movement = heard(movement_withdraw(by=cast.dora, movement=movement))
    events = timeline(movement, cast.dora)
    kinds = [event.kind for event in events]
    assert kinds[0] == "filed"
    assert kinds[-1] == "withdrawn"
    assert "stated" in kinds
    assert {event.side for event in events if event.kind == "decided"} == {"hk", "cn"}
    assert events[0].who == "For Delta Biolabs"
    assert not any(event.kind == "stepped" for event in events)


def test_every_outcome_can_be_looked_for_and_each_movement_has_one(cast):
    levels = (None, 0, 1, 2, 3)
    pairs = [(low, high) for low in levels for high in levels if (low is None) == (high is None)]
    pairs = [pair for pair in pairs if pair[0] is None or pair[0] <= pair[1]]
    movement = file(cast)
    for own in pairs:
        for other in pairs:
            Movement.objects.filter(pk=movement.pk).update(
                own_low=own[0], own_high=own[1], other_low=other[0], other_high=other[1]
            )
            said = outcome_of(again(movement))
            found = [word for word in WORDS if Movement.objects.filter(outcome_filter(word), pk=movement.pk).exists()]
            assert found == [said], (own, other)
