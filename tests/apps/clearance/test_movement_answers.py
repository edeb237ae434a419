"""Officers answer, ask, refuse with a remedy and hear objections; each side decides again, and the other is told."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from riverloop.apps.clearance import telling
from riverloop.apps.clearance.deciding import latest_of
from riverloop.apps.clearance.models import Notice, Question
from riverloop.apps.clearance.movement_pages import notices_of
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.services import movement_restate, officer_state, question_answer, remedy_file
from riverloop.apps.clearance.stored import Reading
from riverloop.apps.clearance.timeline import timeline
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import matter_confirm, matter_decide, standing_answer_give, standing_answer_withdraw
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.notices.models import Mail, Message
from riverloop.core.kernel.errors import ConflictError, InputError
from tests.movements import (
    EQUIPMENT,
    MENDED,
    again,
    ask,
    copy_of,
    decide,
    file,
    file_visitor,
    heard,
    interim,
    officers,
    open_matter,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def customs(cast):
    return officers("cn", "cn.gacc", "gao", "guo")


@pytest.fixture
def immigration(cast):
    return officers("cn", "cn.nia", "ning", "nuo", "nan", "na")


def newest(movement, side):
    return latest_of([movement.id], side)[movement.id]


# Referrals


def test_an_officers_answer_settles_a_referral_and_the_other_side_is_told(cast, customs):
    movement = file(cast)
    copy = copy_of(movement)
    matter = open_matter(copy, "referral", authority="cn.gacc")
    before = newest(copy, "cn").low
    decide(matter, customs[0], "allow")
    assert newest(copy, "cn").cause == "authority"
    assert matter.rule in newest(copy, "cn").result["answered"]
    assert again(movement).other_low == again(copy).own_low <= before


def test_a_referral_that_is_refused_refuses_goods_and_says_so_with_a_notice(cast, customs):
    movement = file(cast)
    matter = open_matter(copy_of(movement), "referral", authority="cn.gacc")
    decide(matter, customs[0], "refuse", reason="The list does not fit.")
    assert outcome_of(again(movement)) == "refused"
    notice = Notice.objects.get(movement=movement)
    assert (notice.act, notice.side, notice.authority) == ("refused", "cn", "cn.gacc")
    assert notice.reason == "The list does not fit."
    assert Mail.objects.filter(to=cast.dora, kind="movement.refusal").exists()


GENES = {"category": "human_tissue", "human_genetic_material": True, "consignor_is_chinese_party": False}


def titles_of(movement, user):
    """Return how a reader is told of its one notice, and what the timeline calls that."""
    (told,) = notices_of(movement, Reading("applicant"))
    return told["title"], [event.title for event in timeline(movement, user) if event.kind == "told"]


def test_what_a_rule_refuses_is_not_told_as_an_officers_refusal(cast, customs):
    movement = file(cast, EQUIPMENT | GENES, direction="cn-hk")
    assert outcome_of(movement) == "refused"
    assert titles_of(movement, cast.dora) == ("Refused by law", ["Refused by law"])
    movement.erased_at = timezone.now()
    movement.save(update_fields=["erased_at"])
    assert titles_of(movement, cast.dora) == ("Refused", ["Refused"])
    signed = file(cast)
    decide(open_matter(copy_of(signed), "referral", authority="cn.gacc"), customs[0], "refuse", reason="No list.")
    assert titles_of(signed, cast.dora) == ("Refused by an officer", ["Refused by an officer"])


def test_an_answer_is_void_once_the_facts_are_others(cast, customs):
    movement = file(cast)
    copy = copy_of(movement)
    matter = open_matter(copy, "referral", authority="cn.gacc")
    decide(matter, customs[0], "allow")
    heard(movement_restate(by=cast.dora, movement=movement, items={0: {"quantity": 3000}}))
    assert matter.rule not in newest(copy, "cn").result["answered"]
    assert open_matter(copy, "referral", rule=matter.rule).pk != matter.pk


def test_a_rule_that_refers_no_longer_closes_its_matter(cast, customs):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    matter = open_matter(movement, "referral", rule="hk.dangerous-drugs")
    heard(movement_restate(by=cast.dora, movement=movement, items={0: {"controlled_drug": False}}))
    matter.refresh_from_db()
    assert (matter.state, matter.act) == ("closed", "superseded")


def test_a_matter_that_still_stands_is_not_opened_twice(cast):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    heard(movement_restate(by=cast.dora, movement=movement, items={0: {"quantity": 4}}))
    assert Matter.objects.filter(subject=movement.id, rule="hk.dangerous-drugs").count() == 1


# Standing answers


def test_a_standing_answer_answers_what_comes_and_what_waits_until_it_is_withdrawn(cast, customs):
    first = file(cast)
    matter = open_matter(copy_of(first), "referral", authority="cn.gacc")
    answer = standing_answer_give(
        by=customs[0], authority="cn.gacc", rule=matter.rule, rule_version=matter.rule_version, flow="goods",
        allow=True, reason="Equipment of this kind is always fine.",
    )  # fmt: skip
    messages_deliver()
    matter.refresh_from_db()
    assert matter.state == "closed"
    second = file(cast, reference="second")
    assert matter.rule in newest(copy_of(second), "cn").result["answered"]
    standing_answer_withdraw(by=customs[0], answer=answer)
    messages_deliver()
    assert matter.rule not in newest(copy_of(second), "cn").result["answered"]


# What only officers know


def test_what_an_officer_found_stays_on_their_side_and_decides_there(cast):
    movement = file(cast, {"document_kind": "hkid_permanent", "document_expires_on": "2031-01-01"}, flow="person",
                    person=cast.hana_herself)  # fmt: skip
    before = Message.objects.count()
    officer_state(by=cast.oscar, movement=movement, place=0, facts={"watch_hit": True})
    messages_deliver()
    assert newest(movement, "hk").low >= 1
    assert open_matter(movement, "referral", rule="both.watch").authority == "hk.immd"
    for message in Message.objects.all():
        assert "watch" not in message.body
    assert Message.objects.count() > before
    assert "watch_hit" not in str(newest(copy_of(movement), "cn").inputs)
    officer_state(by=cast.oscar, movement=movement, place=0, facts={"watch_hit": None})
    assert not Matter.objects.filter(subject=movement.id, rule="both.watch", closed_at=None).exists()


def test_nobody_but_an_officer_who_sees_it_states_officers_facts(cast):
    movement = file_visitor(cast)
    (outsider,) = officers("hk", "hk.ced", "carl")
    for user in (cast.dora, cast.hana, cast.ada, cast.otto, cast.greta, outsider):
        with pytest.raises(PermissionDenied):
            officer_state(by=user, movement=movement, place=0, facts={"watch_hit": True})


def test_an_officer_cannot_state_what_their_side_may_not_know(cast):
    movement = file_visitor(cast)
    with pytest.raises(InputError, match="may not know"):
        officer_state(by=cast.oscar, movement=movement, place=0, facts={"nationality": "FRA"})


# Against a person


def test_a_rule_proposes_to_refuse_a_person_and_two_officers_sign_it(cast, immigration):
    movement = file_visitor(cast)
    copy = copy_of(movement)
    assert movement.other_low == 1, "a proposal counts as a referral"
    matter = open_matter(copy, "refusal")
    assert matter.authority == "cn.nia"
    one, two, *_ = immigration
    matter = matter_decide(by=one, matter=matter, act="refuse", reason="Wrong paper.", seen=matter.version)
    messages_deliver()
    assert outcome_of(again(movement)) != "refused"
    with pytest.raises(InputError, match="Another officer"):
        matter_confirm(by=one, matter=matter, agreed=True, seen=matter.version)
    matter_confirm(by=two, matter=matter, agreed=True, seen=matter.version)
    messages_deliver()
    assert outcome_of(again(movement)) == "refused"
    notice = Notice.objects.get(movement=movement)
    assert (notice.act, notice.reason, notice.rule) == ("refused", "Wrong paper.", matter.rule)
    assert notice.remedy_body.startswith("cn.")
    readers = set(Mail.objects.filter(kind="movement.refusal").values_list("to", flat=True))
    assert readers == {cast.dora.pk, cast.hana.pk}


def test_an_officer_may_decline_to_refuse_a_person(cast, immigration):
    movement = file_visitor(cast)
    matter = open_matter(copy_of(movement), "refusal")
    decide(matter, immigration[0], "allow")
    assert again(movement).other_low == 0
    assert not Notice.objects.exists()


# Objections


@pytest.fixture
def refused(cast, immigration):
    movement = file_visitor(cast)
    one, two, *_ = immigration
    decide(open_matter(copy_of(movement), "refusal"), one, "refuse", second=two)
    return again(movement)


def objection(refused, by):
    remedy_file(
        by=by, notice=Notice.objects.get(movement=refused, act="refused"), text="I hold the permit since today."
    )
    messages_deliver()
    return open_matter(copy_of(refused), "remedy")


def test_an_objection_crosses_and_whoever_refused_does_not_decide_it(cast, refused, immigration):
    one, two, three, _ = immigration
    remedy = objection(refused, cast.hana)
    assert remedy.text == "I hold the permit since today."
    for hand in (one, two):
        with pytest.raises(PermissionDenied):
            decide(remedy, hand, "allow")
    decide(remedy, three, "allow", reason="She does.")
    assert outcome_of(again(refused)) != "refused"
    assert again(refused).other_low == 0
    ended = Notice.objects.get(movement=refused, act="remedy_allowed")
    assert ended.reason == "She does."


def is_told_as_proposed(movement, reader, enter):
    return "proposes to refuse" in enter(reader).get(f"/movements/{movement.id}/").content.decode()


@pytest.fixture
def referred_too(cast, immigration):
    """Hana's crossing, which the side cn proposes to refuse, and which an officer there has to look at besides."""
    movement = file_visitor(cast)
    officer_state(by=immigration[0], movement=copy_of(movement), place=0, facts={"watch_hit": True})
    return heard(movement)


def test_a_refusal_that_was_lifted_is_not_told_as_a_proposal(cast, referred_too, immigration, enter):
    one, two, three, _ = immigration
    decide(open_matter(copy_of(referred_too), "refusal"), one, "refuse", second=two)
    decide(objection(referred_too, cast.dora), three, "allow", reason="She does.")
    assert again(referred_too).other_low == 1, "the referral is open still"
    assert not is_told_as_proposed(referred_too, cast.dora, enter)


def test_a_refusal_that_is_not_signed_is_told_as_a_proposal_no_longer(cast, referred_too, immigration, enter):
    assert is_told_as_proposed(referred_too, cast.hana, enter)
    before = newest(referred_too, "cn").said_number
    decide(open_matter(copy_of(referred_too), "refusal"), immigration[0], "allow", reason="She holds the permit.")
    assert again(referred_too).other_low == 1, "the referral is open still"
    assert newest(referred_too, "cn").said_number == before + 1
    for reader in (cast.hana, cast.dora):
        assert not is_told_as_proposed(referred_too, reader, enter)


def test_what_is_proposed_anew_after_other_facts_is_told_as_a_proposal_again(cast, referred_too, immigration, enter):
    decide(open_matter(copy_of(referred_too), "refusal"), immigration[0], "allow", reason="She holds the permit.")
    heard(movement_restate(by=cast.dora, movement=again(referred_too), items={0: {"stay_days": 9}}))
    assert is_told_as_proposed(referred_too, cast.dora, enter)


def test_an_objection_that_fails_leaves_the_refusal(cast, refused, immigration):
    *_, three, four = immigration
    decide(objection(refused, cast.dora), three, "refuse", second=four, reason="No permit was found.")
    assert outcome_of(again(refused)) == "refused"
    assert Notice.objects.filter(movement=refused, act="remedy_refused").exists()


def test_a_release_until_the_objection_is_decided_counts_and_ends(cast, refused, immigration):
    *_, three, four = immigration
    remedy = objection(refused, cast.dora)
    interim(remedy, three, "interim_release")
    assert again(refused).other_low == 0
    interim(remedy, three, "interim_end")
    assert outcome_of(again(refused)) == "refused"
    interim(remedy, three, "interim_release")
    decide(remedy, three, "refuse", second=four)
    assert outcome_of(again(refused)) == "refused"
    acts = list(Notice.objects.filter(movement=refused).order_by("at").values_list("act", flat=True))
    assert acts == ["refused", "interim_release", "interim_end", "interim_release", "remedy_refused"]


def test_an_objection_is_filed_once_with_grounds_in_time_and_by_those_it_is_about(cast, refused):
    notice = Notice.objects.get(movement=refused)
    for user in (cast.eve, cast.oscar, cast.mei, cast.ada):
        with pytest.raises(PermissionDenied):
            remedy_file(by=user, notice=notice, text="No.")
    with pytest.raises(InputError, match="Say why"):
        remedy_file(by=cast.hana, notice=notice, text="  ")
    Notice.objects.update(remedy_until=timezone.now() - timedelta(days=1))
    with pytest.raises(ConflictError, match="ended on"):
        remedy_file(by=cast.hana, notice=notice, text="Late.")
    Notice.objects.update(remedy_until=timezone.now() + timedelta(days=1))
    remedy_file(by=cast.hana, notice=notice, text="In time.")
    with pytest.raises(ConflictError, match="filed already"):
        remedy_file(by=cast.dora, notice=notice, text="Again.")


def test_the_clock_of_a_remedy_ends_with_the_day_at_the_side_that_refused(cast, refused, monkeypatch):
    from dataclasses import replace

    from riverloop.apps.clearance.selectors import rulebook

    copy, notice = copy_of(refused), Notice.objects.get(movement=refused)
    rule = rulebook().packs.rules[notice.rule]
    rules = {**rulebook().packs.rules, rule.id: replace(rule, remedy=replace(rule.remedy, days=60))}
    book = replace(rulebook(), packs=replace(rulebook().packs, rules=rules))
    monkeypatch.setattr(telling, "rulebook", lambda: book)
    at = timezone.now()
    until = telling.notice_of(copy, "cn.nia", "refused", at, rule.id).remedy_until
    assert (until.hour, until.minute, until.second) == (23, 59, 59)
    assert 59 < (until - at).days + 1 <= 61


def test_what_a_rule_refuses_of_goods_is_told_with_its_remedy_and_may_be_objected_to(cast, customs):
    facts = {
        **EQUIPMENT,
        "category": "human_blood",
        "human_genetic_material": True,
        "consignor_is_chinese_party": False,
    }
    movement = file(cast, facts, direction="cn-hk")
    assert outcome_of(movement) == "refused"
    notice = Notice.objects.get(movement=movement, rule="cn.hgr.material-export.chinese-party")
    assert (notice.act, notice.side, notice.reason) == ("refused", "cn", "")
    remedy_file(by=cast.dora, notice=notice, text="The consignor is one.")
    messages_deliver()
    remedy = open_matter(copy_of(movement), "remedy")
    (officer,) = officers("cn", remedy.authority, "hong")
    decide(remedy, officer, "allow")
    assert outcome_of(again(movement)) != "refused"


# Questions


def test_a_question_crosses_and_its_answer_comes_back_with_facts(cast, immigration):
    movement = file_visitor(cast)
    copy = copy_of(movement)
    matter = ask(open_matter(copy, "refusal"), immigration[0], facts=["document_kind"])
    question = Question.objects.get(movement=movement)
    assert (question.side, question.authority, question.facts) == ("cn", "cn.nia", ["document_kind"])
    assert question.text == "How cold is it kept?"
    assert Mail.objects.filter(to=cast.dora, kind="movement.question").exists()
    question_answer(by=cast.dora, question=question, text="Here it is.", facts={0: MENDED})
    messages_deliver()
    told = Question.objects.get(movement=copy)
    assert (told.answer, bool(told.answered_at)) == ("Here it is.", True)
    assert newest(copy, "cn").inputs["movement"]["items"][0]["document_kind"] == "home_return_permit"
    matter.refresh_from_db()
    assert matter.state in ("open", "closed")


def test_a_question_of_ones_own_side_needs_no_message(cast):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    (officer,) = officers("hk", "hk.dh", "dan")
    matter = ask(open_matter(movement, "referral", rule="hk.dangerous-drugs"), officer)
    question = Question.objects.get(movement=movement)
    with pytest.raises(PermissionDenied):
        question_answer(by=cast.eve, question=question, text="Me.")
    with pytest.raises(InputError, match="Write an answer"):
        question_answer(by=cast.dora, question=question)
    question_answer(by=cast.dora, question=question, text="At minus eighty.")
    matter.refresh_from_db()
    assert matter.state == "open"
    assert not Question.objects.exclude(pk=question.pk).exists()
    with pytest.raises(ConflictError, match="no longer asked"):
        question_answer(by=cast.dora, question=question, text="Again.")


def test_what_a_closed_matter_asked_is_asked_no_longer_on_either_side(cast, immigration):
    movement = file_visitor(cast)
    matter = ask(open_matter(copy_of(movement), "refusal"), immigration[0])
    heard(movement_restate(by=cast.dora, movement=movement, items={0: MENDED}))
    matter.refresh_from_db()
    assert matter.state == "closed"
    question = Question.objects.get(movement=movement)
    assert question.closed_at
    with pytest.raises(ConflictError):
        question_answer(by=cast.dora, question=question, text="Too late.")
