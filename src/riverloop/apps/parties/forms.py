from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):  # type: ignore[misc]
    """allauth's own, whose link for a forgotten password stands on the page instead, large enough for a finger."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["password"].help_text = ""


class SearchForm(forms.Form):
    """What an officer looks for, and the case that needs it."""

    case = forms.CharField(
        label=_("Case number"), max_length=60, help_text=_("It is kept with who looked, and the person can read it.")
    )
    text = forms.CharField(
        label=_("Whole name or document number"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class CaseForm(forms.Form):
    """The case that a person's page is opened for."""

    case = forms.CharField(
        label=_("Case number"), max_length=60, help_text=_("It is kept with who looked, and the person can read it.")
    )
