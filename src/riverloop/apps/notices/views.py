"""Webhooks of a tenant, and what crossed between the sides, for whoever audits one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.notices import selectors, signing, webhooks
from riverloop.apps.notices.envelopes import signed_bytes
from riverloop.apps.notices.forms import MessageFilterForm, WebhookForm
from riverloop.apps.notices.models import Delivery, Message
from riverloop.apps.notices.words import STATE_WORDS
from riverloop.apps.parties.views import account_of
from riverloop.apps.record.services import record_append
from riverloop.core.kernel.errors import InputError

A_PAGE = 50  # rows of a list


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhook_list(request: HttpRequest) -> HttpResponse:
    """List a tenant's webhooks; add one, and show its secret this once."""
    user = account_of(request)
    form = WebhookForm(request.POST or None, selectors.coordinated(user))
    added, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            added, secret = webhooks.webhook_add(by=user, organisation=form.chosen(), url=form.cleaned_data["url"])
        except InputError as error:
            form.add_error("url", error.text(_(error.message)))
    if added is not None:
        return render(request, "notices/webhook_added.html", {"webhook": added, "secret": secret})
    context = {"form": form, "webhooks": selectors.webhooks(visible_to=user)[:A_PAGE]}
    return render(request, "notices/webhooks.html", context)


@never_cache
@require_safe
def webhook(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Show a webhook and its latest calls."""
    user = account_of(request)
    shown = get_object_or_404(selectors.webhooks(visible_to=user), pk=webhook_id)
    calls = selectors.deliveries(visible_to=user).filter(webhook=shown)[:A_PAGE]
    return render(request, "notices/webhook.html", {"webhook": shown, "calls": [_call(one) for one in calls]})


def _call(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery": delivery,
        "state": _(STATE_WORDS[delivery.state]),
        "error": _(delivery.error) if delivery.error else "",
    }


@require_POST
def webhook_test(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Call a webhook now with an event that means nothing."""
    user = account_of(request)
    shown = get_object_or_404(selectors.webhooks(visible_to=user), pk=webhook_id, ended_at=None)
    webhooks.webhook_test(by=user, webhook=shown)
    return redirect("notices:webhook", webhook_id)


@require_POST
def webhook_end(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Tell an address nothing more."""
    user = account_of(request)
    webhooks.webhook_end(by=user, webhook=get_object_or_404(selectors.webhooks(visible_to=user), pk=webhook_id))
    return redirect("notices:webhook", webhook_id)


@require_POST
def delivery_resend(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Send an event again, now."""
    user = account_of(request)
    found = selectors.deliveries(visible_to=user).filter(webhook__ended_at=None)
    delivery = get_object_or_404(found, pk=delivery_id)
    webhooks.delivery_resend(by=user, delivery=delivery)
    return redirect("notices:webhook", delivery.webhook_id)


# Messages


@never_cache
@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """List what crossed between the sides, in the copies of the side that one audits."""
    form = MessageFilterForm(request.GET, label_suffix="")
    found = _filtered(selectors.messages(visible_to=account_of(request)), form.cleaned_data if form.is_valid() else {})
    part = selectors.messages_part(found, after=request.GET.get("after", ""), most=A_PAGE)
    query = request.GET.copy()
    query["after"] = part.after
    context = {
        "form": form,
        "gaps": selectors.gaps(visible_to=account_of(request))[:A_PAGE],
        "rows": [_told(one) for one in part.rows],
        "next": f"?{query.urlencode()}" if part.after else "",
        "filtered": any(form.cleaned_data.values()) if form.is_valid() else True,
    }
    return render(request, "notices/messages.html", context)


def _told(message: Message) -> dict[str, Any]:
    return {
        "message": message,
        "state": _(STATE_WORDS[message.state]),
        "error": _(message.error) if message.error else "",
    }


def _filtered(found: QuerySet[Message], wanted: dict[str, Any]) -> QuerySet[Message]:
    narrow: dict[str, Callable[[str], QuerySet[Message]]] = {
        "about": lambda text: found.filter(subject__startswith=text.replace("-", "").strip().upper()),
        "way": lambda way: (
            found.filter(from_side=F("owner_side")) if way == "sent" else found.exclude(from_side=F("owner_side"))
        ),
        "state": lambda state: found.filter(state=state),
    }
    for name, value in wanted.items():
        if value:
            found = narrow[name](value)
    return found


@never_cache
@require_safe
def message(request: HttpRequest, message_id: str) -> HttpResponse:
    """Show one message as it was signed; that it was read is recorded."""
    user = account_of(request)
    shown = get_object_or_404(selectors.messages(visible_to=user), pk=message_id)
    with transaction.atomic():
        payload = {"message": shown.ref, "by": user.id}
        record_append(side=shown.owner_side, kind="message.read", payload=payload)
    context = {
        **_told(shown),
        "body": json.dumps(json.loads(shown.body), ensure_ascii=False, indent=2),
        "genuine": signing.verify(shown.from_side, signed_bytes(shown), bytes(shown.signature), shown.key_id),
    }
    return render(request, "notices/message.html", context)
