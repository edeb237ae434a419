"""What a holder may ask about what is kept of them: that it is corrected, or that it is kept no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext

from riverloop.apps.desk import kinds
from riverloop.apps.desk.kinds import Act, Kind
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.reminders import request_told
from riverloop.apps.desk.services import NewMatter, matter_answered, matter_withdraw, matters_open
from riverloop.apps.desk.steps import said
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import Person, User
from riverloop.apps.parties.selectors import own_person_ids
from riverloop.apps.parties.words import N_
from riverloop.core.kernel.errors import InputError

KIND = "request"
MOST_OPEN = 5  # requests of one person at a time: more would only lie in one queue together

TOPIC_WORDS = {
    "correction": N_("Correction"),
    "withdrawal": N_("Withdrawal of agreement"),
}
TITLE_WORDS = {
    "correction": N_("A person asks for a correction of what is kept about them"),
    "withdrawal": N_("A person withdraws their agreement to what is kept about them"),
}
ANSWER_WORDS = {
    "grant": N_("Done as asked"),
    "grant_partly": N_("Done in part"),
    "decline": N_("Not done"),
    "withdrawn": N_("Taken back by you"),
}


def authority_for_requests(side: str) -> str:
    """Return the authority of a side that holders turn to: the one for privacy, else the one for data."""
    authorities = zone().side(side).side.authorities
    for role in ("privacy", "data"):
        for authority in authorities:
            if role in authority.roles:
                return authority.id
    return authorities[0].id


@transaction.atomic
def request_make(*, by: User, person: Person, topic: str, text: str) -> Matter:
    """Ask for a correction or withdraw one's agreement; the authority answers by a day.

    Raises:
        InputError: no such request, nothing said, or too many are open.
        PermissionDenied: ``by`` does not stand for the person.
    """
    _check_own(by, person.id)
    if topic not in TOPIC_WORDS:
        raise InputError("desk.topic", N_("Choose what you ask for."))
    if Matter.objects.filter(kind=KIND, person=person, closed_at=None).count() >= MOST_OPEN:
        raise InputError(
            "desk.many_requests", N_("{most} of your requests are open. Wait for an answer first."), most=MOST_OPEN
        )
    new = NewMatter(
        authority=authority_for_requests(person.owner_side),
        kind=KIND,
        subject=person.id,
        topic=topic,
        person=person,
        organisation=person.organisation,
        text=said(text, needed=True),
    )
    return matters_open(side=person.owner_side, new=[new])[0]


@transaction.atomic
def request_answer(*, by: User, matter: Matter, text: str) -> Matter:
    """Answer what the authority asked about one's request."""
    _check_own(by, matter.person_id)
    return matter_answered(matter=matter, text=said(text, needed=True), by=by)


@transaction.atomic
def request_withdraw(*, by: User, matter: Matter) -> Matter:
    """Take a request back."""
    _check_own(by, matter.person_id)
    return matter_withdraw(matter=matter, by=by)


def _check_own(by: User, person: str | None) -> None:
    if person is None or person not in own_person_ids(by):
        raise PermissionDenied


def _describe(matters: list[Matter], user: User) -> dict[str, str]:
    del user
    return {matter.id: gettext(TITLE_WORDS.get(matter.topic, TITLE_WORDS["correction"])) for matter in matters}


def _asked(matter: Matter, by: User, text: str, facts: list[str], due_at: datetime) -> None:
    """Tell the holder; the question itself stands in the step, where they read it."""
    del by, text, facts, due_at
    request_told(matter)


def _decided(matters: list[Matter], by: User) -> None:
    del by
    for matter in matters:
        request_told(matter)


def _panel(matter: Matter, user: User) -> tuple[str, dict[str, Any]]:
    del user
    return "desk/request_panel.html", {"topic": gettext(TOPIC_WORDS.get(matter.topic, ""))}


kinds.register(
    Kind(
        KIND,
        N_("A holder's request"),
        {
            "grant": Act(ANSWER_WORDS["grant"]),
            "grant_partly": Act(ANSWER_WORDS["grant_partly"]),
            "decline": Act(ANSWER_WORDS["decline"]),
        },
        _describe,
        panel=_panel,
        on_asked=_asked,
        on_decided=_decided,
    )
)
