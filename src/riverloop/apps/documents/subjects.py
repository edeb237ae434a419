"""What files are attached to, and what draws were made for: higher apps say which of theirs an account may see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

Visible = Callable[[Any], QuerySet[Any]]
"""Takes an account, and returns the ids of what it may see: a queryset of one column, such as ``…values("pk")``."""


@dataclass(frozen=True, slots=True)
class Title:
    """What something is called on a page, and where it stands; no address if the reader may not open it."""

    text: str
    url: str = ""


Owner = Callable[[str], str]
"""Takes an id, and returns that of the organisation whose it is; nothing if it knows no such subject, or no owner."""

Titles = Callable[[Collection[str], Any], Mapping[str, Title]]
"""Takes ids and an account, and returns titles of those that it knows and that the account may see."""

Alone = Callable[[str], QuerySet[Any]]
"""Takes a person's id, and returns the ids of what is about that person and nobody else, as ``Visible`` does."""

_visible: dict[str, Visible] = {}
_titles: dict[str, Titles] = {}
_owners: dict[str, Owner] = {}
_alone: dict[str, Alone] = {}


def register(
    name: str,
    *,
    visible: Visible | None = None,
    titles: Titles | None = None,
    owner: Owner | None = None,
    alone: Alone | None = None,
) -> None:
    """Tell of one kind of subject; whoever sees one sees what is attached to it.

    Args:
        name: what they are, such as ``movement``.
        visible: says which of them an account may see; needed if files are attached to them.
        titles: says what they are called; needed if permits are drawn for them, or files attached to them.
        owner: says whose they are; what is attached to one is the same organisation's.
        alone: says which are about one person alone, so that what is attached to them is in that person's copy.
    """
    if visible is not None:
        _visible[name] = visible
    if titles is not None:
        _titles[name] = titles
    if owner is not None:
        _owners[name] = owner
    if alone is not None:
        _alone[name] = alone


def among(user: Any) -> Q:
    """Return the condition that a row's ``subject`` is one that an account may see."""
    may = Q(pk__in=())
    for visible in _visible.values():
        may |= Q(subject__in=visible(user))
    return may


def alone(person: str) -> Q:
    """Return the condition that a row's ``subject`` is about one person and nobody else."""
    about = Q(pk__in=())
    for found in _alone.values():
        about |= Q(subject__in=found(person))
    return about


def is_visible(user: Any, subject: str) -> bool:
    """Say whether an account may see what has this id."""
    return any(visible(user).filter(pk=subject).exists() for visible in _visible.values())


def owner_of(subject: str) -> str:
    """Return the id of the organisation whose this is; nothing if nobody knows."""
    return next((found for owner in _owners.values() if (found := owner(subject))), "") if subject else ""


def titles_of(ids: Collection[str], user: Any) -> dict[str, Title]:
    """Return what subjects are called, for those that an account may see."""
    found: dict[str, Title] = {}
    for titles in _titles.values():
        found |= titles(ids, user)
    return found
