"""Where ICAO Doc 9303 puts each field of a machine-readable zone, and its check digit."""

from __future__ import annotations

from dataclasses import dataclass

from riverloop.core.identity.travel_document import Size

Span = tuple[int, int]
"""First character and the one after the last, counted from 0 through the whole zone without line breaks."""

FILLER = "<"
_DATE = 6  # characters: YYMMDD; its check digit follows
_NUMBER = 9
_STATE = 3


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of one size of document.

    Args:
        size: Doc 9303's name of it.
        lines: how many.
        width: characters in a line.
        codes: letters that the document code may begin with.
        names_at, optional_at, optional_2_at: spans; the last is empty where the size has none.
        number_from, nationality_from, born_from, sex_place, expires_from: first characters.
        optional_checked: whether a check digit follows the optional data.
        composite: spans that the composite check digit covers.
        composite_place: place of that digit.
        long_numbers: whether a number past nine characters goes on in the optional data.
    """

    size: Size
    lines: int
    width: int
    codes: str
    names_at: Span
    optional_at: Span
    optional_2_at: Span
    number_from: int
    nationality_from: int
    born_from: int
    sex_place: int
    expires_from: int
    optional_checked: bool
    composite: tuple[Span, ...]
    composite_place: int
    long_numbers: bool

    @property
    def length(self) -> int:
        """Characters in the whole zone."""
        return self.lines * self.width

    @property
    def number_at(self) -> Span:
        """The document number; its check digit follows."""
        return (self.number_from, self.number_from + _NUMBER)

    @property
    def nationality_at(self) -> Span:
        """The nationality."""
        return (self.nationality_from, self.nationality_from + _STATE)

    @property
    def born_at(self) -> Span:
        """The date of birth; its check digit follows."""
        return (self.born_from, self.born_from + _DATE)

    @property
    def expires_at(self) -> Span:
        """The date of expiry; its check digit follows."""
        return (self.expires_from, self.expires_from + _DATE)

    def cut(self, zone: str) -> list[str]:
        """Return the lines of a whole zone."""
        return [zone[start : start + self.width] for start in range(0, self.length, self.width)]

    def place(self, span: Span) -> dict[str, int]:
        """Return line, first and last character of a span as people count them: from 1, in each line."""
        line, first = divmod(span[0], self.width)
        return {"line": line + 1, "first": first + 1, "last": first + span[1] - span[0]}


CODE_AT: Span = (0, 2)
ISSUER_AT: Span = (2, 5)

# Source: ICAO Doc 9303, eighth edition (2021), part 5, section 4.2 (TD1); part 6, section 4.2 (TD2); part 4,
# section 4.2 (TD3).
TD1 = Layout(
    size="TD1",
    lines=3,
    width=30,
    codes="ACI",
    number_from=5,
    optional_at=(15, 30),
    born_from=30,
    sex_place=37,
    expires_from=38,
    nationality_from=45,
    optional_2_at=(48, 59),
    optional_checked=False,
    composite=((5, 37), (38, 45), (48, 59)),
    composite_place=59,
    names_at=(60, 90),
    long_numbers=True,
)
TD2 = Layout(
    size="TD2",
    lines=2,
    width=36,
    codes="ACI",
    names_at=(5, 36),
    number_from=36,
    nationality_from=46,
    born_from=49,
    sex_place=56,
    expires_from=57,
    optional_at=(64, 71),
    optional_2_at=(71, 71),
    optional_checked=False,
    composite=((36, 46), (49, 56), (57, 71)),
    composite_place=71,
    long_numbers=True,
)
TD3 = Layout(
    size="TD3",
    lines=2,
    width=44,
    codes="P",
    names_at=(5, 44),
    number_from=44,
    nationality_from=54,
    born_from=57,
    sex_place=64,
    expires_from=65,
    optional_at=(72, 86),
    optional_2_at=(86, 86),
    optional_checked=True,
    composite=((44, 54), (57, 64), (65, 87)),
    composite_place=87,
    long_numbers=False,
)
LAYOUTS: dict[Size, Layout] = {"TD1": TD1, "TD2": TD2, "TD3": TD3}


def mrz_check_digit(text: str) -> str:
    """Return the check digit of a field.

    Args:
        text: digits, capital letters (A is 10, Z is 35) and fillers (0), weighted 7, 3, 1, 7, 3, 1 …

    Source: ICAO Doc 9303, eighth edition (2021), part 3, section 4.9.
    """
    values = (0 if character == FILLER else int(character, 36) for character in text)
    return str(sum(value * (7, 3, 1)[place % 3] for place, value in enumerate(values)) % 10)
