"""A small invented law, so that each rule of the semantics is tested alone.

Two sides, ``aa`` and ``bb``; facts of each type; texts are one word in each language.
"""

from dataclasses import replace
from typing import Any

from riverloop.core.kernel.sides import Authority, Boundary, Side
from riverloop.core.rules.decide import decide as decide_movement
from riverloop.core.rules.decisions import Decision, read_movement
from riverloop.core.rules.loader import load, read_sources
from riverloop.core.rules.packs import PackSet
from riverloop.core.rules.rulebook import Rulebook

TEXT = "{en: Because., zh-Hant: 因為。, zh-Hans: 因为。}"
REMEDY = "{body: aa.one, days: 14, measure: aa.act}"
FACTS = """
facts:
  - {name: category, flows: [goods], type: choice, choices: [blood, cells, other]}
  - {name: infected, flows: [goods], type: boolean}
  - {name: count, flows: [goods], type: integer, minimum: 0, maximum: 1000000}
  - {name: volume, flows: [goods], type: decimal, minimum: 0, maximum: 1000000, unit: mL}
  - {name: quantity, flows: [goods], type: decimal, minimum: 0, maximum: 1000000}
  - {name: collected_on, flows: [goods], type: date}
  - {name: assessed_on, flows: [goods], type: date}
  - {name: code, flows: [goods], type: code, pattern: '[A-Z]{2}[0-9]'}
  - {name: place, flows: [goods], type: code, pattern: '[a-z]+'}
  - {name: places, flows: [goods], type: choices, pattern: '[a-z]+'}
  - {name: secret, flows: [goods], type: boolean, visible_to: [aa]}
  - {name: hit, flows: [goods], type: boolean, absent: false, source: officer, side: own}
  - {name: adult, flows: [person], type: boolean}
documents:
  - {name: permit, flows: [goods], quantity: true}
  - {name: letter, flows: [goods]}
  - {name: assessment, flows: [goods], dated: {fact: assessed_on, months: 3}}
routes:
  - {name: slow, flow: goods}
  - {name: middle, flow: goods}
  - {name: quick, flow: goods}
acts:
  - {name: report, flow: goods}
calendars:
  - {name: aa_days, country: HK, published_until: 2026-12-31}
  - {name: bb_days, country: CN, published_until: 2026-12-31}
"""

AA = Side(
    "aa",
    {"en": "A"},
    "Asia/Hong_Kong",
    "aa_days",
    (
        Authority("aa.one", {"en": "One"}, ("immigration", "customs", "data")),
        Authority("aa.two", {"en": "Two"}, ("health",)),
    ),
)
BB = Side(
    "bb",
    {"en": "B"},
    "Europe/London",
    "bb_days",
    (Authority("bb.one", {"en": "Eins"}, ("customs", "health")),),
)
BOUNDARY = Boundary("test", (AA, BB))


def rule(
    name: str = "aa.r",
    when: str = "infected",
    effect: str = "{refer: aa.one}",
    *,
    in_force: str = "{from: 2020-01-01}",
    **more: str,
) -> str:
    """Write one rule; ``more`` are further keys as YAML. A refusal gets a remedy."""
    lines = [
        f"  - id: {name}",
        *([] if "flow" in more else ["    flow: goods"]),
        f"    in_force: {in_force}",
        f'    when: "{when}"',
        f"    effect: {effect}",
        f"    reason: {TEXT}",
    ]
    if ("refuse" in effect or "suspend" in effect) and "remedy" not in more:
        more["remedy"] = REMEDY
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in more.items() if value)])


def measure(
    *rules: str,
    name: str = "aa.act",
    verified: str = "secondary",
    parameters: str = "",
    coverage: str = "[{flow: goods}]",
    authority: str = "",
    cases: str = "",
) -> str:
    """Write one measure file; it covers all goods unless told otherwise."""
    owner = authority or f"{name.split('.', maxsplit=1)[0]}.one"
    return "\n".join(
        [
            f"measure: {{id: {name}, title: {TEXT}, authority: {owner}, verified: {verified}, read_on: 2026-11-22}}",
            *([f"parameters: {parameters}"] if parameters else []),
            *([f"coverage: {coverage}"] if coverage else []),
            *(["rules:", *rules] if rules else []),
            *([f"cases: {cases}"] if cases else []),
        ]
    )


def packs(*files: str, facts: str = FACTS) -> PackSet:
    """Load measure files beside the dictionary."""
    texts = {f"pack/file{place}.yaml": text for place, text in enumerate(files)}
    return load(read_sources({"facts/all.yaml": facts, **texts}))


COVERED = measure(name="bb.act")


def book(*rules: str, assume: tuple[str, ...] = (), files: tuple[str, ...] = (), **more: Any) -> Rulebook:
    """Bind rules of one measure of side aa; side bb covers everything and asks nothing."""
    law = packs(measure(*rules, **more), *files, COVERED)
    return Rulebook(law, replace(BOUNDARY, assume=frozenset(assume)))


def decide(rulebook: Rulebook, *items: dict[str, Any], at: str = "2026-06-01T12:00:00+08:00", **more: Any) -> Decision:
    """Decide goods that go from aa to bb."""
    raw = {"flow": "goods", "direction": "aa-bb", "at": at, "items": list(items) or [{}], **more}
    return decide_movement(rulebook, read_movement(raw, rulebook.boundary, rulebook.packs.dictionary))


def ids(hits: Any) -> list[str]:
    """Return the rule ids of hits."""
    return [hit.rule.id for hit in hits]
