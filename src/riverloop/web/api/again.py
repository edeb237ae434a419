"""An answer that was kept is given again only to whom may still see the row that it tells of, and counts as a look."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.shortcuts import get_object_or_404

from riverloop.apps.clearance.movement_pages import movement_or_404, record_view
from riverloop.apps.desk.api import matter_view
from riverloop.apps.desk.selectors import matters, obligations
from riverloop.apps.documents.api import permit_view
from riverloop.apps.documents.selectors import files, permits
from riverloop.apps.parties.models import IdempotencyKey, User

_PLACE = 3  # of the word that says what is written, in "POST /api/v1/movements/…"


def _movement(user: User, key: str) -> None:
    record_view(user, movement_or_404(user, key), "api:movement_get")


def _matter(user: User, key: str) -> None:
    matter_view(user, get_object_or_404(matters(visible_to=user), pk=key))


def _permit(user: User, key: str) -> None:
    permit_view(user, get_object_or_404(permits(visible_to=user), pk=key), "api:permit_get")


def _file(user: User, key: str) -> None:
    get_object_or_404(files(visible_to=user), pk=key)


def _obligation(user: User, key: str) -> None:
    get_object_or_404(obligations(visible_to=user), pk=key)


SEEN: dict[str, Callable[[User, str], None]] = {
    "movements": _movement,
    "matters": _matter,
    "permits": _permit,
    "files": _file,
    "obligations": _obligation,
}
"""How a row of each kind is looked at, by the first word of the address under /api/v1/."""


def kind_of(address: str) -> str:
    """Return of what kind of row an address tells, such as ``movements``."""
    return address.split("/")[_PLACE]


def check_seen_again(*, user: User, row: IdempotencyKey) -> None:
    """Refuse a kept answer whose row is gone from the account's sight; record the look at whom it names.

    Raises:
        Http404: the account no longer sees the row.
    """
    if row.request.endswith("/hand-over"):  # its answer names nobody, and the matter is another authority's by it
        return
    SEEN[kind_of(row.request)](user, json.loads(json.loads(row.answer)["body"])["id"])
