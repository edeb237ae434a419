"""The board of the day: how many cross, hour by hour, and what waits for whoever looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import outcomes, sentences
from riverloop.apps.clearance.models import Movement, Notice, Question
from riverloop.apps.clearance.movement_list import rows, waits_for
from riverloop.apps.clearance.selectors import movements, zone
from riverloop.apps.clearance.whose import concerns, coordinated, crossing_told, own_people
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.selectors import obligations_of
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.instants import date_in, start_of_day, time_zone
from riverloop.core.rules.decisions import outcome
from riverloop.core.rules.packs import REFUSED

COUNTERS = ("operator", "planner", "treasurer")  # roles that read numbers and never a row
LISTERS = ("coordinator", "gate", "holder")  # roles for whom the day is a list
MOST_COUNTED = 20_000  # movements of one day that are drawn
MOST_LISTED = 50  # rows of the day
COUNTED = 1000  # above it a number is only said to be larger
SOON = timedelta(days=7)
FIRST_HOUR, LAST_HOUR = 6, 23  # drawn on a quiet day
GROUPS = {"cleared": ("cleared",), "open": ("referred", "incomplete", "undetermined"), "refused": ("refused",)}
GROUP_WORDS = {
    "cleared": sentences.N_("Cleared"),
    "open": sentences.N_("Not settled"),
    "refused": sentences.N_("Refused"),
}
_BAR, _GAP, _HEIGHT, _TOP, _FOOT = 22, 6, 120, 16, 20  # of the drawing, in its own units


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of an hour's column, as it is drawn."""

    group: str
    x: int
    y: float
    width: int
    height: float


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day and how many cross in it, by group."""

    hour: int
    counts: dict[str, int]
    middle: int
    top: float
    bars: tuple[Bar, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def cells(self) -> list[int]:
        """Its numbers in the order of the groups."""
        return [self.counts[group] for group in GROUPS]


@dataclass(frozen=True, slots=True)
class Board:
    """The numbers of one day."""

    total: int
    by_outcome: list[tuple[str, str, int]]
    hours: list[Hour] = field(default_factory=list)
    width: int = 0
    height: int = _TOP + _HEIGHT + _FOOT
    base: int = _TOP + _HEIGHT
    crossed: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits, with where to go."""

    title: str
    count: int
    url: str
    urgent: bool = False

    @property
    def more(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > COUNTED


@never_cache
@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """Show the board of one day to whoever is signed in, as far as it is theirs."""
    user = account_of(request)
    clock = zone().side(user.owner_side).side.time_zone
    today = date_in(timezone.now(), clock)
    shown = _read_day(request.GET.get("day", ""), today)
    kinds = {role.kind for role in user.held_roles}
    found = of_day(counted(user), shown, clock)
    listed = kinds & set(LISTERS)
    context = {
        "shown": shown,
        "is_today": shown == today,
        "before": (shown - timedelta(days=1)).isoformat(),
        "after": (shown + timedelta(days=1)).isoformat(),
        "board": board(found, clock, crossing_told(user)),
        "group_titles": [(group, _(GROUP_WORDS[group])) for group in GROUPS],
        "waiting": [one for one in waiting(user) if one.count] if shown == today else [],
        "waits_for_role": shown == today and not kinds <= {*COUNTERS, "gate", "auditor"},
        "rows": rows(_listed(user, shown, clock), user) if listed else [],
        "listed": bool(listed),
        "counts_only": kinds <= set(COUNTERS),
        "most_listed": MOST_LISTED,
        "may_file": "coordinator" in kinds,
    }
    return render(request, "clearance/day.html", context)


def counted(user: User) -> QuerySet[Movement]:
    """Return the movements that an account may see the numbers of: a park's, a side's, or those it may see."""
    may = Q(pk__in=())
    for role in user.held_roles:
        if role.kind == "operator":
            may |= Q(owner_side=role.owner_side, organisation__park=role.park)
        elif role.kind in COUNTERS:
            may |= Q(owner_side=role.owner_side)
    if any(role.kind in COUNTERS for role in user.held_roles):
        return Movement.objects.filter(may)
    return movements(visible_to=user)


def of_day(found: QuerySet[Movement], shown: date, clock: str) -> QuerySet[Movement]:
    """Narrow a list to what is to cross on one day of a side, and was not withdrawn."""
    span = (start_of_day(shown, clock), start_of_day(shown + timedelta(days=1), clock))
    return found.filter(crossing_at__gte=span[0], crossing_at__lt=span[1], withdrawn_at=None)


def board(found: QuerySet[Movement], clock: str, told: Q) -> Board:
    """Count a day's movements by outcome and by hour.

    Args:
        found: those of the day.
        clock: time zone of the side.
        told: the condition that the reader is told of a crossing.
    """
    columns = ("crossing_at", "own_low", "own_high", "other_low", "other_high")
    per_hour: dict[int, Counter[str]] = {}
    by_outcome: Counter[str] = Counter()
    crossed = found.filter(told, crossed_at__isnull=False).order_by().count()
    place = time_zone(clock)
    for at, own_low, own_high, other_low, other_high in found.order_by().values_list(*columns)[:MOST_COUNTED]:
        word = outcome(
            max(own_low or 0, other_low or 0),
            max(REFUSED if own_high is None else own_high, REFUSED if other_high is None else other_high),
        )
        by_outcome[word] += 1
        per_hour.setdefault(at.astimezone(place).hour, Counter())[_group(word)] += 1
    named = [(word, sentences.outcome_word(word, _), by_outcome[word]) for word in outcomes.WORDS if by_outcome[word]]
    hours = _drawn(per_hour)
    width = len(hours) * (_BAR + _GAP) + _GAP
    return Board(sum(by_outcome.values()), named, hours, width, crossed=crossed)


def _group(word: str) -> str:
    return next(group for group, words in GROUPS.items() if word in words)


def _drawn(per_hour: dict[int, Counter[str]]) -> list[Hour]:
    if not per_hour:
        return []
    most = max(sum(counts.values()) for counts in per_hour.values())
    span = range(min(FIRST_HOUR, *per_hour), max(LAST_HOUR, *per_hour) + 1)
    return [_hour(place, hour, per_hour.get(hour, Counter()), most) for place, hour in enumerate(span)]


def _hour(place: int, hour: int, counts: Counter[str], most: int) -> Hour:
    x, y, bars = _GAP + place * (_BAR + _GAP), float(_TOP + _HEIGHT), []
    for group in GROUPS:
        height = round(_HEIGHT * counts[group] / most, 1)
        y -= height
        if height:
            bars.append(Bar(group, x, round(y, 1), _BAR, height))
    return Hour(hour, {group: counts[group] for group in GROUPS}, x + _BAR // 2, round(y - 4, 1), tuple(bars))


def _listed(user: User, shown: date, clock: str) -> list[Movement]:
    found = of_day(movements(visible_to=user), shown, clock).order_by("crossing_at", "id")
    return list(found.select_related("organisation")[:MOST_LISTED])


def _read_day(text: str, today: date) -> date:
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return today
    return asked if date(1900, 1, 2) <= asked <= date(2199, 12, 29) else today


def waiting(user: User) -> Iterator[Waiting]:
    """Yield what waits for an account, what is urgent first in each of its roles."""
    kinds = {role.kind for role in user.held_roles}
    now = timezone.now()
    if "officer" in kinds:
        yield from _for_officer(user, now)
    if kinds & {"coordinator", "holder"}:
        yield from _for_applicant(user, now, coordinates="coordinator" in kinds)


def _for_officer(user: User, now: datetime) -> Iterator[Waiting]:
    mine = {role.authority for role in user.held_roles if role.kind == "officer"}
    queue = Matter.objects.filter(owner_side=user.owner_side, authority__in=mine).exclude(state="closed")
    open_ones = queue.filter(state__in=("open", "proposed"))
    yield _waiting(_("Overdue"), open_ones.filter(due_at__lt=now), "desk:queue", "?state=overdue", urgent=True)
    yield _waiting(
        _("To be confirmed by a second officer"), _not_by(queue.filter(state="proposed"), user), "desk:queue"
    )
    yield _waiting(_("Taken by you"), queue.filter(claimed_by=user), "desk:queue")
    yield _waiting(_("Taken by nobody yet"), open_ones.filter(claimed_by=None), "desk:queue")


def _not_by(queue: QuerySet[Matter], user: User) -> QuerySet[Matter]:
    return queue.exclude(proposed_by=user)


def _for_applicant(user: User, now: datetime, *, coordinates: bool) -> Iterator[Waiting]:
    own = movements(visible_to=user).filter(withdrawn_at=None)
    place = "clearance:movements" if coordinates else "clearance:me"
    if coordinates:
        asked = Question.objects.filter(_about_own(user), answered_at=None, closed_at=None)
        yield _waiting(_("Questions to answer"), asked, place, "?waits=1", urgent=True)
    refused = Notice.objects.filter(_about_own(user), remedy_filed_at=None, remedy_until__gt=now, act="refused")
    yield _waiting(_("Refusals you may still object to"), refused, place, urgent=True)
    duties = obligations_of(user).filter(done_at=None, due_at__lt=now + SOON)
    yield _waiting(_("Duties due within seven days, or overdue"), duties, "desk:obligations", urgent=True)
    if coordinates:
        yield _waiting(_("Movements that wait for papers or answers"), own.filter(waits_for(user)), place, "?waits=1")


def _about_own(user: User) -> Q:
    """Return the condition that a question or notice is about a movement of an account's own, asked row by row."""
    organisations, people = coordinated(user), own_people(user)
    of_tenant = Movement.objects.filter(pk=OuterRef("movement"), organisation__in=organisations, withdrawn_at=None)
    own = Q(Exists(of_tenant)) if organisations else Q(pk__in=())
    if people:
        own |= concerns(people) & Q(movement__withdrawn_at=None)
    return own & Q(owner_side=user.owner_side)


def _waiting(title: str, found: QuerySet[Any], page: str, query: str = "", *, urgent: bool = False) -> Waiting:
    try:
        url = reverse(page) + query
    except NoReverseMatch:
        url = ""
    return Waiting(title, found.order_by()[: COUNTED + 1].count(), url, urgent)
