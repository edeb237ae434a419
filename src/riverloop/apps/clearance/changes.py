"""Two decisions of one movement side by side: which facts differ, which rules turned, and why the outcome did. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from riverloop.core.rules.decisions import Decision, Hit, SideDecision
from riverloop.core.rules.facts import Value
from riverloop.core.rules.packs import CLEARED, INCOMPLETE, REFUSED
from riverloop.core.rules.predicates import facts_read

_STATES = (("rules", "speaks"), ("displaced", "displaced"), ("undetermined", "open"), ("announced", "announced"))


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact of an item that was stated otherwise.

    Args:
        item: place of the item, from 0.
        name: of the fact.
        before: its value, or None where it was not stated.
        after: likewise.
    """

    item: int
    name: str
    before: Value | None
    after: Value | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule of one side that says something else of an item, or weighs otherwise.

    Args:
        side: whose rule it is.
        rule: its id.
        item: place of the item it speaks of.
        turn: gained, lost or turned (it spoke before and after, or was open, and now is something else).
        before: speaks, displaced, open, announced, or empty.
        after: likewise.
        levels: (low, high) of what it cost before.
        levels_after: (low, high) of what it costs now.
        facts: changed facts that it reads.
        causes: fact, paper, answer, law or time: what made it turn.
        hit: it, as it stands in the decision that knows it best.
    """

    side: str
    rule: str
    item: int
    turn: str
    before: str
    after: str
    levels: tuple[int, int]
    levels_after: tuple[int, int]
    facts: tuple[str, ...]
    causes: tuple[str, ...]
    hit: Hit

    @property
    def weighs_otherwise(self) -> bool:
        """Whether it costs something else than before, so that it may have moved the outcome."""
        return self.levels != self.levels_after


@dataclass(frozen=True, slots=True)
class SideChange:
    """How one side's answer moved.

    Args:
        side: the side.
        before: (low, high).
        after: (low, high).
        rules: every rule of it that changed, the weightiest first.
    """

    side: str
    before: tuple[int, int]
    after: tuple[int, int]
    rules: tuple[RuleChange, ...]

    @property
    def moved(self) -> bool:
        """Whether its outcome is another one."""
        return self.before != self.after

    @property
    def why(self) -> tuple[RuleChange, ...]:
        """The rules that moved it: those that reach the old or the new bound and weigh otherwise than before."""
        if not self.moved:
            return ()
        return tuple(one for one in self.rules if one.weighs_otherwise and self._reaches(one))

    def _reaches(self, one: RuleChange) -> bool:
        pairs = zip(
            (*self.before, *self.after),
            (*self.after, *self.before),
            (*one.levels, *one.levels_after),
            strict=True,
        )
        return any(bound != other and level == bound for bound, other, level in pairs)


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs between two decisions of one movement."""

    facts: tuple[FactChange, ...]
    sides: tuple[SideChange, ...]
    crossing_moved: bool
    law_changed: bool

    @property
    def nothing(self) -> bool:
        """Whether nothing differs that anyone could see."""
        return not (self.facts or self.crossing_moved or any(side.rules or side.moved for side in self.sides))


def compare(before: Decision, after: Decision) -> Changes:
    """Compare two decisions of one movement.

    Args:
        before: the earlier one.
        after: the later one; of the same flow and direction.
    """
    facts = tuple(_facts(before.movement.items, after.movement.items))
    changed = {(one.item, one.name) for one in facts}
    sides = tuple(
        SideChange(
            name, (said.low, said.high), (after.sides[name].low, after.sides[name].high),
            tuple(sorted(_rules(name, said, after.sides[name], changed), key=_weightiest_first)),
        )
        for name, said in before.sides.items()
        if name in after.sides
    )  # fmt: skip
    return Changes(
        facts,
        sides,
        crossing_moved=before.movement.crossing_at != after.movement.crossing_at,
        law_changed=before.packs.sha256 != after.packs.sha256,
    )


def _facts(before: tuple[Mapping[str, Value], ...], after: tuple[Mapping[str, Value], ...]) -> Iterator[FactChange]:
    for place in range(max(len(before), len(after))):
        old = before[place] if place < len(before) else {}
        new = after[place] if place < len(after) else {}
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) != new.get(name):
                yield FactChange(place, name, old.get(name), new.get(name))


def _weightiest_first(one: RuleChange) -> tuple[int, str, int]:
    return (-max(*one.levels, *one.levels_after), one.rule, one.item)


def _placed(said: SideDecision) -> dict[tuple[str, int], tuple[str, Hit]]:
    """Return the state of every rule that has something to say, by rule and item."""
    found: dict[tuple[str, int], tuple[str, Hit]] = {}
    for part, state in _STATES:
        for hit in getattr(said, part):
            found.setdefault((hit.rule.id, hit.item), (state, hit))
    return found


def _rules(
    side: str, before: SideDecision, after: SideDecision, changed: Iterable[tuple[int, str]]
) -> Iterator[RuleChange]:
    old, new, changed = _placed(before), _placed(after), set(changed)
    for key in dict.fromkeys([*old, *new]):
        was, is_now = old.get(key), new.get(key)
        levels, levels_after = _cost(was, before), _cost(is_now, after)
        if (was and was[0]) == (is_now and is_now[0]) and levels == levels_after:
            continue
        known = is_now or was
        if known is None:  # never: a key comes from one of the two
            continue
        facts = tuple(sorted(name for item, name in changed if item == key[1] and name in _reads(was, is_now)))
        yield RuleChange(
            side, key[0], key[1], _turn(was, is_now), was[0] if was else "", is_now[0] if is_now else "",
            levels, levels_after, facts, _causes(was, is_now, facts, before, after), known[1],
        )  # fmt: skip


def _turn(was: tuple[str, Hit] | None, is_now: tuple[str, Hit] | None) -> str:
    if is_now is None:
        return "lost"
    return "gained" if was is None else "turned"


def _cost(placed: tuple[str, Hit] | None, said: SideDecision) -> tuple[int, int]:
    """Return what a rule certainly and possibly costs (rule semantics 9 and 10)."""
    if placed is None or placed[0] not in ("speaks", "open"):
        return (CLEARED, CLEARED)
    state, hit = placed
    level = hit.rule.level
    answer = said.answer_to(hit) if hit.rule.effect.kind in ("refer", "refuse") else None
    if answer is not None:
        level = CLEARED if answer else REFUSED
    elif hit.rule.papers and state == "speaks":
        missing = any(papers in said.missing_documents for papers in hit.rule.papers)
        level = INCOMPLETE if missing else CLEARED
    return (level if state == "speaks" else CLEARED, level)


def _reads(*placed: tuple[str, Hit] | None) -> frozenset[str]:
    """Return the facts that a rule reads, those of the papers it requires included."""
    names: set[str] = set()
    for one in placed:
        if one is not None:
            names |= facts_read(one[1].rule.predicate)
            for paper in (name for papers in one[1].rule.papers for name in papers):
                names |= {f"has_{paper}", f"{paper}_expires_on", f"{paper}_quantity_left"}
    return frozenset(names)


def _causes(
    was: tuple[str, Hit] | None,
    is_now: tuple[str, Hit] | None,
    facts: tuple[str, ...],
    before: SideDecision,
    after: SideDecision,
) -> tuple[str, ...]:
    rule = ((is_now or was) or ("", None))[1]
    papers = {name for one in rule.rule.papers for name in one} if rule else set()
    about_papers = {name for name in facts if any(paper in name for paper in papers)}
    causes = ["fact"] if set(facts) - about_papers else []
    causes += ["paper"] if about_papers else []
    if rule and before.answer_to(rule) != after.answer_to(rule):
        causes.append("answer")
    if was and is_now and was[1].rule.version != is_now[1].rule.version:
        causes.append("law")
    return tuple(causes or ["time"])
