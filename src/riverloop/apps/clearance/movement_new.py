"""Filing a movement from what was declared: who crosses, where, and the tenant's own reference."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from riverloop.apps.clearance import sentences, services, views
from riverloop.apps.clearance.declared import Declared, read_declared
from riverloop.apps.clearance.explain import explain
from riverloop.apps.clearance.filing import LONGEST_REFERENCE
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.clearance.services import Draft, DraftItem
from riverloop.apps.clearance.typed import say
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.parties.selectors import people_listed
from riverloop.apps.parties.services import view_record
from riverloop.apps.parties.views import account_of
from riverloop.core.kernel.errors import ConflictError, InputError, RiverloopError
from riverloop.core.kernel.sides import origin
from riverloop.core.rules.decide import decide as decide_movement

MOST_STAFF = 1000  # people to choose from
_REFUSED, _CONFLICT = 400, 409


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """File what was declared, for a coordinator; begin to declare, if nothing was."""
    user = account_of(request)
    if request.method != "POST":
        return render(request, "clearance/movement_start.html", views.start_context())
    try:
        declared = read_declared(request.POST, zone(), rulebook().packs.dictionary, now=timezone.now())
    except InputError as error:
        context = views.start_context(say(error, _), request.POST)
        return render(request, "clearance/start.html", context, status=_REFUSED)
    if declared.has_mistakes:
        return views.decide(request)
    form = _Form(request, user, declared)
    if "file" in request.POST:
        filed = form.file()
        if filed:
            return redirect(f"{reverse('clearance:movement', args=[filed])}?said=filed")
    return render(request, "clearance/movement_new.html", form.context(), status=_CONFLICT if form.error else 200)


class _Form:
    """The form that files, with what was typed into it."""

    def __init__(self, request: HttpRequest, user: User, declared: Declared) -> None:
        self.post, self.user, self.declared = request.POST, user, declared
        held = [role.organisation for role in user.held_roles if role.kind == "coordinator"]
        self.organisations: list[Organisation] = [one for one in held if one is not None]
        self.organisation = next(
            (one for one in self.organisations if one.id == self.post.get("organisation")), self.organisations[0]
        )
        self.staff = self._staff()
        self.error = self.earlier = ""

    def _staff(self) -> list[Person]:
        if self.declared.flow != "person":
            return []
        staff = list(people_listed(visible_to=self.user).filter(organisation__in=self.organisations)[:MOST_STAFF])
        if staff:
            view_record(viewer=self.user, subjects=staff, purpose="own_staff", page="clearance:movement_new")
        return staff

    def file(self) -> str:
        """File it, and return the movement's id; or say what is in the way."""
        if any(one["error"] for one in self._people()):
            self.error = _("Something needs mending")
            return ""
        try:
            (filed,) = services.movements_declare(
                by=self.user,
                organisation=self.organisation,
                drafts=[self.draft()],
                twice=self.post.get("file") == "twice",
            )
        except ConflictError as error:
            self.error, self.earlier = say(error, _), str(error.parameters.get("movement", ""))
        except RiverloopError as error:
            self.error = say(error, _)
        else:
            return str(filed.id)
        return ""

    def draft(self) -> Draft:
        declared, chosen = self.declared, {person.id: person for person in self.staff}
        point = self.control_point
        return Draft(
            flow=declared.flow,
            direction=declared.direction,
            crossing_at=declared.at,
            items=[
                DraftItem(_at_point(item.values, point), chosen.get(self.post.get(f"person-{place}", "")))
                for place, item in enumerate(declared.items)
            ],
            control_point=point,
            reference=self.post.get("reference", "").strip(),
        )

    @property
    def control_point(self) -> str:
        """The control point chosen here; else the one that was declared as a fact."""
        known = {point.id for point in zone().control_points}
        declared = self.declared.items[0].values.get("control_point", "")
        chosen = self.post.get("control_point", str(declared))
        return chosen if chosen in known else ""

    def context(self) -> dict[str, Any]:
        declared, here, language = self.declared, zone(), active_language()
        decision = decide_movement(rulebook(), declared.movement(here, rulebook().packs.dictionary))
        names = ("organisation", "reference", "control_point", *(f"person-{n}" for n in range(len(declared.items))))
        kept = [(name, self.post[name]) for name in names if name in self.post]
        return {
            "declared": declared,
            "flow": declared.flow,
            "hidden": list(declared.hidden()),
            "kept": kept,
            "flow_title": _(sentences.FLOW_WORDS[declared.flow]),
            "direction_title": sentences.direction_text(declared.direction, here, language, _),
            "departure": here.boundary.side(origin(declared.direction)),
            "explained": explain(decision, here, language, _, now=timezone.now()),
            "organisations": self.organisations,
            "people": self._people(),
            "staff": self.staff,
            "control_points": [(point.id, sentences.own(point.title, language)) for point in here.control_points],
            "typed": {
                "organisation": self.organisation.id,
                "reference": self.post.get("reference", ""),
                "control_point": self.control_point,
            },
            "longest_reference": LONGEST_REFERENCE,
            "error": self.error,
            "earlier": self.earlier,
        }

    def _people(self) -> list[dict[str, Any]]:
        """Return who was chosen for each item, where people cross."""
        if self.declared.flow != "person":
            return []
        tried = "file" in self.post
        found = []
        for place in range(len(self.declared.items)):
            chosen = self.post.get(f"person-{place}", "")
            missing = tried and not any(person.id == chosen for person in self.staff)
            found.append({"place": place, "chosen": chosen, "error": _("Choose who crosses.") if missing else ""})
        return found


def _at_point(facts: Any, point: str) -> dict[str, Any]:
    """Return facts with the control point that was chosen, where they name another one."""
    kept = dict(facts)
    if "control_point" in kept:
        kept["control_point"] = point or kept["control_point"]
    return kept
