"""What the other side's node may call: names, and the functions that answer. Apps above register theirs at start."""

from __future__ import annotations

from collections.abc import Callable

Function = Callable[[str, str, bytes], bytes]

_functions: dict[str, Function] = {}


def on_call(name: str, function: Function) -> None:
    """Answer a name by a function.

    Args:
        name: one word, such as ``messages``; it stands in an address.
        function: takes the side that calls (its certificate, or this process, vouches for it), the side that is called
            and the body; returns the answer. It reads and writes rows of the side that is called alone. What it
            raises as a ``RiverloopError`` the caller reads as its one line.
    """
    _functions[name] = function


def function_of(name: str) -> Function | None:
    """Return what answers a name."""
    return _functions.get(name)
