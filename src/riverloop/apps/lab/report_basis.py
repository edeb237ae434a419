"""What a report rests on: needs and assumptions as stated, where numbers are from, and what is said of the designs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from riverloop.apps.lab.claimed import Beside, model_says
from riverloop.apps.lab.figures import own
from riverloop.apps.lab.report_parts import Found, Subject, Titled, title_of, value_text
from riverloop.apps.lab.words import NEED_WORDS, unit_title, with_note

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import Claim, Parameter  # its simulator is slow to import

Subjects = Sequence[Subject]


def needs(subjects: Subjects) -> list[Titled]:
    """Return what each design needs besides, as stated."""
    tables = []
    for one in subjects:
        rows = [
            (_(NEED_WORDS.get(need.kind, need.kind)), own(need.text), need.as_of or "–", sourced(need.source))
            for need in one.file.design(one.design).needs
        ]
        if rows:
            tables.append(Titled(one.label, ("", _("What"), _("As of"), _("Source")), rows))
    return tables


def claims(subjects: Subjects, found: Found) -> list[Titled]:
    """Return what was claimed elsewhere, with what the model says beside it."""
    tables = []
    for one in subjects:
        rows = [
            (own(claim.text), _modelled(one, claim, subjects, found), claim.as_of or "–", sourced(claim.source))
            for claim in one.file.claims_of(one.design, one.case)
        ]
        if rows:
            head = (_("What was claimed"), _("What the model says"), _("As of"), _("Source of the claim"))
            tables.append(Titled(one.label, head, rows))
    return tables


def _modelled(one: Subject, claim: Claim, subjects: Subjects, found: Found) -> str:
    result = one.result
    a_day = result["passengers"] / result["replications"] / result["days"]
    stated: dict[str, Any] = {"measure": claim.measure, "unit": claim.unit}
    beside = None
    if claim.against:
        stated |= {"against": claim.against, "against_title": one.file.design(claim.against).title}
        beside = _beside(one, claim.against, subjects, found)
    return model_says(stated, result, a_day, beside) or _("nothing: the model does not tell this")


def _beside(one: Subject, design: str, subjects: Subjects, found: Found) -> Beside | None:
    """Return how a subject differs from another design of its scenario in its case, if that is in the report."""
    for other in subjects:
        keys = other.file.design(other.design).key, other.file.case(other.case).key
        if other.text == one.text and keys == (design, one.file.case(one.case).key):
            drains = bool(one.result["drains"] and other.result["drains"])
            return Beside(told=found.between.get((one.label, other.label)), drains=drains)
    return None


def assumptions(subjects: Subjects) -> list[Titled]:
    """Return every named assumption that a design uses: its value, its range, its date and its source, case by case."""
    tables = []
    for text, case in dict.fromkeys((one.text, one.case) for one in subjects):
        of = [one for one in subjects if (one.text, one.case) == (text, case)]
        used = {name for one in of for name in one.file.used(one.design)}
        rows = [
            (
                own(parameter.label, parameter.name),
                _values(parameter.name, parameter.value, of),
                unit_title(parameter.unit) or "–",
                _between(parameter, of),
                parameter.as_of or "–",
                sourced(parameter.source),
            )
            for parameter in of[0].file.parameters_of(case)
            if parameter.name in used
        ]
        if rows:
            head = ("", _("Value"), _("Unit"), _("Between"), _("As of"), _("Source"))
            tables.append(Titled(_of_case(of[0]), head, rows))
    return tables


def _between(parameter: Parameter, of: Subjects) -> str:
    """Return between what a parameter may lie, and that a value which was taken lies outside of what was stated."""
    if parameter.low is None or parameter.high is None:
        return "–"
    between = f"{value_text(parameter.low)} – {value_text(parameter.high)}"
    taken = (parameter.at(one.values.get(parameter.name, parameter.value)).outside for one in of)
    stated = next((one for one in taken if one), None)
    if stated is None:
        return between
    low, high = map(value_text, stated)
    return with_note(between, _("outside the stated range, {low} to {high}").format(low=low, high=high))


def _of_case(one: Subject) -> str:
    case = one.file.case(one.case)
    return " · ".join(part for part in (title_of(one), own(case.title, case.key)) if part)


def _values(name: str, stated: float | str, of: Subjects) -> str:
    """Return the value of a parameter, and where a subject sets it otherwise, that."""
    told = [value_text(stated)]
    told += [
        _("{label}: {value}").format(label=one.label, value=value_text(one.values[name]))
        for one in of
        if name in one.values and one.values[name] != stated
    ]
    return "; ".join(told)


def other_sources(subjects: Subjects) -> list[Titled]:
    """Return what the scenario says of where its other numbers are from, line by line; synthetic ones say so."""
    tables = []
    for one in {one.text: one for one in subjects}.values():
        raw = {key: value for key, value in one.file.source.value.items() if key not in _TOLD_ELSEWHERE}
        rows = list(dict.fromkeys((where, sourced(said)) for where, said in _sources(raw)))
        if rows:
            tables.append(Titled(title_of(one), (_("Where in the scenario"), _("Source")), rows))
    return tables


_TOLD_ELSEWHERE = frozenset({"parameters", "cases", "claims", "sources"})


def _sources(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key in {"source", "profile_source"}:
                yield where, _told(one)
            elif key not in {"needs", "claims"}:
                yield from _sources(one, f"{where} › {key}" if where else str(key))
        if "profile" in value and "profile_source" not in value:
            yield f"{where} › profile", _("not stated")
    elif isinstance(value, list):
        for place, one in enumerate(value, 1):
            name = one.get("name", place) if isinstance(one, dict) else place
            yield from _sources(one, f"{where} › {name}")


def synthetic(subjects: Subjects) -> Iterator[str]:
    """Say which profiles were made up rather than counted."""
    found: dict[str, None] = {}
    for one in {one.text: one for one in subjects}.values():
        found |= dict.fromkeys(_told(source) for source in _profiles(one.file.source.value) if _is_synthetic(source))
    for told in found:
        yield _("How passengers spread over the day was not counted. {source}").format(source=told)


def _profiles(value: Any) -> Iterator[str | Mapping[str, str]]:
    if isinstance(value, dict):
        if "profile_source" in value:
            yield value["profile_source"]
        for one in value.values():
            yield from _profiles(one)
    elif isinstance(value, list):
        for one in value:
            yield from _profiles(one)


def _is_synthetic(source: str | Mapping[str, str]) -> bool:
    said = source if isinstance(source, str) else source.get("en", "")
    return said.strip().lower().startswith(("synthetic", "assumed"))


def sourced(source: str | Mapping[str, str]) -> str:
    """Return a source as it is told; what is assumed says so in the reader's language."""
    told = _told(source)
    return _("assumed") if told.strip().lower() in {"assumed", ""} else told


def _told(source: str | Mapping[str, str]) -> str:
    return source if isinstance(source, str) else own(source)


def notes(subjects: Subjects) -> Iterator[str]:
    """Give what the scenarios say of themselves, each once."""
    first = subjects[0]
    found = [own(one.file.note) for one in subjects]
    if len(subjects) == 1:
        found += [own(first.file.design(first.design).note), own(first.file.case(first.case).note)]
    yield from dict.fromkeys(note for note in found if note)


def design_notes(subjects: Subjects) -> Titled | None:
    """Return what the file says of each design and case."""
    rows = []
    for one in subjects:
        design, case = one.file.design(one.design), one.file.case(one.case)
        if own(design.note) or own(case.note):
            rows.append((one.label, own(design.note) or "–", own(case.note) or "–"))
    return Titled("", ("", _("The design"), _("The case")), rows) if rows else None
