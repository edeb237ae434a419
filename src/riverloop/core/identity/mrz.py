"""Reads the machine-readable zone of a passport or card into a record.

States differ in practice, so this reads generously; ``mrz_writer`` writes strictly by ICAO Doc 9303.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from riverloop.core.identity.mrz_layout import (
    CODE_AT,
    FILLER,
    ISSUER_AT,
    LAYOUTS,
    Layout,
    Span,
    mrz_check_digit,
)
from riverloop.core.identity.notation import SPACES, fold
from riverloop.core.identity.travel_document import PartialDate, Sex, TravelDocument
from riverloop.core.kernel.errors import IdentityError

_SEXES: dict[str, Sex] = {"M": "M", "F": "F", FILLER: "X"}
_LONGEST = 400  # characters; three lines with generous spacing
_YEARS_AHEAD = 50  # an expiry is read as a year from 49 before the day of reading to 50 after it
_PERMIT_LENGTHS = (30, 90)

_PERMIT = re.compile(r"C.[A-Z]{0,2}[0-9]")  # its number stands where a TD1 has the issuer
_CODE = re.compile(r"[A-Z][A-Z<]")
_STATE = re.compile(r"[A-Z]{3}|[A-Z]{2}<|[A-Z]<<")
_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9<]*[A-Z0-9])?<*")
_LONG_NUMBER = re.compile(r"[A-Z0-9]{10,}")
_NAMES = re.compile(r"[A-Z<]*[A-Z][A-Z<]*")
_DATE = re.compile(r"(?:[0-9]{2}|<<){3}")

_MESSAGES = {
    "mrz.check": "Characters {first} to {last} of line {line} do not agree with the check digit after them. "
    "Compare them with the document: 0 and O, 1 and I look alike.",
    "mrz.composite": "The zone does not agree with its last check digit, character {first} of line {line}. "
    "Read the document again.",
    "mrz.visa": "Characters {first} and {last} of line {line} say that this is a visa. Read the passport instead.",
    "mrz.code": "Characters {first} and {last} of line {line} are no code of a passport (P) or a card (A, "
    "C, I) of this size. Read the document again.",
    "mrz.state": "Characters {first} to {last} of line {line} are no code of a state or organisation: that "
    "has one to three letters. Read the document again.",
    "mrz.number": "Characters {first} to {last} of line {line} are no document number: that begins with a "
    "letter or digit. Read the document again.",
    "mrz.long_number": "Characters {first} to {last} of line {line} and the optional data are no document "
    "number with a check digit, though the filler after them says so. Read the document again.",
    "mrz.names": "Characters {first} to {last} of line {line} are no names: those have letters and fillers "
    "(<). Read the document again.",
    "mrz.sex": "Character {first} of line {line} is neither M nor F nor a filler (<). Read the document again.",
    "mrz.born": "Characters {first} to {last} of line {line} are no date of birth: year, month and day of "
    "two digits each, or fillers (<) for an unknown part. Read the document again.",
    "mrz.expires": "Characters {first} to {last} of line {line} are no date of expiry: year, month and day "
    "of two digits each, or six fillers (<). Read the document again.",
}


def read_mrz(text: object, *, on: date, where: str = "") -> TravelDocument:
    """Read a machine-readable zone, and check all its check digits.

    Args:
        text: two or three lines, or all in one; spaces, case and width are forgiven.
        on: the day it is read, which settles the century: a birth is the latest one not after it, an expiry
            lies within 50 years of it.
        where: file and line, or path in the input, for messages.

    Raises:
        IdentityError: not a TD1, TD2 or TD3, a wrong check digit, or a field with what it may not have.

    Source: ICAO Doc 9303, eighth edition (2021), parts 3 to 6.
    """
    zone = fold(text, where=where, drop=SPACES, keep=FILLER, longest=_LONGEST)
    return _Reader(zone, _layout(zone, where), on, where).document()


def _layout(zone: str, where: str) -> Layout:
    if len(zone) in _PERMIT_LENGTHS and _PERMIT.match(zone):
        raise IdentityError(
            "mrz.permit",
            "This is the zone of a mainland travel permit, which has a form of its own. Type the permit's number.",
            where=where,
        )
    for layout in LAYOUTS.values():
        if len(zone) == layout.length:
            return layout
    raise IdentityError(
        "mrz.length",
        "The zone has {length} characters; a TD1 has 3 lines of 30, a TD2 2 of 36, a TD3 2 of 44. Give each "
        "line whole, with its fillers (<).",
        where=where,
        length=len(zone),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    zone: str = field(repr=False)
    layout: Layout
    on: date
    where: str

    def document(self) -> TravelDocument:
        layout = self.layout
        code = self._code()
        number, optional = self._number()
        self._check(layout.born_at)
        self._check(layout.expires_at)
        self._check_optional()
        self._check_composite()
        surname, given_names = self._names()
        return TravelDocument(
            size=layout.size,
            code=code,
            issuer=self._state(ISSUER_AT),
            number=number,
            surname=surname,
            given_names=given_names,
            nationality=self._state(layout.nationality_at),
            born=self._born(),
            sex=self._sex(),
            expires=self._expires(),
            optional=optional,
            optional_2=self._at(layout.optional_2_at).rstrip(FILLER),
        )

    def _at(self, span: Span) -> str:
        return self.zone[slice(*span)]

    def _error(self, code: str, span: Span) -> IdentityError:
        return IdentityError(code, _MESSAGES[code], where=self.where, **self.layout.place(span))

    def _check(self, span: Span) -> None:
        if mrz_check_digit(self._at(span)) != self.zone[span[1]]:
            raise self._error("mrz.check", span)

    def _check_optional(self) -> None:
        if not self.layout.optional_checked:
            return
        start, end = self.layout.optional_at
        # Without optional data, the issuer chooses between 0 and a filler for their check digit.
        if self.zone[start : end + 1].strip(FILLER):
            self._check((start, end))

    def _check_composite(self) -> None:
        covered = "".join(self._at(span) for span in self.layout.composite)
        place = self.layout.composite_place
        if mrz_check_digit(covered) != self.zone[place]:
            raise self._error("mrz.composite", (place, place + 1))

    def _code(self) -> str:
        code = self._at(CODE_AT)
        if code[0] == "V":
            raise self._error("mrz.visa", CODE_AT)
        if code[0] not in self.layout.codes or not _CODE.fullmatch(code):
            raise self._error("mrz.code", CODE_AT)
        return code.rstrip(FILLER)

    def _state(self, span: Span) -> str:
        state = self._at(span)
        if not _STATE.fullmatch(state):
            raise self._error("mrz.state", span)
        return state.rstrip(FILLER)

    def _number(self) -> tuple[str, str]:
        """Return the number and the optional data, in which a number past nine characters goes on."""
        span = self.layout.number_at
        number, optional = self._at(span), self._at(self.layout.optional_at)
        if self.layout.long_numbers and self.zone[span[1]] == FILLER:
            return self._long_number(number, optional)
        self._check(span)
        if not _NUMBER.fullmatch(number):
            raise self._error("mrz.number", span)
        return number.rstrip(FILLER).replace(FILLER, " "), optional.rstrip(FILLER)

    def _long_number(self, first: str, optional: str) -> tuple[str, str]:
        rest, _, optional = optional.partition(FILLER)
        number, digit = first + rest[:-1], rest[-1:]
        if not _LONG_NUMBER.fullmatch(number) or mrz_check_digit(number) != digit:
            raise self._error("mrz.long_number", self.layout.number_at)
        return number, optional.rstrip(FILLER)

    def _names(self) -> tuple[str, str]:
        span = self.layout.names_at
        names = self._at(span)
        if not _NAMES.fullmatch(names):
            raise self._error("mrz.names", span)
        # Doc 9303 has two fillers once, after the primary identifier. Some states put them before an only
        # name as well, or between given names; those read as an empty surname and as one space.
        surname, _, given_names = names.partition(FILLER * 2)
        return _spaced(surname), _spaced(given_names)

    def _sex(self) -> Sex:
        place = self.layout.sex_place
        if self.zone[place] not in _SEXES:
            raise self._error("mrz.sex", (place, place + 1))
        return _SEXES[self.zone[place]]

    def _born(self) -> PartialDate:
        span = self.layout.born_at
        if _DATE.fullmatch(self._at(span)):
            year, month, day = _parts(self._at(span))
            born = PartialDate(self._birth_year(year, month, day), month, day)
            if born.possible:
                return born
        raise self._error("mrz.born", span)

    def _birth_year(self, year: int | None, month: int | None, day: int | None) -> int | None:
        if year is None:
            return None
        latest = self.on.year - self.on.year % 100 + year
        after = (latest, month or 1, day or 1) > (self.on.year, self.on.month, self.on.day)
        return latest - 100 if after else latest

    def _expires(self) -> date | None:
        span = self.layout.expires_at
        written = self._at(span)
        if not written.strip(FILLER):
            return None  # some identity cards never expire
        if written.isdigit():
            year, month, day = (int(written[place : place + 2]) for place in (0, 2, 4))
            earliest = self.on.year + _YEARS_AHEAD - 99
            expires = PartialDate(earliest + (year - earliest) % 100, month, day).exact
            if expires:
                return expires
        raise self._error("mrz.expires", span)


def _spaced(names: str) -> str:
    return " ".join(part for part in names.split(FILLER) if part)


def _parts(written: str) -> list[int | None]:
    return [int(pair) if pair.isdigit() else None for pair in (written[:2], written[2:4], written[4:])]
