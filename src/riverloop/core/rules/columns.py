"""The same predicates as Polars expressions: millions of movements a second, reasons kept.

Movements are rows of a frame; a fact is a column, a fact not known is a null, and so is a column that is not there.
Rows are partitioned by flow, direction and span of the law, since within a partition every row meets the same rules.

Source: design.md, "One AST, two compilers, one equivalence test".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.instants import shift, start_of_day
from riverloop.core.kernel.sides import FLOWS, Side
from riverloop.core.rules.facts import NO_LIMIT, Dictionary, Document, Fact
from riverloop.core.rules.packs import OUTCOMES
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
    Or,
    Parameter,
    Predicate,
    Shift,
    Sum,
    Truth,
    facts_read,
    parameters_read,
)
from riverloop.core.rules.rulebook import DayRule, Rulebook, Span

_TYPES: Mapping[str, Any] = {
    "boolean": pl.Boolean,
    "integer": pl.Int64,
    "decimal": pl.Float64,
    "date": pl.Date,
    "choice": pl.String,
    "code": pl.String,
    "choices": pl.List(pl.String),
}
ON = ":on"


def column_type(fact: Fact) -> Any:
    """Return the Polars type of a fact's column; a choice may be stored as an Enum of its names."""
    return _TYPES[fact.kind]


def to_polars(predicate: Predicate) -> pl.Expr:
    """Return a predicate as a boolean expression with nulls, over columns named as the facts.

    Args:
        predicate: a tree whose parameters are bound, but for ``:on``, a date column of that name.
    """
    match predicate:
        case Truth(value):
            return pl.lit(value)
        case IsTrue(name):
            return pl.col(name)
        case Not(part):
            return ~to_polars(part)
        case And(parts):
            return reduce(and_, map(to_polars, parts))
        case Or(parts):
            return reduce(or_, map(to_polars, parts))
        case Among(item, options):
            return _among(_value(item), options)
        case Compare(left, operator, right):
            if not facts_read(left) | parameters_read(left):  # polars compares a column with a literal on the right
                left, operator, right = right, MIRRORED[operator], left
            compared: pl.Expr = _COMPARE[operator](_value(left), _value(right))
            return compared


_COMPARE: Mapping[str, Any] = {
    "=": lambda one, other: one == other,
    "<>": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def _among(item: pl.Expr, options: Any) -> pl.Expr:
    if isinstance(options, FactRef):
        listed = pl.col(options.name)
        found = listed.list.contains(item)
        return pl.when(item.is_null() | listed.is_null()).then(None).otherwise(found)
    # a chain of equalities, since it keeps a null item null and works on enums
    return reduce(or_, (item == pl.lit(option) for option in options))


def _value(expression: Expression) -> pl.Expr:
    match expression:
        case FactRef(name) | Parameter(name):
            return pl.col(ON if isinstance(expression, Parameter) else name)
        case Constant(value):
            return pl.lit(value)
        case Shift(Constant(value), months, days):
            return pl.lit(shift(value, months=months, days=days))  # type: ignore[arg-type]
        case Shift(day, months, days):
            shifted = _value(day)
            if months:
                shifted = shifted.dt.offset_by(f"{months}mo")
            return shifted.dt.offset_by(f"{days}d") if days else shifted
        case Sum(terms):
            return reduce(lambda total, term: total + term, (_value(term) * factor for factor, term in terms))


# Replay ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition of a replay, for one side.

    Args:
        side: the side.
        flow: the flow.
        direction: the direction.
        span: the law there; its rules name the reason columns.
        frame: ``row``, ``low`` and ``high`` (levels), and for each rule a column named by its id: TRUE if it is
            effective, FALSE if not, null if that is not known.
    """

    side: str
    flow: str
    direction: str
    span: Span
    frame: pl.DataFrame


def replay(rulebook: Rulebook, movements: pl.DataFrame, *, sides: Iterable[str] | None = None) -> Iterator[Partition]:
    """Decide a frame of movements of one item each.

    Args:
        rulebook: packs bound to a boundary.
        movements: columns ``flow``, ``direction``, ``at`` (aware datetime) and any facts.
        sides: the sides to decide for; both if None.

    Yields:
        For each flow, direction and span of each side's law, the rows that fall in it.

    Raises:
        InputError: a column lacks, is no fact, or is of another type.
    """
    _check_columns(rulebook.packs.dictionary, movements)
    boundary = rulebook.boundary
    chosen = boundary.sides if sides is None else tuple(map(boundary.side, sides))
    for flow, direction, rows in _by_flow(movements.with_row_index("row")):
        if flow not in FLOWS:
            raise InputError("replay.flow", 'There is no flow "{flow}". Mend the column.', where="flow", flow=flow)
        boundary.check_direction(direction, where="direction")
        for side in chosen:
            spans = rulebook.spans(side.id, flow, direction)
            needed = rows.select("row", "at", *_columns_read(spans, rulebook.packs.dictionary, rows))
            for span, part in _by_span(spans, side, needed):
                frame = decide_columns(span, rulebook.packs.dictionary, part, side=side, keep=("row",))
                yield Partition(side.id, flow, direction, span, frame)


def _by_flow(rows: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield the rows of each flow and direction; rows that are all alike are handed on as they are."""
    first = rows.row(0, named=True) if rows.height else None
    if first is None:
        return
    keys = ("flow", "direction")
    if all((rows[key] == first[key]).all(ignore_nulls=False) for key in keys):
        yield first["flow"], first["direction"], rows
        return
    for flow, direction in sorted(rows.select(*keys).unique().iter_rows(), key=str):
        alike = pl.col("flow").eq_missing(pl.lit(flow)) & pl.col("direction").eq_missing(pl.lit(direction))
        yield flow, direction, rows.filter(alike)


def _by_span(spans: Sequence[Span], side: Side, rows: pl.DataFrame) -> Iterator[tuple[Span, pl.DataFrame]]:
    """Yield the rows of each span; its days begin and end in the side's own time zone."""
    at = pl.col("at").dt.convert_time_zone("UTC")
    earliest, latest = rows["at"].min(), rows["at"].max()
    for span in spans:
        first = None if span.first == date.min else start_of_day(span.first, side.time_zone)
        last = None if span.last is None else start_of_day(span.last + timedelta(days=1), side.time_zone)
        if (first is not None and latest < first) or (last is not None and earliest >= last):  # type: ignore[operator]
            continue
        limits = [at >= pl.lit(first.astimezone(UTC))] if first is not None and earliest < first else []  # type: ignore[operator]
        limits += [at < pl.lit(last.astimezone(UTC))] if last is not None and latest >= last else []  # type: ignore[operator]
        part = rows.filter(*limits) if limits else rows
        if part.height:
            yield span, part


def _check_columns(words: Dictionary, movements: pl.DataFrame) -> None:
    known = [*words.facts, "flow", "direction", "at"]
    for name in ("flow", "direction", "at"):
        if name not in movements.columns:
            raise InputError(
                "replay.column", 'The table lacks the column "{name}". Add it.', where="columns", name=name
            )
    at = movements.schema["at"]
    if not isinstance(at, pl.Datetime) or at.time_zone is None:
        raise InputError("replay.at", "The column is not of instants with a time zone. Convert it.", where="at")
    for name, found in movements.schema.items():
        if name not in known:
            raise InputError(
                "replay.unknown",
                'The table has a column "{name}", which is no fact.{hint} Rename it or leave it out.',
                where="columns",
                name=name,
                hint=did_you_mean(name, known),
            )
        if name in words.facts and not _fits(words.facts[name], found):
            raise InputError(
                "replay.type",
                "The column is of type {found}; the fact is of type {wanted}. Convert it.",
                where=name,
                found=found,
                wanted=words.facts[name].kind,
            )
        if name in words.facts:
            _check_values(words.facts[name], movements[name])


def _fits(fact: Fact, found: Any) -> bool:
    if found == pl.Null:
        return True
    if fact.kind in ("choice", "code"):
        return isinstance(found, pl.String | pl.Enum | pl.Categorical)
    if fact.kind == "decimal":
        return bool(found.is_numeric())
    return bool(found.is_integer() if fact.kind == "integer" else found == _TYPES[fact.kind])


def _check_values(fact: Fact, column: pl.Series) -> None:
    """Refuse what ``Fact.read`` would: the extremes of numbers and days, and each different text, are read."""
    if column.dtype == pl.Null or fact.kind == "boolean":
        return
    if fact.kind in ("integer", "decimal", "date"):
        stated = [column.min(), column.max()]
        if column.dtype.is_float() and column.is_nan().any():
            stated.append(float("nan"))
    elif isinstance(column.dtype, pl.Enum):
        stated = column.dtype.categories.to_list()
    else:
        stated = column.explode().unique().to_list() if fact.kind == "choices" else column.unique().to_list()
    for value in stated:
        if value is not None:
            fact.read([value] if fact.kind == "choices" else value, where=f"column {fact.name}")


def decide_columns(
    span: Span, words: Dictionary, rows: pl.DataFrame, *, side: Side, keep: Iterable[str] = ()
) -> pl.DataFrame:
    """Decide rows that all fall in one span, for one side.

    Args:
        span: the law.
        words: the dictionary, for papers and closed worlds.
        rows: facts as columns, with ``at``.
        side: the side; a date in its law is a date in its time zone.
        keep: columns to hand through.

    Returns:
        The kept columns, ``low`` and ``high`` (UInt8 levels) and a boolean column for each rule.
    """
    closed = rows.with_columns(*_missing_columns(span, words, rows), *_dates(span, side))
    truths, order = _effective(span)
    staged = closed.lazy()
    for stage in order:
        staged = staged.with_columns(**{_name(rule): truths[rule.place] for rule in stage})
    low, high = _levels(span, words)
    reasons = [pl.col(_name(rule)).alias(rule.id) for rule in span.rules]
    return staged.select(*keep, low.alias("low"), high.alias("high"), *reasons).collect()


def _dates(span: Span, side: Side) -> list[pl.Expr]:
    """The date of each row in the side's time zone, if anything in the span asks for it."""
    if not any(rule.turning or rule.papers for rule in span.rules):
        return []
    return [pl.col("at").dt.convert_time_zone(side.time_zone).dt.date().alias(ON)]


def _name(rule: DayRule) -> str:
    return f"e:{rule.id}"


def _columns_read(spans: Iterable[Span], words: Dictionary, rows: pl.DataFrame) -> list[str]:
    """Return the columns of the rows that any of the spans reads."""
    read: set[str] = set().union(*(_facts_of(span, words) for span in spans))
    return [name for name in rows.columns if name in read]


def _facts_of(span: Span, words: Dictionary) -> set[str]:
    """Return every fact that a span reads, those of papers included."""
    read: set[str] = set().union(*(facts_read(rule.predicate) for rule in span.rules))
    for document in _papers(span, words):
        read |= {fact.name for fact in document.facts()} | ({document.dated_fact} - {""})
        read |= {"quantity"} if document.quantity else set()
    return read


def _missing_columns(span: Span, words: Dictionary, rows: pl.DataFrame) -> list[pl.Expr]:
    """Columns for facts that the rows lack or that the side may not see, and closed-world values."""
    filled = []
    for name in sorted(_facts_of(span, words)):
        fact = words.facts[name]
        absent = pl.lit(fact.absent if fact.kind != "choices" else None).cast(_TYPES[fact.kind])
        if name not in rows.columns or name not in span.facts:
            filled.append(absent.alias(name))
        elif fact.absent is not None:
            filled.append(pl.col(name).fill_null(absent))
        elif rows.schema[name] == pl.Null or (fact.kind == "decimal" and rows.schema[name] != pl.Float64):
            filled.append(pl.col(name).cast(_TYPES[fact.kind]))
    return filled


def _papers(span: Span, words: Dictionary) -> list[Document]:
    return [words.documents[name] for rule in span.rules for alternatives in rule.papers for name in alternatives]


def _effective(span: Span) -> tuple[dict[int, pl.Expr], list[list[DayRule]]]:
    """Return e(r) of each rule over the columns of its displacers, and the stages in which to compute them."""
    truths: dict[int, pl.Expr] = {}
    depth: dict[int, int] = {}
    for rule in span.rules:
        own = to_polars(rule.predicate)
        over = [pl.col(_name(span.rules[place])) for place in rule.displacers]
        truths[rule.place] = own & ~reduce(or_, over) if over else own
        depth[rule.place] = 1 + max((depth[place] for place in rule.displacers), default=-1)
    stages: list[list[DayRule]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for rule in span.rules:
        stages[depth[rule.place]].append(rule)
    return truths, stages


def _levels(span: Span, words: Dictionary) -> tuple[pl.Expr, pl.Expr]:
    """Return the least and greatest level: of each level, a Kleene OR says whether anything costs it."""
    reached: dict[int, list[pl.Expr]] = {}
    for rule in span.rules:
        if rule.level:
            reached.setdefault(rule.level, []).append(_costs(rule, words))
    low = high = pl.lit(0, pl.UInt8)
    for level in sorted(reached):
        any_of = reduce(or_, reached[level])
        low = pl.when(any_of.fill_null(value=False)).then(pl.lit(level, pl.UInt8)).otherwise(low)
        high = pl.when(any_of.fill_null(value=True)).then(pl.lit(level, pl.UInt8)).otherwise(high)
    return low, high


def _costs(rule: DayRule, words: Dictionary) -> pl.Expr:
    """Say whether a rule costs its level: it is effective and, for papers, one of them is not held."""
    truth = pl.col(_name(rule))
    if not rule.papers:
        return truth
    held = reduce(and_, (reduce(or_, (_held(words.documents[name]) for name in names)) for names in rule.papers))
    return truth & ~held


def _held(document: Document) -> pl.Expr:
    held = pl.col(f"has_{document.name}") & (pl.col(f"{document.name}_expires_on") >= pl.col(ON))
    if document.dated_fact:
        held = held & (pl.col(document.dated_fact).dt.offset_by(f"{document.dated_months}mo") >= pl.col(ON))
    if document.quantity:
        left = pl.col(f"{document.name}_quantity_left")
        held = held & ((left >= NO_LIMIT) | (left >= pl.col("quantity")))
    return held


def outcomes(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """Return the outcome word of two level columns."""
    words = pl.lit("undetermined")
    for level, word in enumerate(OUTCOMES):
        words = pl.when((low == level) & (high == level)).then(pl.lit(word)).otherwise(words)
    return words
