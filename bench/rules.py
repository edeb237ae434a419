"""Bulk decisions beside zen-engine, cedarpy and hand-written Polars, and one decision beside one Polars row.

The same 30 rules and the same movements go through every engine, and every answer is compared. Facts are fully known,
since the peers have no third truth value. `python3 dev.py bench rules`
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import polars as pl

from riverloop.core.kernel.sides import Authority, Boundary, Side
from riverloop.core.rules.columns import replay
from riverloop.core.rules.decide import decide
from riverloop.core.rules.decisions import Movement
from riverloop.core.rules.loader import load, read_sources
from riverloop.core.rules.packs import LEVELS
from riverloop.core.rules.rulebook import Rulebook

ROWS = 2_000_000
PEER_ROWS = 4_000
REPEATS = 9
SEED = 20260222

CATEGORIES = [
    "blood",
    "tissue",
    "cells",
    "dna",
    "animal",
    "plant",
    "microbe",
    "chemical",
    "equipment",
    "reagent",
]
MODES = ["road", "air", "hand"]
CHANGE = date(2026, 8, 1)
CHANGED_AT = datetime.fromisoformat("2026-07-31T16:00:00+00:00")  # midnight there

# Each rule: its predicate in SQL, Cedar, Zen and Polars; effect; before or after the law changes; places it overrides.
# They have the shape of the packs' rules, thresholds and dates among them. Numbers are whole: Cedar has no others.
C = pl.col


def among(name: str, options: list[str]) -> tuple[str, str, str, pl.Expr]:
    listed = ", ".join(f"'{option}'" for option in options)
    quoted = json.dumps(options)
    return (
        f"{name} IN ({listed})",
        f"{quoted}.contains(context.{name})",
        f"{name} in {quoted}",
        reduce(or_, (C(name) == option for option in options)),
    )


def flag(name: str) -> tuple[str, str, str, pl.Expr]:
    return name, f"context.{name}", name, C(name)


def at_least(name: str, number: int) -> tuple[str, str, str, pl.Expr]:
    return f"{name} >= {number}", f"context.{name} >= {number}", f"{name} >= {number}", C(name) >= number


def negated(one: tuple[str, str, str, pl.Expr]) -> tuple[str, str, str, pl.Expr]:
    return f"NOT ({one[0]})", f"!({one[1]})", f"not ({one[2]})", ~one[3]


def both(*parts: tuple[str, str, str, pl.Expr]) -> tuple[str, str, str, pl.Expr]:
    return (
        " AND ".join(f"({part[0]})" for part in parts),
        " && ".join(f"({part[1]})" for part in parts),
        " and ".join(f"({part[2]})" for part in parts),
        reduce(lambda one, other: one & other, (part[3] for part in parts)),
    )


def either(*parts: tuple[str, str, str, pl.Expr]) -> tuple[str, str, str, pl.Expr]:
    return (
        " OR ".join(f"({part[0]})" for part in parts),
        " || ".join(f"({part[1]})" for part in parts),
        " or ".join(f"({part[2]})" for part in parts),
        reduce(or_, (part[3] for part in parts)),
    )


HUMAN = among("category", ["blood", "tissue", "cells", "dna"])
LIVING = among("category", ["blood", "tissue", "cells", "animal", "plant", "microbe"])
WHENS: list[tuple[tuple[str, str, str, pl.Expr], str, str, list[int]]] = [
    (
        either(among("category", ["microbe"]), both(among("category", ["blood", "tissue"]), flag("infected"))),
        "refer",
        "",
        [],
    ),
    (both(flag("prohibited"), negated(flag("listed"))), "refuse", "", []),
    (flag("strategic"), "refer", "", []),
    (both(HUMAN, at_least("quantity", 500)), "refer", "", []),
    (both(HUMAN, negated(flag("party"))), "refuse", "", []),
    (both(LIVING, at_least("risk", 3)), "refer", "", []),
    (both(LIVING, at_least("risk", 4)), "refuse", "", []),
    (both(among("mode", ["air"]), at_least("quantity", 1000)), "refuse", "", []),
    (both(among("mode", ["air"]), at_least("ice", 200)), "refuse", "", []),
    (both(flag("listed"), at_least("risk", 2), negated(flag("infected"))), "allow", "", [0, 5]),
    (both(flag("joint"), HUMAN, negated(at_least("risk", 3))), "allow", "", [3]),
    (both(among("category", ["animal"]), negated(flag("listed"))), "refer", "", []),
    (both(among("category", ["plant"]), at_least("quantity", 50)), "refer", "", []),
    (both(among("category", ["chemical"]), at_least("value", 900_000)), "refer", "", []),
    (both(among("category", ["equipment"]), at_least("value", 5_000_000)), "refer", "", []),
    (both(flag("bonded"), negated(flag("listed"))), "refer", "", []),
    (both(among("mode", ["hand"]), at_least("quantity", 30), negated(flag("joint"))), "refuse", "", []),
    (both(among("mode", ["hand"]), LIVING), "refer", "", []),
    (both(flag("listed"), among("mode", ["hand"])), "allow", "", [17]),
    (both(at_least("persons", 100_000), negated(at_least("persons", 1_000_000))), "refer", "", []),
    (at_least("persons", 1_000_000), "refuse", "", []),
    (both(at_least("persons", 1), flag("joint"), flag("party")), "allow", "", [19]),
    (both(among("category", ["dna"]), at_least("quantity", 100)), "refer", "new", []),
    (both(among("category", ["dna"]), at_least("quantity", 500)), "refuse", "new", []),
    (both(among("category", ["dna"]), at_least("quantity", 300)), "refer", "old", []),
    (both(flag("infected"), among("mode", ["road", "hand"])), "refer", "old", []),
    (both(flag("infected"), negated(flag("listed"))), "refer", "new", []),
    (both(flag("prohibited"), flag("joint")), "refer", "", []),
    (both(flag("strategic"), flag("bonded"), at_least("risk", 2)), "refuse", "", []),
    (both(among("category", ["reagent", "chemical"]), at_least("risk", 4)), "refer", "", []),
]
BOOLEANS = ["infected", "prohibited", "listed", "strategic", "party", "joint", "bonded"]
NUMBERS = {"quantity": 1200, "risk": 5, "ice": 260, "value": 6_000_000, "persons": 1_300_000}


def movements(rows: int) -> pl.DataFrame:
    """Draw movements, about half of them before the law changes; most clear, as most do."""
    start = datetime.fromisoformat("2026-05-01T00:00:00+08:00")
    numbered = pl.int_range(0, rows, eager=True)

    def drawn(column: int) -> pl.Series:  # uniform over [0, 1), the same in every run
        return numbered.hash(SEED + column) / 2.0**64

    def chosen(column: int, choices: list[str]) -> pl.Series:
        places = (drawn(column) * len(choices)).cast(pl.UInt8)
        return pl.Series(choices).gather(places).cast(pl.Enum(choices))

    flags = {name: drawn(10 + place) < 0.2 for place, name in enumerate(BOOLEANS)}
    numbers = {
        name: (drawn(30 + place) ** 3 * most).cast(pl.Int64) for place, (name, most) in enumerate(NUMBERS.items())
    }
    seconds = (drawn(3) * 184 * 86_400).cast(pl.Int64)
    return pl.DataFrame(
        {
            "category": chosen(1, CATEGORIES),
            "mode": chosen(2, MODES),
            **flags,
            **numbers,
            "at": (seconds * 1_000_000).cast(pl.Duration("us")),
        }
    ).with_columns(pl.col("at") + pl.lit(start), pl.lit("goods").alias("flow"), pl.lit("aa-bb").alias("direction"))


# Riverloop -------------------------------------------------------------------------------------------------------


def rulebook() -> Rulebook:
    text = "{en: Because., zh-Hant: 因為。, zh-Hans: 因为。}"
    facts = ["facts:"]
    for name, choices in (("category", CATEGORIES), ("mode", MODES)):
        facts.append(f"  - {{name: {name}, flows: [goods], type: choice, choices: {json.dumps(choices)}}}")
    facts += [f"  - {{name: {name}, flows: [goods], type: boolean}}" for name in BOOLEANS]
    facts += [
        f"  - {{name: {name}, flows: [goods], type: integer, minimum: 0, maximum: {most}}}"
        for name, most in NUMBERS.items()
    ]
    law = [
        f"measure: {{id: aa.act, title: {text}, authority: aa.one, verified: secondary, read_on: 2026-11-22}}",
        "coverage: [{flow: goods}]",
        "rules:",
    ]
    for place, ((sql, *_), effect, when, over) in enumerate(WHENS):
        dates = {
            "": "from: 2020-01-01",
            "old": "from: 2020-01-01, until: 2026-07-31",
            "new": f"from: {CHANGE}",
        }[when]
        value = {"refer": "{refer: aa.one}", "refuse": "{refuse: true}", "allow": "{allow: passage}"}[effect]
        law += [
            f"  - id: aa.r{place}",
            "    flow: goods",
            f"    in_force: {{{dates}}}",
            f'    when: "{sql}"',
            f"    effect: {value}",
            f"    overrides: {json.dumps([f'aa.r{other}' for other in over])}",
            f"    reason: {text}",
            *(["    remedy: {body: aa.one, days: 14, measure: aa.act}"] if effect == "refuse" else []),
        ]
    packs = load(read_sources({"facts/all.yaml": "\n".join(facts), "aa/act.yaml": "\n".join(law)}))
    side = Side("aa", {}, "Asia/Hong_Kong", "aa", (Authority("aa.one", {}, ("customs",)),))
    return Rulebook(packs, Boundary("bench", (side, Side("bb", {}, "Asia/Shanghai", "bb"))))


def riverloop(law: Rulebook, table: pl.DataFrame) -> list[pl.DataFrame]:
    return [part.frame for part in replay(law, table, sides=("aa",))]


# Hand-written Polars: no partition, no reasons, the outcome alone -------------------------------------------------


def raw_polars(table: pl.DataFrame) -> pl.DataFrame:
    new = C("at").dt.convert_time_zone("UTC") >= pl.lit(CHANGED_AT)
    true: list[pl.Expr] = []
    for (*_, expression), _, when, _ in WHENS:
        true.append({"": expression, "old": expression & ~new, "new": expression & new}[when])
    for place, (_, _, _, over) in enumerate(WHENS):
        for other in over:
            true[other] = true[other] & ~true[place]
    levels = [
        true[place].cast(pl.UInt8) * LEVELS[effect] for place, (_, effect, _, _) in enumerate(WHENS) if effect in LEVELS
    ]
    return table.lazy().select(pl.max_horizontal(levels).alias("low")).collect()


# Peers -----------------------------------------------------------------------------------------------------------


def fired_to_level(fired: set[int]) -> int:
    effective = {one for one in fired if not any(one in WHENS[other][3] for other in fired)}
    return max((LEVELS.get(WHENS[one][1], 0) for one in effective), default=0)


def in_force(place: int, new: bool) -> bool:  # noqa: FBT001
    return {"": True, "old": not new, "new": new}[WHENS[place][2]]


def zen(rows: list[dict[str, Any]]) -> tuple[float, list[int]]:
    import zen  # noqa: PLC0415

    expressions = [{"id": f"e{place}", "key": f"r{place}", "value": when[0][2]} for place, when in enumerate(WHENS)]
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {
            "id": "ex",
            "name": "ex",
            "type": "expressionNode",
            "position": {"x": 0, "y": 0},
            "content": {"expressions": expressions},
        },
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 0, "y": 0}},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "ex", "type": "edge"},
        {"id": "2", "sourceId": "ex", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    inputs = [{name: value for name, value in row.items() if name != "new"} for row in rows]
    began = time.perf_counter()
    answers = [decision.evaluate(one)["result"] for one in inputs]
    seconds = time.perf_counter() - began
    levels = [
        fired_to_level({place for place in range(len(WHENS)) if answer[f"r{place}"] and in_force(place, row["new"])})
        for answer, row in zip(answers, rows, strict=True)
    ]
    return seconds, levels


def cedar(rows: list[dict[str, Any]]) -> tuple[float, list[int]]:
    import cedarpy  # noqa: PLC0415

    policies = "\n".join(
        f'@id("r{place}") permit(principal, action, resource) when {{ {when[0][1]} }};'
        for place, when in enumerate(WHENS)
    )
    requests = [
        {
            "principal": 'M::"m"',
            "action": 'Action::"cross"',
            "resource": 'Z::"z"',
            "context": {name: value for name, value in row.items() if name != "new"},
        }
        for row in rows
    ]
    began = time.perf_counter()
    answers = cedarpy.is_authorized_batch(requests, policies, [])
    seconds = time.perf_counter() - began
    levels = []
    for answer, row in zip(answers, rows, strict=True):
        fired = {int(str(one).removeprefix("policy").removeprefix("r")) for one in answer.diagnostics.reasons}
        levels.append(fired_to_level({place for place in fired if in_force(place, row["new"])}))
    return seconds, levels


# The run ---------------------------------------------------------------------------------------------------------


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def bulk() -> dict[str, float]:
    """Time Riverloop and hand-written Polars in turn in this process, with the threads Polars was given.

    The ratio is the median over pairs of runs, so that it holds when the machine's speed drifts.
    """
    law, table = rulebook(), movements(ROWS)
    pairs = []
    for turn in range(REPEATS + 1):
        raw_seconds, raw = timed(lambda: raw_polars(table))
        our_seconds, ours = timed(lambda: riverloop(law, table))
        if turn:  # the first pair warms up
            pairs.append((our_seconds, raw_seconds))
    levels = pl.concat([part.select("row", "low", "high") for part in ours]).sort("row")
    same = levels["low"].equals(raw["low"]) and levels["high"].equals(raw["low"], check_names=False)
    if not same:
        raise SystemExit("Riverloop and hand-written Polars give different answers")
    return {
        "ours": ROWS / statistics.median(ours for ours, _ in pairs),
        "raw": ROWS / statistics.median(raw for _, raw in pairs),
        "ratio": statistics.median(raw / ours for ours, raw in pairs),
    }


def threads(count: int) -> dict[str, float]:
    """Run ``bulk`` in a process of its own, since Polars takes its threads when it is imported."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(count)}
    command = [sys.executable, "-m", "bench.rules", "--bulk"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    read: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return read


def peers() -> dict[str, float]:
    table = movements(PEER_ROWS)
    expected = raw_polars(table)["low"].to_list()
    new = table.select(C("at").dt.convert_time_zone("UTC") >= pl.lit(CHANGED_AT))["at"].to_list()
    plain = table.drop("at", "flow", "direction").to_dicts()
    rows = [{**row, "new": changed} for row, changed in zip(plain, new, strict=True)]
    rates = {}
    for name, engine in (("zen-engine", zen), ("cedarpy", cedar)):
        seconds, levels = engine(rows)
        if levels != expected:
            raise SystemExit(f"{name} gives different answers")
        rates[name] = PEER_ROWS / seconds
    return rates


def one_at_a_time() -> tuple[float, float, int]:
    """Return median seconds of a decision with every bundled pack, of one Polars row, and the number of rules met."""
    from riverloop.packs import load_packs  # noqa: PLC0415
    from riverloop.zones import load_zone  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        packs = load_packs(cache=Path(folder))
    law = Rulebook(packs, load_zone("hetao").boundary)
    at = datetime.fromisoformat("2026-11-22T09:00:00+08:00")
    items = [
        (
            "person",
            {
                "residence": "cn",
                "document_kind": "two_way_permit",
                "endorsement": "talent",
                "purpose": "research",
            },
        ),
        ("goods", {"category": "human_blood", "suspected_infectious": True, "transport_mode": "road"}),
        ("data", {"personal_information": True, "persons_ytd": 5000, "important_data": False, "ciio": False}),
    ]
    chosen = [Movement(flow, law.boundary.directions[0], at, (facts,)) for flow, facts in items]
    met = max(
        sum(len(law.span(side.id, one.flow, one.direction, at.date()).rules) for side in law.boundary.sides)
        for one in chosen
    )
    times = []
    for turn in range(3000):
        one = chosen[turn % len(chosen)]
        began = time.perf_counter()
        decide(law, one)
        times.append(time.perf_counter() - began)
    row = movements(1)
    bench_law = rulebook()
    column_times = []
    for _ in range(50):
        began = time.perf_counter()
        riverloop(bench_law, row)
        column_times.append(time.perf_counter() - began)
    return statistics.median(times), statistics.median(column_times), met


def row(name: str, rate: float, ours: float = 0, target: str = "") -> None:
    ratio = ours / rate
    compared = f"{ratio:>14,.0f} x" if ratio > 10 else f"{ratio:>14.2f} x"
    print(f"{name:34}{rate:>14,.0f}" + (f"{compared}{target:>12}" if target else ""))


def main() -> None:
    if "--bulk" in sys.argv:
        print(json.dumps(bulk()))
        return
    rates = peers()
    alone, pair = threads(1), threads(os.cpu_count() or 1)
    single, column, met = one_at_a_time()
    print(f"{len(WHENS)} rules; {ROWS:,} movements in bulk, {PEER_ROWS:,} for the peers; every answer is the same\n")
    print(f"{'engine':34}{'decisions/s':>14}{'Riverloop is':>16}{'target':>12}")
    cores = os.cpu_count()
    row("Riverloop, 1 core, reasons kept", alone["ours"])
    row("zen-engine, 1 core", rates["zen-engine"], alone["ours"], ">= 1,000 x")
    row("cedarpy, 1 core", rates["cedarpy"], alone["ours"], ">= 500 x")
    row("hand-written Polars, 1 core", alone["raw"], alone["raw"] * alone["ratio"], ">= 0.5 x")
    row(f"Riverloop, {cores} cores, reasons kept", pair["ours"])
    row(f"hand-written Polars, {cores} cores", pair["raw"], pair["raw"] * pair["ratio"], ">= 0.5 x")
    print(f"\none decision, every pack loaded, both sides, {met} rules: {single * 1000:.3f} ms median (target 0.2)")
    print(f"one row through Polars, 30 rules: {column * 1000:.1f} ms median, {column / single:.0f} x as long")


if __name__ == "__main__":
    main()
