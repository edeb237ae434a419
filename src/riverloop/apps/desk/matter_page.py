"""The page of one matter: what is shown of it to whom, and the steps that are sent from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from riverloop.apps.desk import forms, selectors, services, shown
from riverloop.apps.desk.kinds import kind_names, kind_of
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.permissions import officer_of
from riverloop.apps.desk.selectors import Sought
from riverloop.apps.desk.steps import changed
from riverloop.apps.desk.words import SAID_WORDS
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.models import User
from riverloop.apps.parties.services import view_record
from riverloop.core.kernel.errors import ConflictError, InputError, RiverloopError
from riverloop.core.kernel.instants import date_in, end_of_day

CONFLICT, BAD_REQUEST = 409, 400


def said_at(path: str, said: str) -> str:
    """Return an address whose page says what was done."""
    return f"{path}?said={said}"


def said_in(request: HttpRequest) -> str:
    """Return what the page before did, in words."""
    word = SAID_WORDS.get(request.GET.get("said", ""))
    return _(word) if word else ""


def _version(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len("1000000") else -1


class MatterPage:
    """The page of one matter for one account."""

    def __init__(self, request: HttpRequest, user: User, matter: Matter) -> None:
        self.request, self.user, self.matter = request, user, matter
        self.kind = kind_of(matter)
        self.clock = shown.clock(matter.owner_side)
        self.officer = officer_of(user, matter.owner_side, matter.authority)
        self.forms = self._forms()

    def _forms(self) -> dict[str, Any]:
        """Return the forms of the page; the one that was sent holds what was typed."""
        sent = self.request.POST.get("do", "") if self.request.method == "POST" else ""
        side = zone().side(self.matter.owner_side)
        others = [(one.id, told(one.title)) for one in side.side.authorities if one.id != self.matter.authority]
        today = date_in(timezone.now(), self.clock)
        wants_until = any(act.wants_until for act in self.kind.acts.values())
        made: dict[str, Callable[..., Any]] = {
            "decide": lambda *given, **named: forms.DecideForm(*given, wants_until=wants_until, **named),
            "ask": lambda *given, **named: forms.AskForm(
                *given, askable=self.kind.askable(self.matter), today=today, **named
            ),
            "hand_over": lambda *given, **named: forms.HandOverForm(*given, authorities=others, **named),
            "take_over": forms.ReasonForm,
            "decide_alike": lambda *given, **named: forms.DecideForm(*given, wants_until=wants_until, **named),
            "confirm": forms.ReasonForm,
            "confirm_alike": forms.ReasonForm,
            "interim": forms.ReasonForm,
            "standing": lambda *given, **named: forms.StandingForm(
                *given, has_organisation=self.matter.organisation_id is not None, **named
            ),
        }
        return {
            name: make(self.request.POST if sent == name else None, auto_id=f"{name}_%s") for name, make in made.items()
        }

    def show(self, error: RiverloopError | None = None) -> HttpResponse:
        """Record that whoever it is about is looked at, then show it."""
        self._record_view()
        context = {**self._about(), **self._may(), "forms": self.forms, "seen": self.matter.version}
        context["error"] = error.told(_) if error else ""
        context["sent"] = self.request.POST.get("do", "") if error else ""
        context["said"] = said_in(self.request)
        status = CONFLICT if isinstance(error, ConflictError) else BAD_REQUEST if error else 200
        return render(self.request, "desk/matter.html", context, status=status)

    def _record_view(self) -> None:
        purpose = "case" if self.officer else "audit"
        about = list(self.kind.people(self.matter))
        if about:
            view_record(viewer=self.user, subjects=about, purpose=purpose, page="desk:matter", case=self.matter.number)

    def _about(self) -> dict[str, Any]:
        labels = dict(self.kind.askable(self.matter))
        steps = selectors.steps(matter=self.matter)
        panel = self.kind.panel(self.matter, self.user) if self.kind.panel else None
        same = selectors.matters(visible_to=self.user).filter(subject=self.matter.subject, kind__in=kind_names())
        return {
            **shown.matter_shown(self.matter, self.user, timezone.now()),
            "people": self.kind.people(self.matter),
            "steps": [shown.step_shown(self.matter, step, labels) for step in steps],
            "panel": render_to_string(panel[0], {**panel[1], "matter": self.matter}, self.request) if panel else "",
            "others": shown.rows(
                list(
                    same.filter(owner_side=self.matter.owner_side).exclude(pk=self.matter.pk).order_by("opened_at")[:10]
                ),
                self.user,
                timezone.now(),
            ),
            "against": self._against(),
            "clock": self.clock,
        }

    def _against(self) -> Matter | None:
        """Return what it is a remedy against, if that may be read."""
        return (
            selectors.matters(visible_to=self.user).filter(pk=self.matter.of_id).first() if self.matter.of_id else None
        )

    def _may(self) -> dict[str, Any]:
        """Return what this account may do here."""
        one, user = self.matter, self.user
        mine = one.claimed_by_id == user.id
        may = self.officer and one.state != "closed"
        decides = may and user.has_perm("desk.decide_matter", one)
        undecided = one.state in ("open", "waiting")
        acts = [
            {"name": name, "label": _(act.label), "two": act.two_officers(one)} for name, act in self.kind.acts.items()
        ]
        free = decides and undecided and (mine or not one.claimed_by_id)
        confirms = decides and one.state == "proposed" and one.proposed_by_id != user.id
        return {
            "acts": acts if free else [],
            "alike": self._alike() if free or confirms else [],
            "barred": may and not decides,
            "can_claim": decides and undecided and not one.claimed_by_id,
            "can_take_over": decides and undecided and bool(one.claimed_by_id) and not mine,
            "can_release": may and mine and undecided,
            "can_confirm": confirms,
            "can_withdraw": may and one.state == "proposed" and one.proposed_by_id == user.id,
            "can_ask": free and self.kind.can_ask,
            "can_hand_over": may and undecided,
            "can_stand": may and undecided and one.kind == "referral" and bool(one.rule_version),
            "can_interim": decides and undecided and self.kind.on_interim is not None,
            "open_next": self.request.session.get("desk_next", True),
        }

    def _alike(self) -> list[dict[str, Any]]:
        """Return what can be answered together with this; ticked is what was ticked when it was sent, or all."""
        sent = self.request.POST.get("do", "").endswith("_alike")
        ticked = {text.partition(".")[0] for text in self.request.POST.getlist("also")}
        found = selectors.alike(matter=self.matter, user=self.user)[: services.MOST_TOGETHER - 1]
        return [{"matter": one, "number": (one.item or 0) + 1, "ticked": not sent or one.id in ticked} for one in found]

    # What was sent ---------------------------------------------------------------------------------------------

    def act(self) -> HttpResponse:
        """Take the step that was sent; a refused one leaves the page as it was, with what was typed."""
        steps: dict[str, Callable[[], str]] = {
            "claim": self._claim,
            "take_over": self._claim,
            "release": self._release,
            "decide": self._decide,
            "decide_alike": self._decide,
            "confirm": self._confirm,
            "confirm_alike": self._confirm,
            "withdraw_proposal": self._withdraw_proposal,
            "ask": self._ask,
            "hand_over": self._hand_over,
            "interim": self._interim,
            "standing": self._standing,
        }
        step = steps.get(self.request.POST.get("do", ""))
        if step is None:
            return self.show(InputError("desk.step", SAID_WORDS["unknown"]))
        try:
            said = step()
        except RiverloopError as error:
            return self._again(error)
        return self._onward(said)

    def _again(self, error: RiverloopError) -> HttpResponse:
        """Show the matter as it is now, if it may still be read, and why nothing was done."""
        now = selectors.matters(visible_to=self.user).filter(pk=self.matter.pk)
        fresh = now.select_related("organisation", "person", "of", "claimed_by", "proposed_by", "decided_by").first()
        if fresh is None:
            return redirect(said_at(reverse("desk:queue"), "gone"))
        self.matter = fresh
        self.officer = officer_of(self.user, fresh.owner_side, fresh.authority)
        return self.show(error)

    def _onward(self, said: str) -> HttpResponse:
        """Go on to where the officer works next."""
        if said in ("decided", "proposed", "confirmed", "handed_over"):
            self.request.session["desk_next"] = wants = self.request.POST.get("next") == "1"
            if wants:
                following = selectors.most_urgent(self.user, Sought()).first()
                if following is not None:
                    try:
                        services.matter_claim(by=self.user, matter=following, seen=following.version)
                    except RiverloopError:
                        return redirect(said_at(reverse("desk:queue"), said))
                    return redirect(said_at(reverse("desk:matter", args=[following.id]), f"{said}_next"))
            return redirect(said_at(reverse("desk:queue"), said))
        return redirect(said_at(self.request.path, said))

    def _others(self) -> list[services.Seen]:
        """Return what was ticked to be answered alike, each with the version that was read."""
        if not self.request.POST.get("do", "").endswith("_alike"):
            return []
        seen = {pk: version for pk, _, version in (text.partition(".") for text in self.request.POST.getlist("also"))}
        found = selectors.matters(visible_to=self.user).filter(pk__in=list(seen)[: services.MOST_TOGETHER])
        if found.count() < len(seen):
            raise changed()
        return [(one, _version(seen[one.pk])) for one in found]

    def _seen(self) -> int:
        return _version(self.request.POST.get("seen", ""))

    def _clean(self, name: str) -> dict[str, Any]:
        form = self.forms[name]
        if form.is_valid():
            return dict(form.cleaned_data)
        raise InputError("desk.form", SAID_WORDS["mistakes"])

    def _named(self) -> dict[str, Any]:
        return {"by": self.user, "matter": self.matter, "seen": self._seen()}

    def _claim(self) -> str:
        reason = self._clean("take_over")["reason"] if self.request.POST.get("do") == "take_over" else ""
        services.matter_claim(**self._named(), reason=reason)
        return "claimed"

    def _release(self) -> str:
        services.matter_release(**self._named())
        return "released"

    def _decide(self) -> str:
        given = self._clean(self.request.POST["do"])
        until = forms.ends(given.get("until"), self.clock)
        act = self.request.POST.get("act", "")
        others = self._others()
        now = services.matter_decide(**self._named(), act=act, reason=given["reason"], until=until, others=others)
        return "proposed" if now.state == "proposed" else "decided"

    def _confirm(self) -> str:
        agreed = self.request.POST.get("agreed") == "1"
        reason = self._clean(self.request.POST["do"])["reason"]
        services.matter_confirm(**self._named(), agreed=agreed, reason=reason, others=self._others())
        return "confirmed" if agreed else "not_confirmed"

    def _withdraw_proposal(self) -> str:
        services.matter_proposal_withdraw(**self._named())
        return "proposal_withdrawn"

    def _ask(self) -> str:
        given = self._clean("ask")
        due = end_of_day(given["due"], self.clock)
        services.matter_ask(**self._named(), text=given["text"], facts=given.get("facts", []), due_at=due)
        return "asked"

    def _hand_over(self) -> str:
        given = self._clean("hand_over")
        services.matter_hand_over(**self._named(), authority=given["authority"], reason=given["reason"])
        return "handed_over"

    def _interim(self) -> str:
        act = "interim_end" if self.matter.interim_at else "interim_release"
        services.matter_interim(**self._named(), act=act, reason=self._clean("interim")["reason"])
        return act

    def _standing(self) -> str:
        if not self._may()["can_stand"]:  # only to a referral: what is refused to people is signed one by one
            raise InputError("desk.step", SAID_WORDS["unknown"])
        given = self._clean("standing")
        one = self.matter
        answer = services.standing_answer_give(
            by=self.user,
            authority=one.authority,
            rule=one.rule,
            rule_version=one.rule_version,
            flow=one.flow,
            allow=given["allow"] == "yes",
            reason=given["reason"],
            organisation=one.organisation if given.get("only") else None,
            until=forms.ends(given["until"], self.clock),
        )
        return "standing_given" if answer.confirmed_at else "standing_proposed"
