"""Of several people in one movement, what an officer answers about one stands for that one alone."""

import pytest

from riverloop.apps.clearance.deciding import decision_rerun, latest_of
from riverloop.apps.clearance.models import Movement, Notice, SideDecision
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.services import (
    Draft,
    DraftItem,
    movement_restate,
    movements_declare,
    officer_state,
    remedy_file,
)
from riverloop.apps.clearance.stored import levels_of
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import matter_confirm, matter_decide, standing_answer_confirm, standing_answer_give
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.parties.models import ViewRecord
from riverloop.core.kernel.errors import ConflictError, InputError
from tests.cast import account, person
from tests.movements import MENDED, VISITOR, again, ask, copy_of, decide, heard, interim, officers, open_matter, soon
from tests.web.programs import program_of

pytestmark = pytest.mark.django_db

FINE = {**VISITOR, **MENDED}
TO_WORK = {
    **VISITOR,
    "document_kind": "foreign_passport",
    "nationality": "FRA",
    "visa": "exempt",
    "purpose": "employment",
}


@pytest.fixture
def omar(cast):
    """A colleague of Hana's, with an account of his own."""
    cast.omar_himself = person(cast.delta, "Omar")
    return account("omar", "hk", "holder", person=cast.omar_himself)


@pytest.fixture
def immigration(cast):
    return officers("cn", "cn.nia", "ning", "nuo", "nan", "na")


def file_both(cast, *facts):
    people = (cast.hana_herself, cast.omar_himself)
    items = [DraftItem(one, person) for one, person in zip(facts, people, strict=True)]
    one = Draft("person", "hk-cn", soon(), items, "", "Trip of two")
    return heard(movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])[0])


@pytest.fixture
def proposed(cast, omar):
    """Hana and Omar, both of whom the side cn proposes to refuse."""
    return file_both(cast, VISITOR, VISITOR)


@pytest.fixture
def refused(cast, proposed, immigration):
    """The same, once two officers signed both refusals."""
    for item in (0, 1):
        decide(of(copy_of(proposed), item), immigration[0], "refuse", second=immigration[1], reason=f"Refused {item}.")
    return again(proposed)


def of(movement, item, kind="refusal"):
    return open_matter(movement, kind, item=item)


def newest(movement, side):
    return latest_of([movement.id], side)[movement.id]


def told(movement):
    """Return the best and worst outcome of each person, as the other side told it."""
    return newest(movement, "cn").result["item_levels"]


def outcome_read(user, movement, side="cn"):
    whole = program_of(user).get(f"/movements/{movement.id}").json()
    return next(one["outcome"] for one in whole["sides"] if one["side"] == side)


# Each a matter, a notice and a remedy ------------------------------------------------------------------------------


def test_each_person_has_a_matter_a_notice_and_a_remedy_of_their_own(cast, omar, refused):
    copy = copy_of(refused)
    signed = Matter.objects.filter(subject=copy.id, kind="refusal")
    assert sorted(signed.values_list("item", "act")) == [(0, "refuse"), (1, "refuse")]
    notices = Notice.objects.filter(movement=refused).order_by("place")
    assert [(one.place, one.reason) for one in notices] == [(0, "Refused 0."), (1, "Refused 1.")]
    remedy_file(by=omar, notice=notices[1], text="It is the right one.")
    messages_deliver()
    remedy = open_matter(copy, "remedy")
    assert (remedy.item, remedy.of.item) == (1, 1)


def test_whoever_filed_reads_of_which_item_each_refusal_is(cast, omar, refused, enter):
    page = enter(cast.dora).get(f"/movements/{refused.id}/").content.decode()
    assert 'class="soft small">Item 1 ·' in page
    assert 'class="soft small">Item 2 ·' in page
    notices = program_of(cast.dora).get(f"/movements/{refused.id}").json()["notices"]
    assert sorted(one["place"] for one in notices) == [0, 1]
    assert 'class="soft small">Item' not in enter(omar).get(f"/movements/{refused.id}/").content.decode()


def test_lifting_the_refusal_of_one_leaves_that_of_the_other(cast, omar, refused, immigration):
    remedy_file(by=omar, notice=Notice.objects.get(movement=refused, place=1), text="It is the right one.")
    messages_deliver()
    copy = copy_of(refused)
    decide(open_matter(copy, "remedy"), immigration[2], "allow", reason="So it is.")
    assert Notice.objects.get(movement=refused, act="remedy_allowed").place == 1
    assert newest(copy, "cn").result["answered_items"][0][1:] == [0, False]
    assert told(refused) == [[3, 3], [0, 0]]
    assert outcome_of(again(refused)) == outcome_of(again(copy)) == "refused", "the greatest of both counts"
    assert levels_of(again(refused)) == levels_of(again(copy))
    assert (outcome_read(cast.hana, refused), outcome_read(omar, refused)) == ("refused", "cleared")
    assert outcome_read(cast.dora, refused) == "refused"
    assert decision_rerun(newest(copy, "cn"))


def test_a_release_of_one_until_the_objection_is_decided_releases_no_other(cast, omar, refused, immigration):
    remedy_file(by=omar, notice=Notice.objects.get(movement=refused, place=1), text="It is the right one.")
    messages_deliver()
    remedy = open_matter(copy_of(refused), "remedy")
    interim(remedy, immigration[2], "interim_release")
    assert told(refused) == [[3, 3], [0, 0]]
    assert Notice.objects.get(movement=refused, act="interim_release").place == 1
    interim(remedy, immigration[2], "interim_end")
    assert told(refused) == [[3, 3], [3, 3]]


def test_a_refusal_that_is_not_signed_of_one_stays_proposed_of_the_other(cast, omar, proposed, immigration):
    copy = copy_of(proposed)
    decide(of(copy, 0), immigration[0], "allow", reason="She holds the permit.")
    assert of(copy, 1).state == "open"
    assert told(proposed) == [[0, 0], [1, 1]]
    assert (outcome_read(cast.hana, proposed), outcome_of(again(copy))) == ("cleared", "referred")
    decide(of(copy, 1), immigration[0], "refuse", second=immigration[1])
    assert outcome_of(again(proposed)) == "refused"
    assert outcome_read(cast.hana, proposed) == "cleared"


def test_allowing_what_is_referred_of_one_leaves_the_other_referred(cast, omar):
    movement = file_both(cast, FINE, FINE)
    for item in (0, 1):
        officer_state(by=cast.oscar, movement=movement, place=item, facts={"watch_hit": True})
    decide(of(movement, 0, "referral"), cast.oscar, "allow")
    assert of(movement, 1, "referral").state == "open"
    assert outcome_of(again(movement)) == "referred"
    assert newest(movement, "hk").result["levels"] == [[0, 0], [1, 1]]
    assert outcome_read(cast.hana, movement, "hk") == "cleared"
    assert outcome_read(omar, movement, "hk") == "referred"
    assert levels_of(again(movement)) == levels_of(again(copy_of(movement)))


def test_an_answer_about_one_outlives_what_is_stated_anew_of_another(cast, omar, refused):
    heard(movement_restate(by=cast.dora, movement=refused, items={1: {"stay_days": 9}}))
    copy = copy_of(refused)
    assert told(refused) == [[3, 3], [1, 1]]
    assert of(copy, 1).state == "open"
    assert not Matter.objects.filter(subject=copy.id, item=0, closed_at=None).exists()
    heard(movement_restate(by=cast.dora, movement=again(refused), items={0: {"stay_days": 9}}))
    assert told(refused) == [[1, 1], [1, 1]]


def test_a_question_is_about_the_person_of_its_matter(cast, omar, proposed, immigration):
    ask(of(copy_of(proposed), 0), immigration[0], "Where does Hana live?")
    assert "Where does Hana" in str(program_of(cast.hana).get(f"/movements/{proposed.id}").json())
    assert "Where does Hana" not in str(program_of(omar).get(f"/movements/{proposed.id}").json())


def test_a_standing_answer_stands_for_every_person_and_a_lifted_refusal_for_one(cast, omar, immigration):
    movement = file_both(cast, TO_WORK, TO_WORK)
    copy = copy_of(movement)
    rule = open_matter(copy, "referral", item=0, rule="cn.nia.visa.work")
    answer = standing_answer_give(
        by=immigration[0], authority="cn.nia", rule=rule.rule, rule_version=rule.rule_version, flow="person",
        allow=False, reason="An exemption is for visits.",
    )  # fmt: skip
    standing_answer_confirm(by=immigration[1], answer=answer)
    messages_deliver()
    assert newest(copy, "cn").result["levels"] == [[3, 3], [3, 3]]
    notices = Notice.objects.filter(movement=movement).order_by("place")
    assert [one.place for one in notices] == [0, 1]
    remedy_file(by=omar, notice=notices[1], text="I only visit.")
    messages_deliver()
    decide(open_matter(copy, "remedy"), immigration[2], "allow", reason="So it is.")
    assert newest(copy, "cn").result["levels"][0] == [3, 3]
    assert newest(copy, "cn").result["levels"][1][0] < 3


# Who looks at whom -------------------------------------------------------------------------------------------------


def test_the_page_of_a_matter_shows_and_records_its_person_alone(cast, omar, enter):
    movement = file_both(cast, FINE, {**FINE, "purpose": "business_meeting"})
    for item in (0, 1):
        officer_state(by=cast.oscar, movement=movement, place=item, facts={"watch_hit": True})
    client = enter(cast.oscar)
    ViewRecord.objects.all().delete()
    page = client.get(f"/queue/{of(movement, 1, 'referral').id}/").content.decode()
    assert "Omar" in page
    assert "Ha Na" not in page
    assert "Item 2 of 2" in page
    assert set(ViewRecord.objects.values_list("subject", flat=True)) == {cast.omar_himself.id}
    program_of(cast.oscar).get(f"/matters/{of(movement, 0, 'referral').id}")
    assert ViewRecord.objects.filter(page="api:matter_get").get().subject_id == cast.hana_herself.id


# Several at once ---------------------------------------------------------------------------------------------------


def seen(matter):
    now = Matter.objects.get(pk=matter.pk)
    return now, now.version


def test_several_are_refused_by_one_act_each_with_a_step_of_its_own(cast, omar, proposed, immigration):
    copy = copy_of(proposed)
    one, other = of(copy, 0), of(copy, 1)
    before = SideDecision.objects.filter(movement=copy, side="cn").count()
    matter_decide(by=immigration[0], matter=one, act="refuse", reason="Both.", seen=one.version, others=[seen(other)])
    assert set(Matter.objects.filter(subject=copy.id).values_list("state", flat=True)) == {"proposed"}
    with pytest.raises(InputError, match="Another officer"):
        matter_confirm(by=immigration[0], matter=one, agreed=True, seen=seen(one)[1], others=[seen(other)])
    matter_confirm(by=immigration[1], matter=one, agreed=True, seen=seen(one)[1], others=[seen(other)])
    messages_deliver()
    for matter in (one, other):
        assert list(matter.steps.order_by("number").values_list("act", flat=True)) == [
            "opened",
            "proposed",
            "confirmed",
        ]
        assert seen(matter)[0].confirmed_by == immigration[1]
    assert [one.place for one in Notice.objects.filter(movement=proposed).order_by("place")] == [0, 1]
    assert SideDecision.objects.filter(movement=copy, side="cn").count() == before + 1, "it is decided once"
    assert told(proposed) == [[3, 3], [3, 3]]


def test_unless_all_can_be_answered_alike_none_is(cast, omar, proposed, immigration):
    copy = copy_of(proposed)
    one, other = of(copy, 0), of(copy, 1)
    ask(other, immigration[0])
    with pytest.raises(ConflictError):
        matter_decide(
            by=immigration[1],
            matter=one,
            act="allow",
            reason="Both.",
            seen=one.version,
            others=[(other, other.version)],
        )
    assert seen(one)[0].state == "open"
    stranger = of(copy_of(file_both(cast, {**VISITOR, "stay_days": 5}, VISITOR)), 0)
    with pytest.raises(InputError, match="one by one"):
        matter_decide(
            by=immigration[1], matter=one, act="allow", reason="Both.", seen=one.version, others=[seen(stranger)]
        )
    assert seen(one)[0].state == "open"


def test_what_was_proposed_differently_is_not_confirmed_together(cast, omar, proposed, immigration):
    copy = copy_of(proposed)
    one, other = of(copy, 0), of(copy, 1)
    for matter, reason in ((one, "Wrong paper."), (other, "No paper.")):
        matter_decide(by=immigration[0], matter=matter, act="refuse", reason=reason, seen=matter.version)
    with pytest.raises(InputError, match="one by one"):
        matter_confirm(by=immigration[1], matter=one, agreed=True, seen=seen(one)[1], others=[seen(other)])
    assert seen(one)[0].state == seen(other)[0].state == "proposed"


def test_the_page_offers_the_same_answer_for_the_others_and_takes_those_that_are_ticked(
    cast, omar, proposed, immigration, enter
):
    copy = copy_of(proposed)
    one, other = of(copy, 0), of(copy, 1)
    client, address = enter(immigration[0]), f"/queue/{one.id}/"
    page = client.get(address).content.decode()
    assert f'value="{other.id}.{other.version}" checked' in page
    sent = {"do": "decide_alike", "seen": one.version, "act": "refuse", "reason": "Wrong paper."}
    refused = client.post(address, {**sent, "also": f"{other.id}.{other.version + 1}"})
    assert refused.status_code == 409
    assert "Wrong paper." in refused.content.decode()
    client.post(address, {**sent, "also": f"{other.id}.{other.version}"})
    assert (seen(one)[0].state, seen(other)[0].state) == ("proposed", "proposed")
    colleague = enter(immigration[1])
    assert f'value="{other.id}.{seen(other)[1]}" checked' in colleague.get(address).content.decode()
    also = {"also": f"{other.id}.{seen(other)[1]}"}
    colleague.post(address, {"do": "confirm_alike", "seen": seen(one)[1], "agreed": "1", **also})
    assert (seen(one)[0].act, seen(other)[0].act) == ("refuse", "refuse")
    assert "Item 2" not in colleague.get(address).content.decode().split('class="acts')[-1]


def test_a_program_answers_several_at_once(cast, omar, proposed, immigration):
    copy = copy_of(proposed)
    one, other = of(copy, 0), of(copy, 1)
    program = program_of(immigration[0])
    whole = program.get(f"/matters/{one.id}").json()
    assert whole["item"] == 0
    assert whole["alike"] == [{"id": other.id, "item": 1, "version": other.version}]
    others = [{"id": two["id"], "seen": two["version"]} for two in whole["alike"]]
    body = {"act": "allow", "reason": "They hold permits.", "seen": one.version, "others": others}
    stale = [{**others[0], "seen": others[0]["seen"] + 1}]
    assert program.post(f"/matters/{one.id}/decide", {**body, "others": stale}).status_code == 409
    assert program.post(f"/matters/{one.id}/decide", {**body, "others": [{**others[0], "id": "X"}]}).status_code == 404
    assert program.post(f"/matters/{one.id}/decide", body).status_code == 200
    assert (seen(one)[0].act, seen(other)[0].act) == ("allow", "allow")
    messages_deliver()
    assert told(proposed) == [[0, 0], [0, 0]]


# As it was kept before ---------------------------------------------------------------------------------------------


def test_what_was_answered_for_all_runs_again_with_the_same_answer(cast, omar, proposed, immigration):
    copy = copy_of(proposed)
    matter = of(copy, 0)
    Matter.objects.filter(subject=copy.id, item=1).update(state="closed", act="superseded", closed_at=soon())
    Matter.objects.filter(pk=matter.pk).update(item=None)  # as it was opened once: for everybody
    decide(matter, immigration[0], "refuse", second=immigration[1])
    decision = newest(copy, "cn")
    assert decision.inputs["movement"]["answers"] == [
        {"side": "cn", "rule": matter.rule, "version": matter.rule_version, "answer": "refuse"}
    ]
    assert decision.result["answered"] == {matter.rule: False}
    assert "answered_items" not in decision.result
    assert (decision.low, decision.result["levels"]) == (3, [[3, 3], [3, 3]])
    assert decision_rerun(decision)
    assert [one.place for one in Notice.objects.filter(movement=proposed).order_by("place")] == [0, 1]


def test_every_decision_runs_again(cast, omar, refused):
    decisions = SideDecision.objects.exclude(inputs={})
    assert decisions.count() > 2
    assert all(decision_rerun(one) for one in decisions)
    assert Movement.objects.count() == 2
