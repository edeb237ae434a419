"""Predicates as closures: one movement decided in microseconds, and what is still unknown for free.

Values are a dict of facts; a fact that is not known is missing. ``ON`` is the key of the date of the decision.

Source: S. C. Kleene, Introduction to Metamathematics, section 64 (strong three-valued tables).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from riverloop.core.kernel.instants import shift
from riverloop.core.rules.predicates import (
    Among,
    And,
    Compare,
    Constant,
    Expression,
    FactRef,
    IsTrue,
    Not,
    Or,
    Parameter,
    Predicate,
    Shift,
    Sum,
    Truth,
    facts_read,
)

ON = ":on"
Values = Mapping[str, Any]
Kleene = bool | None
Test = Callable[[Values], Kleene]
Residue = Callable[[Values], tuple[Kleene, frozenset[str]]]
_NONE: frozenset[str] = frozenset()
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_predicate(predicate: Predicate) -> Test:
    """Return a function from values to TRUE, FALSE or None (NULL).

    Args:
        predicate: a tree whose parameters are bound, but for ``:on``.
    """
    match predicate:
        case Truth(value):
            return lambda _: value
        case IsTrue(name):
            return lambda values: values.get(name)
        case Not(part):
            return _not(compile_predicate(part))
        case And(parts):
            return _all_of([compile_predicate(part) for part in parts])
        case Or(parts):
            return _any_of([compile_predicate(part) for part in parts])
        case Among(item, options):
            return _among(item, options)
        case Compare(left, sign, right):
            return _compare(left, _COMPARE[sign], right)


def _not(test: Test) -> Test:
    def negated(values: Values) -> Kleene:
        truth = test(values)
        return None if truth is None else not truth

    return negated


def _all_of(tests: list[Test]) -> Test:
    def conjunction(values: Values) -> Kleene:
        result: Kleene = True
        for test in tests:
            truth = test(values)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return conjunction


def _any_of(tests: list[Test]) -> Test:
    def disjunction(values: Values) -> Kleene:
        result: Kleene = False
        for test in tests:
            truth = test(values)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return disjunction


def _among(item: Expression, options: Any) -> Test:
    value_of = _expression(item)
    if isinstance(options, tuple):
        listed = frozenset(options)

        def in_literals(values: Values) -> Kleene:
            value = value_of(values)
            return None if value is None else value in listed

        return in_literals
    options_of = _expression(options)

    def in_list(values: Values) -> Kleene:
        value, listed = value_of(values), options_of(values)
        return None if value is None or listed is None else value in listed

    return in_list


def _compare(left: Expression, compare: Callable[[Any, Any], bool], right: Expression) -> Test:
    if isinstance(left, FactRef) and isinstance(right, Constant):
        name, constant = left.name, right.value

        def fact_with_constant(values: Values) -> Kleene:
            value = values.get(name)
            return None if value is None else compare(value, constant)

        return fact_with_constant
    left_of, right_of = _expression(left), _expression(right)

    def both(values: Values) -> Kleene:
        one, other = left_of(values), right_of(values)
        return None if one is None or other is None else compare(one, other)

    return both


def _expression(expression: Expression) -> Callable[[Values], Any]:
    match expression:
        case FactRef(name):
            return lambda values: values.get(name)
        case Constant(value):
            return lambda _: value
        case Parameter("on"):
            return lambda values: values.get(ON)
        case Parameter(name):
            raise KeyError(name)
        case Shift(day, months, days):
            return _shift(_expression(day), months, days)
        case Sum(terms):
            return _sum([(factor, _expression(term)) for factor, term in terms])


def _shift(day_of: Callable[[Values], Any], months: int, days: int) -> Callable[[Values], Any]:
    def shifted(values: Values) -> Any:
        day = day_of(values)
        return None if day is None else shift(day, months=months, days=days)

    return shifted


def _sum(terms: list[tuple[int | float, Callable[[Values], Any]]]) -> Callable[[Values], Any]:
    def added(values: Values) -> Any:
        total: int | float | None = None
        for factor, value_of in terms:
            value = value_of(values)
            if value is None:
                return None
            term = factor * value
            total = term if total is None else total + term
        return total

    return added


def evaluate(expression: Expression, values: Values) -> Any:
    """Return the value of an expression, or None if a fact in it is not known."""
    return _expression(expression)(values)


def compile_residue(predicate: Predicate) -> Residue:
    """Return a function from values to the truth and the facts left in the Kleene residue.

    The residue holds the facts on which the truth still depends; it is empty where the predicate is TRUE or FALSE
    whatever else becomes known.
    """
    match predicate:
        case Not(part):
            return _residue_of_not(compile_residue(part))
        case And(parts) | Or(parts):
            return _residue_of_parts([compile_residue(part) for part in parts], isinstance(predicate, Or))
        case _:
            return _residue_of_atom(compile_predicate(predicate), tuple(sorted(facts_read(predicate))))


def _residue_of_not(inner: Residue) -> Residue:
    def residue(values: Values) -> tuple[Kleene, frozenset[str]]:
        truth, left = inner(values)
        return (None if truth is None else not truth), left

    return residue


def _residue_of_parts(parts: list[Residue], decisive: bool) -> Residue:  # noqa: FBT001 - TRUE decides an OR
    def residue(values: Values) -> tuple[Kleene, frozenset[str]]:
        unknown: frozenset[str] = _NONE
        open_ = False
        for part in parts:
            truth, left = part(values)
            if truth is decisive:
                return decisive, _NONE
            if truth is None:
                unknown, open_ = unknown | left, True
        return (None if open_ else not decisive), unknown

    return residue


def _residue_of_atom(test: Test, names: tuple[str, ...]) -> Residue:
    def residue(values: Values) -> tuple[Kleene, frozenset[str]]:
        truth = test(values)
        if truth is None:
            return None, frozenset(name for name in names if values.get(name) is None)
        return truth, _NONE

    return residue
