"""What commands print: one JSON value, or a table."""

from __future__ import annotations

import json
import math
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from riverloop.core.kernel.letters import shown

_BETWEEN_SECONDS = 0.2


def print_json(value: Any) -> None:
    """Print a value as JSON that a person can read as well; what is no number is null."""
    print(shown(json.dumps(_finite(value), ensure_ascii=False, indent=2, allow_nan=False), escape="\\u{:04x}"))


def _finite(value: Any) -> Any:
    """Return a value without the numbers that JSON has not."""
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(rows: Iterable[tuple[str, ...]]) -> None:
    """Print rows with their columns below each other, the last one as wide as it is."""
    listed = [tuple(map(shown, row)) for row in rows]
    if not listed:
        return
    widths = [max(_width(row[column]) for row in listed) for column in range(len(listed[0]) - 1)]
    for row in listed:
        cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False))
        print("  ".join([*cells, row[-1]]).rstrip())


def _width(text: str) -> int:
    """Return how many places of a line a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


@contextmanager
def progress_line(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give what tells on a terminal how far something is, in a line that is gone afterwards."""
    shown_at, shown = time.monotonic(), ""

    def tell(done: int, total: int) -> None:
        nonlocal shown_at, shown
        if sys.stderr.isatty() and time.monotonic() - shown_at >= _BETWEEN_SECONDS:
            shown_at, shown = time.monotonic(), f"{what}: {min(done / max(total, 1), 1):.0%}"
            print(f"\r{shown}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if shown:
            print("\r" + " " * len(shown) + "\r", end="", file=sys.stderr, flush=True)
