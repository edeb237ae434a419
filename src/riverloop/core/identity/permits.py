"""Mainland travel permits: the Home Return Permit one way, the two-way permit the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from riverloop.core.identity.notation import fold, mask_number
from riverloop.core.kernel.errors import IdentityError

_HOME_RETURN = re.compile(r"([HM][0-9]{8})([0-9]{2})?|([HM]A[0-9]{7})")
_TWO_WAY = re.compile(r"C[0-9A-HJ-NP-Z][0-9]{7}")  # the second place skips I and O
_BOOKLET = re.compile(r"W[0-9]{8}")


@dataclass(frozen=True, slots=True)
class HomeReturnPermit:
    """A Mainland Travel Permit for Hong Kong and Macao Residents. Printing it does not show the number.

    Args:
        number: nine characters that stay with the holder for life.
        renewals: how often the card was renewed, 0 to 99, where the number was written with it (as on cards
            before 2013); else None.
    """

    number: str = field(repr=False)
    renewals: int | None = None

    @property
    def resident_of(self) -> str:
        """``H`` for Hong Kong, ``M`` for Macao."""
        return self.number[0]

    @property
    def chinese_national(self) -> bool:
        """False on the card for permanent residents who are not Chinese nationals."""
        return self.number[1] != "A"


def read_home_return_permit(text: object, *, where: str = "") -> HomeReturnPermit:
    """Read the number of a Home Return Permit.

    Args:
        text: with or without spaces, in either case and width, with or without the two renewal digits.
        where: file and line, or path in the input, for messages.

    Raises:
        IdentityError: neither H or M and 8 digits (and 2 more on the old card) nor HA or MA and 7 digits.

    Source: Ministry of Public Security, 港澳居民来往内地通行证号码规则 (1999 card: 11 characters); National
    Immigration Administration notice of 1 July 2024 (HA and MA, nine characters).
    """
    form = _HOME_RETURN.fullmatch(fold(text, where=where))
    if not form:
        raise IdentityError(
            "home_return.form",
            "This is not the number of a Home Return Permit: that has H or M and 8 digits (old cards 2 "
            "more), or HA or MA and 7 digits. Type it as the card shows it.",
            where=where,
        )
    return HomeReturnPermit(form[1] or form[3], int(form[2]) if form[2] else None)


def format_home_return_permit(permit: HomeReturnPermit) -> str:
    """Return the number, and the renewals after a space if they are known: ``H12345678 01``."""
    return permit.number if permit.renewals is None else f"{permit.number} {permit.renewals:02d}"


def mask_home_return_permit(permit: HomeReturnPermit) -> str:
    """Return the number as ``H******78``, without renewals."""
    return mask_number(permit.number)


def read_two_way_permit(text: object, *, where: str = "") -> str:
    """Return the number of a two-way permit as its nine characters, which is also how it is written.

    Args:
        text: with or without spaces, in either case and width.
        where: file and line, or path in the input, for messages.

    Raises:
        IdentityError: neither C and 8 digits nor C, a letter other than I and O, and 7 digits.

    Source: National Immigration Administration, 电子往来港澳通行证号码编制规则调整, 10 December 2018,
    https://www.gov.cn/fuwu/2018-12/10/content_5347351.htm.
    """
    number = fold(text, where=where)
    if _BOOKLET.fullmatch(number):
        raise IdentityError(
            "two_way.old",
            "This is the number of a booklet, which two-way permits were until 2014. Give the number of the "
            "card: it begins with C.",
            where=where,
        )
    if not _TWO_WAY.fullmatch(number):
        raise IdentityError(
            "two_way.form",
            "This is not the number of a two-way permit: that has C and 8 digits, or C, a letter other than "
            "I and O, and 7 digits. Type it as the card shows it.",
            where=where,
        )
    return number


def mask_two_way_permit(text: object) -> str:
    """Return the number of a two-way permit as ``C******78``.

    Raises:
        IdentityError: it is not one; ``mask_number`` masks anything.
    """
    return mask_number(read_two_way_permit(text))
