"""The law for programs: its dictionary, its rules, and a movement decided without being kept. Open to all."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field, WithJsonSchema

from riverloop.apps.clearance import law
from riverloop.apps.clearance.declared import ASKED_OF_APPLICANT
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.sentences import N_, own
from riverloop.apps.parties.interface import Given, Instant
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import date_in
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.decisions import MAX_ITEMS, Movement, read_movement
from riverloop.core.rules.facts import Document, Fact
from riverloop.core.rules.packs import Measure, Rule

router = Router(tags=["law"], auth=None)

Flow = Literal["person", "goods", "data"]
Facts = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "x-named": "Facts"})]
Name = Annotated[str, Path(description=N_("Name in the dictionary, or id."), pattern=r"^[A-Za-z0-9_.-]{1,100}$")]


# The dictionary


class ChoiceOut(Schema):
    name: str
    label: str


class FactOut(Schema):
    name: str
    label: str
    help: str
    flows: list[str]
    kind: str = Field(description=N_("boolean, integer, decimal, date, choice, choices or code."))
    unit: str
    minimum: float | None
    maximum: float | None
    pattern: str
    choices: list[ChoiceOut]
    source: str = Field(description=N_("Who states it: applicant, register, computed or officer."))
    document: str = Field(description=N_("The paper that it describes, if it describes one."))
    visible_to: list[str] = Field(description=N_("Sides that may read it; empty if each side may."))


class FactsOut(Schema):
    data: list[FactOut]


def fact_out(fact: Fact) -> FactOut:
    language = active_language()
    return FactOut(
        name=fact.name,
        label=law.label(fact.name),
        help=own(fact.help, language),
        flows=list(fact.flows),
        kind=fact.kind,
        unit=fact.unit,
        minimum=fact.minimum,
        maximum=fact.maximum,
        pattern=fact.pattern,
        choices=[ChoiceOut(name=one.name, label=own(one.label, language)) for one in fact.choices],
        source=fact.source,
        document=fact.document,
        visible_to=list(fact.visible_to),
    )


@router.get("/facts", response=FactsOut, summary=N_("Every fact that may be stated"))
def facts_list(request: HttpRequest, flow: Annotated[Flow | None, Query()] = None) -> FactsOut:
    words = law.packs().dictionary
    chosen = words.of_flow(flow) if flow else words.facts.values()
    return FactsOut(data=[fact_out(fact) for fact in chosen])


@router.get("/facts/{name}", response=FactOut, summary=N_("One fact"))
def fact_get(request: HttpRequest, name: Name) -> FactOut:
    fact = law.packs().dictionary.facts.get(name)
    if fact is None:
        raise Http404
    return fact_out(fact)


class PaperOut(Schema):
    name: str
    label: str
    help: str
    flows: list[str]
    issuer: str = Field(description=N_("Id of the authority that gives it; none if nobody issues it."))
    quantity: bool = Field(description=N_("Whether it is for a quantity, and is drawn down."))


class PapersOut(Schema):
    data: list[PaperOut]


def paper_out(document: Document) -> PaperOut:
    language = active_language()
    return PaperOut(
        name=document.name,
        label=own(document.label, language),
        help=own(document.help, language),
        flows=list(document.flows),
        issuer=document.issuer,
        quantity=document.quantity,
    )


@router.get("/papers", response=PapersOut, summary=N_("Every paper that the law may ask for"))
def papers_list(request: HttpRequest, flow: Annotated[Flow | None, Query()] = None) -> PapersOut:
    every = law.packs().dictionary.documents.values()
    return PapersOut(data=[paper_out(one) for one in every if flow is None or flow in one.flows])


# Rules and laws


class RuleOut(Schema):
    id: str
    owner: str = Field(description=N_("The side whose rule it is, or the shared pack."))
    measure: str = Field(description=N_("Id of the law that it is from."))
    flow: str
    directions: list[str] = Field(description=N_("Directions that it is for; empty if it is for both."))
    status: Literal["law", "pilot", "announced", "future", "past"]
    starts: date | None
    until: date | None
    verified: str
    effect: dict[str, Any]
    when: str = Field(description=N_("The condition, in the rule language."))
    reason: str
    version: str


class RulesOut(Schema):
    data: list[RuleOut]


def rule_out(rule: Rule, day: date) -> RuleOut:
    return RuleOut(
        id=rule.id,
        owner=rule.owner,
        measure=rule.measure,
        flow=rule.flow,
        directions=list(rule.directions or ()),
        status=law.status(rule, day),  # type: ignore[arg-type]
        starts=rule.starts,
        until=rule.until,
        verified=rule.verified,
        effect=rule.effect.as_json(),
        when=rule.sql,
        reason=own(rule.reason, active_language()),
        version=rule.version,
    )


def _today() -> date:
    return date_in(timezone.now(), zone().boundary.sides[0].time_zone)


@router.get("/rules", response=RulesOut, summary=N_("Every rule"))
def rules_list(request: HttpRequest, flow: Annotated[Flow | None, Query()] = None) -> RulesOut:
    day, every = _today(), sorted(law.packs().rules.values(), key=lambda rule: rule.id)
    return RulesOut(data=[rule_out(rule, day) for rule in every if flow is None or rule.flow == flow])


@router.get("/rules/{name}", response=RuleOut, summary=N_("One rule"))
def rule_get(request: HttpRequest, name: Name) -> RuleOut:
    rule = law.packs().rules.get(name)
    if rule is None:
        raise Http404
    return rule_out(rule, _today())


class MeasureOut(Schema):
    id: str
    owner: str
    title: str
    authority: str = Field(description=N_("Id of the authority that made it or holds to it."))
    url: str
    verified: str = Field(description=N_("How its text was read: primary, secondary or none."))
    rules: list[str]


class MeasuresOut(Schema):
    data: list[MeasureOut]


def measure_out(measure: Measure) -> MeasureOut:
    return MeasureOut(
        id=measure.id,
        owner=measure.owner,
        title=own(measure.title, active_language()),
        authority=measure.authority,
        url=measure.url,
        verified=measure.verified,
        rules=sorted(rule.id for rule in law.packs().rules.values() if rule.measure == measure.id),
    )


@router.get("/measures", response=MeasuresOut, summary=N_("Every law"))
def measures_list(request: HttpRequest) -> MeasuresOut:
    every = sorted(law.packs().measures.values(), key=lambda measure: measure.id)
    return MeasuresOut(data=[measure_out(one) for one in every])


@router.get("/measures/{name}", response=MeasureOut, summary=N_("One law"))
def measure_get(request: HttpRequest, name: Name) -> MeasureOut:
    measure = law.packs().measures.get(name)
    if measure is None:
        raise Http404
    return measure_out(measure)


# Deciding


class Declaration(Given):
    """A movement as it is declared: one item by “facts”, several by “items”."""

    flow: Flow = Field(description=N_("What crosses."))
    direction: str = Field(max_length=40, description=N_("From side to side, such as those that the zone names."))
    at: Instant = Field(description=N_("The instant to decide for."))
    crossing_at: Instant | None = Field(default=None, description=N_("When it is to cross, if that is another."))
    facts: Facts | None = None
    items: Annotated[list[Facts], Field(max_length=MAX_ITEMS)] | None = None


class Decided(Schema):
    """What both sides' laws say; described in the guide."""

    outcome: str = Field(description=N_("cleared, referred, incomplete, refused or undetermined."))
    at_best: str
    at_worst: str
    valid_until: str | None
    packs: dict[str, Any]
    sides: dict[str, Any]


def stated(declaration: Declaration) -> Movement:
    """Return a movement from what an applicant may state.

    Raises:
        InputError: it is malformed, or states a fact that only an officer may state.
    """
    raw: dict[str, Any] = {
        "flow": declaration.flow,
        "direction": declaration.direction,
        "at": declaration.at.isoformat(),
        "crossing_at": (declaration.crossing_at or declaration.at).isoformat(),
    }
    if declaration.facts is not None:
        raw["facts"] = declaration.facts
    if declaration.items is not None:
        raw["items"] = declaration.items
    movement = read_movement(raw, zone().boundary, law.packs().dictionary)
    for place, item in enumerate(movement.items):
        for name in item:
            if law.packs().dictionary.facts[name].source not in ASKED_OF_APPLICANT:
                where = "facts" if declaration.items is None else f"items[{place}]"
                raise InputError(
                    "form.officer",
                    N_('Only an officer may state "{fact}". Leave it out.'),
                    where=f"movement.{where}.{name}",
                    fact=name,
                )
    return movement


@router.post("/decide", response=Decided, summary=N_("Decide a movement without keeping it"))
def decide(request: HttpRequest, declaration: Declaration) -> dict[str, Any]:
    return decide_movement(rulebook(), stated(declaration)).as_json(conceal=True)


class SideOut(Schema):
    id: str
    title: str
    time_zone: str


class ControlPointOut(Schema):
    id: str
    title: str


class ZoneOut(Schema):
    id: str
    title: str
    sides: list[SideOut]
    directions: list[str]
    control_points: list[ControlPointOut]


@router.get("/zone", response=ZoneOut, summary=N_("The zone: its sides, directions and control points"))
def zone_get(request: HttpRequest) -> ZoneOut:
    here, language = zone(), active_language()
    return ZoneOut(
        id=here.id,
        title=own(here.title, language),
        sides=[
            SideOut(id=side.id, title=own(side.title, language), time_zone=side.side.time_zone) for side in here.sides
        ],
        directions=list(here.boundary.directions),
        control_points=[ControlPointOut(id=one.id, title=own(one.title, language)) for one in here.control_points],
    )
