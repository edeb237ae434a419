"""Facts that a register knows: each register says, for the items it is asked about, what it holds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from riverloop.apps.clearance.models import Item
from riverloop.apps.clearance.papers import permits_fill
from riverloop.apps.clearance.stated import REGISTER, Subject

Provided = Mapping[str, Mapping[str, Any]]
Provider = Callable[[list[Item]], Provided]

_PROVIDERS: dict[str, tuple[Provider, str]] = {}


def provide(name: str, function: Provider, *, asserted_as: str = REGISTER) -> None:
    """Let a register say what it knows of items.

    What it says holds in place of what the applicant stated of the same facts, until the register says otherwise.

    Args:
        name: of the register.
        function: takes items, with ``item.movement`` set; returns facts by item id, in the form JSON carries them.
        asserted_as: ``register`` or ``computed``.
    """
    _PROVIDERS[name] = (function, asserted_as)


def fill(subjects: Iterable[Subject]) -> None:
    """Ask every register about the items of these movements, permits first."""
    listed = list(subjects)
    items = [item for subject in listed for item in subject.items]
    by_id = {item.id: subject for subject in listed for item in subject.items}
    for subject in listed:
        subject.register = {}
    permits_fill(listed)
    for function, asserted_as in _PROVIDERS.values():
        for item_id, facts in function(items).items():
            told = by_id[item_id].register.setdefault(item_id, {})
            told.update({name: (value, asserted_as) for name, value in facts.items() if value is not None})
