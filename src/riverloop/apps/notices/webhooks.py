"""Webhooks: a tenant's own system is told what happened, signed as Standard Webhooks has it.

Source: https://www.standardwebhooks.com, specification 1.0.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.notices.backoff import call_tried_again
from riverloop.apps.notices.calling import Called, call, check_url
from riverloop.apps.notices.mails import mail_queue
from riverloop.apps.notices.models import Delivery, Mail, Webhook
from riverloop.apps.notices.outbox import claim
from riverloop.apps.notices.words import N_
from riverloop.apps.parties.models import Organisation, User
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.canonical import canonical_json
from riverloop.core.kernel.errors import InputError

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
_SECRET_BYTES = 32
_MOST_WEBHOOKS = 5  # of one organisation
_MOST_FIELD_LETTERS = 64
_WORD = re.compile(r"[A-Za-z0-9_.:+-]*")  # ids, codes and instants; never a name
_AT_ONCE = 8  # calls
_PATIENCE = timedelta(days=1)  # before whoever added a failing address is told


@transaction.atomic
def webhook_add(*, by: User, organisation: Organisation, url: str) -> tuple[Webhook, str]:
    """Add an address that is told of what happens to a tenant's movements; return it and its secret, shown this once.

    Raises:
        InputError: the address may not be called, is there already, or is one too many.
    """
    address = check_url(url)
    held = list(Webhook.objects.filter(organisation=organisation, ended_at=None).values_list("url", flat=True))
    if address in held:
        raise InputError("notices.webhook_twice", N_("This address is told already. Give another, or end that one."))
    if len(held) >= _MOST_WEBHOOKS:
        raise InputError(
            "notices.webhooks", N_("There are {most} webhooks already. End one first."), most=_MOST_WEBHOOKS
        )
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    webhook = Webhook.objects.create(
        owner_side=organisation.owner_side,
        organisation=organisation,
        url=address,
        sealed_secret=keys.seal(organisation.owner_side, secret),
        made_by=by,
        made_at=timezone.now(),
    )
    _record("webhook.added", webhook, by)
    return webhook, secret


@transaction.atomic
def webhook_end(*, by: User | None, webhook: Webhook) -> None:
    """Tell an address nothing more; what still waited for it is given up."""
    if not Webhook.objects.filter(pk=webhook.pk, ended_at=None).update(ended_at=timezone.now()):
        return
    webhook.deliveries.filter(state="queued").update(state="failed", error=N_("The webhook was ended."))
    _record("webhook.ended", webhook, by)


def _record(kind: str, webhook: Webhook, by: User | None, **more: str) -> None:
    payload = {"webhook": webhook.id, "by": by.id if by else "", **more}
    record_append(side=webhook.owner_side, kind=kind, payload=payload)


def event_publish(*, organisation: Organisation, kind: str, body: Mapping[str, Any]) -> int:
    """Queue an event for each of a tenant's webhooks, in the transaction of what happened, and return how many.

    Args:
        organisation: whose movement it is.
        kind: a dotted name, such as ``movement.decided``.
        body: ids, codes, numbers and instants; never a name or another personal fact.

    Raises:
        ValueError: the body holds free text.
    """
    return events_publish([(organisation, kind, body)])


def events_publish(events: list[tuple[Organisation, str, Mapping[str, Any]]]) -> int:
    """Queue many events at once; see ``event_publish``."""
    for _, _, body in events:
        _check_impersonal(body)
    organisations = {organisation.pk for organisation, _, _ in events}
    told: dict[str, list[Webhook]] = {}
    for webhook in Webhook.objects.filter(organisation__in=organisations, ended_at=None):
        told.setdefault(webhook.organisation_id, []).append(webhook)
    queued = [
        _delivery(webhook, kind, body)
        for organisation, kind, body in events
        for webhook in told.get(organisation.pk, ())
    ]
    return len(Delivery.objects.bulk_create(queued))


def _check_impersonal(value: Any) -> None:
    if isinstance(value, Mapping):
        for inner in (*value.keys(), *value.values()):
            _check_impersonal(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_impersonal(inner)
    elif isinstance(value, str) and (len(value) > _MOST_FIELD_LETTERS or not _WORD.fullmatch(value)):
        raise ValueError("A webhook's body holds ids, codes and instants alone, and no free text.")


def _delivery(webhook: Webhook, kind: str, body: Mapping[str, Any]) -> Delivery:
    now = timezone.now()
    payload = {"type": kind, "timestamp": now.astimezone(UTC).isoformat(), "data": dict(body)}
    return Delivery(
        owner_side=webhook.owner_side,
        webhook=webhook,
        kind=kind,
        body=canonical_json(payload).decode(),
        next_try_at=now,
        created_at=now,
    )


def webhook_test(*, by: User, webhook: Webhook) -> Delivery:
    """Send a webhook an event that means nothing, at once, and return how it went."""
    delivery = _delivery(webhook, "webhook.test", {"webhook": webhook.id})
    with transaction.atomic():  # it is called once this is kept
        delivery.save(force_insert=True)
        _record("webhook.tested", webhook, by)
    return _call_now(delivery)


def delivery_resend(*, by: User, delivery: Delivery) -> Delivery:
    """Send an event again at once, whether it was taken before or not, and return how it went.

    Raises:
        InputError: the webhook was ended.
    """
    if delivery.webhook.ended_at is not None:
        raise InputError("notices.webhook_ended", N_("The webhook was ended. Add it again first."))
    with transaction.atomic():
        _record("webhook.resent", delivery.webhook, by, delivery=delivery.id)
    return _call_now(delivery)


def _call_now(delivery: Delivery) -> Delivery:
    _settle(delivery, _call(delivery, _secret(delivery.webhook)), by_hand=True)
    return delivery


def deliveries_send(limit: int = 100) -> int:
    """Call the webhooks whose deliveries are due, some at a time, and return how many were taken."""
    deliveries = claim(Delivery.objects.all(), "webhook", limit)
    if not deliveries:
        return 0
    secrets_of = {delivery.webhook_id: _secret(delivery.webhook) for delivery in deliveries}
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # it only calls; what is written, is written here
        calls = pool.map(lambda one: _call(one, secrets_of[one.webhook_id]), deliveries)
        for delivery, called in zip(deliveries, calls, strict=True):
            _settle(delivery, called)
    return sum(delivery.state == "delivered" for delivery in deliveries)


def signature_of(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of an event: ``v1,`` and the HMAC-SHA256 of id, timestamp and body, in base 64."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _secret(webhook: Webhook) -> str:
    return keys.unseal(webhook.owner_side, webhook.sealed_secret)


def _call(delivery: Delivery, secret: str) -> Called:
    body, timestamp = delivery.body.encode(), int(timezone.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Riverloop",
        "webhook-id": delivery.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_of(secret, delivery.id, timestamp, body),
    }
    return call(delivery.webhook.url, body=body, headers=headers)


@transaction.atomic
def _settle(delivery: Delivery, called: Called, *, by_hand: bool = False) -> None:
    now = timezone.now()
    delivery.attempts += 1
    delivery.status, delivery.error = called.status, called.error[:200]
    again = call_tried_again(now, delivery.attempts)
    if called.taken:
        delivery.state, delivery.delivered_at = "delivered", now
    elif by_hand or again is None or Webhook.objects.filter(pk=delivery.webhook_id).exclude(ended_at=None).exists():
        delivery.state = delivery.state if delivery.state == "delivered" else "failed"
    else:
        delivery.next_try_at = again
    delivery.save(update_fields=["attempts", "status", "error", "state", "delivered_at", "next_try_at"])
    _note_health(delivery.webhook, called)


def _note_health(webhook: Webhook, called: Called) -> None:
    """Remember since when an address fails; one that says it is gone is ended."""
    if called.taken:
        Webhook.objects.filter(pk=webhook.pk).exclude(failing_since=None).update(failing_since=None)
        return
    now = timezone.now()
    Webhook.objects.filter(pk=webhook.pk, failing_since=None).update(failing_since=now)
    if webhook.failing_since is not None and webhook.failing_since < now - _PATIENCE:
        _tell_of_failing(webhook)
    if called.status == HTTPStatus.GONE:
        webhook_end(by=None, webhook=webhook)


def _tell_of_failing(webhook: Webhook) -> None:
    """Tell whoever added an address, once, that it has failed for long."""
    path = reverse("notices:webhook", args=[webhook.pk])
    told = Mail.objects.filter(to=webhook.made_by_id, path=path, created_at__gte=webhook.failing_since)
    if not told.exists():
        mail_queue(to=[webhook.made_by], kind="webhook.failing", path=path)
