"""The queue and its matters. Whatever shows another's personal data records the view first."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from riverloop.apps.desk import selectors, services, shown
from riverloop.apps.desk.kinds import kinds
from riverloop.apps.desk.matter_page import MatterPage, said_at, said_in
from riverloop.apps.desk.selectors import MOST_COUNTED, TABS, Sought
from riverloop.apps.desk.words import FLOW_WORDS, STATE_WORDS, TAB_WORDS
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.models import User
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import ConflictError

_TRIES = 20  # officers who press at once each get another matter


# The queue -------------------------------------------------------------------------------------------------------


@never_cache
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits for one's own authority, or for any of the side that one audits."""
    user = account_of(request)
    sought = sought_in(request, user)
    found, after = selectors.queue_page(user, sought)
    context = {
        "rows": shown.rows(found, user, timezone.now()),
        "sought": sought,
        "after": _address(request, after=after) if after else "",
        "first": _address(request, after="") if sought.after else "",
        "tabs": _tabs(request, user, sought),
        "kinds": [(kind.name, _(kind.label)) for kind in kinds()],
        "flows": [(name, _(word)) for name, word in FLOW_WORDS.items()],
        "states": [(name, _(word)) for name, word in STATE_WORDS.items()],
        "filtered": bool(sought.kind or sought.flow or sought.state or sought.late or sought.number),
        "can_take": any(role.kind == "officer" for role in user.held_roles),
        "authorities": _own_authorities(user),
        "said": said_in(request),
    }
    return render(request, "desk/queue.html", context)


def sought_in(request: HttpRequest, user: User) -> Sought:
    """Read what is looked for; a word that the page does not offer counts as none."""
    asked = request.GET if request.method != "POST" else request.POST
    number = "".join(character for character in asked.get("number", "").upper() if character.isalnum())
    officer = any(role.kind == "officer" for role in user.held_roles)

    def one_of(name: str, known: Any, otherwise: str = "") -> str:
        value = asked.get(name, "")
        return value if value in known else otherwise

    return Sought(
        tab="all" if number else one_of("tab", TABS, "todo" if officer else "all"),
        kind=one_of("kind", {kind.name for kind in kinds()}),
        flow=one_of("flow", FLOW_WORDS),
        state=one_of("state", STATE_WORDS),
        late=asked.get("late") == "1" or asked.get("state") == "overdue",
        number=number[:26],
        after=asked.get("after", ""),
    )


def _address(request: HttpRequest, **changed: str) -> str:
    """Return the address of the list with something of it changed."""
    kept = {name: value for name, value in request.GET.items() if name not in ("said", "after") and value}
    return "?" + urlencode({name: value for name, value in {**kept, **changed}.items() if value})


def _tabs(request: HttpRequest, user: User, sought: Sought) -> list[dict[str, Any]]:
    if not any(role.kind == "officer" for role in user.held_roles):
        return []
    counts = selectors.tab_counts(user)
    return [
        {
            "word": _(TAB_WORDS[tab]),
            "count": min(counts[tab], MOST_COUNTED),
            "more": counts[tab] > MOST_COUNTED,
            "address": _address(request, tab=tab),
            "current": tab == sought.tab,
        }
        for tab in TABS
    ]


def _own_authorities(user: User) -> list[str]:
    own = {role.authority for role in user.held_roles if role.kind == "officer"}
    return [told(one.title) for one in zone().side(user.owner_side).side.authorities if one.id in own]


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Take the most urgent matter that nobody holds, and open it."""
    user = account_of(request)
    sought = sought_in(request, user)
    for _number in range(_TRIES):
        matter = selectors.most_urgent(user, sought).first()
        if matter is None:
            break
        try:
            services.matter_claim(by=user, matter=matter, seen=matter.version)
        except ConflictError:  # a colleague was quicker: the next one, then
            continue
        return redirect("desk:matter", matter.id)
    return redirect(said_at(reverse("desk:queue"), "none_left"))


# A matter --------------------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def matter(request: HttpRequest, matter_id: str) -> HttpResponse:
    """Show a matter to officers of its authority and to auditors, and take an officer's step."""
    user = account_of(request)
    found = selectors.matters(visible_to=user).select_related("organisation", "person", "of", "claimed_by")
    one = get_object_or_404(found.select_related("proposed_by", "decided_by", "confirmed_by"), pk=matter_id)
    page = MatterPage(request, user, one)
    if request.method == "POST":
        return page.act()
    return page.show()
