"""Reads of notices. Every list begins at ``visible_to(user)``; who holds no role sees nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from riverloop.apps.nodes.links import link_of
from riverloop.apps.nodes.models import Link
from riverloop.apps.notices.models import Delivery, Gap, Message, Webhook
from riverloop.apps.parties.models import Organisation, Role, User


def _held(user: Any, kind: str) -> list[Role]:
    if not isinstance(user, User) or not user.is_active:
        return []
    return [role for role in user.held_roles if role.kind == kind]


def messages(*, visible_to: Any) -> QuerySet[Message]:
    """Return the messages an account may see, its side's copies, newest first: an auditor's alone."""
    sides = {role.owner_side for role in _held(visible_to, "auditor")}
    return Message.objects.filter(owner_side__in=sides).order_by("-sent_at", "-id")


def gaps(*, visible_to: Any) -> QuerySet[Gap]:
    """Return the messages that were left out, or are to be, at the side that an account audits, the latest first."""
    sides = {role.owner_side for role in _held(visible_to, "auditor")}
    return Gap.objects.filter(owner_side__in=sides).order_by("-found_at", "-id")


def webhooks(*, visible_to: Any) -> QuerySet[Webhook]:
    """Return the webhooks of the organisations that an account coordinates, newest first."""
    own = {role.organisation_id for role in _held(visible_to, "coordinator")}
    return Webhook.objects.filter(organisation__in=own).select_related("organisation").order_by("-made_at", "id")


def deliveries(*, visible_to: Any) -> QuerySet[Delivery]:
    """Return the calls of the webhooks that an account may see, newest first."""
    own = {role.organisation_id for role in _held(visible_to, "coordinator")}
    found = Delivery.objects.filter(webhook__organisation__in=own).select_related("webhook")
    return found.order_by("-created_at", "-id")


def coordinated(user: Any) -> list[Organisation]:
    """Return the organisations that an account coordinates."""
    return [role.organisation for role in _held(user, "coordinator") if role.organisation is not None]


@dataclass(frozen=True, slots=True)
class LinkShown:
    """How the link to the other side's node stands, as pages tell it.

    Args:
        link: as it was seen last; None if that node was never called.
        waiting: messages that wait to go there.
    """

    link: Link | None
    waiting: int


def link_shown(side: str) -> LinkShown:
    """Return how the link from the one side that lives here stands."""
    waiting = Message.objects.filter(owner_side=side, from_side=side, state="queued")
    return LinkShown(link_of(side), waiting.count())


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a long list, and where the next begin.

    Args:
        rows: the rows.
        after: id of the last one if more follow, or empty.
    """

    rows: list[Message]
    after: str


def messages_part(found: QuerySet[Message], *, after: str, most: int) -> Part:
    """Return the messages that follow the one with this id; the first ones if it is not among them."""
    last = found.filter(pk=after).values_list("sent_at", "pk").first() if after else None
    if last is not None:
        at: datetime = last[0]
        found = found.filter(Q(sent_at__lt=at) | Q(sent_at=at, pk__lt=last[1]))
    rows = list(found[: most + 1])
    return Part(rows[:most], rows[most - 1].pk if len(rows) > most else "")
