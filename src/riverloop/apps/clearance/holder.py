"""A holder's own page: what crosses, why, what one may do about it, how many days are left, and who looked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from riverloop.apps.clearance import outcomes, sentences
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.models import Item, Movement, Notice, SideDecision
from riverloop.apps.clearance.movement_list import rows
from riverloop.apps.clearance.movement_pages import newest_of_all, stored_of, together_text
from riverloop.apps.clearance.movement_parts import head, notice_view, obligation_view
from riverloop.apps.clearance.movement_words import shown_outcome
from riverloop.apps.clearance.selectors import movements, rulebook, zone
from riverloop.apps.clearance.stored import Reading
from riverloop.apps.clearance.whose import concerns
from riverloop.apps.desk.selectors import obligations_of
from riverloop.apps.documents.selectors import permits
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.selectors import own_person_ids, role_text, view_records
from riverloop.apps.parties.views import account_of
from riverloop.apps.parties.words import PURPOSE_WORDS
from riverloop.core.kernel.instants import date_in
from riverloop.core.kernel.sides import origin

COMING, PAST, LOOKS, PERMITS, DUTIES = 10, 20, 5, 20, 20  # how many of each are shown
LATE = timedelta(days=1)  # a crossing not yet recorded still counts as coming


@never_cache
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Show a holder what is theirs."""
    user = account_of(request)
    people = list(Person.objects.filter(pk__in=own_person_ids(user)).select_related("organisation"))
    own = movements(visible_to=user).filter(pk__in=Item.objects.filter(person__in=people).values("movement"))
    still = Q(crossed_at=None, withdrawn_at=None, crossing_at__gte=timezone.now() - LATE)
    coming = list(own.filter(still).select_related("organisation").order_by("crossing_at", "id")[:COMING])
    past = list(own.exclude(still).order_by("-crossing_at", "id")[:PAST])
    newest, readings = newest_of_all(coming), _readings(coming, people)
    context = {
        "people": people,
        "coming": [_card(movement, newest[movement.id], readings[movement.id]) for movement in coming],
        "past": rows(past, user),
        "notices": _notices([*coming, *past], people),
        "duties": [obligation_view(one) for one in _duties(user)],
        "permits": _permits(user, people),
        "looks": _looks(user),
        "requests_url": _url("desk:requests"),
    }
    return render(request, "clearance/me.html", context)


def _readings(coming: list[Movement], people: list[Person]) -> dict[str, Reading]:
    """Return as whom people read each of their movements: of one in which others are, their own items alone."""
    own = {person.id for person in people}
    items: dict[str, dict[int, bool]] = {}
    for movement, place, person in Item.objects.filter(movement__in=coming).values_list("movement", "place", "person"):
        items.setdefault(movement, {})[place] = person in own
    return {
        movement: Reading("applicant", items=None if all(places.values()) else frozenset(filter(places.get, places)))
        for movement, places in items.items()
    }


def _card(movement: Movement, newest: Mapping[str, SideDecision], reading: Reading) -> dict[str, Any]:
    stored = stored_of(movement, newest, reading)
    steps = [step for column in stored.columns for step in column.view.next_steps]
    papers = [paper for column in stored.columns for paper in column.view.papers]
    outcome = outcomes.outcome_of(movement)
    missing = {label for column in stored.columns for label in column.view.missing}
    return {
        **head(movement),
        "missing": len(missing),
        "sentence": stored.explained.sentence,
        "valid_until": stored.explained.valid_until,
        "together": together_text(movement, outcome, reading),
        "symbol": shown_outcome(movement, outcome),
        "steps": list(dict.fromkeys(steps)),
        "papers": list(dict.fromkeys(one.label for one in papers if not (one.held or one.unsettled))),
        "left": _days_text(movement),
    }


def _days_text(movement: Movement) -> str:
    """Return how far off a crossing is, in days of the calendar at the side that it leaves."""
    clock = zone().boundary.side(origin(movement.direction)).time_zone
    days = (date_in(movement.crossing_at, clock) - date_in(timezone.now(), clock)).days
    if movement.crossing_at < timezone.now():
        return _("past")
    if days == 0:
        return _("today")
    return ngettext("in {count} day", "in {count} days", days).format(count=days)


def _notices(own: list[Movement], people: list[Person]) -> list[dict[str, Any]]:
    concerned = concerns([person.id for person in people])
    told = Notice.objects.filter(concerned, movement__in=own).select_related("movement").order_by("-at", "id")
    return [notice_view(notice, applicant=True) for notice in told[:PAST]]


def _duties(user: User) -> Any:
    return obligations_of(user).filter(done_at=None).order_by("due_at", "id")[:DUTIES]


def _permits(user: User, people: list[Person]) -> list[dict[str, Any]]:
    """Return the papers that name the holder, those that end first at the head, with the days left."""
    today = date_in(timezone.now(), zone().side(user.owner_side).side.time_zone)
    documents, language = rulebook().packs.dictionary.documents, active_language()
    held = permits(visible_to=user).filter(person__in=people).exclude(state__in=["rejected", "ended"])
    found = []
    for permit in held.order_by("expires_on", "id")[:PERMITS]:
        days = (permit.expires_on - today).days if permit.expires_on else None
        label = sentences.own(documents[permit.document].label, language) if permit.document in documents else ""
        found.append({"label": label, "expires_on": permit.expires_on, "left": _left(days), "over": _is_over(days)})
    return found


def _is_over(days: int | None) -> bool:
    return days is not None and days < 0


def _left(days: int | None) -> str:
    if days is None:
        return _("does not expire")
    if days < 0:
        return _("has expired")
    if days == 0:
        return _("today is its last day")
    return ngettext("{count} day left", "{count} days left", days).format(count=days)


def _looks(user: User) -> list[dict[str, Any]]:
    return [
        {"at": view.at, "who": role_text(view.role, _), "purpose": _(PURPOSE_WORDS[view.purpose])}
        for view in view_records(visible_to=user).filter(subject__in=own_person_ids(user))[:LOOKS]
    ]


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
