"""What officers, coordinators and holders type at the desk."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from riverloop.apps.desk.steps import LONGEST_TEXT
from riverloop.core.kernel.instants import end_of_day

DAYS_TO_ANSWER = 7


def _text(label: Any, help_text: Any = "", *, required: bool = False, rows: int = 3) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=LONGEST_TEXT, widget=widget)


def _day(label: Any, help_text: Any = "", *, required: bool = False) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget)


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field: Any = form.fields[name]
    field.choices = choices


def ends(day: date | None, clock: str) -> datetime | None:
    """Return the last second of a day in the time zone named ``clock``; None for no day."""
    return end_of_day(day, clock) if day else None


class DecideForm(forms.Form):
    """An answer: its reason, and how long it stands."""

    reason = _text(_("Reason"), _("Whoever it is about can read it. The law and the facts that count are enough."))
    until = _day(_("Stands until"), _("Leave it empty if it stands for good."))

    def __init__(self, *arguments: Any, wants_until: bool = True, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if not wants_until:
            del self.fields["until"]


class ReasonForm(forms.Form):
    """A reason alone: to take over, to send back, to release for the time being."""

    reason = _text(_("Reason"), rows=2)


class AskForm(forms.Form):
    """What more is needed, and by when."""

    text = _text(_("Question"), _("Say what is missing and what for. Whoever filed reads it as you write it."))
    facts = forms.MultipleChoiceField(label=_("Facts and papers"), required=False, widget=forms.CheckboxSelectMultiple)
    due = _day(_("Answer by"), required=True)

    def __init__(self, *arguments: Any, askable: Any, today: date, **named: Any) -> None:
        named["initial"] = {"due": today + timedelta(days=DAYS_TO_ANSWER)}
        super().__init__(*arguments, **named)
        _offer(self, "facts", list(askable))
        if not askable:
            del self.fields["facts"]


class HandOverForm(forms.Form):
    """To whom, and why."""

    authority = forms.ChoiceField(label=_("To which authority"))
    reason = _text(_("Reason"), rows=2)

    def __init__(self, *arguments: Any, authorities: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        _offer(self, "authority", [("", "—"), *authorities])


class StandingForm(forms.Form):
    """One answer to every matter that the same version of a rule asks about."""

    allow = forms.ChoiceField(
        label=_("What is answered"),
        choices=[("yes", _("Allow each")), ("no", _("Refuse each"))],
        widget=forms.RadioSelect,
    )
    only = forms.BooleanField(label=_("Only for this organisation"), required=False)
    until = _day(_("Stands until"), _("Leave it empty if it stands until it is withdrawn."))
    reason = _text(_("Reason"))

    def __init__(self, *arguments: Any, has_organisation: bool, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if not has_organisation:
            del self.fields["only"]


class RequestForm(forms.Form):
    """What a holder asks about what is kept of them."""

    topic = forms.ChoiceField(
        label=_("What do you ask for?"),
        choices=[
            ("correction", _("Correct something that is wrong or out of date")),
            ("withdrawal", _("Stop using and erase what I agreed to be kept")),
        ],
        widget=forms.RadioSelect,
    )
    text = _text(_("In your own words"), _("Say what is meant. An officer reads it and answers with a reason."), rows=4)


class AnswerForm(forms.Form):
    """A holder's answer to what the authority asked."""

    text = _text(_("Your answer"))
