"""What a machine-readable zone says, as a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Size = Literal["TD1", "TD2", "TD3"]
Sex = Literal["M", "F", "X"]


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date; a part that the document leaves open is None."""

    year: int | None
    month: int | None
    day: int | None

    @property
    def exact(self) -> date | None:
        """The date, if every part is known and the calendar has it."""
        if self.year is None or self.month is None or self.day is None:
            return None
        try:
            return date(self.year, self.month, self.day)
        except ValueError:
            return None

    @property
    def possible(self) -> bool:
        """Whether some day of the calendar agrees with every part that is known."""
        year = 2000 if self.year is None else self.year  # a leap year
        months = range(1, 13) if self.month is None else (self.month,)
        days = (1,) if self.day is None else (self.day,)
        return any(PartialDate(year, month, day).exact for month in months for day in days)


@dataclass(frozen=True, slots=True)
class TravelDocument:
    """A passport or card. Printing it shows nothing that tells who the holder is.

    Args:
        size: TD1 (card), TD2 (larger card) or TD3 (passport).
        code: one or two letters: P… on a passport; A…, C… or I… on a card.
        issuer: state or organisation, one to three letters of Doc 9303 part 3, section 5.
        number: capital letters and digits; a space where the zone has a filler within.
        surname: primary identifier in capitals, parts parted by one space; empty if there is none.
        given_names: secondary identifier in the same form; empty if there is none.
        nationality: as ``issuer``.
        born: date of birth.
        sex: M, F, or X where the zone leaves it open.
        expires: last day of validity; None on a document without one.
        optional: optional data as in the zone, without the fillers at its end.
        optional_2: the same of the second line of a TD1; empty elsewhere.
    """

    size: Size
    code: str
    issuer: str
    number: str = field(repr=False)
    surname: str = field(repr=False)
    given_names: str = field(repr=False)
    nationality: str
    born: PartialDate = field(repr=False)
    sex: Sex = field(repr=False)
    expires: date | None
    optional: str = field(default="", repr=False)
    optional_2: str = field(default="", repr=False)
