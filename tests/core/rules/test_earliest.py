"""The earliest lawful crossing: worked examples, and that no earlier opening instant would do."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import date_in, start_of_day
from riverloop.core.kernel.schedules import LeadTime, OpeningHours, Schedule, clock_text, next_open, read_minute
from riverloop.core.kernel.sides import Boundary
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.decisions import Answer, read_movement
from riverloop.core.rules.earliest import earliest
from riverloop.core.rules.obligations import add_days
from riverloop.core.rules.rulebook import Rulebook
from tests.core.rules.lawbook import AA, BB, COVERED, book, measure, packs, rule

HOME = "Asia/Hong_Kong"
EVERY_DAY = frozenset(range(7))
NEEDS_LETTER = rule("aa.r", "TRUE", "{require: letter}")


def schedule(*, hours=None, answers=None, **papers):
    return Schedule(papers, answers or {}, hours, HOME)


def by(authority, days):
    return LeadTime(authority, days)


def search(law, *items, start, wanted=None, schedule, **more):
    raw = {"flow": "goods", "direction": "aa-bb", "at": start, "items": list(items) or [{}], **more}
    movement = read_movement(raw, law.boundary, law.packs.dictionary)
    at = datetime.fromisoformat(start)
    return earliest(law, movement, schedule, start=at, wanted=datetime.fromisoformat(wanted) if wanted else None)


def at_home(at):
    return f"{at.astimezone(start_of_day(date(2026, 1, 1), HOME).tzinfo):%Y-%m-%d %H:%M}"


# Papers


def test_what_clears_already_may_cross_at_once():
    found = search(book(), start="2026-06-01T12:00:00+08:00", schedule=schedule())
    assert (found.state, at_home(found.at), found.steps) == ("found", "2026-06-01 12:00", ())


def test_a_paper_is_in_hand_on_the_day_after_the_last_working_day_of_its_lead_time():
    law, stated = book(NEEDS_LETTER), schedule(letter=by("aa.one", 3))
    found = search(law, start="2026-06-01T12:00:00+08:00", schedule=stated)  # a Monday
    assert (found.state, at_home(found.at)) == ("found", "2026-06-05 00:00")
    assert [(step.kind, step.name, step.due, step.provisional) for step in found.steps] == [
        ("paper", "letter", date(2026, 6, 4), False)
    ]


def test_a_paper_that_whoever_files_makes_is_in_hand_at_once():
    found = search(book(NEEDS_LETTER), start="2026-06-01T12:00:00+08:00", schedule=schedule(letter=by("", 0)))
    assert (found.state, at_home(found.at), found.steps[0].due) == ("found", "2026-06-01 12:00", None)


def test_the_holidays_of_the_side_that_gives_the_paper_do_not_count():
    law = book(NEEDS_LETTER)
    eve = "2026-09-30T12:00:00+08:00"  # National Day: one day on one side, seven on the other
    assert search(law, start=eve, schedule=schedule(letter=by("aa.one", 2))).steps[0].due == date(2026, 10, 3)
    assert search(law, start=eve, schedule=schedule(letter=by("bb.one", 2))).steps[0].due == date(2026, 10, 9)


def test_with_papers_of_both_sides_the_slower_one_decides():
    law = book(rule("aa.r", "TRUE", "{require: [letter, permit]}"))
    stated = schedule(letter=by("aa.one", 2), permit=by("bb.one", 2))
    found = search(law, start="2026-09-30T12:00:00+08:00", schedule=stated)
    assert [step.name for step in found.steps] == ["permit", "letter"]
    assert found.at == found.steps[0].ready == start_of_day(date(2026, 10, 10), "Europe/London")


def test_a_day_begins_by_the_clock_of_the_side_that_gives_the_paper_in_summer_and_in_winter():
    law, stated = book(NEEDS_LETTER), schedule(letter=by("bb.one", 1))
    summer = search(law, start="2026-07-06T12:00:00+01:00", schedule=stated)
    winter = search(law, start="2026-11-02T12:00:00+00:00", schedule=stated)
    assert (summer.at.isoformat(), winter.at.isoformat()) == ("2026-07-07T23:00:00+00:00", "2026-11-04T00:00:00+00:00")


def test_beyond_the_announced_holidays_a_date_is_provisional():
    found = search(book(NEEDS_LETTER), start="2026-12-30T12:00:00+08:00", schedule=schedule(letter=by("aa.one", 5)))
    assert found.steps[0].provisional


def test_of_two_papers_that_would_do_the_quicker_one_is_asked_for():
    law = book(rule("aa.r", "TRUE", "{require: {any_of: [permit, letter]}}"))
    stated = schedule(letter=by("aa.one", 2), permit=by("aa.one", 9))
    found = search(law, start="2026-06-01T12:00:00+08:00", schedule=stated)
    assert [(step.name, [name for name, _ in step.instead_of]) for step in found.steps] == [("letter", ["permit"])]
    assert at_home(found.at) == "2026-06-04 00:00"


def test_a_paper_with_no_lead_time_does_no_harm_where_another_would_do():
    law = book(rule("aa.r", "TRUE", "{require: {any_of: [permit, letter]}}"))
    found = search(law, start="2026-06-01T12:00:00+08:00", schedule=schedule(letter=by("aa.one", 2)))
    assert (found.state, found.steps[0].instead_of) == ("found", (("permit", None),))


def test_without_any_lead_time_nothing_is_promised():
    found = search(book(NEEDS_LETTER), start="2026-06-01T12:00:00+08:00", schedule=schedule())
    assert (found.state, found.at, found.steps[0].name, found.steps[0].ready) == ("no_lead_time", None, "letter", None)


def test_a_paper_held_needs_no_step_and_one_that_has_expired_or_run_out_does():
    law = book(rule("aa.r", "TRUE", "{require: permit}"))
    stated, start = schedule(permit=by("aa.one", 1)), "2026-06-01T12:00:00+08:00"
    assert search(law, {"has_permit": True}, start=start, schedule=stated).steps == ()
    expired = {"has_permit": True, "permit_expires_on": "2026-05-31"}
    assert search(law, expired, start=start, schedule=stated).steps[0].name == "permit"
    short = {"has_permit": True, "quantity": 5, "permit_quantity_left": 4}
    assert search(law, short, start=start, schedule=stated).steps[0].name == "permit"


def test_a_dated_paper_is_written_when_it_is_needed():
    law = book(rule("aa.r", "TRUE", "{require: [assessment, letter]}"))
    stated = schedule(assessment=by("", 0), letter=by("aa.one", 100))  # it would be too old by then
    found = search(law, start="2026-06-01T12:00:00+08:00", schedule=stated)
    assert (found.state, found.at) == ("found", found.steps[0].ready)


def test_items_need_only_their_own_papers():
    law = book(rule("aa.r", "category = 'blood'", "{require: letter}"))
    items = [{"category": "cells"}, {"category": "blood"}, {"category": "blood"}]
    found = search(law, *items, start="2026-06-01T12:00:00+08:00", schedule=schedule(letter=by("aa.one", 1)))
    assert [step.items for step in found.steps] == [(1, 2)]


def test_of_a_side_whose_working_days_nobody_declared_mondays_to_fridays_count_provisionally():
    law = Rulebook(packs(measure(NEEDS_LETTER), COVERED), Boundary("test", (replace(AA, calendar="none"), BB)))
    found = search(law, start="2026-06-05T12:00:00+08:00", schedule=schedule(letter=by("aa.one", 2)))
    assert (found.steps[0].due, found.steps[0].provisional) == (date(2026, 6, 9), True)


# Answers, limits, facts


def test_an_authority_that_looks_at_it_takes_its_time_too():
    law = book(rule("aa.r", "TRUE", "{refer: aa.two}"))
    found = search(law, start="2026-06-01T12:00:00+08:00", schedule=schedule(answers={"aa.two": by("aa.two", 4)}))
    assert [(step.kind, step.name, step.rule) for step in found.steps] == [("answer", "aa.two", "aa.r")]
    assert at_home(found.at) == "2026-06-06 00:00"
    assert search(law, start="2026-06-01T12:00:00+08:00", schedule=schedule()).state == "no_lead_time"


def test_what_was_answered_of_one_item_is_asked_of_the_others_alone():
    law, start = book(rule("aa.r", "TRUE", "{refer: aa.two}")), "2026-06-01T12:00:00+08:00"
    version = law.packs.rules["aa.r"].version
    allowed = {"side": "aa", "rule": "aa.r", "version": version, "answer": "allow", "item": 1}
    stated = schedule(answers={"aa.two": by("aa.two", 4)})
    found = search(law, {}, {}, {}, start=start, schedule=stated, answers=[allowed])
    assert [step.items for step in found.steps] == [(0, 2)]
    refused = search(law, {}, {}, start=start, schedule=stated, answers=[{**allowed, "answer": "refuse"}])
    assert refused.state == "refused"


def test_no_paper_helps_against_a_refusal():
    law = book(rule("aa.r", "infected", "{refuse: true}"), rule("aa.s", "TRUE", "{require: letter}"))
    stated = schedule(letter=by("aa.one", 1))
    found = search(law, {"infected": True}, start="2026-06-01T12:00:00+08:00", schedule=stated)
    assert (found.state, found.at) == ("refused", None)


def test_a_refusal_that_ends_with_the_law_is_waited_for():
    law = book(rule("aa.r", "infected", "{refuse: true}", in_force="{from: 2020-01-01, until: 2026-06-10}"))
    found = search(law, {"infected": True}, start="2026-06-01T12:00:00+08:00", schedule=schedule())
    assert (found.state, at_home(found.at)) == ("found", "2026-06-11 00:00")


def test_what_it_rests_on_may_end_before_the_papers_are_in_hand():
    law = book(NEEDS_LETTER, rule("aa.s", "collected_on < :on", "{refuse: true}"))
    facts = {"collected_on": "2026-06-04"}
    found = search(law, facts, start="2026-06-01T12:00:00+08:00", schedule=schedule(letter=by("aa.one", 2)))
    assert (found.state, at_home(found.at), at_home(found.until)) == ("found", "2026-06-04 00:00", "2026-06-04 23:59")
    found = search(law, facts, start="2026-06-01T12:00:00+08:00", schedule=schedule(letter=by("aa.one", 3)))
    assert (found.state, at_home(found.limit), at_home(found.ready)) == (
        "too_late",
        "2026-06-04 23:59",
        "2026-06-05 00:00",
    )


def test_while_facts_are_lacking_it_is_not_before():
    law = book(NEEDS_LETTER, rule("aa.s", "count > 1", "{require: permit}"))
    stated = schedule(letter=by("aa.one", 1), permit=by("aa.one", 30))
    found = search(law, start="2026-06-01T12:00:00+08:00", schedule=stated)
    assert (found.state, found.missing_facts, at_home(found.at)) == ("facts", ("count",), "2026-06-03 00:00")
    assert search(law, {"count": 1}, start="2026-06-01T12:00:00+08:00", schedule=stated).state == "found"


# The wanted crossing


def test_for_the_wanted_crossing_each_paper_has_a_last_day_to_ask_for_it():
    law, stated = book(NEEDS_LETTER), schedule(letter=by("aa.one", 3))
    start, wanted = "2026-06-01T12:00:00+08:00", "2026-06-12T09:00:00+08:00"  # Friday
    found = search(law, start=start, wanted=wanted, schedule=stated)
    assert (found.steps[0].file_by, found.steps[0].late_days, found.wanted_clears) == (date(2026, 6, 8), 0, True)
    late = search(law, start="2026-06-09T00:00:00+08:00", wanted=wanted, schedule=stated)
    assert (late.steps[0].late_days, late.wanted_clears) == (1, False)
    on_the_day = search(law, start="2026-06-08T23:00:00+08:00", wanted=wanted, schedule=stated)
    assert (on_the_day.steps[0].late_days, on_the_day.wanted_clears) == (0, True)


def test_a_last_day_before_the_holidays_of_the_other_side():
    found = search(
        book(NEEDS_LETTER),
        start="2026-09-01T12:00:00+08:00",
        wanted="2026-10-09T09:00:00+01:00",
        schedule=schedule(letter=by("bb.one", 2)),
    )
    assert found.steps[0].file_by == date(2026, 9, 29)  # 30 September and 8 October are the two working days


def test_a_crossing_wanted_while_the_gate_is_shut_is_told():
    hours = (OpeningHours(("goods",), EVERY_DAY, 390, 1350),)
    found = search(
        book(), start="2026-06-01T12:00:00+08:00", wanted="2026-06-02T23:00:00+08:00", schedule=schedule(hours=hours)
    )
    assert (found.wanted_open, found.wanted_clears) == (False, False)


def test_a_crossing_wanted_in_the_past_is_not_judged():
    found = search(book(), start="2026-06-01T12:00:00+08:00", wanted="2026-05-01T12:00:00+08:00", schedule=schedule())
    assert (found.wanted_open, found.wanted_clears) == (None, None)


def test_while_facts_are_lacking_nobody_knows_of_the_wanted_crossing():
    law = book(rule("aa.s", "count > 1", "{require: permit}"))
    found = search(law, start="2026-06-01T12:00:00+08:00", wanted="2026-06-02T12:00:00+08:00", schedule=schedule())
    assert (found.wanted_open, found.wanted_clears) == (True, None)


# Opening hours


def test_it_waits_until_the_control_point_opens():
    hours = (OpeningHours(("goods",), frozenset({0}), 390, 1350),)  # Mondays, 06:30 to 22:30
    found = search(
        book(NEEDS_LETTER),
        start="2026-06-01T12:00:00+08:00",
        schedule=schedule(letter=by("aa.one", 2), hours=hours),
    )
    assert (at_home(found.ready), at_home(found.at)) == ("2026-06-04 00:00", "2026-06-08 06:30")


def test_a_control_point_that_takes_no_goods_is_closed_to_them():
    hours = (OpeningHours(("person",), EVERY_DAY, 0, 1440),)
    found = search(book(), start="2026-06-01T12:00:00+08:00", schedule=schedule(hours=hours))
    assert (found.state, found.at) == ("closed", None)


def test_an_opening_passes_midnight_in_two_rows_and_ends_at_its_last_minute():
    hours = [OpeningHours(("goods",), EVERY_DAY, 1200, 1440), OpeningHours(("goods",), EVERY_DAY, 0, 60)]
    night = datetime.fromisoformat("2026-06-02T00:59:59+08:00")
    assert next_open(hours, "goods", night, HOME) == night
    assert at_home(next_open(hours, "goods", night + timedelta(seconds=1), HOME)) == "2026-06-02 20:00"


def test_hours_follow_the_clock_where_it_is_put_forward():
    hours = [OpeningHours(("goods",), EVERY_DAY, 390, 1350)]
    before = datetime.fromisoformat("2026-03-28T23:00:00+00:00")
    assert next_open(hours, "goods", before, "Europe/London").isoformat() == "2026-03-29T05:30:00+00:00"


@pytest.mark.parametrize("text", ["6:30", "24:01", "12:60", "ab:cd", "", "12-30"])
def test_a_clock_time_that_does_not_exist_is_refused(text):
    with pytest.raises(InputError, match="is not a time of day"):
        read_minute(text)


def test_clock_times_read_as_they_are_written():
    assert [clock_text(read_minute(text)) for text in ("00:00", "06:30", "24:00")] == ["00:00", "06:30", "24:00"]


def test_it_is_written_as_json():
    found = search(
        book(NEEDS_LETTER),
        start="2026-06-01T12:00:00+08:00",
        wanted="2026-06-12T09:00:00+08:00",
        schedule=schedule(letter=by("aa.one", 3)),
    )
    written = found.as_json(HOME)
    assert (written["state"], written["at"], written["wanted_clears"]) == ("found", "2026-06-05T00:00:00+08:00", True)
    assert written["steps"] == [
        {
            "paper": "letter",
            "items": [0],
            "working_days": 3,
            "basis": "assumed",
            "due": "2026-06-04",
            "ready": "2026-06-05T00:00:00+08:00",
            "provisional": False,
            "file_by": "2026-06-08",
            "late_days": 0,
            "instead_of": [],
        }
    ]


# Against every earlier instant

DOCUMENTS = ("letter", "permit", "assessment")
EFFECTS = st.sampled_from(
    [
        "{require: letter}",
        "{require: permit}",
        "{require: [assessment, letter]}",
        "{require: {any_of: [permit, letter]}}",
        "{require: {any_of: [assessment, permit, letter]}}",
        "{refer: aa.two}",
        "{refuse: true}",
    ]
)
WHEN = st.sampled_from(
    ["TRUE", "infected", "NOT infected", "collected_on >= :on", "collected_on + INTERVAL '20' DAY < :on"]
)
UNTIL = st.sampled_from(["{from: 2020-01-01}", "{from: 2020-01-01, until: 2026-10-04}", "{from: 2026-10-08}"])
DAYS = st.sampled_from([0, 1, 2, 5, 9])


@st.composite
def laws(draw):
    drawn = draw(st.lists(st.tuples(WHEN, EFFECTS, UNTIL), min_size=1, max_size=4))
    return [rule(f"aa.r{place}", when, effect, in_force=force) for place, (when, effect, force) in enumerate(drawn)]


@st.composite
def schedules(draw):
    papers = {
        name: LeadTime(draw(st.sampled_from(["aa.one", "bb.one"])), draw(DAYS))
        for name in DOCUMENTS
        if draw(st.booleans())
    }
    opens = draw(st.sampled_from([0, 390]))
    weekdays = draw(st.sampled_from([EVERY_DAY, frozenset({1, 3})]))
    hours = draw(st.sampled_from([None, (OpeningHours(("goods",), weekdays, opens, 1350),)]))
    answers = {name: LeadTime(name, draw(DAYS)) for name in ("aa.one", "aa.two")}
    return Schedule(papers, answers, hours, HOME)


FACTS = st.fixed_dictionaries(
    {"infected": st.booleans(), "collected_on": st.dates(date(2026, 9, 10), date(2026, 10, 30)).map(str)},
    optional={
        "has_permit": st.just(value=True),
        "permit_expires_on": st.dates(date(2026, 9, 25), date(2026, 10, 20)).map(str),
        "has_letter": st.just(value=True),
    },
)


def in_hand(law, lead, start, at):
    """Say, by counting afresh, whether a lead time has passed at an instant."""
    if not lead.working_days:
        return True
    side = law.boundary.side(lead.side)
    calendar = law.packs.dictionary.calendars[side.calendar]
    due, _ = add_days(date_in(start, side.time_zone), lead.working_days, calendar)
    return date_in(at, side.time_zone) > due


def clears(law, stated, facts, start, at):
    """Try every set of papers that can be in hand at an instant."""
    ready = [name for name, lead in stated.papers.items() if in_hand(law, lead, start, at)]
    answered = [
        Answer("aa", one.id, one.version, allow=True)
        for one in law.span("aa", "goods", "aa-bb", date_in(at, AA.time_zone)).rules
        if one.effect.kind == "refer" and in_hand(law, stated.answers[one.effect.value], start, at)
    ]
    for held in chain.from_iterable(combinations(ready, count) for count in range(len(ready) + 1)):
        new = {f"has_{name}": True for name in held}
        if "assessment" in held:
            new["assessed_on"] = str(min(date_in(at, side.time_zone) for side in law.boundary.sides))
        old = {name: value for name, value in facts.items() if not any(name.startswith(paper) for paper in held)}
        raw = {"flow": "goods", "direction": "aa-bb", "at": at.isoformat(), "facts": {**old, **new}}
        movement = read_movement(raw, law.boundary, law.packs.dictionary)
        if decide_movement(law, replace(movement, answers=tuple(answered))).outcome == "cleared":
            return True
    return False


@settings(max_examples=100)
@given(laws(), schedules(), FACTS, st.integers(0, 47))
def test_the_instant_it_names_clears_and_no_earlier_opening_instant_does(rules, stated, facts, half_hours):
    law = book(*rules)
    start = datetime.fromisoformat("2026-09-28T00:00:00+08:00") + timedelta(minutes=30 * half_hours)
    found = search(law, facts, start=start.isoformat(), schedule=stated)
    end = found.at or start + timedelta(days=35)
    if found.at:
        assert found.state == "found"
        assert stated.hours is None or next_open(stated.hours, "goods", found.at, HOME) == found.at
        assert clears(law, stated, facts, start, found.at)
    tried = {start} | {
        start_of_day(date(2026, 9, 28) + timedelta(days=day), side.time_zone) for day in range(45) for side in (AA, BB)
    }
    for instant in sorted(tried, key=lambda at: at.timestamp()):
        at = next_open(stated.hours, "goods", instant, HOME) if stated.hours else instant
        if start <= at < end:
            assert not clears(law, stated, facts, start, at), at
