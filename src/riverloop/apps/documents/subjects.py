"""What files are attached to: higher apps say which of theirs an account may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet

Visible = Callable[[Any], QuerySet[Any]]
"""Takes an account, and returns the ids of what it may see: a queryset of one column, such as ``…values("pk")``."""

_visible: dict[str, Visible] = {}


def register(name: str, visible: Visible) -> None:
    """Say which subjects of one kind an account may see; whoever sees one sees what is attached to it.

    Args:
        name: what they are, such as ``movement``.
        visible: returns their ids.
    """
    _visible[name] = visible


def among(user: Any) -> Q:
    """Return the condition that a row's ``subject`` is one that an account may see."""
    may = Q(pk__in=())
    for visible in _visible.values():
        may |= Q(subject__in=visible(user))
    return may


def is_visible(user: Any, subject: str) -> bool:
    """Say whether an account may see what has this id."""
    return any(visible(user).filter(pk=subject).exists() for visible in _visible.values())
