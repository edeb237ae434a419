from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from riverloop.apps.parties.models import Organisation


class WebhookForm(forms.Form):
    """The address to be told, and of which tenant's movements."""

    url = forms.CharField(
        label=_("Address"),
        max_length=300,
        help_text=_("It begins with https:// and is in the open Internet."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://example.org/riverloop"}),
    )
    organisation = forms.ChoiceField(label=_("Of whose movements"))

    def __init__(self, data: Any, organisations: list[Organisation]) -> None:
        super().__init__(data)
        if len(organisations) == 1:
            del self.fields["organisation"]
        else:
            choice = self.fields["organisation"]
            assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - for the type checker
            choice.choices = [(one.pk, one.shown_name) for one in organisations]
        self._organisations = {one.pk: one for one in organisations}

    def chosen(self) -> Organisation:
        """Return the organisation that was chosen, or the only one."""
        wanted = self.cleaned_data.get("organisation") or next(iter(self._organisations))
        return self._organisations[wanted]


class MessageFilterForm(forms.Form):
    """Which messages to show."""

    about = forms.CharField(label=_("About (the number of a movement, or its id)"), max_length=26, required=False)
    way = forms.ChoiceField(
        label=_("Which way"),
        required=False,
        choices=[("", _("Both ways")), ("sent", _("Sent")), ("received", _("Received"))],
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Any")),
            ("queued", _("Waiting")),
            ("refused", _("Refused")),
            ("delivered", _("Delivered")),
            ("received", _("Received")),
        ],
    )
