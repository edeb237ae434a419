"""What an officer states stays with those who may hold it, and whoever filed never learns that it was stated."""

import json
import re

import pytest
from django.core.exceptions import PermissionDenied

from riverloop.apps.clearance.deciding import decision_rerun
from riverloop.apps.clearance.models import SideDecision, Statement
from riverloop.apps.clearance.selectors import facts_shown, timeline
from riverloop.apps.clearance.services import officer_state
from riverloop.apps.desk.models import Matter, Obligation
from riverloop.apps.desk.services import matter_hand_over
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.notices.models import Message
from riverloop.core.kernel.errors import InputError
from tests.movements import again, copy_of, decide, file, file_visitor, officers, open_matter
from tests.web.programs import program_of

pytestmark = pytest.mark.django_db

RESIDENT = {"document_kind": "hkid_permanent", "document_expires_on": "2031-01-01", "purpose": "research"}
VISA = {"document_kind": "two_way_permit", "document_expires_on": "2031-01-01", "purpose": "research", "listed": False}


@pytest.fixture
def crossing(cast):
    return file(cast, VISA, flow="person", person=cast.hana_herself, direction="cn-hk")


def state(cast, movement, **facts):
    officer_state(by=cast.oscar, movement=movement, place=0, facts=facts)
    messages_deliver()
    return again(movement)


def read(client, movement, page=""):
    html = client.get(f"/movements/{movement.id}/{page}").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r'value="[^"]*"', "", html)))


# Nobody's to read but officers' ------------------------------------------------------------------------------------


def test_a_day_that_an_officer_found_shows_in_neither_column_nor_in_how_long_it_holds(cast, crossing, enter):
    crossing = state(cast, crossing, document_expires_on="2027-03-04")
    assert "2027" in str(facts_shown(crossing, cast.oscar))
    for user in (cast.dora, cast.hana):
        for page in ("", "changes/", "earliest/"):
            assert "2027" not in read(enter(user), crossing, page)
        assert "2027" not in program_of(user).get(f"/movements/{crossing.id}").content.decode()
    for body in Message.objects.values_list("body", flat=True):
        assert "2027-03" not in body


def test_what_was_decided_with_officers_facts_decides_alike_when_it_is_run_again(cast, crossing):
    state(cast, crossing, document_expires_on="2027-03-04", watch_hit=True)
    newest = SideDecision.objects.filter(movement=crossing, side="hk").latest("number")
    assert newest.inputs["found"] == [{"document_expires_on": "2027-03-04", "watch_hit": True}]
    assert newest.inputs["movement"]["items"][0]["document_expires_on"] == "2031-01-01"
    assert decision_rerun(newest)


def test_where_only_an_officers_fact_explains_an_answer_it_is_said_that_an_authority_looks_at_it(cast, enter):
    movement = file(cast, {**RESIDENT, "listed": False}, flow="person", person=cast.hana_herself, direction="cn-hk")
    assert movement.own_low == 0
    neutral = "An authority looks at this itself."
    assert neutral not in read(enter(cast.hana), movement)
    movement = state(cast, movement, watch_hit=True)
    assert movement.own_low == 1
    assert neutral in read(enter(cast.hana), movement)
    assert "watch list" not in read(enter(cast.hana), movement)


def test_a_duty_that_follows_from_an_officers_fact_alone_is_nobodys_to_do(cast, crossing):
    def asked():
        return sorted(Obligation.objects.filter(subject=crossing.id, dropped_at=None).values_list("rule", "due_on"))

    before = asked()
    state(cast, crossing, document_kind="hkid_permanent")
    assert asked() == before


# That something was stated -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["dora", "hana"])
def test_that_an_officer_stated_what_changes_nothing_shows_in_no_tag_number_or_instant(cast, crossing, enter, who):
    user = getattr(cast, who)

    def seen():
        answer = program_of(user).get(f"/movements/{crossing.id}")
        happened = program_of(user).get(f"/movements/{crossing.id}/timeline").json()["data"]
        lines = [line for line in happened if line["kind"] != "looked"]
        pages = [read(enter(user), crossing, page) for page in ("", "changes/")]
        tag = answer.headers["ETag"].partition(".")[0]
        return tag, answer.json(), lines, [re.sub(r"What happened.*", "", page) for page in pages]

    before = seen()
    assert before[1]["sides"][0]["number"] or before[1]["sides"][1]["number"]
    crossing = state(cast, crossing, watch_hit=True)
    crossing = state(cast, crossing, document_expires_on="2027-03-04")
    assert seen() == before
    assert program_of(cast.oscar).get(f"/movements/{crossing.id}").headers["ETag"].partition(".")[0] != before[0]
    decide(open_matter(crossing, "referral", rule="both.watch"), cast.oscar, "allow")
    assert seen() == before, "nor that it was looked at"


def test_whoever_filed_counts_what_they_were_told_and_not_what_was_decided(cast, crossing):
    crossing = state(cast, crossing, watch_hit=True)
    program = program_of(cast.dora)
    read_first = program.get(f"/movements/{crossing.id}")
    answer = program.patch(
        f"/movements/{crossing.id}", {"items": [{"place": 0, "facts": {"stay_days": 4}}]},
        If_Match=read_first.headers["ETag"],
    )  # fmt: skip
    assert answer.status_code == 200
    own = next(side for side in answer.json()["sides"] if side["side"] == "hk")
    assert own["number"] == 2
    assert SideDecision.objects.filter(movement=crossing, side="hk").latest("number").number == 3
    stale = program.patch(
        f"/movements/{crossing.id}", {"items": [{"place": 0, "facts": {"stay_days": 5}}]},
        If_Match=read_first.headers["ETag"],
    )  # fmt: skip
    assert stale.status_code == 412


# Whose to state ----------------------------------------------------------------------------------------------------


def test_an_officer_states_what_their_own_authority_may_hold_and_no_other(cast):
    movement = file_visitor(cast)
    (security,) = officers("hk", "hk.sb", "sam")
    with pytest.raises(PermissionDenied):
        officer_state(by=security, movement=movement, place=0, facts={"watch_hit": True})
    state(cast, movement, watch_hit=True)
    matter = open_matter(movement, "referral", rule="both.watch")
    matter_hand_over(by=cast.oscar, matter=matter, authority="hk.sb", reason="Theirs.", seen=matter.version)
    for facts in ({"watch_hit": None}, {"stay_days": 9}):
        with pytest.raises(InputError, match="Your authority may not state"):
            officer_state(by=security, movement=movement, place=0, facts=facts)
    assert "watch_hit" not in str(facts_shown(movement, security))
    state(cast, movement, stay_days=9)


def test_of_goods_each_authority_states_its_own(cast):
    movement = copy_of(file(cast))
    (customs,), (health,) = officers("cn", "cn.gacc", "gao"), officers("cn", "cn.nhc", "hu")
    matter = open_matter(movement, "referral", authority="cn.gacc")
    matter_hand_over(by=customs, matter=matter, authority="cn.nhc", reason="Theirs.", seen=matter.version)
    with pytest.raises(InputError, match="Your authority may not state"):
        officer_state(by=health, movement=movement, place=0, facts={"quantity": 4})
    officer_state(by=health, movement=movement, place=0, facts={"human_genetic_material": True})
    officer_state(by=customs, movement=movement, place=0, facts={"quantity": 4})
    stated = Statement.objects.filter(item__movement=movement, asserted_as="officer").order_by("number")
    assert list(stated.values_list("authority", flat=True)) == ["cn.nhc", "cn.gacc"]


# The holder's copy -------------------------------------------------------------------------------------------------


def test_a_copy_tells_of_what_was_decided_about_oneself_only_what_a_notice_told(cast, enter):
    movement = file_visitor(cast)
    movement = state(cast, movement, watch_hit=True)
    decide(open_matter(movement, "referral", rule="both.watch"), cast.oscar, "allow", reason="Another of that name.")
    copy = enter(cast.hana).post("/me/requests/copy/").content.decode()
    assert "both.watch" not in copy
    assert "Another of that name" not in copy
    assert json.loads(copy)["about_you"][0]["matters"] == []


def test_why_somebody_is_not_refused_stays_with_the_officer(cast, enter):
    movement = file(cast, VISA | {"listed": True, "document_expires_on": "2020-01-01"}, flow="person",
                    person=cast.hana_herself, direction="cn-hk")  # fmt: skip
    proposed = Matter.objects.filter(subject=movement.id, kind="refusal").first()
    assert proposed, "what is filed here proposes to refuse her"
    decide(proposed, cast.oscar, "allow", reason="A friend of the house.")
    copy = json.loads(enter(cast.hana).post("/me/requests/copy/").content)["about_you"][0]
    assert "friend" not in json.dumps(copy)
    assert [one["kind"] for one in copy["matters"]] == ["refusal"]
    assert not any(event.text for event in timeline(movement, cast.hana))
