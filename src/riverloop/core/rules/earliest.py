"""The earliest lawful crossing: when the papers can be in hand, the authorities have answered and the gate is open.

Everything is asked for at once, at ``start``; each takes its stated lead time in working days of its own side, and is
in hand on the day after the last of them. Between two events (a paper in hand, a rule or a paper turning with the
date, the gate opening) nothing changes, so only those instants are tried, in order of time: the first that clears is
the earliest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from riverloop.core.kernel.instants import date_in, start_of_day, time_zone
from riverloop.core.kernel.schedules import LeadTime, Schedule, next_open
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import Answer, Decision, Hit, Movement
from riverloop.core.rules.facts import Value, WorkingCalendar
from riverloop.core.rules.obligations import add_days, is_working_day
from riverloop.core.rules.packs import REFUSED
from riverloop.core.rules.rulebook import Rulebook

State = Literal["found", "facts", "too_late", "no_lead_time", "refused", "closed"]
HORIZON = timedelta(days=550)
_MOST_TRIALS = 200
_A_SECOND = timedelta(seconds=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Step:
    """A paper to be asked for, or an answer to be waited for.

    Args:
        kind: paper or answer.
        name: the document, or the authority that answers.
        rule: id of the rule that refers; empty for a paper.
        items: places of the items that need it.
        lead: its lead time; None if none is stated.
        due: the last day of the lead time; None if it is at once or not stated.
        ready: first instant at which it is in hand; None if it is not stated.
        provisional: whether that lies beyond the holidays a government has announced.
        file_by: last day on which to ask for it for the wanted crossing; None if none is wanted.
        late_days: by how many days that has passed.
        instead_of: the other papers that would do, each with when it could be in hand.
    """

    kind: Literal["paper", "answer"]
    name: str
    rule: str
    items: tuple[int, ...]
    lead: LeadTime | None
    due: date | None
    ready: datetime | None
    provisional: bool
    file_by: date | None = None
    late_days: int = 0
    instead_of: tuple[tuple[str, datetime | None], ...] = ()

    def as_json(self, zone: str = "UTC") -> dict[str, Any]:
        """Return it as JSON shows it."""
        return {
            self.kind: self.name,
            **({"rule": self.rule} if self.rule else {}),
            "items": list(self.items),
            "working_days": self.lead.working_days if self.lead else None,
            "basis": self.lead.basis if self.lead else None,
            "due": self.due.isoformat() if self.due else None,
            "ready": _text(self.ready, zone),
            "provisional": self.provisional,
            "file_by": self.file_by.isoformat() if self.file_by else None,
            "late_days": self.late_days,
            "instead_of": [name for name, _ in self.instead_of],
        }


@dataclass(frozen=True, slots=True)
class Earliest:
    """When a movement may lawfully cross at the earliest.

    Args:
        state: ``found``; ``facts``: some are lacking, so ``at`` is only "not before"; ``too_late``: what it rests on
            ends at ``limit``, before everything can be in hand; ``no_lead_time``: a step has none; ``refused``: no
            paper or answer helps; ``closed``: the control point does not take it.
        start: instant from which it was reckoned.
        at: the earliest instant.
        until: last instant at which the decision then made holds.
        limit: last instant at which it would clear if everything were in hand.
        ready: instant at which everything is in hand.
        steps: what to ask for, the slowest first.
        missing_facts: facts without which nobody can say.
        wanted: the crossing that was wanted.
        wanted_clears: whether that one clears; None if none was wanted or it lies before ``start``.
        wanted_open: whether the control point is open then.
    """

    state: State
    start: datetime
    at: datetime | None = None
    until: datetime | None = None
    limit: datetime | None = None
    ready: datetime | None = None
    steps: tuple[Step, ...] = ()
    missing_facts: tuple[str, ...] = ()
    wanted: datetime | None = None
    wanted_clears: bool | None = None
    wanted_open: bool | None = None

    def as_json(self, zone: str = "UTC") -> dict[str, Any]:
        """Return it as the decision's JSON shows it.

        Args:
            zone: IANA time zone in which instants are written.
        """
        return {
            "state": self.state,
            "from": _text(self.start, zone),
            "at": _text(self.at, zone),
            "until": _text(self.until, zone),
            "limit": _text(self.limit, zone),
            "ready": _text(self.ready, zone),
            "steps": [step.as_json(zone) for step in self.steps],
            "missing_facts": list(self.missing_facts),
            "wanted": _text(self.wanted, zone),
            "wanted_clears": self.wanted_clears,
            "wanted_open": self.wanted_open,
        }


def _text(at: datetime | None, zone: str) -> str | None:
    return at.astimezone(time_zone(zone)).isoformat() if at else None


def earliest(
    rulebook: Rulebook,
    movement: Movement,
    schedule: Schedule,
    *,
    start: datetime,
    wanted: datetime | None = None,
) -> Earliest:
    """Find the earliest lawful crossing, if everything it needs is asked for at ``start`` and given in time.

    Args:
        rulebook: packs bound to the zone's boundary.
        movement: as declared; its own instants are not read.
        schedule: lead times and opening hours.
        start: aware instant at which everything is asked for.
        wanted: aware instant of the crossing that was wanted.
    """
    return _Search(rulebook, movement, schedule, start.astimezone(UTC), wanted).run()


_Papers = tuple[tuple[str, tuple[str, ...]], ...]  # each with the alternatives it was chosen from
_Answers = tuple[tuple[str, Hit], ...]  # each with its side


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one item needs at one instant, and what was decided with it."""

    papers: _Papers
    answers: _Answers
    decision: Decision


@dataclass(slots=True)
class _Trial:
    """One instant tried for one item."""

    at: datetime
    everything: bool  # whether every paper and answer counts as in hand, whatever its lead time
    doubt: bool  # whether it suffices that nothing certain stands in the way
    changes: list[datetime] = field(default_factory=list)  # when another answer may be had
    lacking: set[str] = field(default_factory=set)  # deciding facts


class _Search:
    def __init__(
        self, rulebook: Rulebook, movement: Movement, schedule: Schedule, start: datetime, wanted: datetime | None
    ) -> None:
        self.rulebook, self.movement, self.schedule = rulebook, movement, schedule
        self.start, self.wanted = start, wanted
        self.words = rulebook.packs.dictionary
        self.items = _distinct(movement)

    def run(self) -> Earliest:
        if self.opening(self.start) is None:
            return Earliest("closed", self.start, wanted=self.wanted)
        lacking: set[str] = set()
        for doubt in (False, True):
            at, plans = self.first(doubt=doubt, lacking=lacking)
            if at is not None:
                return self.found(at, plans, lacking if doubt else set(), doubt=doubt)
        return self.failed()

    def first(self, *, doubt: bool, lacking: set[str]) -> tuple[datetime | None, list[_Plan]]:
        """Try the instants at which something changes, in order of time."""
        at = self.opening(self.start)
        for _ in range(_MOST_TRIALS):
            if at is None or at > self.start + HORIZON:
                break
            plans: list[_Plan] = []
            changes: list[datetime | None] = []
            for item in self.items:
                trial = _Trial(at, everything=False, doubt=doubt)
                plan = self.plan(trial, item)
                lacking |= trial.lacking
                if plan is None:
                    changes.append(min(trial.changes, default=None))
                else:
                    plans.append(plan)
            if not changes:
                return at, plans
            # every item must clear, so nothing is gained before the last of those that do not may
            later = [change for change in changes if change is not None]
            at = self.opening(max(later)) if len(later) == len(changes) else None
        return None, []

    def found(self, at: datetime, plans: list[_Plan], lacking: set[str], *, doubt: bool) -> Earliest:
        steps = self.steps(plans)
        clears, is_open = self.judged()
        return Earliest(
            state="facts" if doubt else "found",
            start=self.start,
            at=at,
            until=min((plan.decision.valid_until for plan in plans if plan.decision.valid_until), default=None),
            ready=max((step.ready for step in steps if step.ready), default=self.start),
            steps=steps,
            missing_facts=tuple(self.words.in_order(lacking)),
            wanted=self.wanted,
            wanted_clears=clears,
            wanted_open=is_open,
        )

    def failed(self) -> Earliest:
        """Say why there is no such instant: what it would take if everything were given at once."""
        at = self.opening(self.start) or self.start
        trials = [_Trial(at, everything=True, doubt=True) for _ in self.items]
        plans = [plan for plan in map(self.plan, trials, self.items) if plan is not None]
        steps = self.steps(plans)
        clears, is_open = self.judged()
        said = Earliest(
            "refused", self.start, steps=steps, wanted=self.wanted, wanted_clears=clears, wanted_open=is_open
        )
        if len(plans) < len(self.items):
            return said
        if any(step.ready is None for step in steps):
            return replace(said, state="no_lead_time")
        return replace(
            said,
            state="too_late",
            limit=min((plan.decision.valid_until for plan in plans if plan.decision.valid_until), default=None),
            ready=max((step.ready for step in steps if step.ready), default=None),
        )

    def judged(self) -> tuple[bool | None, bool | None]:
        """Say of the wanted crossing whether it clears, and whether the control point is open; None: not known."""
        if self.wanted is None or self.wanted < self.start:
            return None, None
        at = self.wanted.astimezone(UTC)
        if self.opening(at) != at:
            return False, False
        if all(self.plan(_Trial(at, everything=False, doubt=False), item) for item in self.items):
            return True, True
        possible = all(self.plan(_Trial(at, everything=False, doubt=True), item) for item in self.items)
        return (None if possible else False), True

    def opening(self, at: datetime) -> datetime | None:
        if self.schedule.hours is None:
            return at
        return next_open(self.schedule.hours, self.movement.flow, at, self.schedule.time_zone)

    # One item at one instant

    def plan(self, trial: _Trial, item: _Like) -> _Plan | None:
        """Return what makes the item clear at this instant; None if nothing does."""
        return self.attempt(trial, item, (), ())

    def attempt(self, trial: _Trial, item: _Like, papers: _Papers, answers: _Answers) -> _Plan | None:
        decision = self.decide(trial.at, item, papers, answers)
        if decision.valid_until is not None:
            trial.changes.append(decision.valid_until.astimezone(UTC) + _A_SECOND)
        if (decision.low if trial.doubt else decision.high) == 0:
            return _Plan(papers, answers, decision)
        if decision.low == REFUSED:
            return None
        asked = tuple((name, hit) for name, side in decision.sides.items() for hit in side.refers)
        if asked:
            answered = self.has_answers(trial, asked)
            return self.attempt(trial, item, papers, (*answers, *asked)) if answered else None
        held = {name for name, _ in papers}
        for side in decision.sides.values():
            for alternatives in side.missing_documents:
                if not held & set(alternatives):
                    return self.with_paper(trial, item, papers, answers, alternatives)
        for side in decision.sides.values():
            trial.lacking.update(side.missing_facts[0][: side.deciding_facts[0]])
        return None

    def has_answers(self, trial: _Trial, asked: _Answers) -> bool:
        """Say whether each authority asked has answered by then."""
        if trial.everything:
            return True
        ready = [self.ready(self.schedule.answers.get(str(hit.rule.effect.value)))[1] for _, hit in asked]
        known = [one for one in ready if one is not None]
        if len(known) < len(ready):
            return False
        trial.changes.extend(one for one in known if one > trial.at)
        return max(known) <= trial.at

    def with_paper(
        self, trial: _Trial, item: _Like, papers: _Papers, answers: _Answers, alternatives: tuple[str, ...]
    ) -> _Plan | None:
        """Go on with the quickest of the papers that would do and can be in hand by then."""
        for name, ready in self.by_speed(alternatives):
            if not trial.everything and (ready is None or ready > trial.at):
                trial.changes.extend([ready] if ready else [])
                continue
            plan = self.attempt(trial, item, (*papers, (name, alternatives)), answers)
            if plan is not None:
                return plan
        return None

    def by_speed(self, alternatives: Iterable[str]) -> list[tuple[str, datetime | None]]:
        known = [(name, self.ready(self.schedule.papers.get(name))[1]) for name in alternatives]
        return sorted(known, key=lambda pair: (pair[1] is None, _epoch(pair[1])))

    def decide(self, at: datetime, item: _Like, papers: _Papers, answers: _Answers) -> Decision:
        granted = (Answer(side, hit.rule.id, hit.rule.version, allow=True) for side, hit in answers)
        alone = self.movement.of_items(item.places[:1])
        return decide(
            self.rulebook,
            replace(
                alone,
                at=at,
                crossing_at=at,
                items=(self.with_papers(item.facts, [name for name, _ in papers], at),),
                answers=(*alone.answers, *granted),
            ),
        )

    def with_papers(self, facts: Mapping[str, Value], papers: Iterable[str], at: datetime) -> Mapping[str, Value]:
        """Return the facts with papers newly given: without end or limit, and dated that day."""
        stated = dict(facts)
        for name in papers:
            document = self.words.documents[name]
            for fact in document.facts():
                stated.pop(fact.name, None)
            stated[f"has_{name}"] = True
            if document.dated_fact:
                stated[document.dated_fact] = min(date_in(at, side.time_zone) for side in self.rulebook.boundary.sides)
        return stated

    # Days

    def ready(self, lead: LeadTime | None) -> tuple[date | None, datetime | None, bool]:
        """Return the last day of a lead time, the first instant after it, and whether that is provisional."""
        if lead is None:
            return None, None, False
        if not lead.working_days:
            return None, self.start, False
        zone, calendar = self.clock(lead)
        due, provisional = _after(date_in(self.start, zone), lead.working_days, calendar)
        return due, start_of_day(due + timedelta(days=1), zone).astimezone(UTC), provisional

    def clock(self, lead: LeadTime) -> tuple[str, WorkingCalendar | None]:
        side = self.rulebook.boundary.side(lead.side)
        return side.time_zone, self.words.calendars.get(side.calendar)

    def steps(self, plans: list[_Plan]) -> tuple[Step, ...]:
        places: dict[tuple[str, str, str], list[int]] = {}
        instead: dict[str, tuple[tuple[str, datetime | None], ...]] = {}
        for item, plan in zip(self.items, plans, strict=False):
            for name, alternatives in plan.papers:
                places.setdefault(("paper", name, ""), []).extend(item.places)
                instead[name] = tuple(pair for pair in self.by_speed(alternatives) if pair[0] != name)
            for _, hit in plan.answers:
                key = ("answer", str(hit.rule.effect.value), hit.rule.id)
                places.setdefault(key, []).extend(item.places)
        made = [
            self.step(kind, name, rule, tuple(sorted(set(found))), instead.get(name, ()))
            for (kind, name, rule), found in places.items()
        ]
        return tuple(sorted(made, key=lambda step: (step.ready is not None, -_epoch(step.ready), step.name)))

    def step(
        self,
        kind: str,
        name: str,
        rule: str,
        items: tuple[int, ...],
        instead_of: tuple[tuple[str, datetime | None], ...],
    ) -> Step:
        stated = self.schedule.papers if kind == "paper" else self.schedule.answers
        lead = stated.get(name)
        due, ready, provisional = self.ready(lead)
        file_by = self.file_by(lead)
        return Step(
            kind="paper" if kind == "paper" else "answer",
            name=name,
            rule=rule,
            items=items,
            lead=lead,
            due=due,
            ready=ready,
            provisional=provisional,
            file_by=file_by,
            late_days=self.late_days(lead, file_by),
            instead_of=instead_of,
        )

    def file_by(self, lead: LeadTime | None) -> date | None:
        """Return the last day on which to ask, so that the lead time ends before the day of the wanted crossing."""
        if self.wanted is None or lead is None:
            return None
        zone, calendar = self.clock(lead) if lead.side else (self.own_zone(), None)
        crossing = date_in(self.wanted, zone)
        if not lead.working_days:
            return crossing
        return _before(crossing, lead.working_days, calendar)

    def late_days(self, lead: LeadTime | None, file_by: date | None) -> int:
        if file_by is None or lead is None:
            return 0
        today = date_in(self.start, self.clock(lead)[0] if lead.side else self.own_zone())
        return max(0, (today - file_by).days)

    def own_zone(self) -> str:
        return self.rulebook.boundary.side(self.movement.direction.partition("-")[0]).time_zone


@dataclass(slots=True)
class _Like:
    """Items with the same facts, of which the same was answered."""

    facts: Mapping[str, Value]
    places: list[int]


def _distinct(movement: Movement) -> list[_Like]:
    found: dict[Any, _Like] = {}
    for place, facts in enumerate(movement.items):
        answers = frozenset(replace(answer, item=None) for answer in movement.answers if answer.item == place)
        key = tuple(sorted((name, repr(value)) for name, value in facts.items())), answers
        found.setdefault(key, _Like(facts, [])).places.append(place)
    return list(found.values())


def _epoch(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _works(day: date, calendar: WorkingCalendar | None) -> bool:
    """Say whether a day counts; of a side whose working days nobody has declared, Monday to Friday do."""
    return day.weekday() < _SATURDAY if calendar is None else is_working_day(day, calendar)


def _after(day: date, count: int, calendar: WorkingCalendar | None) -> tuple[date, bool]:
    if calendar is not None:
        return add_days(day, count, calendar)
    while count:
        day += timedelta(days=1)
        count -= _works(day, None)
    return day, True


def _before(day: date, count: int, calendar: WorkingCalendar | None) -> date:
    """Return the last day after which ``count`` working days still end before ``day``."""
    while count:
        day -= timedelta(days=1)
        count -= _works(day, calendar)
    return day - timedelta(days=1)
