"""Predicates over facts, as a tree: a small subset of SQL with three truth values.

One tree serves every engine: closures decide one movement, Polars decides columns, z3 looks for rules that can
never be effective. The subset has nothing that could turn "unknown" into an answer, so knowing more never takes
back what was certain (predicates are monotone in knowledge).

Source: SQL:2016 part 2, section 6.39 (three-valued logic); S. C. Kleene, Introduction to Metamathematics, section 64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from riverloop.core.rules.facts import Value

Operator = Literal["=", "<>", "<", "<=", ">", ">="]
MIRRORED: Mapping[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator that says the same with both sides exchanged."""


# Expressions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactRef:
    """The value of a fact."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: Value


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated number, date or list of the measure; ``on`` is the date of the decision."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """``a₁·x₁ + a₂·x₂ + …``, added from left to right."""

    terms: tuple[tuple[int | float, Expression], ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A date moved by whole months, then by days."""

    day: Expression
    months: int
    days: int


Expression = FactRef | Constant | Parameter | Sum | Shift


# Predicates -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Truth:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A boolean fact standing alone."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction of two or more."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction of two or more."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """Comparison of two expressions of one type."""

    left: Expression
    operator: Operator
    right: Expression


@dataclass(frozen=True, slots=True)
class Among:
    """Whether a text is among literals, a list parameter or a list fact."""

    item: Expression
    options: tuple[str, ...] | Parameter | FactRef


Predicate = Truth | IsTrue | Not | And | Or | Compare | Among
Node = Expression | Predicate


def conjunction(*parts: Predicate) -> Predicate:
    """Return the AND of the parts; TRUE if there are none."""
    return Truth(True) if not parts else parts[0] if len(parts) == 1 else And(parts)


def disjunction(*parts: Predicate) -> Predicate:
    """Return the OR of the parts; FALSE if there are none."""
    return Truth(False) if not parts else parts[0] if len(parts) == 1 else Or(parts)


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it."""
    yield node
    match node:
        case Not(part):
            yield from walk(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from walk(part)
        case Compare(left, _, right):
            yield from walk(left)
            yield from walk(right)
        case Among(item, options):
            yield from walk(item)
            if not isinstance(options, tuple):
                yield options
        case Sum(terms):
            for _, term in terms:
                yield from walk(term)
        case Shift(day, _, _):
            yield from walk(day)
        case _:
            pass


def facts_read(node: Node) -> set[str]:
    """Return the names of the facts a predicate reads."""
    return {part.name for part in walk(node) if isinstance(part, FactRef | IsTrue)}


def parameters_read(node: Node) -> set[str]:
    """Return the names of the parameters a predicate reads; ``on`` is the date of the decision."""
    return {part.name for part in walk(node) if isinstance(part, Parameter)}


def bind(node: Any, values: Mapping[str, Value]) -> Any:
    """Return the tree with parameters replaced by ``values``; those not given stay."""
    match node:
        case Parameter(name):
            return Constant(values[name]) if name in values else node
        case Not(part):
            return Not(bind(part, values))
        case And(parts):
            return And(tuple(bind(part, values) for part in parts))
        case Or(parts):
            return Or(tuple(bind(part, values) for part in parts))
        case Compare(left, operator, right):
            return Compare(bind(left, values), operator, bind(right, values))
        case Among(item, Parameter(name)) if name in values:
            listed = values[name]
            return Among(bind(item, values), listed if isinstance(listed, tuple) else (str(listed),))
        case Among(item, options):
            return Among(bind(item, values), options)
        case Sum(terms):
            return Sum(tuple((factor, bind(term, values)) for factor, term in terms))
        case Shift(day, months, days):
            return Shift(bind(day, values), months, days)
        case _:
            return node


# The tree as JSON, for the cache ---------------------------------------------------------------------------------

_NODES: dict[str, type] = {
    node.__name__: node
    for node in (FactRef, Constant, Parameter, Sum, Shift, Truth, IsTrue, Not, And, Or, Compare, Among)
}


def to_json(node: Any) -> Any:
    """Return a tree as plain JSON values."""
    if isinstance(node, date):
        return {"date": node.isoformat()}
    if isinstance(node, tuple):
        return {"tuple": [to_json(part) for part in node]}
    if type(node).__name__ in _NODES:
        return [type(node).__name__, *(to_json(getattr(node, name)) for name in node.__slots__)]
    return node


def from_json(value: Any) -> Any:
    """Return the tree that ``to_json`` wrote."""
    if isinstance(value, dict):
        return date.fromisoformat(value["date"]) if "date" in value else tuple(map(from_json, value["tuple"]))
    if isinstance(value, list):
        return _NODES[value[0]](*map(from_json, value[1:]))
    return value
