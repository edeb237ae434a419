"""Whom a row names: somebody of the organisation, by name or document number. What was written is never kept."""

from __future__ import annotations

from collections.abc import Iterable

from riverloop.apps.clearance.importing.checking import Row
from riverloop.apps.clearance.importing.columns import PERSON
from riverloop.apps.clearance.sentences import N_
from riverloop.apps.nodes import keys
from riverloop.apps.parties.models import IdentityNumber, Organisation, Person
from riverloop.apps.parties.numbers import readings
from riverloop.core.kernel.errors import InputError

_CHUNK = 500


def people_named(organisation: Organisation, rows: Iterable[Row]) -> dict[int, Person]:
    """Return the person of each row by its number, and note whom nobody or more than one is."""
    listed = list(rows)
    by_name = _by_name(organisation)
    unknown = {_plain(row.person) for row in listed if row.person} - by_name.keys()
    by_number = _by_number(organisation, unknown)
    found: dict[int, Person] = {}
    for row in listed:
        people = by_name.get(_plain(row.person)) or by_number.get(_plain(row.person)) or []
        if len(people) == 1:
            found[row.number] = people[0]
        else:
            row.wrong(PERSON, _mistake(row.person, len(people)))
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _by_name(organisation: Organisation) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for person in Person.objects.filter(organisation=organisation, left_at=None):
        for name in {_plain(person.name), _plain(person.name_latin), _plain(person.id)} - {""}:
            found.setdefault(name, []).append(person)
    return found


def _by_number(organisation: Organisation, texts: Iterable[str]) -> dict[str, list[Person]]:
    side = organisation.owner_side
    wanted = {keys.finding_index(side, kind, number): text for text in texts for kind, number in readings(text.upper())}
    found: dict[str, list[Person]] = {}
    indexes = list(wanted)
    for start in range(0, len(indexes), _CHUNK):
        numbers = IdentityNumber.objects.filter(
            owner_side=side,
            person__organisation=organisation,
            person__left_at=None,
            finding_index__in=indexes[start : start + _CHUNK],
        ).select_related("person")
        for number in numbers:
            people = found.setdefault(wanted[bytes(number.finding_index)], [])
            if number.person not in people:
                people.append(number.person)
    return found


def _mistake(text: str, count: int) -> InputError:
    if not text:
        return InputError("import.person_lacks", N_("Nobody is named. Write the person's name or document number."))
    if count:
        return InputError(
            "import.person_several", N_("Several people have this name. Write the document number instead.")
        )
    return InputError(
        "import.person_unknown",
        N_("Nobody of your organisation has this name or number here. Check it, or add the person first."),
    )
