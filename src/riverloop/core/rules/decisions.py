"""What the sides say of a movement: the words of a decision, and its documented JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.instants import read_instant
from riverloop.core.kernel.sides import FLOWS, Boundary
from riverloop.core.rules.facts import Dictionary, Value
from riverloop.core.rules.obligations import Obligation
from riverloop.core.rules.packs import OUTCOMES, PackSet
from riverloop.core.rules.rulebook import NEUTRAL_REASON, DayRule

UNDETERMINED = "undetermined"
MAX_ITEMS = 1000
_KEYS = ("flow", "direction", "at", "facts", "items", "own", "answers", "crossing_at")


@dataclass(frozen=True, slots=True)
class Answer:
    """An authority's answer to a referral; it stands for one version of one rule.

    Args:
        side: whose authority answered.
        rule: id of the rule that referred.
        version: the rule's version when it was answered.
        allow: whether it allows.
        until: last instant at which it stands, or None.
        item: place of the one item that it stands for, from 0; None: for every item.
    """

    side: str
    rule: str
    version: str
    allow: bool
    until: datetime | None = None
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """One declared crossing, as the rules see it.

    Args:
        flow: person, goods or data.
        direction: ``from-to``.
        at: instant for which it is decided; aware.
        items: stated facts of each item, in their types.
        own: for each side, facts that only it knows of every item (an officer's facts).
        answers: answers to referrals.
        crossing_at: instant of the crossing, if it is known.
    """

    flow: str
    direction: str
    at: datetime
    items: tuple[Mapping[str, Value], ...]
    own: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    crossing_at: datetime | None = None

    def of_items(self, places: Sequence[int]) -> Movement:
        """Return the same with some of its items alone, and with the answers that stand for them.

        Args:
            places: of the items that are left, in their order; they count from 0 in what is returned.
        """
        numbers = {place: number for number, place in enumerate(places)}
        answers = (
            answer if answer.item is None else replace(answer, item=numbers[answer.item])
            for answer in self.answers
            if answer.item is None or answer.item in numbers
        )
        return replace(self, items=tuple(self.items[place] for place in places), answers=tuple(answers))


def read_movement(raw: object, boundary: Boundary, words: Dictionary, *, where: str = "movement") -> Movement:
    """Read a movement from its JSON form.

    Args:
        raw: ``{"flow", "direction", "at", "facts"}`` or with ``"items"``.
        boundary: whose directions it may take.
        words: the dictionary of facts.
        where: name of the source for messages.

    Raises:
        InputError: anything malformed; nothing of it is used.
    """
    if not isinstance(raw, Mapping):
        raise InputError(
            "movement.object", 'A movement is an object {{"flow", "direction", "at", "facts"}}.', where=where
        )
    for key in raw:
        if key not in _KEYS:
            raise InputError(
                "movement.key",
                'A movement has no "{key}".{hint} It has {known}.',
                where=where,
                key=str(key)[:60],
                hint=did_you_mean(str(key), _KEYS),
                known=", ".join(_KEYS),
            )
    for key in ("flow", "direction", "at"):
        if key not in raw:
            raise InputError("movement.lacks", 'The movement lacks "{key}". Add it.', where=where, key=key)
    flow = raw["flow"]
    if flow not in FLOWS:
        raise InputError(
            "movement.flow",
            'There is no flow "{flow}".{hint} Choose {known}.',
            where=f"{where}.flow",
            flow=str(flow)[:60],
            hint=did_you_mean(str(flow), FLOWS),
            known=", ".join(FLOWS),
        )
    crossing = raw.get("crossing_at")
    items = _read_items(raw, flow, words, where)
    return Movement(
        flow=flow,
        direction=boundary.check_direction(raw["direction"], where=f"{where}.direction"),
        at=read_instant(raw["at"], where=f"{where}.at"),
        items=items,
        own=_read_own(raw.get("own", {}), flow, boundary, words, where),
        answers=_read_answers(raw.get("answers", []), len(items), boundary, where),
        crossing_at=None if crossing is None else read_instant(crossing, where=f"{where}.crossing_at"),
    )


def _read_items(raw: Mapping[str, Any], flow: str, words: Dictionary, where: str) -> tuple[Mapping[str, Value], ...]:
    if ("facts" in raw) == ("items" in raw):
        raise InputError("movement.items", 'Give either "facts" or "items".', where=where)
    if "facts" in raw:
        return (words.read(flow, raw["facts"], where=f"{where}.facts"),)
    items = raw["items"]
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        raise InputError(
            "movement.items",
            '"items" is a list of 1 to {most} objects.',
            where=f"{where}.items",
            most=MAX_ITEMS,
        )
    return tuple(words.read(flow, item, where=f"{where}.items[{place}]") for place, item in enumerate(items))


def _read_own(
    raw: object, flow: str, boundary: Boundary, words: Dictionary, where: str
) -> dict[str, Mapping[str, Value]]:
    if not isinstance(raw, Mapping):
        raise InputError("movement.own", '"own" is an object {{side: {{fact: value}}}}.', where=f"{where}.own")
    return {
        boundary.side(str(side), where=f"{where}.own").id: words.read(flow, facts, where=f"{where}.own.{side}")
        for side, facts in raw.items()
    }


def _read_answers(raw: object, items: int, boundary: Boundary, where: str) -> tuple[Answer, ...]:
    texts = {"side", "rule", "version", "answer"}
    if not isinstance(raw, list):
        raise InputError("movement.answers", '"answers" is a list.', where=f"{where}.answers")
    answers = []
    for place, one in enumerate(raw):
        here = f"{where}.answers[{place}]"
        if (
            not isinstance(one, Mapping)
            or not texts <= set(one) <= texts | {"until", "item"}
            or not all(isinstance(one[key], str) for key in texts)
            or one["answer"] not in ("allow", "refuse")
        ):
            raise InputError(
                "movement.answer",
                'An answer has "side", "rule", "version", "answer" (allow or refuse), and maybe "until" and "item".',
                where=here,
            )
        item = one.get("item")
        if item is not None and (type(item) is not int or not 0 <= item < items):
            raise InputError(
                "movement.answer_item",
                'The "item" of an answer is the place of one of the {count} items, from 0.',
                where=f"{here}.item",
                count=items,
            )
        until = one.get("until")
        answers.append(
            Answer(
                side=boundary.side(one["side"], where=here).id,
                rule=one["rule"],
                version=one["version"],
                allow=one["answer"] == "allow",
                until=None if until is None else read_instant(until, where=here),
                item=item,
            )
        )
    return tuple(answers)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule and the place of the item it speaks of."""

    rule: DayRule
    item: int


@dataclass(frozen=True, slots=True)
class SideDecision:
    """What one side's rules say of one movement at one instant.

    Args:
        side: the side.
        low: level that is certain.
        high: level that is possible.
        item_levels: (low, high) of each item.
        route: the strictest route, or None where there is none or it is not known yet.
        requires: required papers, each a tuple of alternatives.
        missing_documents: those of them not held.
        obliges: obligations.
        inspects: (share, rule id).
        missing_facts: facts still needed, those for the outcome first, by item.
        deciding_facts: how many of each item's ``missing_facts`` can still change the outcome.
        rules: TRUE and not displaced.
        displaced: TRUE but displaced.
        undetermined: not known yet.
        announced: announced rules that would speak if they counted.
        answered: (id of a rule, place of the item or None for every item) that has been answered, with the answer.
        valid_until: last instant at which this holds, or None.
        unsettled_documents: those of ``missing_documents`` that are held, though it is not known yet whether they
            cover this, for want of a date or a quantity.
    """

    side: str
    low: int
    high: int
    item_levels: tuple[tuple[int, int], ...]
    route: str | None
    requires: tuple[tuple[str, ...], ...]
    missing_documents: tuple[tuple[str, ...], ...]
    obliges: tuple[Obligation, ...]
    inspects: tuple[tuple[float, str], ...]
    missing_facts: tuple[tuple[str, ...], ...]
    deciding_facts: tuple[int, ...]
    rules: tuple[Hit, ...]
    displaced: tuple[Hit, ...]
    undetermined: tuple[Hit, ...]
    announced: tuple[Hit, ...]
    answered: Mapping[tuple[str, int | None], bool]
    valid_until: datetime | None
    unsettled_documents: tuple[tuple[str, ...], ...] = ()

    @property
    def outcome(self) -> str:
        """The outcome in a word."""
        return outcome(self.low, self.high)

    def answer_to(self, hit: Hit) -> bool | None:
        """Return what an authority has answered to a rule about an item; None if nobody has.

        An answer for the one item counts before one for every item.
        """
        own = self.answered.get((hit.rule.id, hit.item))
        return self.answered.get((hit.rule.id, None)) if own is None else own

    @property
    def refers(self) -> tuple[Hit, ...]:
        """Referrals that nobody has answered."""
        return tuple(hit for hit in self.rules if hit.rule.effect.kind == "refer" and self.answer_to(hit) is None)

    @property
    def notifies(self) -> tuple[str, ...]:
        """Authorities to notify, each once."""
        every = (name for hit in self.rules if hit.rule.effect.kind == "notify" for name in hit.rule.effect.value)
        return tuple(dict.fromkeys(every))

    def all_missing_facts(self) -> tuple[str, ...]:
        """Facts still needed for any item: those for the outcome first, each once."""
        deciding = [
            name for names, count in zip(self.missing_facts, self.deciding_facts, strict=True) for name in names[:count]
        ]
        others = [name for names in self.missing_facts for name in names]
        return tuple(dict.fromkeys([*deciding, *others]))


@dataclass(frozen=True, slots=True)
class Decision:
    """What both sides say, and the outcome derived from it."""

    movement: Movement
    sides: Mapping[str, SideDecision]
    packs: PackSet

    @property
    def low(self) -> int:
        """Level that is certain."""
        return max(side.low for side in self.sides.values())

    @property
    def high(self) -> int:
        """Level that is possible."""
        return max(side.high for side in self.sides.values())

    @property
    def outcome(self) -> str:
        """The outcome in a word (rule semantics 12)."""
        return outcome(self.low, self.high)

    @property
    def valid_until(self) -> datetime | None:
        """Last instant at which both sides' decisions hold, or None."""
        return min((side.valid_until for side in self.sides.values() if side.valid_until), default=None)

    def as_json(self, *, authority_of: frozenset[str] = frozenset(), conceal: bool = False) -> dict[str, Any]:
        """Return the decision as design.md documents it.

        Args:
            authority_of: sides for whose officers it is written; others read a neutral sentence where a rule is
                disclosed to its authority only.
            conceal: whether such a rule's id is left out for them as well, as it must be for anyone but the person
                who stated every fact.
        """
        return {
            "outcome": self.outcome,
            "at_best": OUTCOMES[self.low],
            "at_worst": OUTCOMES[self.high],
            "valid_until": _instant(self.valid_until),
            "packs": {pack.id: {"version": pack.version, "sha256": pack.sha256} for pack in self.packs.packs.values()},
            "sides": {
                name: _side_json(side, self.packs, officer=name in authority_of, conceal=conceal)
                for name, side in self.sides.items()
            },
        }


def outcome(low: int, high: int) -> str:
    """Return the outcome between two levels (rule semantics 11)."""
    return OUTCOMES[low] if low == high else UNDETERMINED


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _alternatives(papers: tuple[tuple[str, ...], ...]) -> list[Any]:
    return [one[0] if len(one) == 1 else {"any_of": list(one)} for one in papers]


def _side_json(side: SideDecision, packs: PackSet, *, officer: bool, conceal: bool) -> dict[str, Any]:
    hits = (*side.rules, *side.displaced, *side.undetermined, *side.announced)
    hidden = {hit.rule.id for hit in hits if conceal and not officer and _for_authority(hit)}

    def shown(rule: str) -> str:
        return f"{side.side}.undisclosed" if rule in hidden else rule

    def written(hits: tuple[Hit, ...]) -> list[dict[str, Any]]:
        return [{**_hit_json(hit, side, packs, officer=officer), "id": shown(hit.rule.id)} for hit in hits]

    return {
        "outcome": side.outcome,
        "at_best": OUTCOMES[side.low],
        "at_worst": OUTCOMES[side.high],
        "valid_until": _instant(side.valid_until),
        "route": side.route,
        "requires": _alternatives(side.requires),
        "missing_documents": _alternatives(side.missing_documents),
        "obliges": [{**one.as_json(), "rule": shown(one.rule)} for one in side.obliges],
        "refers": [{"to": hit.rule.effect.value, "rule": shown(hit.rule.id), "item": hit.item} for hit in side.refers],
        "inspects": [{"share": share, "rule": shown(rule)} for share, rule in side.inspects],
        "notifies": list(side.notifies),
        "missing_facts": list(side.all_missing_facts()),
        "items": [
            {
                "outcome": outcome(low, high),
                "at_best": OUTCOMES[low],
                "at_worst": OUTCOMES[high],
                "missing_facts": list(names),
            }
            for (low, high), names in zip(side.item_levels, side.missing_facts, strict=True)
        ],
        "rules": written(side.rules),
        "displaced": written(side.displaced),
        "undetermined": written(side.undetermined),
        "announced": written(side.announced),
    }


def _for_authority(hit: Hit) -> bool:
    return hit.rule.rule is not None and hit.rule.rule.disclose == "authority"


def _hit_json(hit: Hit, side: SideDecision, packs: PackSet, *, officer: bool) -> dict[str, Any]:
    described = {**hit.rule.describe(packs), "item": hit.item}
    answer = side.answer_to(hit) if hit.rule.effect.kind == "refer" else None
    if answer is not None:
        described["answer"] = "allow" if answer else "refuse"
    rule = hit.rule.rule
    if rule is None:
        return {**described, "version": hit.rule.version}
    if _for_authority(hit) and not officer:
        return {**described, "measure": None, "url": "", "version": None, "reason": NEUTRAL_REASON}
    described["version"] = rule.version
    if rule.remedy is not None:
        described["remedy"] = {
            "body": rule.remedy.body,
            "days": rule.remedy.days,
            "measure": rule.remedy.measure,
            "text": rule.remedy.text,
        }
    if rule.next_step:
        described["next_step"] = rule.next_step
    return described
