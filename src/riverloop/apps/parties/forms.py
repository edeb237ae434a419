from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from riverloop.apps.parties.models import NAME_LENGTH
from riverloop.apps.parties.tokens import LONGEST_DAYS
from riverloop.apps.parties.words import DOCUMENT_WORDS, TOKEN_SCOPES


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


_UNSEEN = forms.TextInput(attrs={"autocomplete": "off"})  # a shared computer offers nobody's name to the next one


class NameForm(forms.Form):
    """The names of a person."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        help_text=_("In the script of the person's own papers."),
        widget=_UNSEEN,
    )
    name_latin = forms.CharField(
        label=_("Name in Latin letters, if there is one"), max_length=NAME_LENGTH, required=False, widget=_UNSEEN
    )


class NumberForm(forms.Form):
    """A document number of a person."""

    kind = forms.ChoiceField(label=_("Kind of document"))
    number = forms.CharField(
        label=_("Number"), max_length=60, help_text=_("It is kept sealed and shown starred."), widget=_UNSEEN
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        kinds: Any = self.fields["kind"]
        kinds.choices = [("", "")] + [(kind, _(words)) for kind, words in DOCUMENT_WORDS.items()]


class NewPersonForm(NameForm, NumberForm):
    """A person whom a coordinator adds, with or without a number."""

    field_order = ("organisation", "name", "name_latin", "kind", "number")

    def __init__(self, *arguments: Any, organisations: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        if len(organisations) > 1:
            self.fields["organisation"] = forms.ChoiceField(label=_("Organisation"), choices=organisations)
            self.order_fields(self.field_order)
        for name in ("kind", "number"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("kind")) != bool(cleaned.get("number")) and "number" not in self.errors:
            self.add_error("number", _("Give the kind of document and its number, or neither."))
        return cleaned


def _language_field() -> forms.ChoiceField:
    return forms.ChoiceField(label=_("Language of the invitation"), choices=settings.LANGUAGES)


class HolderForm(forms.Form):
    """Where a person is invited."""

    email = forms.EmailField(
        label=_("Mail address"), max_length=254, help_text=_("The person's own: whoever reads it becomes the account.")
    )
    language = _language_field()


class CoordinatorForm(forms.Form):
    """Who is invited to file for an organisation."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, widget=_UNSEEN)
    email = forms.EmailField(label=_("Mail address"), max_length=254)
    language = _language_field()


class OrganisationForm(forms.Form):
    """A tenant of a park."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
    name_latin = forms.CharField(
        label=_("Name in Latin letters, if there is one"), max_length=NAME_LENGTH, required=False
    )
    uscc = forms.CharField(
        label=_("Unified social credit code"),
        max_length=40,
        required=False,
        help_text=_("If it has one; 18 characters."),
    )
    business_registration = forms.CharField(
        label=_("Business registration number"), max_length=40, required=False, help_text=_("If it has one.")
    )

    def __init__(self, *arguments: Any, parks: list[tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        if len(parks) > 1:
            self.fields["park"] = forms.ChoiceField(label=_("Park"), choices=parks)


class TokenForm(forms.Form):
    """A token for a program."""

    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("By which you will know it again, such as the system that uses it.")
    )
    scopes = forms.MultipleChoiceField(label=_("How far it reaches"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(
        label=_("Days until it ends"), min_value=1, max_value=LONGEST_DAYS, initial=90, help_text=_("At most 365.")
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(scope, _(words)) for scope, words in TOKEN_SCOPES.items()]
