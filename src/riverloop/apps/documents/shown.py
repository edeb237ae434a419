"""Permits as a page shows them: in words, and with numbers of people's papers starred unless the view is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from riverloop.apps.documents import selectors, subjects
from riverloop.apps.documents.forms import document_label, unit_text
from riverloop.apps.documents.models import File, Permit
from riverloop.apps.documents.selectors import COUNTING
from riverloop.apps.documents.services import today_at
from riverloop.apps.documents.words import KIND_WORDS, STATE_WORDS
from riverloop.apps.parties.models import User
from riverloop.apps.parties.selectors import purpose_of
from riverloop.apps.parties.services import view_record
from riverloop.core.identity import mask_number

_SOON_DAYS = 30
SYMBOLS = {"verified": "cleared", "rejected": "refused", "stated": "referred"}
"""State → symbol of ``clearance/symbol.html``; others are over, and have none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A permit in a list."""

    permit: Permit
    document: str
    number: str
    state: str
    state_text: str
    unit: str
    left: Decimal | None
    percent_left: int
    days_left: int | None

    @property
    def counts(self) -> bool:
        """Whether movements can still rest on it, or could but for its quantity."""
        return self.state in (*COUNTING, "used_up")

    @property
    def ends_soon(self) -> bool:
        """Whether its last day is near."""
        return self.counts and self.days_left is not None and self.days_left <= _SOON_DAYS


def rows(permits: Iterable[Permit], user: User, *, page: str) -> list[Row]:
    """Return permits as a list shows them, having recorded whose personal data it shows.

    Args:
        permits: with ``left`` and their people.
        user: who reads; an officer sees numbers of people's papers starred, until they open one.
        page: name of the address.
    """
    listed = list(permits)
    purposes = {one.id: purpose_of(user, one.person) for one in listed if one.person}
    for purpose in sorted({"own_staff", "audit"} & set(purposes.values())):
        people = {one.person.id: one.person for one in listed if one.person and purposes[one.id] == purpose}
        view_record(viewer=user, subjects=people.values(), purpose=purpose, page=page)
    return [row_of(one, starred=purposes.get(one.id) == "case") for one in listed]


def row_of(permit: Permit, *, starred: bool = False) -> Row:
    """Return one permit, which has ``left``."""
    today = today_at(permit.owner_side)
    left: Decimal | None = getattr(permit, "left", None)
    state = state_of(permit, today, left)
    return Row(
        permit=permit,
        document=document_label(permit.document),
        number=mask_number(permit.number) if starred else permit.number,
        state=state,
        state_text=_(STATE_WORDS[state]),
        unit=unit_text(permit.unit),
        left=plain(left),
        percent_left=round(100 * left / permit.quantity) if left is not None and permit.quantity else 0,
        days_left=(permit.expires_on - today).days if permit.expires_on else None,
    )


def state_of(permit: Permit, today: date, left: Decimal | None) -> str:
    """Return the word for a permit's state: one that counts may have expired, or be used up."""
    if permit.state in COUNTING:
        if permit.expires_on is not None and permit.expires_on < today:
            return "expired"
        if left is not None and left <= 0:
            return "used_up"
    return permit.state


def plain(amount: Decimal | None) -> Decimal | None:
    """Return an amount without zeros behind it."""
    return None if amount is None else Decimal(f"{amount.normalize():f}")


@dataclass(frozen=True, slots=True)
class DrawRow:
    """A quantity taken from a permit."""

    at: object
    quantity: Decimal | None
    released_at: object
    title: subjects.Title


def draws(permit: Permit, user: User, most: int) -> list[DrawRow]:
    """Return what was drawn from a permit, newest first; what for, as far as the reader may see it."""
    found = list(selectors.draws(permit=permit, visible_to=user)[:most])
    titles = subjects.titles_of({one.subject for one in found}, user)
    return [
        DrawRow(
            one.drawn_at, plain(one.quantity), one.released_at, titles.get(one.subject, subjects.Title(_("An item")))
        )
        for one in found
    ]


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file in a list, with what it is attached to and the permits that rest on it."""

    file: File
    kind: str
    about: subjects.Title | None
    permits: list[tuple[str, str]]


def file_rows(files: Iterable[File], user: User) -> list[FileRow]:
    """Return files as a list shows them; a permit by what it is, without its number."""
    listed = list(files)
    titles = subjects.titles_of({one.subject for one in listed if one.subject}, user)
    permits: dict[str, list[tuple[str, str]]] = {}
    for permit in selectors.permits(visible_to=user).filter(file__in=listed):
        permits.setdefault(permit.file_id or "", []).append((permit.id, document_label(permit.document)))
    return [
        FileRow(one, _(KIND_WORDS.get(one.media_type, "")), titles.get(one.subject), permits.get(one.id, []))
        for one in listed
    ]


def csv_rows(permits: Iterable[Permit]) -> Iterator[list[str]]:
    """Give a table for a spreadsheet; without papers of people, whose views would have to be recorded one by one."""
    heads = (_("Document"), _("Number"), _("Organisation"), _("Issued by"), _("Issued on"), _("Last day"))
    yield [*heads, _("Quantity"), _("Left"), _("Unit"), _("State")]
    for permit in permits:
        row = row_of(permit)
        yield [
            *(row.document, row.number, permit.organisation.shown_name, permit.issuer, permit.issued_on.isoformat()),
            permit.expires_on.isoformat() if permit.expires_on else "",
            *("" if one is None else f"{one}" for one in (plain(permit.quantity), row.left)),
            *(permit.unit, row.state_text),
        ]
