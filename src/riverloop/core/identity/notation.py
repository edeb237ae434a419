"""How people write a document number: spaces, case, full-width forms, brackets; and how to mask one."""

from __future__ import annotations

from riverloop.core.kernel.errors import IdentityError

# The last five are invisible: messengers and web pages put them around what is copied from them.
SPACES = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000\u200b\u200e\u202a\u202c\ufeff"
_BRACKETS = "()[]\u3010\u3011\u3014\u3015"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2212"
SEPARATORS = SPACES + _BRACKETS + _HYPHENS

# Unicode block "Halfwidth and Fullwidth Forms": U+FF01 to U+FF5E are "!" to "~", 0xFEE0 further on. NFKC
# would also fold what no input method writes (superscripts, ligatures, circled letters).
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

_LONGEST = 64  # characters; the longest number here has 18, and generous spacing doubles that
_SHORTEST_SHOWN = 8  # a shorter number is masked whole: three of its characters would tell too much


def fold(text: object, *, where: str = "", drop: str = SEPARATORS, keep: str = "", longest: int = _LONGEST) -> str:
    """Return the capital letters and digits of a number, without what people write around them.

    Args:
        text: what was typed, pasted or scanned.
        where: file and line, or path in the input, for messages.
        drop: characters that mean nothing.
        keep: characters that count beside A-Z and 0-9.
        longest: characters; a longer text is refused unread.

    Raises:
        IdentityError: not text, too long, nothing in it, or a character that no document carries.
    """
    typed = _typed(text, where, longest).translate(_FULL_WIDTH)
    for position, character in enumerate(typed, start=1):
        if not _counts(character, keep) and character not in drop:
            raise IdentityError(
                "identity.character",
                "Character {position} is neither a letter from A to Z nor a digit. Copy the number again.",
                where=where,
                position=position,
            )
    folded = "".join(character for character in typed if character not in drop).upper()
    if not folded:
        raise IdentityError(
            "identity.empty", "There is nothing here. Type the number as the document shows it.", where=where
        )
    return folded


def mask_number(text: object) -> str:
    """Return ``text`` with all but its first letter or digit and its last two starred; never raises.

    What is not an ASCII letter, digit, space or bracket is starred as well, a short text is starred whole,
    and a long one or none at all becomes eight stars: a log line or an error may always carry the mask.

    Args:
        text: a number in any state, even one that was refused.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        return "*" * 8
    places = [place for place, character in enumerate(text) if _counts(character)]
    shown = {places[0], *places[-2:]} if len(places) >= _SHORTEST_SHOWN else set()
    return "".join(character if place in shown or character in " ()" else "*" for place, character in enumerate(text))


def _typed(text: object, where: str, longest: int) -> str:
    if not isinstance(text, str):
        raise IdentityError(
            "identity.type",
            "This is {kind}, not text. Give the number as text, leading zeros and all.",
            where=where,
            kind=type(text).__name__,
        )
    if len(text) > longest:
        raise IdentityError(
            "identity.length",
            "This has {length} characters, at most {longest} can be a number. Give the number alone.",
            where=where,
            length=len(text),
            longest=longest,
        )
    return text


def _counts(character: str, keep: str = "") -> bool:
    return (character.isascii() and character.isalnum()) or character in keep
