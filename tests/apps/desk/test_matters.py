"""A matter is taken, asked about, handed over, decided by one officer or two, and each step is kept."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from riverloop.apps.desk import selectors, services
from riverloop.apps.desk.models import Matter, Step
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import ConflictError, InputError
from tests.apps.desk.conftest import opened

pytestmark = pytest.mark.django_db


def decide(by, matter, act="allow", reason="As the papers show.", **more):
    return services.matter_decide(by=by, matter=matter, act=act, reason=reason, seen=matter.version, **more)


def steps(matter):
    return list(matter.steps.order_by("number").values_list("act", flat=True))


def again(matter):
    return Matter.objects.get(pk=matter.pk)


def test_the_same_thing_is_opened_once_while_it_is_open(cast):
    first = opened(cast, subject="S" * 26)
    new = services.NewMatter(authority="hk.immd", kind="referral", subject="S" * 26, rule="hk.one")
    assert services.matters_open(side="hk", new=[new, new]) == []
    decide(cast.oscar, first)
    assert len(services.matters_open(side="hk", new=[new, new])) == 1


def test_remedies_and_requests_may_be_several(cast):
    new = services.NewMatter(authority="hk.immd", kind="remedy", subject="S" * 26)
    assert len(services.matters_open(side="hk", new=[new, services.NewMatter("hk.immd", "remedy", "S" * 26)])) == 2


def test_what_nobody_is_named_for_goes_to_the_sides_first_authority(cast):
    strange = opened(cast, authority="hk.tax")
    assert (strange.authority, strange.opened_for) == ("hk.immd", "hk.tax")


def test_an_answer_closes_a_matter_and_tells_its_kind(cast, matter, heard):
    decide(cast.oscar, matter, until=timezone.now() + timedelta(days=30))
    now = again(matter)
    assert (now.state, now.act, now.decided_by) == ("closed", "allow", cast.oscar)
    assert now.until is not None
    assert heard == [("decided", [now], cast.oscar)]
    assert steps(now) == ["opened", "decided"]


def test_each_step_is_recorded_with_ids_alone(cast, matter):
    decide(cast.oscar, matter, reason="Hana showed her letter.")
    kinds = [record.kind for record in records_of(side="hk") if record.kind.startswith("matter.")]
    assert kinds == ["matter.opened", "matter.decided"]
    assert all("Hana" not in record.payload for record in records_of(side="hk"))


def test_refusing_a_person_takes_two_officers(cast, matter, olga, heard):
    decide(cast.oscar, matter, "refuse")
    now = again(matter)
    assert (now.state, now.proposed_act, heard) == ("proposed", "refuse", [])
    with pytest.raises(InputError, match="yourself"):
        services.matter_confirm(by=cast.oscar, matter=now, agreed=True, seen=now.version)
    services.matter_confirm(by=olga, matter=now, agreed=True, seen=now.version)
    now = again(matter)
    assert (now.act, now.decided_by, now.confirmed_by) == ("refuse", cast.oscar, olga)
    assert now.reason == "As the papers show."
    assert len(heard) == 1


def test_a_second_officer_sends_back_what_does_not_convince_and_says_why(cast, matter, olga, heard):
    now = decide(cast.oscar, matter, "refuse")
    with pytest.raises(InputError, match="reason"):
        services.matter_confirm(by=olga, matter=now, agreed=False, seen=now.version)
    services.matter_confirm(by=olga, matter=now, agreed=False, reason="Ask for the letter first.", seen=now.version)
    now = again(matter)
    assert (now.state, now.proposed_by, now.reason, heard) == ("open", None, "", [])
    assert now.claimed_by == cast.oscar


def test_a_proposal_is_taken_back_by_whoever_made_it_alone(cast, matter, olga):
    now = decide(cast.oscar, matter, "refuse")
    with pytest.raises(InputError):
        services.matter_proposal_withdraw(by=olga, matter=now, seen=now.version)
    assert services.matter_proposal_withdraw(by=cast.oscar, matter=now, seen=now.version).state == "open"


def test_nothing_else_is_done_while_a_proposal_waits(cast, matter, olga):
    now = decide(cast.oscar, matter, "refuse")
    for act in (
        lambda: decide(olga, now),
        lambda: services.matter_hand_over(by=olga, matter=now, authority="hk.ced", reason="x", seen=now.version),
        lambda: services.matter_ask(
            by=olga, matter=now, text="?", facts=[], due_at=timezone.now() + timedelta(days=1), seen=now.version
        ),
    ):
        with pytest.raises(InputError, match="second officer"):
            act()


def test_whoever_saw_an_older_version_changes_nothing(cast, matter, olga, heard):
    decide(cast.oscar, matter)
    with pytest.raises(ConflictError, match="nothing was done"):
        services.matter_decide(by=olga, matter=matter, act="refuse", reason="x", seen=1)
    assert again(matter).act == "allow"
    assert len(heard) == 1


def test_a_closed_matter_stays_closed(cast, matter):
    now = decide(cast.oscar, matter)
    with pytest.raises(InputError, match="closed"):
        decide(cast.oscar, now)


@pytest.mark.parametrize("name", ["carl", "otto", "ada", "dora", "hana", "nobody_yet"])
def test_nobody_but_an_officer_of_its_authority_acts_on_a_matter(cast, matter, carl, name):
    outsider = carl if name == "carl" else getattr(cast, name)
    with pytest.raises(PermissionDenied):
        decide(outsider, matter)
    with pytest.raises(PermissionDenied):
        services.matter_claim(by=outsider, matter=matter, seen=matter.version)
    assert again(matter).version == 1


def test_what_a_colleague_holds_is_taken_over_with_a_reason_and_then_decided(cast, matter, olga):
    now = services.matter_claim(by=cast.oscar, matter=matter, seen=matter.version)
    with pytest.raises(InputError, match="Oscar holds"):
        decide(olga, now)
    with pytest.raises(InputError, match="reason"):
        services.matter_claim(by=olga, matter=now, seen=now.version)
    now = services.matter_claim(by=olga, matter=now, reason="Oscar is on leave.", seen=now.version)
    assert decide(olga, now).decided_by == olga
    assert steps(now) == ["opened", "claimed", "taken_over", "decided"]


def test_a_claim_is_given_back(cast, matter, olga):
    now = services.matter_claim(by=cast.oscar, matter=matter, seen=matter.version)
    with pytest.raises(InputError):
        services.matter_release(by=olga, matter=now, seen=now.version)
    assert services.matter_release(by=cast.oscar, matter=now, seen=now.version).claimed_by is None


def test_a_matter_handed_over_is_anothers_and_keeps_its_day(cast, matter, carl):
    now = services.matter_hand_over(
        by=cast.oscar, matter=matter, authority="hk.ced", reason="It is about goods.", seen=matter.version
    )
    assert (now.authority, now.claimed_by, now.due_at) == ("hk.ced", None, matter.due_at)
    with pytest.raises(PermissionDenied):
        decide(cast.oscar, now)
    assert (
        services.matters_open(side="hk", new=[services.NewMatter("hk.immd", "referral", matter.subject, rule="hk.one")])
        == []
    )
    assert decide(carl, now).act == "allow"


@pytest.mark.parametrize("authority", ["hk.immd", "cn.nia", "hk.nobody", ""])
def test_a_matter_is_handed_to_another_authority_of_the_same_side_alone(cast, matter, authority):
    with pytest.raises(InputError):
        services.matter_hand_over(by=cast.oscar, matter=matter, authority=authority, reason="x", seen=matter.version)


def ask(by, matter, days=10):
    due = timezone.now() + timedelta(days=days)
    return services.matter_ask(
        by=by, matter=matter, text="Which letter?", facts=["purpose"], due_at=due, seen=again(matter).version
    )


def test_while_it_waits_its_day_is_that_of_the_answer(cast, matter, heard):
    now = ask(cast.oscar, matter)
    assert (now.state, now.due_at, now.claimed_by) == ("waiting", now.answer_due_at, cast.oscar)
    assert heard == [("asked", now, cast.oscar, "Which letter?", ["purpose"], now.due_at)]


def test_the_working_days_that_were_left_are_left_again_when_the_answer_comes(cast, matter):
    due = timezone.now() + timedelta(days=14)
    Matter.objects.filter(pk=matter.pk).update(due_at=due)
    now = ask(cast.oscar, again(matter))
    Step.objects.filter(matter=now, act="asked").update(at=timezone.now() - timedelta(days=8))
    answered = services.matter_answered(matter=now, text="The letter of invitation.")
    assert (answered.state, answered.answer_due_at) == ("open", None)
    assert answered.due_at > due
    assert steps(answered) == ["opened", "asked", "answered"]


def test_what_is_answered_at_once_keeps_its_day(cast, matter):
    answered = services.matter_answered(matter=ask(cast.oscar, matter))
    assert answered.due_at == matter.due_at


def test_what_was_late_when_it_asked_stays_late(cast, matter):
    late = timezone.now() - timedelta(days=3)
    Matter.objects.filter(pk=matter.pk).update(due_at=late)
    assert services.matter_answered(matter=ask(cast.oscar, matter)).due_at == late


def test_a_question_needs_words_or_facts_and_a_day_to_come(cast, matter):
    soon = timezone.now() + timedelta(days=1)
    for text, facts, due in (("", [], soon), ("?", [], timezone.now() - timedelta(minutes=1))):
        with pytest.raises(InputError):
            services.matter_ask(by=cast.oscar, matter=matter, text=text, facts=facts, due_at=due, seen=1)


def test_whoever_decided_does_not_decide_the_remedy(cast, matter, olga):
    refused = decide(cast.oscar, matter, "refuse")
    refused = services.matter_confirm(by=olga, matter=refused, agreed=True, seen=refused.version)
    remedy = opened(cast, kind="remedy", of=refused, text="I have the letter.")
    for hand in (cast.oscar, olga):
        with pytest.raises(PermissionDenied):
            decide(hand, remedy)
        with pytest.raises(PermissionDenied):
            services.matter_claim(by=hand, matter=remedy, seen=1)
    from tests.cast import account

    owen = account("owen", "hk", "officer", authority="hk.immd")
    assert decide(owen, remedy).decided_by == owen


def test_a_remedy_releases_for_the_time_being_and_its_end_ends_the_release(cast, heard):
    remedy = opened(cast, kind="remedy", text="My flight is tonight.")
    now = services.matter_interim(by=cast.oscar, matter=remedy, act="interim_release", reason="Urgent.", seen=1)
    assert now.interim_at is not None
    with pytest.raises(InputError):
        services.matter_interim(by=cast.oscar, matter=now, act="interim_release", reason="Again.", seen=now.version)
    now = services.matter_interim(by=cast.oscar, matter=now, act="interim_end", reason="Flown.", seen=now.version)
    assert (now.interim_at, now.state) == (None, "open")
    assert [told[2] for told in heard] == ["interim_release", "interim_end"]


def test_what_is_no_remedy_is_not_released(cast, matter):
    with pytest.raises(InputError):
        services.matter_interim(by=cast.oscar, matter=matter, act="interim_release", reason="x", seen=1)


def test_the_system_closes_many_at_once_and_whoever_had_them_open_is_told(cast):
    every = [opened(cast) for _ in range(3)]
    seen = every[0].version
    assert len(services.matters_close(matters=every, act="superseded")) == 3
    assert services.matters_close(matters=every, act="superseded") == []
    with pytest.raises(ConflictError):
        services.matter_decide(by=cast.oscar, matter=every[0], act="allow", reason="", seen=seen)


def test_whoever_asked_takes_it_back(cast, heard):
    request = opened(cast, kind="remedy")
    assert services.matter_withdraw(matter=request, by=cast.hana).act == "withdrawn"
    assert heard[0][0] == "withdrawn"


@pytest.mark.parametrize(("act", "reason", "days"), [("dance", "x", 1), ("refuse", "  ", 1), ("allow", "x", -1)])
def test_an_act_is_one_of_its_kinds_with_what_it_needs(cast, matter, act, reason, days):
    until = timezone.now() + timedelta(days=days)
    with pytest.raises(InputError):
        services.matter_decide(by=cast.oscar, matter=matter, act=act, reason=reason, until=until, seen=1)
    assert again(matter).state == "open"


# Several of one thing


def test_of_one_thing_each_item_has_one_open_matter(cast):
    subject = opened(cast, item=0).subject
    for item in (1, None):
        assert opened(cast, subject=subject, item=item).item == item
    with pytest.raises(IndexError):
        opened(cast, subject=subject, item=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Matter.objects.create(
            owner_side="hk", authority="hk.immd", opened_for="hk.immd", kind="referral", subject=subject, item=1,
            rule="hk.one", opened_at=timezone.now(), due_at=timezone.now(),
        )  # fmt: skip


def test_several_are_decided_by_one_act_and_the_app_above_is_told_once(cast, heard):
    first = opened(cast, item=0)
    others = [opened(cast, subject=first.subject, item=item) for item in (1, 2)]
    seen = [(one, one.version) for one in others]
    now = services.matter_decide(by=cast.oscar, matter=first, act="allow", reason="All", seen=1, others=seen)
    assert now.pk == first.pk
    assert {steps(again(one))[-1] for one in (first, *others)} == {"decided"}
    ((_, decided, by),) = heard
    assert (decided[0], {one.pk for one in decided}, by) == (now, {first.pk, *(one.pk for one in others)}, cast.oscar)


def test_alike_is_what_one_rule_asks_about_other_items_and_nobody_else_holds(cast, olga):
    first = opened(cast, item=0)
    subject = first.subject
    other, held, waiting = (opened(cast, subject=subject, item=item) for item in (1, 2, 3))
    for kind, item in (("refusal", 1), ("referral", None)):
        opened(cast, subject=subject, kind=kind, item=item)
    opened(cast, item=1)
    services.matter_claim(by=olga, matter=held, seen=1)
    ask(cast.oscar, waiting)
    assert list(selectors.alike(matter=first, user=cast.oscar)) == [other]
    assert list(selectors.alike(matter=other, user=olga)) == [first, held]
    assert not selectors.alike(matter=opened(cast, kind="remedy", item=0), user=cast.oscar).exists()


def test_what_a_colleague_holds_or_what_is_not_alike_is_not_decided_together(cast, olga):
    first = opened(cast, item=0)
    held = services.matter_claim(by=olga, matter=opened(cast, subject=first.subject, item=1), seen=1)
    for other in (held, opened(cast, item=1), opened(cast, subject=first.subject, kind="remedy", item=1)):
        with pytest.raises(InputError):
            services.matter_decide(
                by=cast.oscar, matter=first, act="allow", reason="", seen=1, others=[(other, other.version)]
            )
        assert again(first).state == "open"


def test_what_is_proposed_of_several_is_sent_back_together(cast, olga):
    first = opened(cast, flow="person", item=0)
    other = opened(cast, flow="person", subject=first.subject, item=1)
    services.matter_decide(by=cast.oscar, matter=first, act="refuse", reason="No", seen=1, others=[(other, 1)])
    assert list(selectors.alike(matter=again(first), user=olga)) == [again(other)]
    seen = [(again(other), again(other).version)]
    services.matter_confirm(
        by=olga, matter=first, agreed=False, reason="Look again.", seen=again(first).version, others=seen
    )
    assert again(first).state == again(other).state == "open"
