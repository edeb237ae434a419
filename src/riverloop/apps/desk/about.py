"""What obligations are about, by the numbers that people say: told by the app above that knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Numbers = Callable[[list[str]], Mapping[str, str]]

_functions: list[Numbers] = []


def register(function: Numbers) -> None:
    """Say how the ids of subjects become numbers; a higher app does so when it starts.

    Args:
        function: takes ids, and returns the number of each that it knows.
    """
    if function not in _functions:
        _functions.append(function)


def numbers(subjects: Iterable[str]) -> dict[str, str]:
    """Return the number of each subject that somebody knows."""
    ids = list(dict.fromkeys(subjects))
    return {subject: number for function in _functions for subject, number in function(ids).items()} if ids else {}
