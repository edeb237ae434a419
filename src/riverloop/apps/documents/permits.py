"""What a permit states, read and checked; and what is left of it."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery, Sum

from riverloop.apps.documents.models import Draw, Permit
from riverloop.apps.parties.law import documents
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError, did_you_mean

UNITS = (
    "mL",
    "L",
    "ug",
    "mg",
    "g",
    "kg",
    "t",
    "cm3",
    "m3",
    "{tube}",
    "{vial}",
    "{sample}",
    "{package}",
    "{animal}",
    "1",
)
"""Units that permits count in, as UCUM writes them; ``1`` is a bare number of pieces."""

_UNIT = re.compile(r"[!-~]{1,20}")
_LARGEST = Decimal(10) ** 12


def read_permit(
    *,
    document: str,
    number: str,
    issuer: str,
    issued_on: date,
    expires_on: date | None,
    quantity: Decimal | None,
    unit: str,
    today: date,
) -> dict[str, Any]:
    """Return what a permit states in its one written form.

    Raises:
        InputError: something about it does not hold together.
    """
    _check_document(document, has_quantity=quantity is not None)
    _check_dates(issued_on, expires_on, today)
    return {
        "document": document,
        "number": _line(number, 60, N_("Give the number as it is printed, in up to {most} characters.")),
        "issuer": _line(issuer, 120, N_("Say who gave it, in up to {most} characters.")),
        "issued_on": issued_on,
        "expires_on": expires_on,
        "quantity": _quantity(quantity),
        "unit": _unit(unit) if quantity is not None else "",
    }


def normal_number(number: str) -> str:
    """Return a number in the one form in which it is kept and looked for."""
    return " ".join(unicodedata.normalize("NFKC", number).split()).upper()


def drawn_of(permit: Permit) -> Decimal:
    """Return how much was drawn from a permit and not given back."""
    total = permit.draws.filter(released_at=None).aggregate(total=Sum("quantity"))["total"]
    return total or Decimal(0)


def left_of(permit: Permit) -> Decimal | None:
    """Return how much is left of a permit; None if it has no limit."""
    return None if permit.quantity is None else permit.quantity - drawn_of(permit)


def open_draws() -> Subquery:
    """Return the sum by which a list tells what was drawn from each permit; counted only for the rows shown."""
    drawn = Draw.objects.filter(permit=OuterRef("pk"), released_at=None).order_by()
    return Subquery(drawn.values("permit").annotate(total=Sum("quantity")).values("total"))


def _check_document(name: str, *, has_quantity: bool) -> None:
    known = documents()
    if name not in known:
        raise InputError(
            "documents.document",
            N_('No law here knows a document "{name}".{hint} Choose one of the list.'),
            name=name[:60],
            hint=did_you_mean(name, known),
        )
    if has_quantity and not known[name].quantity:
        raise InputError(
            "documents.no_quantity", N_("This kind of document is not given for a quantity. Leave the quantity empty.")
        )


def _check_dates(issued_on: date, expires_on: date | None, today: date) -> None:
    if issued_on > today:
        raise InputError("documents.issued_on", N_("It is dated in the future. Give the day on which it was issued."))
    if expires_on is not None and expires_on < issued_on:
        raise InputError("documents.expires_on", N_("It would end before it began. Check both dates."))


def _line(text: str, most: int, message: str) -> str:
    line = normal_number(text) if most == 60 else " ".join(text.split())  # noqa: PLR2004 - a number's length
    if not line or len(line) > most or not line.isprintable():
        raise InputError("documents.line", message, most=most)
    return line


def _quantity(quantity: Decimal | None) -> Decimal | None:
    if quantity is None:
        return None
    amount = Decimal(quantity)
    if not amount.is_finite() or not 0 < amount < _LARGEST or amount != round(amount, 6):
        raise InputError(
            "documents.quantity", N_("Give a quantity greater than 0, with at most six decimals, such as 2.5.")
        )
    return amount


def _unit(unit: str) -> str:
    if not _UNIT.fullmatch(unit.strip()):
        raise InputError("documents.unit", N_("Give the unit in which the permit counts, such as mL or kg."))
    return unit.strip()
