"""Hong Kong identity card numbers."""

from __future__ import annotations

import re

from riverloop.core.identity.notation import fold, mask_number
from riverloop.core.kernel.errors import IdentityError

# python-stdnum has no module for Hong Kong (2.2), hence our own.
_FORM = re.compile(r"([A-Z]{1,2}[0-9]{6})([0-9A])")
_MODULUS = 11
_BLANK = 36  # stands where a number has one letter only; A is 10, Z is 35


def read_hkid(text: object, *, where: str = "") -> str:
    """Return an identity card number as letters and digits alone, such as ``A1234563``.

    Args:
        text: with or without brackets and spaces, in either case and width.
        where: file and line, or path in the input, for messages.

    Raises:
        IdentityError: not one or two letters, six digits and a check digit, or the check digit is wrong.

    Source: for the form OECD, "Hong Kong, China: information on tax identification numbers"; for the check
    digit, of which no official text was found, https://mrszeto.net/home/javascript/idcard.htm.
    """
    number = fold(text, where=where)
    form = _FORM.fullmatch(number)
    if not form:
        raise IdentityError(
            "hkid.form",
            "This is not an identity card number of Hong Kong: that has one or two letters, six digits and a "
            "check digit (0 to 9, or A), such as A123456(3). Type it as the card shows it.",
            where=where,
        )
    if hkid_check_digit(form[1]) != form[2]:
        raise IdentityError(
            "hkid.check",
            "The identity card number {number} fails its check digit. Compare each letter and digit with the card.",
            where=where,
            number=mask_number(_written(number)),
        )
    return number


def hkid_check_digit(body: str) -> str:
    """Return the check digit, 0 to 9 or A for ten, of one or two capital letters and six digits.

    The weights are 9 to 2 over eight places; the weighted sum and the check digit add up to a multiple of 11.
    """
    values = [_BLANK] * (8 - len(body)) + [int(character, 36) for character in body]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), values, strict=True))
    check = -total % _MODULUS
    return "A" if check == _MODULUS - 1 else str(check)


def format_hkid(text: object) -> str:
    """Return an identity card number as the card shows it, such as ``A123456(3)``.

    Raises:
        IdentityError: it is not one.
    """
    return _written(read_hkid(text))


def mask_hkid(text: object) -> str:
    """Return an identity card number that a holder knows again and nobody else can use: ``A*****6(3)``.

    Raises:
        IdentityError: it is not one; ``mask_number`` masks anything.
    """
    return mask_number(format_hkid(text))


def _written(number: str) -> str:
    return f"{number[:-1]}({number[-1]})"
