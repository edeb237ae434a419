"""Forms of permits and files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from riverloop.apps.documents.contents import ENDINGS, MOST_BYTES
from riverloop.apps.documents.permits import UNITS
from riverloop.apps.parties.here import told
from riverloop.apps.parties.law import documents
from riverloop.apps.parties.models import Organisation
from riverloop.apps.parties.words import N_

FLOW_WORDS = {"person": N_("People"), "goods": N_("Goods and samples"), "data": N_("Data")}
ACCEPTED = ",".join([*ENDINGS.values(), ".jpeg"])


def document_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return every document that the law may ask for, by what it is for."""
    return [
        (
            _(word),
            sorted(
                ((name, told(one.label)) for name, one in documents().items() if one.flows[0] == flow),
                key=lambda choice: choice[1].casefold(),
            ),
        )
        for flow, word in FLOW_WORDS.items()
    ]


def document_label(name: str) -> str:
    """Return what a document is called; its name if no law here knows it any more."""
    known = documents().get(name)
    return told(known.label) if known else name


class FileField(forms.FileField):
    """A file of one of the kinds that are taken; its content is checked when it is kept."""

    def __init__(self, **named: Any) -> None:
        attributes = {"accept": ACCEPTED, "data-most-bytes": MOST_BYTES}
        super().__init__(widget=forms.FileInput(attrs=attributes), max_length=255, **named)


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PermitForm(forms.Form):
    """A permit as it is printed."""

    document = forms.ChoiceField(label=gettext_lazy("Kind of paper"))
    number = forms.CharField(label=gettext_lazy("Number"), max_length=60)
    issuer = forms.CharField(label=gettext_lazy("Issued by"), max_length=120)
    issued_on = forms.DateField(label=gettext_lazy("Issued on"), widget=_day())
    expires_on = forms.DateField(
        label=gettext_lazy("Last day"), widget=_day(), required=False, help_text=gettext_lazy("Empty if it has none.")
    )
    quantity = forms.DecimalField(
        label=gettext_lazy("Quantity"),
        max_digits=18,
        decimal_places=6,
        required=False,
        help_text=gettext_lazy("How much it allows in all. Empty if it names no quantity."),
    )
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False)
    file = FileField(
        label=gettext_lazy("The paper itself"),
        required=False,
        help_text=gettext_lazy("PDF, PNG, JPEG, CSV or XLSX, up to 20 MB."),
    )

    def __init__(self, organisations: list[Organisation], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.label_suffix = ""
        self._choices("document").choices = [("", ""), *document_choices()]
        self._choices("unit").choices = [("", ""), *((unit, unit_text(unit)) for unit in UNITS)]
        if len(organisations) > 1:
            self.fields["organisation"] = forms.ChoiceField(
                label=gettext_lazy("Whose it is"), choices=[(one.id, one.shown_name) for one in organisations]
            )
            self.order_fields(["organisation"])

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the reader and the type checker
        return field


class UploadForm(forms.Form):
    """A file to attach."""

    file = FileField(label=gettext_lazy("File"), help_text=gettext_lazy("PDF, PNG, JPEG, CSV or XLSX, up to 20 MB."))


class AnswerForm(forms.Form):
    """What an officer says of a permit."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Needed to reject it. Whoever holds it reads this."),
    )


_UNIT_WORDS = {
    "{tube}": N_("tubes"),
    "{vial}": N_("vials"),
    "{sample}": N_("samples"),
    "{package}": N_("packages"),
    "{animal}": N_("animals"),
    "1": N_("pieces"),
    "ug": "µg",
    "cm3": "cm³",
    "m3": "m³",
}


def unit_text(unit: str) -> str:
    """Return a unit as people write it."""
    return _(_UNIT_WORDS[unit]) if unit in _UNIT_WORDS else unit
