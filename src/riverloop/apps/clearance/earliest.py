"""The earliest lawful crossing in words. Pure, as ``sentences`` is: pages and the command line share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.formats import date_text, instant_text, list_text
from riverloop.apps.clearance.sentences import N_, Gettext, own
from riverloop.core.kernel.schedules import ASSUMED, LeadTime, OpeningHours, clock_text
from riverloop.core.kernel.sides import origin
from riverloop.core.rules.decisions import Movement
from riverloop.core.rules.earliest import Earliest, Step, earliest
from riverloop.core.rules.packs import PackSet
from riverloop.core.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from riverloop.zones import Zone

_WEEKDAY_WORDS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


@dataclass(frozen=True, slots=True)
class StepView:
    """A paper to ask for, or an answer to wait for."""

    label: str
    by: str
    lead: str
    basis: str
    assumed: bool
    ready: str
    provisional: bool
    file_by: str
    late: str
    instead_of: str
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EarliestView:
    """The earliest lawful crossing in one language."""

    symbol: str
    sentence: str
    why: list[str]
    wanted: str
    steps: list[StepView]
    hours: list[str]
    control_point: str
    counted_from: str
    has_file_by: bool
    assumed: bool


def find(
    book: Rulebook, movement: Movement, here: Zone, *, now: datetime, wanted: datetime | None, control_point: str = ""
) -> Earliest:
    """Find the earliest lawful crossing of a movement, reckoned from now.

    Args:
        book: the law.
        movement: as declared.
        here: whose lead times and opening hours count.
        now: when everything is asked for.
        wanted: the crossing that was wanted.
        control_point: id; empty if it is not known.
    """
    return earliest(book, movement, here.schedule(_known(control_point, here)), start=now, wanted=wanted)


def stated_control_point(movement: Movement, here: Zone) -> str:
    """Return the control point that the items state, if the zone has it."""
    named = (str(facts.get("control_point", "")) for facts in movement.items)
    return next((name for name in named if _known(name, here)), "")


def _known(control_point: str, here: Zone) -> str:
    return control_point if control_point in {point.id for point in here.control_points} else ""


def explain_earliest(
    found: Earliest,
    movement: Movement,
    here: Zone,
    language: str,
    _: Gettext,
    *,
    packs: PackSet,
    control_point: str = "",
) -> EarliestView:
    """Lay the earliest lawful crossing out in one language.

    Args:
        found: by ``find``.
        movement: of which it was found.
        here: names sides and authorities.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
        packs: name the papers and facts.
        control_point: id; empty if it is not known.
    """
    return _Teller(found, movement, here, language, _, packs=packs).view(_known(control_point, here))


def sentence_of(found: Earliest, clock: str, language: str, _: Gettext) -> str:
    """Return the one sentence that says when.

    Args:
        found: by ``find``.
        clock: IANA time zone in which instants are told.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
    """
    at = instant_text(found.at, language, clock) if found.at else ""
    if found.state == "found" and found.at == found.start:
        return _("It may cross now.")
    if found.state == "found":
        return _("It may cross on {instant} at the earliest.").format(instant=at)
    if found.state == "facts":
        return _("Not before {instant}; some answers are still missing.").format(instant=at)
    return _(_STATE_WORDS[found.state])


def as_line(found: Earliest, here: Zone, language: str, _: Gettext) -> str:
    """Return the sentence as a terminal shows it."""
    return sentence_of(found, here.boundary.sides[0].time_zone, language, _)


class _Teller:
    def __init__(
        self, found: Earliest, movement: Movement, here: Zone, language: str, _: Gettext, *, packs: PackSet
    ) -> None:
        self.found, self.movement, self.packs, self.here = found, movement, packs, here
        self.language, self._ = language, _
        self.words = packs.dictionary
        self.clock = here.boundary.side(origin(movement.direction)).time_zone

    def view(self, control_point: str) -> EarliestView:
        found = self.found
        steps = [self.step(one) for one in found.steps]
        hours = self.here.opening_hours.get(control_point, ())
        return EarliestView(
            symbol={"found": "cleared", "refused": "refused", "facts": "undetermined"}.get(found.state, "incomplete"),
            sentence=self.sentence(),
            why=list(self.why()),
            wanted=self.wanted(),
            steps=steps,
            hours=[hours_text(row, self.language, self._) for row in hours if self.movement.flow in row.flows],
            control_point=own(self.here.control_point(control_point).title, self.language) if control_point else "",
            counted_from=self.instant(found.start),
            has_file_by=any(step.file_by for step in steps),
            assumed=any(step.assumed for step in steps),
        )

    def instant(self, at: datetime | None) -> str:
        return instant_text(at, self.language, self.clock) if at else ""

    def sentence(self) -> str:
        return sentence_of(self.found, self.clock, self.language, self._)

    def why(self) -> Iterator[str]:
        found, _ = self.found, self._
        if found.state == "too_late":
            yield _("It could be allowed until {limit}, but everything is in hand only on {ready}.").format(
                limit=self.instant(found.limit), ready=self.instant(found.ready)
            )
        if found.state in ("found", "facts"):
            if found.ready and found.at and found.ready < found.at:
                yield _("Everything is in hand on {ready}; then it waits for the law or the control point.").format(
                    ready=self.instant(found.ready)
                )
            if found.until:
                yield _("That decision would hold until {until}.").format(until=self.instant(found.until))
        if found.missing_facts:
            labels = [
                sentences.fact_label(name, self.words, self.language, _)
                for name in found.missing_facts
                if self.words.facts[name].source != "officer"
            ]
            if labels:
                yield _("Still open: {facts}").format(facts=list_text(labels, self.language))

    def wanted(self) -> str:
        found, _ = self.found, self._
        if found.wanted is None or found.wanted_open is None:
            return ""
        instant = self.instant(found.wanted)
        if not found.wanted_open:
            return _("On {instant}, as wanted, the control point is closed.").format(instant=instant)
        if found.wanted_clears is None:
            return _("Whether it may cross on {instant}, as wanted, nobody can say yet.").format(instant=instant)
        if found.wanted_clears:
            return _("On {instant}, as wanted, it may cross if everything is asked for in time.").format(
                instant=instant
            )
        return _("On {instant}, as wanted, it may not cross yet.").format(instant=instant)

    def step(self, step: Step) -> StepView:
        _ = self._
        return StepView(
            label=self.label(step),
            by=self.by(step.lead),
            lead=lead_text(step.lead, self.language, _),
            basis=basis_text(step.lead.basis, self.here, self.packs, self.language, _) if step.lead else "",
            assumed=bool(step.lead and step.lead.is_assumed),
            ready=self.instant(step.ready) if step.lead and step.lead.working_days else "",
            provisional=step.provisional,
            file_by=date_text(step.file_by, self.language) if step.file_by else "",
            late=self.late(step.late_days),
            instead_of=list_text(
                [own(self.words.documents[name].label, self.language) for name, _at in step.instead_of],
                self.language,
                either=True,
            ),
            items=tuple(place + 1 for place in step.items),
        )

    def late(self, days: int) -> str:
        if not days:
            return ""
        return self._("one day too late") if days == 1 else self._("{days} days too late").format(days=days)

    def label(self, step: Step) -> str:
        if step.kind == "paper":
            return own(self.words.documents[step.name].label, self.language)
        authority = sentences.authority_title(step.name, self.here, self.language, self._)
        return self._("Answer of: {authority}").format(authority=authority)

    def by(self, lead: LeadTime | None) -> str:
        return by_text(lead, self.here, self.language, self._)


_STATE_WORDS = {
    "too_late": N_("Not any more: what it rests on ends before everything can be in hand."),
    "no_lead_time": N_("No date can be given: nobody has stated how long a step takes."),
    "refused": N_("No date: no paper or answer helps against the refusal."),
    "closed": N_("No date: this control point does not take it."),
}


def by_text(lead: LeadTime | None, here: Zone, language: str, _: Gettext) -> str:
    """Return who gives a paper."""
    if lead is None or not lead.by:
        return _("whoever files makes it")
    if "." in lead.by:
        return sentences.authority_title(lead.by, here, language, _)
    return _("by working days of: {side}").format(side=own(here.side(lead.by).title, language))


def lead_text(lead: LeadTime | None, language: str, _: Gettext) -> str:
    """Return how long a paper takes."""
    if lead is None:
        return _("not stated")
    if not lead.working_days:
        return _("at once")
    if lead.working_days == 1:
        return _("1 working day")
    return _("{days} working days").format(days=lead.working_days)


def basis_text(basis: str, here: Zone, packs: PackSet, language: str, _: Gettext) -> str:
    """Return where a lead time or opening hours come from."""
    if basis == ASSUMED:
        return _("assumed")
    if basis in here.references:
        return own(here.references[basis].title, language)
    measure = packs.measures.get(basis)
    return own(measure.title, language) if measure else basis


def hours_text(hours: OpeningHours, language: str, _: Gettext) -> str:
    """Return opening hours in words."""
    clock = _("{opens} to {closes}").format(opens=clock_text(hours.opens), closes=clock_text(hours.closes))
    if clock_text(hours.opens) == "00:00" and clock_text(hours.closes) == "24:00":
        clock = _("all day")
    if len(hours.weekdays) == len(_WEEKDAY_WORDS):
        return _("every day, {hours}").format(hours=clock)
    days = list_text([_(_WEEKDAY_WORDS[day]) for day in sorted(hours.weekdays)], language)
    return _("{days}, {hours}").format(days=days, hours=clock)
