"""What commands print: one JSON value, or a table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def print_json(value: Any) -> None:
    """Print a value as JSON that a person can read as well."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows with their columns below each other, the last one as wide as it is."""
    listed = list(rows)
    if not listed:
        return
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]) - 1)]
    for row in listed:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip())
