"""The list of movements: searched and filtered by what the address says, which is never anything about a person."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from riverloop.apps.clearance import law, outcomes, sentences
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Question, Statement
from riverloop.apps.clearance.movement_words import outcome_word, shown_outcome
from riverloop.apps.clearance.selectors import matters_about, movements, rulebook, zone
from riverloop.apps.clearance.stated import APPLICANT
from riverloop.apps.clearance.whose import applied_for, concerns, coordinated, crossings_concealed, own_people
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.selectors import list_purpose_of, people_listed
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.instants import start_of_day
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.packs import CLEARED, INCOMPLETE

A_PAGE = 25  # rows
COUNTED = 1000  # above it a list is only said to be longer
MOST_EXPORTED = 10_000  # rows of a file
MOST_STAFF = 20  # names that a search finds
_REF_LETTERS = 26
_NUMBER = re.compile(r"[0-9A-Za-z]{5}-?[0-9A-Za-z]{0,21}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list was narrowed to."""

    q: str = ""
    flow: str = ""
    direction: str = ""
    outcome: str = ""
    first: str = ""
    last: str = ""
    person: str = ""
    waits: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Wanted:
        return cls(**{name: asked.get(name, "").strip()[:80] for name in cls.__slots__})

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return any(getattr(self, name) for name in self.__slots__)


@dataclass(slots=True)
class Row:
    """A movement in a list."""

    movement: Movement
    symbol: str
    word: str
    flow: str
    direction: str
    control_point: str
    about: str
    reference: str
    items: int
    asked: bool


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """Show a page of the movements that an account may see, the latest crossing first.

    A name is looked for by a posted form, so that no address ever holds one.
    """
    user = account_of(request)
    staff: list[Person] | None = None
    if request.method == "POST":
        staff = _found_staff(user, request.POST.get("name", ""))
        if len(staff) == 1:
            return redirect(f"{reverse('clearance:movements')}?person={staff[0].id}")
    wanted = Wanted.read(request.GET)
    found = filtered(movements(visible_to=user), wanted, user)
    page, following = _page(found, request.GET.get("after", ""))
    kinds = {role.kind for role in user.held_roles}
    context = {
        "rows": rows(page, user),
        "following": following,
        "is_first": not request.GET.get("after"),
        "count": _count(found, page, following, request),
        "counted": COUNTED,
        "wanted": wanted,
        "choices": _choices(),
        "staff": staff,
        "person": _person(user, wanted.person),
        "may_file": "coordinator" in kinds,
        "may_wait": bool(kinds & {"coordinator", "officer"}),
        "kept_query": _query(request),
    }
    return render(request, "clearance/movements.html", context)


@never_cache
@require_safe
def exported(request: HttpRequest) -> StreamingHttpResponse:
    """Give the same list as CSV, without anyone's name."""
    user, wanted = account_of(request), Wanted.read(request.GET)
    _person(user, wanted.person)
    found = filtered(movements(visible_to=user), wanted, user)[:MOST_EXPORTED]
    response = StreamingHttpResponse(_csv(found, user), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="movements.csv"'
    return response


def filtered(found: QuerySet[Movement], wanted: Wanted, user: User) -> QuerySet[Movement]:
    """Narrow a list to what was asked for; what makes no sense narrows nothing."""
    if wanted.q:
        found = found.filter(_matches(wanted.q, user))
    if wanted.flow in FLOWS:
        found = found.filter(flow=wanted.flow)
    if wanted.direction in zone().boundary.directions:
        found = found.filter(direction=wanted.direction)
    if wanted.outcome in outcomes.WORDS:
        found = found.filter(outcomes.outcome_filter(wanted.outcome))
    if wanted.person:
        may = people_listed(visible_to=user).filter(pk=wanted.person).values("pk")
        found = found.filter(Exists(Item.objects.filter(movement=OuterRef("pk"), person__in=may)))
    if wanted.waits:
        found = found.filter(waits_for(user))
    return found.filter(_between(wanted, user))


def waits_for(user: User) -> Q:
    """Return the condition that a movement waits for whoever is signed in."""
    conditions = Q(pk__in=())
    authorities = {role.authority for role in user.held_roles if role.kind == "officer"}
    if any(role.kind == "coordinator" for role in user.held_roles):
        asked = Question.objects.filter(movement=OuterRef("pk"), answered_at=None, closed_at=None)
        papers = Q(own_low=INCOMPLETE) | Q(other_low=INCOMPLETE)
        open_answers = Q(own_low=CLEARED, own_high__gt=CLEARED) | Q(other_low=CLEARED, other_high__gt=CLEARED)
        conditions |= Exists(asked) | papers | open_answers
    if authorities:
        conditions |= Q(Exists(matters_about(user.owner_side, authorities).filter(state="open")))
    return conditions & Q(withdrawn_at=None, crossed_at=None)


def _matches(text: str, user: User) -> Q:
    """Return the condition that a movement has this number, or this in the reference of whoever reads it."""
    condition = Q(reference__icontains=text) & applied_for(user)
    if _NUMBER.fullmatch(text):
        first = text.replace("-", "").upper()[:_REF_LETTERS]
        last = first.ljust(_REF_LETTERS, "Z")
        named = Movement.objects.filter(owner_side=user.owner_side, ref__gte=first, ref__lte=last)
        condition |= Q(pk__in=named.values("pk"))  # asked once and apart, so that the index of the list suffices
    return condition


def _between(wanted: Wanted, user: User) -> Q:
    clock = zone().side(user.owner_side).side.time_zone
    condition = Q()
    if first := _day(wanted.first):
        condition &= Q(crossing_at__gte=start_of_day(first, clock))
    if last := _day(wanted.last):
        condition &= Q(crossing_at__lt=start_of_day(last + timedelta(days=1), clock))
    return condition


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(1900, 1, 1) <= day <= date(2199, 12, 30) else None


def _page(found: QuerySet[Movement], after: str) -> tuple[list[Movement], str]:
    """Return a page and the mark at which the next one begins, or nothing."""
    ordered = found.order_by("-crossing_at", "id")
    place = _read_mark(after)
    if place:
        at, last = place
        ordered = ordered.filter(Q(crossing_at__lt=at) | Q(crossing_at=at, id__gt=last))
    page = list(ordered.select_related("organisation")[: A_PAGE + 1])
    if len(page) <= A_PAGE:
        return page, ""
    return page[:A_PAGE], _mark(page[A_PAGE - 1])


def _count(found: QuerySet[Movement], page: list[Movement], following: str, request: HttpRequest) -> int:
    """Return how many there are, or one more than is counted."""
    whole = not following and not request.GET.get("after")
    return len(page) if whole else found.order_by()[: COUNTED + 1].count()


def _mark(movement: Movement) -> str:
    return f"{movement.crossing_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}~{movement.id}"


def _read_mark(text: str) -> tuple[datetime, str] | None:
    at, separator, last = text.partition("~")
    try:
        return (datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), last[:26]) if separator else None
    except ValueError:
        return None


def rows(page: Iterable[Movement], user: User) -> list[Row]:
    """Return movements as rows, having recorded whose names they show."""
    page = crossings_concealed(user, page)
    language, here = active_language(), zone()
    counts = dict(Item.objects.filter(movement__in=page).values_list("movement").annotate(number=Count("pk")))
    about = _names(page, user) | _kinds(page, user)
    open_questions = Question.objects.filter(movement__in=page, answered_at=None, closed_at=None)
    if people := own_people(user):  # whoever crosses with others is told what is asked about them
        theirs = Q(movement__organisation__in=coordinated(user)) | concerns(people)
        open_questions = open_questions.filter(theirs | ~Q(movement__items__person__in=people))
    asked = set(open_questions.values_list("movement_id", flat=True))
    applied = ids_applied_for(page, user)
    found = []
    for movement in page:
        outcome = outcomes.outcome_of(movement)
        point = here.control_point(movement.control_point).title if movement.control_point else None
        found.append(
            Row(
                movement,
                shown_outcome(movement, outcome),
                outcome_word(movement, outcome, _),
                _(sentences.FLOW_WORDS[movement.flow]),
                sentences.direction_text(movement.direction, here, language, _),
                sentences.own(point, language) if point else "",
                about.get(movement.id, ""),
                movement.reference if movement.id in applied else "",
                counts.get(movement.id, 0),
                movement.id in asked and movement.withdrawn_at is None,
            )
        )
    return found


def ids_applied_for(page: Sequence[Movement], user: User) -> set[str]:
    """Return the ids of those movements that an account filed, or crosses in."""
    filed, people = coordinated(user), own_people(user)
    own = {one.id for one in page if one.organisation_id in filed}
    if people:
        own |= set(Item.objects.filter(movement__in=page, person__in=people).values_list("movement", flat=True))
    return own


def _names(page: list[Movement], user: User) -> dict[str, str]:
    """Return whom each movement is about, where a coordinator looks at their own staff; that they look is recorded."""
    own = {role.organisation_id for role in user.held_roles if role.kind == "coordinator"}
    items = (
        Item.objects.filter(movement__in=[one for one in page if one.organisation_id in own], person__isnull=False)
        .select_related("person")
        .order_by("movement", "place")
    )
    named: dict[str, list[Person]] = {}
    for item in items:
        if item.person is not None:
            named.setdefault(item.movement_id, []).append(item.person)
    _looked(user, list({person.id: person for people in named.values() for person in people}.values()))
    return {movement: _few(people) for movement, people in named.items()}


def _kinds(page: list[Movement], user: User) -> dict[str, str]:
    """Return what each consignment or data set is, by its first answered choice, to whoever filed it."""
    own = {role.organisation_id for role in user.held_roles if role.kind == "coordinator"}
    things = {one.id: one for one in page if one.organisation_id in own and one.flow != "person"}
    stated = Statement.objects.filter(item__movement__in=things, item__place=0, asserted_as=APPLICANT)
    facts: dict[str, dict[str, Any]] = {}
    for movement, said in stated.order_by("number").values_list("item__movement", "facts"):
        facts.setdefault(movement, {}).update(said)
    return {movement: _kind(things[movement].flow, held) for movement, held in facts.items()}


def _kind(flow: str, facts: Mapping[str, Any]) -> str:
    for fact in rulebook().packs.dictionary.of_flow(flow):
        if fact.kind == "choice" and facts.get(fact.name):
            return law.said(fact.name, facts[fact.name])
    return ""


def _few(people: list[Person]) -> str:
    if len(people) <= _FEW:
        return ", ".join(person.shown_name for person in people)
    return _("{name} and {count} more").format(name=people[0].shown_name, count=len(people) - 1)


_FEW = 3


def _found_staff(user: User, text: str) -> list[Person]:
    """Return the own staff with this in their names, having recorded that they are shown."""
    wanted = " ".join(text.split())[:80]
    if not wanted or not any(role.kind == "coordinator" for role in user.held_roles):
        return []
    matches = Q(name__icontains=wanted) | Q(name_latin__icontains=wanted)
    return _looked(user, list(people_listed(visible_to=user).filter(matches)[:MOST_STAFF]))


def _person(user: User, person_id: str) -> Person | None:
    """Return the one of those whom an account may browse whose movements are listed, having recorded the view."""
    found = people_listed(visible_to=user).filter(pk=person_id).first() if person_id else None
    purpose = list_purpose_of(user, found) if found else ""
    if found and purpose:
        view_record(viewer=user, subjects=[found], purpose=purpose, page="clearance:movements")
    return found


def _looked(user: User, people: list[Person]) -> list[Person]:
    if people:
        view_record(viewer=user, subjects=people, purpose="own_staff", page="clearance:movements")
    return people


def _choices() -> dict[str, list[tuple[str, str]]]:
    language, here = active_language(), zone()
    return {
        "flow": [(flow, _(sentences.FLOW_PLURALS[flow])) for flow in FLOWS],
        "direction": [(one, sentences.direction_text(one, here, language, _)) for one in here.boundary.directions],
        "outcome": [(word, sentences.outcome_word(word, _)) for word in outcomes.WORDS],
    }


def _query(request: HttpRequest) -> str:
    """Return the filters as an address carries them, without the place in the list."""
    kept = request.GET.copy()
    kept.pop("after", None)
    return kept.urlencode()


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(found: QuerySet[Movement], user: User) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}"  # so that spreadsheets read it as UTF-8
    head = ("number", "reference", "flow", "direction", "crossing_at", "control_point", "outcome")
    yield writer.writerow([*head, "declared_at", "crossed_at", "withdrawn_at", "written_at"])
    now = timezone.now().isoformat(timespec="seconds")
    rest = found.iterator(chunk_size=1000)
    while chunk := crossings_concealed(user, islice(rest, 1000)):
        own = ids_applied_for(chunk, user)
        for movement in chunk:
            yield writer.writerow([*map(_harmless, _cells(movement, applicant=movement.id in own)), now])


def _cells(movement: Movement, *, applicant: bool) -> list[str]:
    instants = (movement.declared_at, movement.crossed_at, movement.withdrawn_at)
    return [
        *(movement.number, movement.reference if applicant else "", movement.flow, movement.direction),
        movement.crossing_at.isoformat(timespec="seconds"),
        *(movement.control_point, outcomes.outcome_of(movement)),
        *(at.isoformat(timespec="seconds") if at else "" for at in instants),
    ]


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
