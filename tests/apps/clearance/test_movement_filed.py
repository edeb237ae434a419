"""A movement is filed, decided on both sides, stated anew, withdrawn, and crosses."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from riverloop.apps.clearance.deciding import latest_of
from riverloop.apps.clearance.models import Item, Movement, SideDecision, Statement
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.services import (
    Draft,
    DraftItem,
    movement_cross,
    movement_restate,
    movement_withdraw,
    movements_declare,
)
from riverloop.apps.desk.models import Matter, Obligation
from riverloop.apps.nodes.links import link_failed
from riverloop.apps.notices.models import Message
from riverloop.apps.record.models import PendingRecord
from riverloop.core.kernel.errors import ConflictError, InputError
from tests.cast import account
from tests.movements import (
    EQUIPMENT,
    MENDED,
    VISITOR,
    again,
    copy_of,
    draft,
    file,
    file_visitor,
    heard,
    signed,
    soon,
)

pytestmark = pytest.mark.django_db


def test_a_movement_filed_here_is_decided_on_both_sides(cast):
    movement = file(cast, deliver=False)
    assert movement.own_low is not None
    assert movement.other_low is None
    movement = heard(movement)
    copy = copy_of(movement)
    assert (copy.own_low, copy.own_high) == (movement.other_low, movement.other_high) != (None, None)
    assert (movement.own_low, movement.own_high) == (copy.other_low, copy.other_high)
    assert outcome_of(copy) == outcome_of(movement)


def test_until_the_other_side_has_answered_nothing_is_known(cast):
    movement = file(cast, {"category": "document"}, deliver=False)
    assert outcome_of(movement) == "undetermined"


def test_two_copies_of_a_movement_share_no_key(cast):
    movement = file(cast)
    copy = copy_of(movement)
    for model, path in (
        (Movement, "pk"),
        (Item, "movement"),
        (Statement, "item__movement"),
        (SideDecision, "movement"),
    ):
        own = set(model.objects.filter(**{path: movement.pk}).values_list("pk", flat=True))
        theirs = set(model.objects.filter(**{path: copy.pk}).values_list("pk", flat=True))
        assert own
        assert theirs
        assert not own & theirs
    assert copy.organisation is None
    assert copy.filed_by is None
    assert all(item.person is None for item in copy.items.all())


def test_what_happens_is_recorded_on_each_side(cast):
    file(cast)
    kinds = {
        side: set(PendingRecord.objects.filter(owner_side=side).values_list("kind", flat=True)) for side in ("hk", "cn")
    }
    assert {"movement.declared", "movement.decided", "decision.told"} <= kinds["hk"]
    assert {"movement.decided", "decision.told"} <= kinds["cn"]


def test_nobody_files_for_another_tenant(cast):
    with pytest.raises(PermissionDenied):
        file(cast, by=cast.eve)
    with pytest.raises(PermissionDenied):
        file(cast, by=cast.oscar)
    assert not Movement.objects.exists()


def test_a_movement_filed_already_is_filed_again_only_if_that_is_meant(cast):
    one = draft()
    movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])
    with pytest.raises(ConflictError, match="filed already"):
        movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])
    movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one], twice=True)
    assert Movement.objects.filter(organisation=cast.delta).count() == 2


def test_a_list_with_the_same_movement_twice_files_none_of_it(cast):
    one = draft()
    with pytest.raises(ConflictError, match="filed twice here"):
        movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one, one])
    assert not Movement.objects.exists()


def test_one_that_was_withdrawn_may_be_filed_again(cast):
    one = draft()
    (movement,) = movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])
    movement_withdraw(by=cast.dora, movement=movement)
    movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"flow": "parcel"}, "There is no flow"),
        ({"direction": "hk-hk"}, "no direction"),
        ({"items": []}, "1 to 1000 items"),
        ({"control_point": "nowhere"}, "no control point"),
        ({"crossing_at": timezone.now().replace(tzinfo=None)}, "time zone"),
        ({"items": [DraftItem({"category": "banana"})]}, "category"),
        ({"items": [DraftItem({"watch_hit": True})]}, "watch_hit"),
        ({"reference": "x" * 81}, "Shorten"),
        ({"reference": "1\u202e2"}, "cannot be seen"),
    ],
)
def test_a_draft_that_does_not_hold_together_is_refused_with_its_place(cast, change, said):
    good = {"flow": "goods", "direction": "hk-cn", "crossing_at": soon(), "items": [DraftItem(EQUIPMENT)]}
    with pytest.raises(InputError, match=said) as refused:
        movements_declare(by=cast.dora, organisation=cast.delta, drafts=[Draft(**good), Draft(**{**good, **change})])
    assert refused.value.where.startswith("movements[1]") or change.get("control_point")
    assert not Movement.objects.exists()


def test_an_applicant_cannot_state_what_only_an_officer_knows(cast):
    with pytest.raises(InputError, match="Only an officer"):
        file(cast, {"watch_hit": False}, flow="person", person=cast.hana_herself)


def test_a_person_who_crosses_is_named_and_is_the_tenants_own(cast):
    with pytest.raises(InputError, match="Choose the person"):
        file(cast, {"purpose": "research"}, flow="person")
    with pytest.raises(InputError, match="does not belong"):
        file(cast, {"purpose": "research"}, flow="person", person=cast.edwin)


# Stated anew


def test_what_is_stated_anew_is_a_new_version_and_both_sides_decide_again(cast):
    movement = file(cast, {"category": "equipment"})
    movement = heard(movement_restate(by=cast.dora, movement=movement, items={0: EQUIPMENT}))
    copy = copy_of(movement)
    for kept in (movement, copy):
        assert list(
            Statement.objects.filter(item__movement=kept).order_by("number").values_list("number", flat=True)
        ) == [1, 2]
        assert latest_of([kept.id], kept.owner_side)[kept.id].number == 2
    assert outcome_of(movement) == outcome_of(copy)


def test_a_fact_that_is_taken_back_is_gone_on_both_sides(cast):
    movement = file(cast)
    movement = heard(movement_restate(by=cast.dora, movement=movement, items={0: {"un_number": None}}))
    for kept, side in ((movement, "hk"), (copy_of(movement), "cn")):
        inputs = latest_of([kept.id], side)[kept.id].inputs
        assert "un_number" not in inputs["movement"]["items"][0]
        assert inputs["movement"]["items"][0]["category"] == "equipment"


def test_another_day_is_told_too(cast):
    movement = file(cast)
    later = movement.crossing_at + timedelta(days=9)
    movement = heard(movement_restate(by=cast.dora, movement=movement, crossing_at=later))
    assert movement.crossing_at == copy_of(movement).crossing_at == later


def test_stating_the_same_again_is_refused(cast):
    movement = file(cast)
    with pytest.raises(InputError, match="Nothing is stated otherwise"):
        movement_restate(by=cast.dora, movement=movement, items={0: {"category": "equipment"}})


def test_only_the_tenant_that_filed_states_anew_or_withdraws(cast):
    movement = file(cast)
    for user in (cast.eve, cast.oscar, cast.hana, cast.mei, cast.ada):
        with pytest.raises(PermissionDenied):
            movement_restate(by=user, movement=movement, items={0: {"quantity": 9}})
        with pytest.raises(PermissionDenied):
            movement_withdraw(by=user, movement=movement)
    with pytest.raises(PermissionDenied):
        movement_restate(by=cast.mei, movement=copy_of(movement), items={0: {"quantity": 9}})


def test_a_decision_that_says_nothing_new_is_kept_and_not_told_again(cast):
    movement = file(cast)
    told = Message.objects.filter(owner_side="hk", from_side="hk", kind="side.decided").count()
    heard(movement_restate(by=cast.dora, movement=movement, items={0: {"quantity": 4}}))
    assert Message.objects.filter(owner_side="hk", from_side="hk", kind="side.decided").count() == told
    assert SideDecision.objects.filter(movement=movement, side="hk").count() == 2


# Withdrawn


def test_a_movement_that_is_withdrawn_waits_for_nobody_on_either_side(cast):
    movement = file_visitor(cast)
    copy = copy_of(movement)
    assert Matter.objects.filter(subject=copy.id, closed_at=None).exists()
    movement = heard(movement_withdraw(by=cast.dora, movement=movement))
    copy = again(copy)
    assert movement.withdrawn_at
    assert copy.withdrawn_at
    assert not Matter.objects.filter(subject__in=[movement.id, copy.id], closed_at=None).exists()
    assert not Obligation.objects.filter(subject=movement.id, dropped_at=None).exists()
    with pytest.raises(ConflictError, match="was withdrawn"):
        movement_restate(by=cast.dora, movement=movement, items={0: {"stay_days": 4}})


# Crossed


@pytest.fixture
def cleared(cast):
    resident = {"document_kind": "hkid_permanent", "document_expires_on": "2031-01-01", "purpose": "research",
                "nationality": "CHN", "residence": "hk", "stay_days": 2, "listed": False}  # fmt: skip
    resident["document_kind"] = "home_return_permit"
    return signed(file(cast, resident, flow="person", person=cast.hana_herself, days=0))


def test_what_both_sides_clear_crosses_only_once_both_have_signed_it(cast, enter):
    gate = account("gina", "hk", "gate", control_point="futian")
    movement = file(cast, {**VISITOR, **MENDED}, flow="person", person=cast.hana_herself, days=0)
    assert outcome_of(movement) == "cleared"
    with pytest.raises(ConflictError, match="Recorded, proof pending: it takes effect .* in a few seconds"):
        movement_cross(by=gate, movement=movement, at=timezone.now())
    assert "proof pending" in enter(gate).get(f"/movements/{movement.id}/cross/").content.decode()
    movement = signed(movement)
    assert "proof pending" not in enter(gate).get(f"/movements/{movement.id}/cross/").content.decode()
    assert movement_cross(by=gate, movement=movement, at=timezone.now()).crossed_at is not None


def test_while_the_link_between_two_nodes_is_down_nothing_crosses_and_one_line_says_since_when(cast, settings):
    gate = account("gina", "hk", "gate", control_point="futian")
    movement = file(cast, {**VISITOR, **MENDED}, flow="person", person=cast.hana_herself, days=0)
    settings.RIVERLOOP_SIDE = "hk"
    link_failed("hk", "cn", InputError("test.down", "The node of {side} does not answer.", side="cn"))
    with pytest.raises(
        ConflictError, match="the link to the other side has been down since .*Try again when it is back"
    ):
        movement_cross(by=gate, movement=movement, at=timezone.now())


def test_what_the_other_side_did_not_take_counts_for_no_crossing(cast, cleared):
    gate = account("gina", "hk", "gate", control_point="futian")
    Message.objects.filter(owner_side="hk", from_side="hk", kind="side.decided").update(state="refused")
    with pytest.raises(ConflictError, match="The other side refused the message with this side's decision"):
        movement_cross(by=gate, movement=cleared, at=timezone.now())


def test_a_movement_that_both_sides_clear_crosses_and_both_know(cast, cleared):
    gate = account("gina", "hk", "gate", control_point="futian")
    assert outcome_of(cleared) == "cleared"
    movement = heard(movement_cross(by=gate, movement=cleared, at=timezone.now()))
    assert movement.crossed_at == copy_of(movement).crossed_at
    with pytest.raises(ConflictError, match="is over"):
        movement_cross(by=gate, movement=movement)


def test_one_that_is_not_cleared_does_not_cross(cast):
    movement = file_visitor(cast)
    with pytest.raises(ConflictError, match="Both sides have to clear it"):
        movement_cross(by=cast.oscar, movement=movement)


def test_a_crossing_lies_in_the_past(cast, cleared):
    with pytest.raises(InputError, match="when it has happened"):
        movement_cross(by=cast.oscar, movement=cleared, at=soon())


def test_nobody_but_the_gate_and_officers_of_that_side_records_a_crossing(cast, cleared):
    for user in (cast.dora, cast.hana, cast.ada, cast.otto, cast.eve):
        with pytest.raises(PermissionDenied):
            movement_cross(by=user, movement=cleared)


def test_nobody_crosses_before_it_was_declared(cast, cleared):
    for early in (timedelta(minutes=1), timedelta(days=365)):
        with pytest.raises(InputError, match="declared later than that"):
            movement_cross(by=cast.oscar, movement=cleared, at=cleared.declared_at - early)
    assert again(cleared).crossed_at is None
    movement_cross(by=cast.oscar, movement=cleared, at=again(cleared).declared_at)


def test_a_crossing_is_recorded_while_whoever_saw_it_can_say_so(cast, cleared):
    now = timezone.now()
    Movement.objects.update(declared_at=now - timedelta(days=40))
    with pytest.raises(InputError, match="within 10 days"):
        movement_cross(by=cast.oscar, movement=again(cleared), at=now - timedelta(days=10, minutes=1))
    movement_cross(by=cast.oscar, movement=again(cleared), at=now - timedelta(days=10) + timedelta(minutes=1))
