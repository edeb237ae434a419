"""Binary heaps in arrays: the earliest of many instants in a few steps.

A heap is a pair of arrays and a count that the caller keeps: instants, and what happens then. Equal instants come out
lowest ``what`` first, so that nothing depends on how the heap was filled.
"""

from __future__ import annotations

from riverloop.core.queueing.compiled import Floats, Integers, compiled


@compiled
def push(instants: Floats, whats: Integers, count: int, instant: float, what: int) -> int:
    """Add one to a heap of ``count``; return the new count."""
    place = count
    while place > 0:
        above = (place - 1) >> 1
        if instants[above] < instant or (instants[above] == instant and whats[above] <= what):
            break
        instants[place] = instants[above]
        whats[place] = whats[above]
        place = above
    instants[place] = instant
    whats[place] = what
    return count + 1


@compiled
def pop(instants: Floats, whats: Integers, count: int) -> int:
    """Take the earliest (at index 0) out of a heap of ``count``; return the new count."""
    last = count - 1
    instant, what = instants[last], whats[last]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= last:
            break
        other = below + 1
        if other < last and (
            instants[other] < instants[below] or (instants[other] == instants[below] and whats[other] < whats[below])
        ):
            below = other
        if instant < instants[below] or (instant == instants[below] and what <= whats[below]):
            break
        instants[place] = instants[below]
        whats[place] = whats[below]
        place = below
    instants[place] = instant
    whats[place] = what
    return last


@compiled
def replace_instant(instants: Floats, count: int, instant: float) -> None:
    """Put ``instant`` in place of the earliest of a heap of ``count`` instants."""
    place, below = 0, 1
    while below < count:
        if below + 1 < count and instants[below + 1] < instants[below]:
            below += 1
        if instant <= instants[below]:
            break
        instants[place] = instants[below]
        place, below = below, 2 * below + 1
    instants[place] = instant
