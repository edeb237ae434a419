"""The table of faults in docs/benchmarks.md: a row for each fault that a soak tells of, and no other."""

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "benchmarks.md"


def pattern_of(node):
    """Return a pattern of what a text or an f-string may say."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts)


@cache
def told():
    """Return a pattern for the fault of each call of the fixture that tells a soak's table."""
    trees = (ast.parse(path.read_text("utf-8")) for path in sorted(TESTS.rglob("test_*.py")))
    return [
        pattern_of(node.args[0])
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tell"
    ]


def rows():
    table = PAGE.read_text("utf-8").partition("## Faults")[2].partition("\n## ")[0]
    return [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]


def test_each_fault_of_a_soak_has_its_row():
    published = rows()
    assert len(told()) > 10
    assert [one for one in told() if not any(re.fullmatch(one, row) for row in published)] == []


def test_each_row_is_of_a_fault_that_a_soak_tells():
    assert [row for row in rows() if not any(re.fullmatch(one, row) for one in told())] == []
