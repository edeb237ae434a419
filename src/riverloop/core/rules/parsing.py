"""Reads predicates: SQL text through sqlglot into the tree of ``predicates``, type-checked against the facts.

sqlglot only parses. What it accepts and an engine would run is not trusted: every node is matched against the
subset, every comparison against the types in the dictionary.

Source: SQL:2016 part 2, sections 6.39 and 8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Literal, NoReturn

from riverloop.core.kernel.errors import InputError, PackError, did_you_mean
from riverloop.core.kernel.instants import read_date
from riverloop.core.rules.facts import LARGEST, Fact, Value
from riverloop.core.rules.predicates import (
    MIRRORED,
    Among,
    And,
    Compare,
    Constant,
    Expression,
    FactRef,
    IsTrue,
    Not,
    Operator,
    Or,
    Parameter,
    Predicate,
    Shift,
    Sum,
    Truth,
    disjunction,
    facts_read,
    walk,
)

Type = Literal["boolean", "number", "date", "text", "texts"]

_TYPE_OF_KIND: dict[str, Type] = {
    "boolean": "boolean",
    "integer": "number",
    "decimal": "number",
    "date": "date",
    "choice": "text",
    "code": "text",
    "choices": "texts",
}
_MAX_LENGTH = 4000
_MAX_DAYS = 36_600  # a hundred years: keeps every date inside the calendar
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|:([A-Za-z_][A-Za-z0-9_]*)")
_COMMENT = re.compile(r"'(?:[^']|'')*'|(--|/\*)")
_COMPARISONS: dict[str, Operator] = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


def parse(text: str, facts: Mapping[str, Fact], parameters: Mapping[str, Value], *, where: str = "") -> Predicate:
    """Read one predicate and check its types.

    Args:
        text: SQL subset of design.md, rule semantics 2.
        facts: the facts it may read, by name.
        parameters: a sample value of each parameter, for its type.
        where: file and line for messages.

    Raises:
        PackError: outside the subset, a type that does not fit, an unknown fact, choice or parameter.
    """
    return _Parser(text, facts, parameters, where).predicate()


class _Parser:
    def __init__(self, text: str, facts: Mapping[str, Fact], parameters: Mapping[str, Value], where: str) -> None:
        self.text, self.facts, self.parameters, self.where = text, facts, parameters, where

    def predicate(self) -> Predicate:
        tree = self.boolean(self.tree())
        for node in walk(tree):
            if isinstance(node, Sum):
                self.check_bounds(node)
        return tree

    def refuse(self, code: str, message: str, **parameters: object) -> NoReturn:
        raise PackError(code, message, where=self.where, **parameters)

    def outside(self, what: str) -> NoReturn:
        self.refuse(
            "predicate.subset",
            "A predicate may not use {what}: it would run code or turn an unknown fact into an answer. Use AND, OR, "
            "NOT, comparisons, IN, BETWEEN, + and - of numbers, and dates with INTERVAL n DAY or MONTH.",
            what=what,
        )

    def tree(self) -> Any:
        import sqlglot  # noqa: PLC0415 - slow to import, and a cached pack never needs it
        from sqlglot.errors import SqlglotError  # noqa: PLC0415

        if len(self.text) > _MAX_LENGTH:
            self.refuse("predicate.length", "The predicate is longer than 4000 characters. Split the rule.")
        if any(found[1] for found in _COMMENT.finditer(self.text)):
            self.outside("comments")
        # sqlglot reads `:on` as the keyword ON, so placeholders get a prefix on the way in
        prefixed = _PLACEHOLDER.sub(lambda found: f":p_{found[1]}" if found[1] else found[0], self.text)
        try:
            statements = sqlglot.parse(prefixed)
        except (SqlglotError, RecursionError) as error:
            first = re.sub(r"\x1b\[\d+m", "", str(error)).splitlines()[0] if str(error) else "it cannot be read"
            first = re.sub(r" for <class '[^']*'>", "", first).rstrip(". ")
            self.refuse("predicate.syntax", "The predicate is not SQL: {detail}. Mend it.", detail=first)
        if len(statements) != 1:
            self.outside("more than one statement")
        if statements[0] is None:
            self.refuse("predicate.empty", "The predicate is empty. Write TRUE if the rule always applies.")
        return statements[0]

    # Boolean level

    def boolean(self, node: Any) -> Predicate:
        kind = type(node).__name__
        if kind == "Paren":
            return self.boolean(node.this)
        if kind == "Boolean":
            return Truth(bool(node.this))
        if kind == "Column":
            return self.boolean_fact(node)
        if kind == "Not":
            return Not(self.boolean(node.this))
        if kind in ("And", "Or"):
            parts = tuple(self.boolean(part) for part in node.flatten())
            return And(parts) if kind == "And" else Or(parts)
        if kind == "Between":
            return self.between(node)
        if kind == "In":
            return self.among(node)
        if kind in _COMPARISONS:
            return self.comparison(node.this, _COMPARISONS[kind], node.expression)
        if kind in ("Literal", "Placeholder", "Add", "Sub", "Mul", "Neg"):
            self.refuse(
                "predicate.boolean",
                "`{sql}` is not true or false by itself. Compare it with something.",
                sql=self.sql(node),
            )
        return self.outside(_SPOKEN.get(kind, kind.upper()))

    def boolean_fact(self, node: Any) -> Predicate:
        fact = self.fact(node)
        if fact.kind != "boolean":
            self.refuse(
                "predicate.boolean",
                "`{sql}` is not true or false by itself. Compare it with something.",
                sql=fact.name,
            )
        return IsTrue(fact.name)

    def between(self, node: Any) -> Predicate:
        if node.args.get("symmetric"):
            self.outside("BETWEEN SYMMETRIC")
        low = self.comparison(node.this, ">=", node.args["low"])
        return And((low, self.comparison(node.this, "<=", node.args["high"])))

    def among(self, node: Any) -> Predicate:
        if node.args.get("query") or node.args.get("unnest"):
            self.outside("a subquery")
        listed = node.expressions or [node.args[key] for key in ("field",) if node.args.get(key) is not None]
        if not listed:
            self.refuse("predicate.list", "The IN list is empty. List something, or drop the comparison.")
        item, item_type = self.expression(node.this)
        if len(listed) == 1 and type(listed[0]).__name__ in ("Placeholder", "Column"):
            options, options_type = self.expression(listed[0])
            if item_type == "text" and options_type == "texts" and isinstance(options, Parameter | FactRef):
                if isinstance(options, Parameter):
                    self.check_choices(item, self.parameters[options.name])
                return Among(item, options)
        if item_type == "text":
            return Among(item, tuple(self.text_literal(item, option) for option in listed))
        return disjunction(*(self.comparison(node.this, "=", option) for option in listed))

    def text_literal(self, item: Expression, node: Any) -> str:
        option, option_type = self.expression(node)
        if not isinstance(option, Constant) or option_type != "text":
            self.refuse(
                "predicate.list",
                "`{sql}` may not stand in this IN list. List texts in quotes, or one :parameter or list fact.",
                sql=self.sql(node),
            )
        self.check_choices(item, option.value)
        return str(option.value)

    def comparison(self, left_node: Any, operator: Operator, right_node: Any) -> Predicate:
        left, left_type = self.expression(left_node)
        right, right_type = self.expression(right_node)
        if left_type != right_type:
            self.refuse(
                "predicate.types",
                "`{left}` is a {left_type} and `{right}` a {right_type}; they cannot be compared. {hint}",
                left=self.sql(left_node),
                left_type=left_type,
                right=self.sql(right_node),
                right_type=right_type,
                hint=_hint(left_type, right_type),
            )
        if left_type == "texts":
            self.outside("a comparison of lists (use IN)")
        if left_type in ("text", "boolean") and operator not in ("=", "<>"):
            self.outside(f"the order of {left_type}s")
        if left_type == "boolean":
            return self.boolean_comparison(left, operator, right)
        for one, other in ((left, right), (right, left)):
            if left_type == "text" and isinstance(other, Constant):
                self.check_choices(one, other.value)
            if left_type == "text" and isinstance(other, Parameter):
                self.check_choices(one, self.parameters[other.name])
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, operator, right = right, MIRRORED[operator], left
        return Compare(left, operator, right)

    def boolean_comparison(self, left: Expression, operator: Operator, right: Expression) -> Predicate:
        parts: list[Predicate] = []
        for side in (left, right):
            if isinstance(side, FactRef):
                parts.append(IsTrue(side.name))
            elif isinstance(side, Constant) and isinstance(side.value, bool):
                parts.append(Truth(side.value))
            else:
                self.outside("a boolean parameter")
        one, other = parts
        for part, truth in ((one, other), (other, one)):
            if isinstance(truth, Truth):
                return part if truth.value == (operator == "=") else Not(part)
        equal = Or((And((one, other)), And((Not(one), Not(other)))))
        return equal if operator == "=" else Not(equal)

    # Value level

    def expression(self, node: Any) -> tuple[Expression, Type]:
        kind = type(node).__name__
        read: Callable[[Any], tuple[Expression, Type]] | None = {
            "Paren": lambda inner: self.expression(inner.this),
            "Column": self.column,
            "Literal": self.literal,
            "Boolean": lambda inner: (Constant(bool(inner.this)), "boolean"),
            "Placeholder": self.parameter,
            "Cast": self.date_literal,
            "Date": self.date_literal,
            "Neg": lambda inner: self.linear([(-1, inner.this)]),
            "Add": self.addition,
            "Sub": self.addition,
            "Mul": self.product,
        }.get(kind)
        return read(node) if read else self.outside(_SPOKEN.get(kind, kind.upper()))

    def column(self, node: Any) -> tuple[Expression, Type]:
        fact = self.fact(node)
        return FactRef(fact.name), _TYPE_OF_KIND[fact.kind]

    def fact(self, node: Any) -> Fact:
        if node.args.get("table") or type(node.this).__name__ != "Identifier":
            self.outside("a table name")
        name = node.name
        if name not in self.facts:
            self.refuse(
                "predicate.fact",
                'The predicate reads "{fact}", which is not a fact of this flow.{hint}',
                fact=name,
                hint=did_you_mean(name, self.facts) or " Declare it in packs/facts.",
            )
        return self.facts[name]

    def literal(self, node: Any) -> tuple[Expression, Type]:
        if node.is_string:
            return Constant(str(node.this)), "text"
        return Constant(self.number(str(node.this))), "number"

    def number(self, text: str) -> int | float:
        value = int(text) if re.fullmatch(r"[0-9]{1,16}", text) else float(text)
        if abs(value) > LARGEST:
            self.refuse("predicate.number", "The number {text} is too large. Keep it below 2^53.", text=text[:24])
        return value

    def parameter(self, node: Any) -> tuple[Expression, Type]:
        if node.this is None:
            self.outside("? placeholders")
        name = str(node.this).removeprefix("p_")
        if name not in self.parameters:
            self.refuse(
                "predicate.parameter",
                'The predicate reads ":{name}", but the file has no such parameter.{hint}',
                name=name,
                hint=did_you_mean(name, self.parameters) or " Add it under `parameters:`.",
            )
        return Parameter(name), type_of_value(self.parameters[name])

    def date_literal(self, node: Any) -> tuple[Expression, Type]:
        inner = node.this
        is_date = type(node).__name__ == "Date" or node.args["to"].this.name == "DATE"
        written = re.search(rf"\bDATE\s*'{re.escape(str(inner.this))}'", self.text, re.IGNORECASE)
        if not (is_date and type(inner).__name__ == "Literal" and inner.is_string and written):
            self.outside("a cast or function")
        try:
            return Constant(read_date(str(inner.this))), "date"
        except InputError as error:
            self.refuse("predicate.date", "{detail}", detail=str(error))

    def addition(self, node: Any) -> tuple[Expression, Type]:
        sign = 1 if type(node).__name__ == "Add" else -1
        left_node, right_node = node.this, node.expression
        if type(left_node).__name__ == "Interval" and sign == 1:
            left_node, right_node = right_node, left_node
        if type(right_node).__name__ == "Interval":
            return self.shifted(left_node, right_node, sign)
        return self.linear([(1, left_node), (sign, right_node)])

    def shifted(self, day_node: Any, interval: Any, sign: int) -> tuple[Expression, Type]:
        day, day_type = self.expression(day_node)
        if day_type != "date":
            self.refuse(
                "predicate.interval",
                "An INTERVAL is added to `{sql}`, which is a {type}. Add it to a date.",
                sql=self.sql(day_node),
                type=day_type,
            )
        unit = str(interval.args.get("unit") or "").upper().rstrip("S")
        amount = str(interval.this.this) if interval.this is not None else ""
        if unit not in ("DAY", "MONTH") or not re.fullmatch(r"-?[0-9]{1,5}", amount):
            self.outside("an interval other than a whole number of DAY or MONTH")
        number = sign * int(amount)
        shifted = Shift(day, 0, number) if unit == "DAY" else Shift(day, number, 0)
        if sum(31 * abs(part.months) + abs(part.days) for part in walk(shifted) if isinstance(part, Shift)) > _MAX_DAYS:
            self.refuse("predicate.interval", "Intervals may not move a date by over a hundred years. Shorten them.")
        return shifted, "date"

    def product(self, node: Any) -> tuple[Expression, Type]:
        for factor_node, term_node in ((node.this, node.expression), (node.expression, node.this)):
            factor = self.signed_number(factor_node)
            if factor is not None:
                return self.linear([(factor, term_node)])
        return self.outside("a product of two facts (multiply by a literal)")

    def signed_number(self, node: Any) -> int | float | None:
        kind = type(node).__name__
        if kind == "Neg":
            inner = self.signed_number(node.this)
            return None if inner is None else -inner
        if kind == "Paren":
            return self.signed_number(node.this)
        return self.number(str(node.this)) if kind == "Literal" and not node.is_string else None

    def linear(self, signed: list[tuple[int | float, Any]]) -> tuple[Expression, Type]:
        terms: list[tuple[int | float, Expression]] = []
        for factor, node in signed:
            term, term_type = self.expression(node)
            if term_type != "number":
                self.refuse(
                    "predicate.arithmetic",
                    "`{sql}` is a {type}; only numbers are added or multiplied. Compare it instead.",
                    sql=self.sql(node),
                    type=term_type,
                )
            inner = term.terms if isinstance(term, Sum) else ((1, term),)
            terms.extend((factor * inner_factor, inner_term) for inner_factor, inner_term in inner)
        if all(isinstance(term, Constant) for _, term in terms):
            return Constant(sum(factor * term.value for factor, term in terms)), "number"  # type: ignore[union-attr, misc, operator]
        return Sum(tuple(terms)), "number"

    # Checks

    def check_choices(self, item: Expression, value: Value) -> None:
        if not isinstance(item, FactRef):
            return
        fact = self.facts[item.name]
        for text in value if isinstance(value, tuple) else (str(value),):
            if fact.kind == "choice" and text not in fact.choice_names:
                self.refuse(
                    "predicate.choice",
                    '"{text}" is not a declared choice of {fact}.{hint} Its choices are {known}.',
                    text=text,
                    fact=fact.name,
                    hint=did_you_mean(text, fact.choice_names),
                    known=", ".join(fact.choice_names),
                )
            if fact.kind == "code" and fact.pattern and not re.fullmatch(fact.pattern, text):
                self.refuse(
                    "predicate.choice",
                    '"{text}" can never be {fact}, whose form is {pattern}. Mend the text.',
                    text=text,
                    fact=fact.name,
                    pattern=fact.pattern,
                )

    def check_bounds(self, node: Sum) -> None:
        """Refuse a sum that could leave the range in which every engine is exact."""
        worst = 0.0
        for factor, term in node.terms:
            low, high = self.bounds(term)
            worst += abs(factor) * max(abs(low), abs(high))
        if worst > LARGEST:
            self.refuse(
                "predicate.bounds",
                "The sum could pass 2^53, where engines differ. Declare minimum and maximum for {facts}.",
                facts=", ".join(sorted(facts_read(node))),
            )

    def bounds(self, term: Expression) -> tuple[float, float]:
        if isinstance(term, FactRef):
            return self.facts[term.name].bounds()
        value = term.value if isinstance(term, Constant) else self.parameters[term.name]  # type: ignore[union-attr]
        return float(value), float(value)  # type: ignore[arg-type]

    def sql(self, node: Any) -> str:
        return str(node.sql()).replace(":p_", ":")[:80]


_SPOKEN = {
    "Is": "IS",
    "Null": "NULL",
    "Anonymous": "a function",
    "Coalesce": "COALESCE",
    "Case": "CASE",
    "Div": "division",
    "Mod": "division",
    "Like": "LIKE",
    "ILike": "LIKE",
    "DPipe": "||",
    "Select": "a query",
    "Subquery": "a subquery",
    "Interval": "an INTERVAL without a date",
    "Alias": "a name that stands alone after a value",
    "Parameter": "@ variables",
    "NullSafeEQ": "IS NOT DISTINCT FROM",
    "NullSafeNEQ": "IS DISTINCT FROM",
}


def _hint(left: Type, right: Type) -> str:
    if "boolean" in (left, right):
        return "A boolean fact stands alone: write it, or NOT and it."
    if {left, right} == {"date", "text"}:
        return "Write a date as DATE '2026-11-22'."
    if "texts" in (left, right):
        return "Use IN with a list."
    return "Give both the same type."


def type_of_value(value: Value) -> Type:
    """Return the type a parameter's value has in a predicate."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, date):
        return "date"
    return "texts" if isinstance(value, tuple) else "text"
