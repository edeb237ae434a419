"""Document numbers in the one form in which each kind is kept and found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

from riverloop.apps.parties.words import DOCUMENT_WORDS, N_
from riverloop.core.identity import read_hkid, read_home_return_permit, read_resident_id, read_two_way_permit
from riverloop.core.kernel.errors import IdentityError, InputError, did_you_mean

_PASSPORT = re.compile(r"[A-Z0-9]{5,14}")


def _read_passport(text: str) -> str:
    plain = re.sub(r"[\s-]", "", text).upper()
    if not _PASSPORT.fullmatch(plain):
        raise IdentityError(
            "parties.passport",
            N_("This is not a passport number: it has 5 to 14 letters and digits. Type it as the passport shows it."),
        )
    return plain


def normal_number(kind: str, text: str, *, on: date) -> str:
    """Return a document number in its one form.

    Args:
        kind: one of ``DOCUMENT_WORDS``.
        text: as it was typed.
        on: today, which a date of birth within a number cannot follow.

    Raises:
        InputError: no such kind, or the number does not hold together. The message never shows the number.
    """
    readers: dict[str, Callable[[], str]] = {
        "hkid": lambda: read_hkid(text),
        "resident_id": lambda: read_resident_id(text, on=on).number,
        "home_return_permit": lambda: read_home_return_permit(text).number,
        "two_way_permit": lambda: read_two_way_permit(text),
        "passport": lambda: _read_passport(text),
    }
    if kind not in readers:
        raise InputError(
            "parties.document_kind",
            N_('There is no kind of document "{kind}".{hint} Choose one of {known}.'),
            kind=kind,
            hint=did_you_mean(kind, readers),
            known=", ".join(DOCUMENT_WORDS),
        )
    return readers[kind]()


def readings(text: str, *, on: date = date.max) -> Iterator[tuple[str, str]]:
    """Yield each kind of document that a number may be of, with its one form."""
    for kind in DOCUMENT_WORDS:
        try:
            yield kind, normal_number(kind, text, on=on)
        except InputError:
            continue
