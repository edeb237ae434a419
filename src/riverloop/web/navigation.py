"""The main navigation: what an account's roles work with, first things first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from riverloop.apps.parties.models import User
from riverloop.apps.parties.words import N_
from riverloop.web.access import PAGES

LABELS = {
    "clearance:me": N_("Me"),
    "clearance:day": N_("Today"),
    "desk:queue": N_("Queue"),
    "clearance:movements": N_("Movements"),
    "parties:people": N_("People"),
    "documents:permits": N_("Permits"),
    "desk:obligations": N_("Duties"),
    "parties:organisations": N_("Organisations"),
    "notices:messages": N_("Messages"),
    "notices:webhooks": N_("Webhooks"),
    "lab:home": N_("Lab"),
    "lab:experiments": N_("Experiments"),
    "runs:runs": N_("Background work"),
    "clearance:decide": N_("Decide"),
    "clearance:rules": N_("Rules"),
    "clearance:measures": N_("Laws"),
    "clearance:facts": N_("Facts"),
    "place:zone": N_("Zone"),
    "lab:traffic": N_("Traffic"),
}
PUBLIC_ENTRIES = (
    *("clearance:decide", "clearance:rules", "clearance:measures"),
    *("clearance:facts", "place:zone", "lab:traffic"),
)
ENTRIES = {
    "holder": ("clearance:me",),
    "coordinator": (
        *("clearance:day", "clearance:movements", "parties:people"),
        *("documents:permits", "desk:obligations", "notices:webhooks", "runs:runs"),
    ),
    "officer": ("clearance:day", "desk:queue", "clearance:movements", "documents:permits", "parties:people"),
    "gate": ("clearance:day", "clearance:movements"),
    "operator": ("clearance:day", "parties:organisations"),
    "planner": ("clearance:day", "lab:home", "lab:experiments", "lab:traffic", "runs:runs"),
    "treasurer": ("clearance:day",),
    "auditor": (
        *("clearance:day", "desk:queue", "clearance:movements", "parties:people"),
        *("documents:permits", "desk:obligations", "notices:messages", "runs:runs"),
    ),
}
"""What each role works with, in order. An account with several roles finds each page once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A link of the navigation."""

    url: str
    label: str
    current: bool


def entries(user: Any, path: str) -> list[Entry]:
    """Return the main navigation of whoever is signed in; for nobody, the pages that are open to all.

    Args:
        user: of the request.
        path: of the page being shown.
    """
    names: tuple[str, ...] = PUBLIC_ENTRIES
    if isinstance(user, User) and user.held_roles:
        held = {role.kind for role in user.held_roles}
        own = (name for kind, pages in ENTRIES.items() if kind in held for name in pages)
        names = (*sorted(set(own), key=list(LABELS).index), "clearance:decide", "clearance:rules")
    return _links(names, user, path)


def public_entries(path: str) -> list[Entry]:
    """Return the pages that are open to all, for the foot of a page."""
    return _links(PUBLIC_ENTRIES, None, path)


def _links(names: Iterable[str], user: Any, path: str) -> list[Entry]:
    found = {}
    for name in names:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        if name in PAGES and PAGES[name].admits(user):
            found[url] = _(LABELS[name])
    current = max((url for url in found if path.startswith(url)), key=len, default="")  # /lab/traffic/ is not /lab/
    return [Entry(url, label, url == current) for url, label in found.items()]
