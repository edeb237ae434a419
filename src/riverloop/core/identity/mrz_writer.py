"""Writes a record of a passport or card as a machine-readable zone, strictly by ICAO Doc 9303."""

from __future__ import annotations

import re
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
from riverloop.core.identity.travel_document import PartialDate, TravelDocument
from riverloop.core.kernel.errors import IdentityError

_CODE = re.compile(r"[A-Z]{1,2}")
_STATE = re.compile(r"[A-Z]{1,3}")
_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9 ]{0,7}[A-Z0-9])?")
_LONG_NUMBER = re.compile(r"[A-Z0-9]{10,}")
_OPTIONAL = re.compile(r"(?:[A-Z0-9<]*[A-Z0-9])?")
_NAME = re.compile(r"(?:[A-Z]+(?: [A-Z]+)*)?")

_MESSAGES = {
    "mrz.write.code": "The document code is one or two capital letters; the first is P on a TD3, and A, C or "
    "I on a TD1 or TD2.",
    "mrz.write.issuer": "The issuer is one to three capital letters, such as UTO.",
    "mrz.write.nationality": "The nationality is one to three capital letters, such as UTO.",
    "mrz.write.number": "The document number has capital letters and digits, spaces only within, and nine "
    "characters at most; on a TD1 or TD2 it may be longer without spaces, as far as the optional data leave "
    "room.",
    "mrz.write.names": "Names have capital letters from A to Z and single spaces, and one of surname and "
    "given names is there. Write a hyphen as a space and leave an apostrophe out.",
    "mrz.write.length": "The names are longer than the zone has room for. Cut them as the issuer does (Doc "
    "9303 part 4, section 4.2.3).",
    "mrz.write.born": "The date of birth is not in the calendar. Give one that is, with None for an unknown part.",
    "mrz.write.sex": "The sex is M, F, or X where it is left open.",
    "mrz.write.optional": "Optional data have capital letters, digits and fillers (<), do not end in a "
    "filler, and fit their field. Shorten them, or leave them empty where the size has no such field.",
}


def write_mrz(document: TravelDocument) -> str:
    """Write a record as a zone, its lines parted by line feeds; ``read_mrz`` gives the same record back.

    Names that do not fit are refused, since how to cut them is for the issuer to choose.

    Raises:
        IdentityError: a field has characters, a length or a date that the zone cannot hold.

    Source: ICAO Doc 9303, eighth edition (2021), parts 3 to 6.
    """
    layout = LAYOUTS[document.size]
    _check_fields(document, layout)
    zone = _Zone(layout)
    zone.put(CODE_AT, document.code)
    zone.put(ISSUER_AT, document.issuer)
    zone.put(layout.nationality_at, document.nationality)
    zone.put(layout.names_at, _names(document))
    zone.put((layout.sex_place, layout.sex_place + 1), document.sex.replace("X", FILLER))
    zone.put(layout.optional_2_at, document.optional_2)
    zone.put_checked(layout.born_at, _date(document.born))
    zone.put_checked(layout.expires_at, _date(document.expires))
    zone.put_number(document.number.replace(" ", FILLER), document.optional)
    zone.put_composite()
    return "\n".join(layout.cut("".join(zone.characters)))


class _Zone:
    """A zone of fillers that fields are put into."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.characters = [FILLER] * layout.length

    def put(self, span: Span, text: str) -> None:
        start, end = span
        self.characters[start:end] = text.ljust(end - start, FILLER)

    def put_checked(self, span: Span, text: str) -> None:
        self.put(span, text)
        self.characters[span[1]] = mrz_check_digit(text)

    def put_number(self, number: str, optional: str) -> None:
        first, end = self.layout.number_at
        room = end - first
        if len(number) <= room:
            self.put_checked(self.layout.number_at, number)
        else:
            self.put(self.layout.number_at, number[:room])
            optional = f"{number[room:]}{mrz_check_digit(number)}{FILLER}{optional}"
        if self.layout.optional_checked and optional:
            self.put_checked(self.layout.optional_at, optional)
        else:
            self.put(self.layout.optional_at, optional)

    def put_composite(self) -> None:
        covered = "".join("".join(self.characters[slice(*span)]) for span in self.layout.composite)
        self.characters[self.layout.composite_place] = mrz_check_digit(covered)


def _check_fields(document: TravelDocument, layout: Layout) -> None:
    names = (document.surname, document.given_names)
    fits = {
        "mrz.write.code": _CODE.fullmatch(document.code) and document.code[0] in layout.codes,
        "mrz.write.issuer": _STATE.fullmatch(document.issuer),
        "mrz.write.nationality": _STATE.fullmatch(document.nationality),
        "mrz.write.names": any(names) and all(_NAME.fullmatch(name) for name in names),
        "mrz.write.length": len(_names(document)) <= _room(layout.names_at),
        "mrz.write.born": document.born.possible,
        "mrz.write.sex": document.sex in ("M", "F", "X"),
        "mrz.write.number": _number_fits(document.number, layout),
        "mrz.write.optional": _optional_fits(document, layout),
    }
    for code, fit in fits.items():
        if not fit:
            raise IdentityError(code, _MESSAGES[code])


def _number_fits(number: str, layout: Layout) -> bool:
    if layout.long_numbers and _LONG_NUMBER.fullmatch(number):
        return _overflow(number, layout) <= _room(layout.optional_at)
    return _NUMBER.fullmatch(number) is not None


def _optional_fits(document: TravelDocument, layout: Layout) -> bool:
    room = _room(layout.optional_at) - _overflow(document.number, layout)
    pairs = ((document.optional, room), (document.optional_2, _room(layout.optional_2_at)))
    return all(_OPTIONAL.fullmatch(text) and len(text) <= room for text, room in pairs)


def _overflow(number: str, layout: Layout) -> int:
    """Return how many characters of the optional data a long number takes, with check digit and filler."""
    over = len(number) - _room(layout.number_at)
    return over + 2 if over > 0 else 0


def _room(span: Span) -> int:
    return span[1] - span[0]


def _names(document: TravelDocument) -> str:
    names = [document.surname, document.given_names] if document.given_names else [document.surname]
    return (FILLER * 2).join(names).replace(" ", FILLER)


def _date(day: PartialDate | date | None) -> str:
    if day is None:
        return FILLER * 6
    parts = (day.year, day.month, day.day)
    return "".join(FILLER * 2 if part is None else f"{part % 100:02d}" for part in parts)
