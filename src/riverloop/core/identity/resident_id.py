"""Eighteen-digit mainland identity numbers: citizens, and holders of the two cards built on the same form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from stdnum.iso7064 import mod_11_2

from riverloop.core.identity.notation import fold, mask_number
from riverloop.core.kernel.errors import IdentityError

# stdnum.cn.ric is not used: it looks the address code up in a table of districts, and so refuses every
# residence permit (81, 82, 83 0000), foreigners (9) and each code that the table lacks.
_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD = re.compile(r"[0-9]{15}")
_PERMIT_CODES = ("810000", "820000", "830000")

Card = Literal["resident", "residence_permit", "permanent_residence"]


@dataclass(frozen=True, slots=True)
class ResidentId:
    """A number that holds together. Printing it shows neither the number nor the date of birth.

    Args:
        number: 18 characters, the last a digit or X.
        born: date of birth, from the number.
    """

    number: str = field(repr=False)
    born: date = field(repr=False)

    @property
    def card(self) -> Card:
        """The card that carries such a number.

        ``residence_permit`` is for residents of Hong Kong, Macao and Taiwan, ``permanent_residence`` for
        foreigners (cards since 1 December 2023), ``resident`` for citizens.
        """
        if self.number.startswith("9"):
            return "permanent_residence"
        return "residence_permit" if self.number.startswith(_PERMIT_CODES) else "resident"


def read_resident_id(text: object, *, on: date, where: str = "") -> ResidentId:
    """Read a mainland identity number.

    Args:
        text: with or without spaces, in either case and width.
        on: the day it is read; nobody is born after it.
        where: file and line, or path in the input, for messages.

    Raises:
        IdentityError: not 17 digits and a check digit, a wrong check digit, or an impossible date of birth.

    Source: GB 11643-1999; for 81, 82 and 83 0000 General Office of the State Council, 国办发〔2018〕81号;
    for the leading 9 National Immigration Administration, 新版外国人永久居留身份证机读信息规则 (2023), 2-3.
    """
    number = fold(text, where=where)
    _check_form(number, where)
    if not mod_11_2.is_valid(number):
        raise IdentityError(
            "resident_id.check",
            "The identity number {number} fails its check digit. Compare each digit with the card.",
            where=where,
            number=mask_number(number),
        )
    return ResidentId(number, _born(number, on, where))


def format_resident_id(resident: ResidentId) -> str:
    """Return the number in groups that the eye can compare: ``110105 19491231 002X``."""
    number = resident.number
    return f"{number[:6]} {number[6:14]} {number[14:]}"


def mask_resident_id(resident: ResidentId) -> str:
    """Return the number without place and date of birth: ``1***** ******** **2X``."""
    return mask_number(format_resident_id(resident))


def _check_form(number: str, where: str) -> None:
    if _OLD.fullmatch(number):
        raise IdentityError(
            "resident_id.old",
            "This is a number of 15 digits, from a card that ended on 1 January 2013. Give the 18 "
            "characters of the present card.",
            where=where,
        )
    if not _FORM.fullmatch(number):
        raise IdentityError(
            "resident_id.form",
            "This is not a mainland identity number: that has 17 digits, the first not 0, and a check digit "
            "(0 to 9, or X); here are {length} characters. Type it as the card shows it.",
            where=where,
            length=len(number),
        )


def _born(number: str, on: date, where: str) -> date:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born = date.max
    if born > on:
        raise IdentityError(
            "resident_id.born",
            "Digits 7 to 14 of the identity number {number} are not a date of birth up to {on}. Compare "
            "them with the card.",
            where=where,
            number=mask_number(number),
            on=on.isoformat(),
        )
    return born
