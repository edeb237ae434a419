"""Unified social credit codes of mainland organisations."""

from __future__ import annotations

import re

from stdnum.cn import uscc

from riverloop.core.identity.notation import fold, mask_number
from riverloop.core.kernel.errors import IdentityError

# The check digit is python-stdnum's. Its validate() is not used: it wants digits in the first two places,
# where the standard also has letters, and so refuses rural collectives (N), military units (A), others (Y).
_LETTERS = "A-HJ-NPQRTUWXY"  # without I, O, S, V, Z
_FORM = re.compile(rf"[0-9{_LETTERS}]{{2}}[0-9]{{6}}[0-9{_LETTERS}]{{10}}")


def read_uscc(text: object, *, where: str = "") -> str:
    """Return a unified social credit code as its 18 characters, which is also how it is written.

    Args:
        text: with or without spaces, in either case and width.
        where: file and line, or path in the input, for messages.

    Raises:
        IdentityError: not 18 of the standard's characters, a letter in the district, or a wrong check digit.

    Source: GB 32100-2015.
    """
    code = fold(text, where=where)
    if not _FORM.fullmatch(code):
        raise IdentityError(
            "uscc.form",
            "This is not a unified social credit code: that has 18 digits and capital letters without I, O, "
            "S, V and Z, digits alone in places 3 to 8; here are {length} characters. Copy it from the "
            "business licence.",
            where=where,
            length=len(code),
        )
    if uscc.calc_check_digit(code) != code[-1]:
        raise IdentityError(
            "uscc.check",
            "The unified social credit code {number} fails its check digit. Compare it with the business licence.",
            where=where,
            number=mask_number(code),
        )
    return code


def mask_uscc(text: object) -> str:
    """Return a unified social credit code as ``9***************43``; a sole trader's stands for a person.

    Raises:
        IdentityError: it is not one; ``mask_number`` masks anything.
    """
    return mask_number(read_uscc(text))
