"""The progressive form: which questions of the dictionary to show, in which group, with what was typed.

First come the facts that can still change the outcome, a few at a time; then, folded away, those that bear only on
the route, papers or duties. An answered question keeps its place, so that nothing moves under a reader's hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from riverloop.apps.clearance import formats, sentences
from riverloop.apps.clearance.declared import ASKED_OF_APPLICANT, Declared, Item
from riverloop.apps.clearance.sentences import Gettext, own
from riverloop.apps.clearance.typed import NONE_OF_THESE, say
from riverloop.core.kernel.instants import date_in
from riverloop.core.rules.decisions import Decision
from riverloop.core.rules.facts import Document, Fact
from riverloop.core.rules.predicates import facts_read
from riverloop.core.rules.rulebook import Rulebook

if TYPE_CHECKING:
    from riverloop.zones import Zone

AT_A_TIME = 6  # questions: what a phone shows in two screens
_RADIOS_UP_TO = 5  # choices: more make a drop-down list


@dataclass(slots=True)
class Question:
    """One field."""

    key: str
    name: str
    label: str
    help: str
    widget: str
    unit: str
    choices: list[tuple[str, str]]
    typed: list[str]
    error: str
    from_register: bool
    later: bool
    answered: bool
    holds: bool = False

    @property
    def described(self) -> str:
        """Ids of the help and the message that describe the field."""
        parts = ((self.help, f"h-{self.key}"), (self.error, f"e-{self.key}"))
        return " ".join(name for text, name in parts if text)

    @property
    def text(self) -> str:
        """What was typed, of a field with one text."""
        return self.typed[0] if self.typed else ""


@dataclass(slots=True)
class PaperCard:
    """The questions on one document, shown together."""

    name: str
    label: str
    help: str
    issuer: str
    required: bool
    questions: list[Question]

    @property
    def held(self) -> bool:
        """Whether it is said to be held."""
        return self.questions[0].text == "yes"


@dataclass(slots=True)
class ItemForm:
    """The questions on one item."""

    place: int
    label: str
    questions: list[Question]
    later: list[Question]
    papers: list[PaperCard]
    more_papers: list[PaperCard]
    waiting: int = 0

    @property
    def later_open(self) -> bool:
        """Whether the folded group holds something to see."""
        return any(question.answered or question.error for question in self.later)

    @property
    def more_papers_open(self) -> bool:
        return any(card.held for card in self.more_papers)


@dataclass(slots=True)
class Asking:
    """The whole form."""

    items: list[ItemForm]
    at_error: str
    waiting: int = 0
    mistakes: list[tuple[str, str, str]] = field(default_factory=list)  # key, label, message


def ask(declared: Declared, decision: Decision, rulebook: Rulebook, zone: Zone, language: str, _: Gettext) -> Asking:
    """Choose the questions to show.

    Args:
        declared: what was typed so far.
        decision: of what could be read of it.
        rulebook: whose rules may read further papers.
        zone: its control points are choices.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
    """
    asker = _Asker(declared, decision, rulebook, zone, language, _)
    forms = [asker.item(place, item) for place, item in enumerate(declared.items)]
    mistakes = [
        (question.key, question.label, question.error)
        for form in forms
        for question in [
            *form.questions,
            *form.later,
            *(q for card in [*form.papers, *form.more_papers] for q in card.questions),
        ]
        if question.error
    ]
    at_error = say(declared.at_error, _) if declared.at_error else ""
    if at_error:
        mistakes.insert(0, ("at", _("When does it cross?"), at_error))
    return Asking(forms, at_error, sum(form.waiting for form in forms), mistakes)


def fields_of(
    declared: Declared,
    names: Iterable[str],
    decision: Decision,
    *,
    rulebook: Rulebook,
    zone: Zone,
    language: str,
    _: Gettext,
    sources: Collection[str] = ASKED_OF_APPLICANT,
) -> list[list[Question]]:
    """Return the fields for the facts and papers named, for each item, with what was typed into them.

    Args:
        declared: what was typed so far.
        names: of facts, or of documents.
        decision: of what could be read of it.
        rulebook: whose dictionary names them.
        zone: its control points are choices.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
        sources: whose facts are asked; those of others are left out.
    """
    asker, words = _Asker(declared, decision, rulebook, zone, language, _), rulebook.packs.dictionary
    facts = [
        name
        for wanted in names
        for name in ([one.name for one in words.documents[wanted].facts()] if wanted in words.documents else [wanted])
        if name in words.facts and words.facts[name].source in sources
    ]
    return [
        [asker.question(place, item, name, later=False) for name in dict.fromkeys(facts)]
        for place, item in enumerate(declared.items)
    ]


def open_list(fact: Fact, zone: Zone, language: str) -> list[tuple[str, str]]:
    """Return the codes of an open vocabulary that this zone or the world knows, with their names."""
    if fact.name == "nationality":
        return [(code, f"{name} ({code})") for code, name in formats.countries(language)]
    if "control_point" in fact.name:
        return [(point.id, own(point.title, language)) for point in zone.control_points]
    return []


class _Asker:
    def __init__(
        self, declared: Declared, decision: Decision, rulebook: Rulebook, zone: Zone, language: str, _: Gettext
    ) -> None:
        self.declared, self.decision, self.rulebook = declared, decision, rulebook
        self.zone, self.language, self._ = zone, language, _
        self.words = rulebook.packs.dictionary

    def item(self, place: int, item: Item) -> ItemForm:
        deciding, bearing = self.missing(place)
        open_now = deciding[:AT_A_TIME]
        answered = [name for name in item.typed if not self.words.facts[name].document]
        later = [name for name in answered if name in item.later and name not in deciding]
        folded = self.words.in_order([*bearing, *later])
        asked = self.words.in_order([*(name for name in answered if name not in folded), *open_now])
        required = self.required(place)
        known = [document for document in self.readable() if document.name not in required]
        stated = {self.words.facts[name].document for name in item.typed} - {""}
        extra = [self.words.documents[name] for name in self.words.documents if name in stated - set(required)]
        further = [*extra, *(document for document in known if document not in extra)]
        return ItemForm(
            place=place,
            label=self.title(item),
            questions=[self.question(place, item, name, later=False) for name in asked],
            later=[self.question(place, item, name, later=True) for name in folded],
            papers=[self.card(place, item, self.words.documents[name], required=True) for name in required],
            more_papers=[self.card(place, item, document, required=False) for document in further],
            waiting=len(deciding),
        )

    def missing(self, place: int) -> tuple[list[str], list[str]]:
        """Return the facts that both sides still need of an item: for the outcome, and for the rest."""
        deciding: set[str] = set()
        bearing: set[str] = set()
        for side in self.decision.sides.values():
            names, count = side.missing_facts[place], side.deciding_facts[place]
            deciding.update(names[:count])
            bearing.update(names[count:])
        return self.askable(deciding), self.askable(bearing - deciding)

    def askable(self, names: Iterable[str]) -> list[str]:
        return [
            name
            for name in self.words.in_order(names)
            if self.words.facts[name].source in ASKED_OF_APPLICANT and not self.words.facts[name].document
        ]

    def required(self, place: int) -> list[str]:
        names = (
            name
            for side in self.decision.sides.values()
            for hit in side.rules
            if hit.item == place
            for alternatives in hit.rule.effect.documents()
            for name in alternatives
        )
        return list(dict.fromkeys(names))

    def readable(self) -> list[Document]:
        """Return the documents whose holding some rule of either side reads outright."""
        movement, found = self.declared, set()
        for side in self.rulebook.boundary.sides:
            day = date_in(movement.at, side.time_zone)
            for rule in self.rulebook.span(side.id, movement.flow, movement.direction, day).rules:
                found |= {name for name in facts_read(rule.predicate) if name.startswith("has_")}
        return [document for name, document in self.words.documents.items() if f"has_{name}" in found]

    def title(self, item: Item) -> str:
        """Return the first answered choice, which tells one item from another."""
        for fact in self.words.of_flow(self.declared.flow):
            if fact.kind == "choice" and fact.name in item.values:
                labels = {choice.name: choice.label for choice in fact.choices}
                return sentences.value_text(item.values[fact.name], labels, self.language, self._)
        return ""

    def question(self, place: int, item: Item, name: str, *, later: bool, label: str = "") -> Question:
        fact = self.words.facts[name]
        widget, choices = self.widget(fact)
        error = item.errors.get(name)
        typed = item.typed.get(name, [])
        return Question(
            key=f"f-{place}-{name}",
            name=name,
            label=label or sentences.fact_label(name, self.words, self.language, self._),
            help=own(fact.help, self.language),
            widget=widget,
            unit=self.unit(fact),
            choices=choices,
            typed=typed,
            error=say(error, self._) if error else "",
            from_register=fact.source == "register",
            later=later,
            answered=bool(typed),
        )

    def unit(self, fact: Fact) -> str:
        return self._(UNIT_WORDS[fact.unit]) if fact.unit in UNIT_WORDS else fact.unit

    def widget(self, fact: Fact) -> tuple[str, list[tuple[str, str]]]:
        """Return how a fact is asked, with its choices."""
        choices = [(choice.name, own(choice.label, self.language)) for choice in fact.choices]
        if fact.kind == "code":
            choices = open_list(fact, self.zone, self.language)
            return ("select", choices) if choices else ("text", [])
        if fact.kind == "choices":
            choices = choices or open_list(fact, self.zone, self.language)
            return ("checkboxes", [*choices, (NONE_OF_THESE, self._("None of these"))]) if choices else ("text", [])
        if fact.kind == "choice":
            return ("radios" if len(choices) <= _RADIOS_UP_TO else "select"), choices
        if fact.kind == "boolean":
            return "radios", [("yes", self._("Yes")), ("no", self._("No"))]
        return ("date" if fact.kind == "date" else "number"), []

    def card(self, place: int, item: Item, document: Document, *, required: bool) -> PaperCard:
        names = [fact.name for fact in document.facts()]
        held = self.question(place, item, names[0], later=False, label=self._("Do you hold it?"))
        # The world is closed for papers: one that is not stated is not held, so "not known" would say the same.
        held.holds, held.choices = True, held.choices[:1]
        rest: list[Question] = []
        if held.text == "yes":
            labels: Mapping[str, str] = {
                names[1]: self._("Last day it is valid (leave empty if it does not expire)"),
                **(
                    {names[2]: self._("Quantity left on it (leave empty if it has no limit)")}
                    if document.quantity
                    else {}
                ),
            }
            rest = [self.question(place, item, name, later=False, label=label) for name, label in labels.items()]
        issuer = sentences.authority_title(document.issuer, self.zone, self.language, self._) if document.issuer else ""
        return PaperCard(
            document.name,
            own(document.label, self.language),
            own(document.help, self.language),
            issuer,
            required,
            [held, *rest],
        )


UNIT_WORDS = {
    "days": sentences.N_("days"),
    "years": sentences.N_("years"),
    "months": sentences.N_("months"),
    "persons": sentences.N_("people"),
    "hours": sentences.N_("hours"),
}
