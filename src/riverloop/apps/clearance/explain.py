"""A decision laid out for a reader: one sentence, then each side's reasons, papers, duties and next steps.

It starts from the decision's public JSON, so that a reason disclosed to an authority alone cannot reach a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.formats import instant_text, own_language
from riverloop.apps.clearance.sentences import Gettext, own
from riverloop.core.kernel.instants import date_in
from riverloop.core.rules.decisions import Decision, SideDecision
from riverloop.core.rules.packs import Measure
from riverloop.core.rules.rulebook import NEUTRAL_REASON

if TYPE_CHECKING:
    from riverloop.zones import Zone

_ORDER = ("refuse", "suspend", "require", "refer", "allow", "route", "oblige", "inspect", "notify", "advise")


@dataclass(slots=True)
class LawView:
    """A measure as it is cited: its title here, and in its own language where that differs."""

    id: str
    title: str
    own_title: str
    own_language: str
    url: str


@dataclass(slots=True)
class RemedyView:
    """What a person refused may do: how, before whom, within how many days."""

    text: str
    body: str
    days: int | None
    measure: str | None


@dataclass(slots=True)
class RuleView:
    """One rule that speaks: its reason first."""

    id: str
    kind: str
    reason: str
    effect: str
    law: LawView | None
    verified: str
    verified_words: str
    pilot: bool
    items: list[int]
    next_step: str = ""
    remedy: RemedyView | None = None


@dataclass(slots=True)
class PaperView:
    """A required paper, or its alternatives, with who gives each."""

    label: str
    held: bool
    helps: list[tuple[str, str, str]] = field(default_factory=list)  # label, issuer, how
    unsettled: bool = False  # held, though not known yet whether it covers this


@dataclass(slots=True)
class DutyView:
    """Something to do, and by when."""

    act: str
    due: str
    passed: bool
    rule: str


@dataclass(slots=True)
class SideView:
    """One side's column."""

    id: str
    title: str
    accent: int
    outcome: str
    word: str
    best: str
    worst: str
    route: str
    route_help: str
    rules: list[RuleView]
    papers: list[PaperView]
    duties: list[DutyView]
    refers: list[str]
    notifies: list[str]
    inspects: list[str]
    displaced: list[RuleView]
    undetermined: list[RuleView]
    announced: list[RuleView]
    missing: list[str]
    missing_more: list[str]
    valid_until: str

    @property
    def next_steps(self) -> list[str]:
        """What the rules that speak advise doing next, each once."""
        return list(dict.fromkeys(rule.next_step for rule in self.rules if rule.next_step))


@dataclass(slots=True)
class Explained:
    """A decision in one language."""

    sentence: str
    outcome: str
    word: str
    sides: list[SideView]
    valid_until: str
    items: int


def explain(
    decision: Decision,
    zone: Zone,
    language: str,
    _: Gettext,
    *,
    authority_of: frozenset[str] = frozenset(),
    authorities: frozenset[str] | None = None,
    unanswered: frozenset[str] = frozenset(),
    signed: frozenset[str] = frozenset(),
    now: datetime | None = None,
) -> Explained:
    """Lay a decision out in one language.

    Args:
        decision: both sides'.
        zone: names the sides and their authorities.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
        authority_of: sides whose officers read it.
        authorities: those whose officers read it; a rule disclosed to its authority alone is concealed from the
            others of its side. None: from none of them.
        unanswered: sides that have not answered yet, of a movement that was filed.
        signed: sides whose refusal of a person an officer has signed.
        now: tells which duties are already past; none is if it is not given.
    """
    raw = decision.as_json(authority_of=authority_of, conceal=True)
    reader = _Reader(decision, zone, language, _, now=now, authorities=authorities, signed=signed)
    return Explained(
        sentence=sentences.summary(decision, zone, language, _, unanswered=unanswered, signed=signed),
        outcome=decision.outcome,
        word=reader.word(decision.outcome),
        sides=[reader.side(name, said) for name, said in raw["sides"].items()],
        valid_until=reader.instant(decision.valid_until, next(iter(decision.sides))),
        items=len(decision.movement.items),
    )


def is_past(due: date | datetime | None, now: datetime, zone_name: str) -> bool:
    """Say whether a duty's last instant, or last day in its side's time zone, lies before now."""
    if isinstance(due, datetime):
        return due < now
    return due is not None and due < date_in(now, zone_name)


def law_view(measure: Measure, zone: Zone, calendars: Mapping[str, Any], language: str) -> LawView:
    """Return a measure as it is cited in one language."""
    tongue = ""
    for side in zone.boundary.sides:
        if side.id == measure.owner and side.calendar in calendars:
            tongue = own_language(calendars[side.calendar].country)
    title = own(measure.title, language)
    original = measure.title.get(tongue, "") if tongue != language else ""
    return LawView(measure.id, title, original if original != title else "", tongue, measure.url)


def concealed_view(language: str) -> RuleView:
    """Return what is read in the place of a rule of which nothing may be told: that an authority looks at it."""
    return RuleView(
        id="", kind="refer", reason=own(NEUTRAL_REASON, language), effect="", law=None, verified="",
        verified_words="", pilot=False, items=[],
    )  # fmt: skip


class _Reader:
    """Reads the parts of one decision in one language."""

    def __init__(
        self,
        decision: Decision,
        zone: Zone,
        language: str,
        _: Gettext,
        *,
        now: datetime | None,
        authorities: frozenset[str] | None,
        signed: frozenset[str],
    ) -> None:
        self.decision, self.zone, self.language, self._ = decision, zone, language, _
        self.now, self.authorities, self.signed = now, authorities, signed
        self.packs = decision.packs
        self.words = decision.packs.dictionary

    def instant(self, at: datetime | None, side: str) -> str:
        return instant_text(at, self.language, self.zone.boundary.side(side).time_zone) if at else ""

    def authority(self, name: str) -> str:
        return sentences.authority_title(name, self.zone, self.language, self._)

    def side(self, name: str, raw: Mapping[str, Any]) -> SideView:
        said = self.decision.sides[name]
        route = next((one for one in self.words.routes.get(self.flow, ()) if one.name == raw["route"]), None)
        deciding = {
            one for names, count in zip(said.missing_facts, said.deciding_facts, strict=True) for one in names[:count]
        }
        return SideView(
            id=name,
            title=own(self.zone.boundary.side(name).title, self.language),
            accent=self.zone.side(name).accent,
            outcome=said.outcome,
            word=self.word(said.outcome, name),
            best=self.word(raw["at_best"], name),
            worst=self.word(raw["at_worst"], name),
            route=own(route.label, self.language) if route else "",
            route_help=own(route.help, self.language) if route else "",
            rules=self.rules(raw["rules"]),
            papers=self.papers(said),
            duties=self.duties(said, name),
            refers=list(dict.fromkeys(self.authority(one["to"]) for one in raw["refers"])),
            notifies=[self.authority(one) for one in raw["notifies"]],
            inspects=[sentences.inspect_text(one["share"], self.language, self._) for one in raw["inspects"]],
            displaced=self.rules(raw["displaced"]),
            undetermined=self.rules(raw["undetermined"]),
            announced=self.rules(raw["announced"]),
            missing=self.labels(deciding),
            missing_more=self.labels(name for name in raw["missing_facts"] if name not in deciding),
            valid_until=self.instant(said.valid_until, name),
        )

    def word(self, outcome: str, side: str = "") -> str:
        """Return the outcome in words; against a person a rule only proposes (rule semantics 22)."""
        if outcome == "refused" and self.flow == "person" and not (side in self.signed if side else self.signed):
            return self._("Refusal proposed")
        return sentences.outcome_word(outcome, self._)

    def labels(self, names: Iterable[str]) -> list[str]:
        """Return what facts are called, in asking order; an officer's are nobody else's to read."""
        facts = self.words.facts
        return [
            sentences.fact_label(name, self.words, self.language, self._)
            for name in self.words.in_order(names)
            if facts[name].source != "officer"
        ]

    @property
    def flow(self) -> str:
        return self.decision.movement.flow

    def rules(self, hits: Iterable[Mapping[str, Any]]) -> list[RuleView]:
        """Return the rules, the weightiest effect first, each once with the items it speaks of."""
        views: dict[tuple[str, str], RuleView] = {}  # by effect as well: undisclosed rules share an id
        for hit in map(self.concealed, hits):
            key = (hit["id"], str(hit["effect"]))
            if key not in views:
                views[key] = self.rule(hit)
            elif hit["item"] + 1 not in views[key].items:
                views[key].items.append(hit["item"] + 1)
        return sorted(views.values(), key=lambda view: _ORDER.index(view.kind))

    def concealed(self, hit: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a hit, without its reason where another authority of the side alone may read it."""
        rule = self.packs.rules.get(hit["id"])
        if self.authorities is None or rule is None or rule.disclose != "authority":
            return hit
        authority = self.packs.measures[rule.measure].authority
        if authority in self.authorities or "." not in authority:
            return hit
        return {**hit, "id": "", "measure": None, "url": "", "reason": NEUTRAL_REASON, "remedy": None, "next_step": {}}

    def rule(self, hit: Mapping[str, Any]) -> RuleView:
        measure = self.packs.measures[hit["measure"]] if hit["measure"] else None
        remedy = hit.get("remedy")
        return RuleView(
            id=hit["id"] if measure else "",
            kind=next(iter(hit["effect"])),
            reason=own(hit["reason"], self.language),
            effect=sentences.effect_text(hit["effect"], self.words, self.zone, self.language, self._),
            law=law_view(measure, self.zone, self.words.calendars, self.language) if measure else None,
            verified=hit["verified"],
            verified_words=sentences.verified_words(hit["verified"], self._),
            pilot=hit["assumed"],
            items=[hit["item"] + 1],
            next_step=own(hit.get("next_step") or {}, self.language),
            remedy=remedy
            and RemedyView(
                own(remedy["text"], self.language), self.authority(remedy["body"]), remedy["days"], remedy["measure"]
            ),
        )

    def papers(self, said: SideDecision) -> list[PaperView]:
        return [
            PaperView(
                sentences.paper_text(alternatives, self.words, self.language),
                alternatives not in said.missing_documents,
                [self.paper_help(name) for name in alternatives],
                alternatives in said.unsettled_documents,
            )
            for alternatives in said.requires
        ]

    def paper_help(self, name: str) -> tuple[str, str, str]:
        document = self.words.documents[name]
        issuer = self.authority(document.issuer) if document.issuer else ""
        return own(document.label, self.language), issuer, own(document.help, self.language)

    def duties(self, said: SideDecision, side: str) -> list[DutyView]:
        zone_name = self.zone.boundary.side(side).time_zone
        starts = {
            hit.rule.id: hit.rule.effect.value.get("from", "at")
            for hit in said.rules
            if hit.rule.effect.kind == "oblige"
        }
        views: dict[tuple[str, str], DutyView] = {}
        for one in said.obliges:
            due = sentences.due_text(
                one.due,
                starts.get(one.rule, "at"),
                provisional=one.provisional,
                zone_name=zone_name,
                words=self.words,
                language=self.language,
                _=self._,
            )
            passed = self.now is not None and is_past(one.due, self.now, zone_name)
            act = own(self.words.acts[one.act].label, self.language)
            views.setdefault((act, due), DutyView(act, due, passed, one.rule))
        return list(views.values())
