"""The guide's tables are what the bundled files answer, so that no text outlives the numbers it speaks of."""

import re
from pathlib import Path

import pytest

from riverloop.core.queueing.running import run
from riverloop.scenarios import bundled, open_bundled
from riverloop.traffic.daily import DailyTraffic

GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/control-point-scenarios.md"
WEST_BRIDGE = "hetao-west-bridge"


def rows():
    """Return file, design, case and the numbers of every row of a table of results."""
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not any(re.fullmatch(r"[\d,]+ s", cell) for cell in cells):
            continue
        words = [cell.strip("`") for cell in cells if cell.startswith("`")]
        file, design, case = _names(words)
        yield file, design, case, [_number(cell) for cell in cells if re.match(r"\d", cell)]


def _names(words):
    keys = {one.key for one in bundled()}
    if words[0] not in keys:
        return WEST_BRIDGE, *words
    return (words[0], "", words[1]) if len(words) == 2 else tuple(words)


def _number(cell):
    return float(re.sub(r"[^\d.]", "", cell.replace("m²", "")))


ROWS = list(rows())


def test_every_design_and_case_stands_in_a_table():
    told = {(file, design, case) for file, design, case, _ in ROWS}
    held = {(one.key, design.key, case.key) for one in bundled() for design in one.designs for case in one.cases}
    assert told == held


@pytest.mark.parametrize(("file", "design", "case", "told"), ROWS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_row_is_what_the_file_answers(file, design, case, told):
    scenario = open_bundled(file).scenario(design, case, traffic=DailyTraffic.load(None))
    found = run(scenario).as_json()
    journey, staff = found["journey_seconds"], found["staff_hours"]
    answered = [journey["mean"], journey["p95"], 100 * found["pledge"]["share_within"]]
    answered += [staff.get("hk"), staff.get("cn"), found["area_m2"]]
    assert told == pytest.approx(answered[: len(told)], rel=1e-3, abs=0.51)
