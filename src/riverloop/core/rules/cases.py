"""Runs the plain cases of the packs: what a lawyer wrote, against what the law as loaded says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from riverloop.core.kernel.errors import PackError, RiverloopError, did_you_mean
from riverloop.core.kernel.sides import Boundary
from riverloop.core.rules.decide import decide_side
from riverloop.core.rules.decisions import Hit, SideDecision, read_movement
from riverloop.core.rules.packs import OUTCOMES, Case, PackSet
from riverloop.core.rules.rulebook import Rulebook, check_assume


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case.

    Args:
        case: the case.
        side: the side it was decided for.
        mismatches: one line for each expectation that was not met; empty if all were.
    """

    case: Case
    side: str
    mismatches: tuple[str, ...]


def run_cases(packs: PackSet, boundary: Boundary) -> list[CaseResult]:
    """Run every case for which this boundary has the side and direction."""
    books: dict[frozenset[str], Rulebook] = {}
    results = []
    for case in packs.cases:
        check_assume(packs, case.assume, where=case.where)
        assumed = boundary.assume | set(case.assume)
        if assumed not in books:
            books[assumed] = Rulebook(packs, replace(boundary, assume=assumed))
        result = run_case(case, books[assumed])
        if result is not None:
            results.append(result)
    return results


def run_case(case: Case, rulebook: Rulebook) -> CaseResult | None:
    """Run one case; None if the boundary lacks its side or direction."""
    sides = {side.id: side for side in rulebook.boundary.sides}
    side = sides.get(case.side or rulebook.boundary.sides[0].id)
    direction = case.direction or rulebook.boundary.directions[0]
    if side is None or direction not in rulebook.boundary.directions:
        return None
    measure = rulebook.packs.measures[case.measure]
    raw = {
        "flow": case.flow,
        "direction": direction,
        "at": case.at or f"{measure.read_on}T12:00:00Z",
        "items": list(case.items),
        **({"crossing_at": case.crossing_at} if case.crossing_at else {}),
    }
    try:
        movement = read_movement(raw, rulebook.boundary, rulebook.packs.dictionary, where="case")
    except RiverloopError as error:
        raise PackError(
            "packs.case", 'Case "{name}": {detail}', where=case.where, name=case.name, detail=str(error)
        ) from None
    decision = decide_side(rulebook, side.id, movement)
    return CaseResult(case, side.id, tuple(_mismatches(case, decision, rulebook.packs)))


def _mismatches(case: Case, decision: SideDecision, packs: PackSet) -> Iterable[str]:
    expect = case.expect
    yield from _wrong_words(expect, decision)
    yield from _wrong_lists(case, decision, packs)
    for key, papers in (("requires", decision.requires), ("missing_documents", decision.missing_documents)):
        if key in expect and _papers(expect[key]) != {frozenset(one) for one in papers}:
            shown = " and ".join(" or ".join(one) for one in papers) or "nothing"
            yield f"{key} is {shown}"
    dues = {one.act: one.due.isoformat() if one.due else None for one in decision.obliges}
    for act, due in (expect.get("obliges") or {}).items():
        if act not in dues:
            yield f"{act} is not an obligation ({', '.join(dues) or 'none'})"
        elif dues[act] != due:
            yield f"{act} is due {dues[act]}, not {due}"


def _wrong_words(expect: Mapping[str, Any], decision: SideDecision) -> Iterable[str]:
    got: dict[str, Any] = {
        "outcome": decision.outcome,
        "at_best": OUTCOMES[decision.low],
        "at_worst": OUTCOMES[decision.high],
        "route": decision.route,
    }
    for key, value in got.items():
        if key in expect and expect[key] != value:
            yield f"{key} is {value}, not {expect[key]}"


def _wrong_lists(case: Case, decision: SideDecision, packs: PackSet) -> Iterable[str]:
    expect = case.expect
    listed = {
        "fires": _ids(decision.rules),
        "undetermined": _ids(decision.undetermined),
        "displaced": _ids(decision.displaced),
        "announced": _ids(decision.announced),
        "missing_facts": set(decision.all_missing_facts()),
        "notifies": set(decision.notifies),
        "refers": {hit.rule.effect.value for hit in decision.refers},
    }
    for key, names in listed.items():
        for name in expect.get(key, ()):
            _known(case, key, name, packs)
            if name not in names:
                yield f"{name} is not in {key} ({', '.join(sorted(names)) or 'empty'})"
    for name in expect.get("not", ()):
        _known(case, "not", name, packs)
        if name in listed["fires"] | listed["undetermined"]:
            yield f"{name} is {'true' if name in listed['fires'] else 'undetermined'}"


def _known(case: Case, key: str, name: str, packs: PackSet) -> None:
    if key in ("fires", "undetermined", "displaced", "announced", "not") and name not in packs.rules:
        if name.endswith(".uncovered"):
            return
        raise PackError(
            "packs.case",
            'The case "{case}" names rule "{name}", which does not exist.{hint}',
            where=case.where,
            case=case.name,
            name=name,
            hint=did_you_mean(name, packs.rules) or " Mend the id.",
        )


def _ids(hits: Iterable[Hit]) -> set[str]:
    return {hit.rule.id for hit in hits}


def _papers(expected: Iterable[Any]) -> set[frozenset[str]]:
    return {frozenset(one["any_of"]) if isinstance(one, dict) else frozenset([one]) for one in expected}
