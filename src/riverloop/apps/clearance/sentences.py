"""What a decision says, in sentences. Pure functions: the pages and the command line share them.

Each takes ``_``, a ``gettext`` callable, so that neither Django nor a global language is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance.formats import date_text, instant_text, list_text, share_text
from riverloop.core.kernel.sides import Text
from riverloop.core.kernel.words import N_ as N_  # noqa: PLC0414 - for those above, beside the words
from riverloop.core.rules.decisions import Decision, SideDecision
from riverloop.core.rules.facts import Dictionary
from riverloop.core.rules.packs import CLEARED, INCOMPLETE

if TYPE_CHECKING:
    from riverloop.zones import Zone

Gettext = Callable[[str], str]


OUTCOME_WORDS = {
    "cleared": N_("Cleared"),
    "referred": N_("Referred to an authority"),
    "incomplete": N_("Waiting for papers"),
    "refused": N_("Refused"),
    "undetermined": N_("Not known yet"),
}
VERIFIED_WORDS = {
    "primary": N_("Read in the original"),
    "secondary": N_("From secondary sources"),
    "none": N_("Text not found"),
}
ROLE_WORDS = {
    "immigration": N_("the immigration authority"),
    "customs": N_("the customs authority"),
    "health": N_("the health authority"),
    "data": N_("the data authority"),
    "security": N_("the security authority"),
    "trade": N_("the trade authority"),
    "animals": N_("the authority for animals and plants"),
    "fire": N_("the fire authority"),
    "privacy": N_("the privacy commissioner"),
    "tax": N_("the tax authority"),
    "science": N_("the science authority"),
    "local": N_("the local government"),
}
SHARED_WORDS = {
    "both": N_("Both sides"),
    "zone": N_("The zone"),
    "gba": N_("Greater Bay Area"),
    "transport": N_("Transport"),
}
FLOW_WORDS = {"person": N_("A person"), "goods": N_("Goods or samples"), "data": N_("Research data")}
FLOW_PLURALS = {"person": N_("People"), "goods": N_("Goods and samples"), "data": N_("Research data")}


def outcome_word(outcome: str, _: Gettext) -> str:
    """Return an outcome in words."""
    return _(OUTCOME_WORDS[outcome])


def verified_words(verified: str, _: Gettext) -> str:
    """Return how a text was read."""
    return _(VERIFIED_WORDS[verified])


def own(text: Mapping[str, str], language: str) -> str:
    """Return a text in the language, in English where it lacks it."""
    return text.get(language) or text.get("en") or ""


def authority_title(name: str, zone: Zone, language: str, _: Gettext) -> str:
    """Return what an authority id, a role or a shared pack is called."""
    for side in zone.boundary.sides:
        for authority in side.authorities:
            if authority.id == name:
                return own(authority.title, language)
    if name in SHARED_WORDS:
        return _(SHARED_WORDS[name])
    role = name.rsplit(".", 1)[-1]
    return _(ROLE_WORDS[role]) if role in ROLE_WORDS else name


def owner_title(owner: str, zone: Zone, language: str, _: Gettext) -> str:
    """Return what a side, or the owner of a shared pack, is called."""
    for side in zone.boundary.sides:
        if side.id == owner:
            return own(side.title, language)
    return _(SHARED_WORDS[owner]) if owner in SHARED_WORDS else owner


def direction_text(direction: str, zone: Zone, language: str, _: Gettext) -> str:
    """Return "from one side to the other"."""
    one, other = direction.split("-")
    titles = {side.id: own(side.title, language) for side in zone.boundary.sides}
    return _("From {origin} to {destination}").format(
        origin=within(titles[one], language), destination=within(titles[other], language)
    )


def within(title: str, language: str) -> str:
    """Return a title as it stands inside a sentence: English writes its article small there."""
    return "the " + title[4:] if language == "en" and title.startswith("The ") else title


def paper_text(alternatives: Iterable[str], words: Dictionary, language: str) -> str:
    """Return one required paper, or its alternatives joined by "or"."""
    return list_text([own(words.documents[name].label, language) for name in alternatives], language, either=True)


def summary(
    decision: Decision,
    zone: Zone,
    language: str,
    _: Gettext,
    *,
    unanswered: frozenset[str] = frozenset(),
    signed: frozenset[str] = frozenset(),
) -> str:
    """Return the one sentence of a decision.

    Args:
        decision: both sides'.
        zone: names the sides and their authorities.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
        unanswered: sides that have not answered yet, of a movement that was filed.
        signed: sides whose refusal of a person an officer has signed.
    """
    sides = list(decision.sides.values())
    if unanswered:
        return _joined(map(_Clauses(decision, zone, language, _, unanswered, signed).say, sides), language, _)
    outcomes = {side.outcome for side in sides}
    if outcomes == {"cleared"}:
        return _("Both sides clear it.")
    nothing_sure = all(side.low == CLEARED and _answers_needed(side, decision) for side in sides)
    if outcomes == {"undetermined"} and nothing_sure:
        return _("Neither side can say yet: a few answers are missing.")
    return _joined(map(_Clauses(decision, zone, language, _, unanswered, signed).say, sides), language, _)


def _joined(clauses: Iterable[str], language: str, _: Gettext) -> str:
    first, second = clauses
    joined = _("{first}; {second}.").format(first=first, second=within(second, language))
    return joined[0].upper() + joined[1:]


def _answers_needed(side: SideDecision, decision: Decision) -> int:
    """Count the answers that the applicant could still give to settle the outcome."""
    facts = decision.packs.dictionary.facts
    return sum(
        facts[name].source in ("applicant", "register")
        for names, count in zip(side.missing_facts, side.deciding_facts, strict=True)
        for name in names[:count]
    )


class _Clauses:
    """What one side says, as half a sentence."""

    def __init__(
        self,
        decision: Decision,
        zone: Zone,
        language: str,
        _: Gettext,
        unanswered: frozenset[str] = frozenset(),
        signed: frozenset[str] = frozenset(),
    ) -> None:
        self.decision, self.zone, self.language, self._ = decision, zone, language, _
        self.unanswered, self.signed = unanswered, signed

    def say(self, side: SideDecision) -> str:
        name = own(self.zone.boundary.side(side.side).title, self.language)
        if side.side in self.unanswered:
            return self._("{side} has not answered yet").format(side=name)
        if side.outcome == "cleared":
            return self._("{side} clears it").format(side=name)
        if side.outcome == "refused":
            return self.refused(name, side)
        if side.outcome == "incomplete":
            return self.incomplete(name, side)
        if side.outcome == "referred":
            return self.referred(name, side)
        return self.undetermined(name, side)

    def refused(self, name: str, side: SideDecision) -> str:
        # Against a person a rule only proposes: an officer signs (rule semantics 22).
        if self.decision.movement.flow == "person" and side.side not in self.signed:
            return self._("{side} proposes to refuse, and an officer decides").format(side=name)
        return self._("{side} refuses it").format(side=name)

    def incomplete(self, name: str, side: SideDecision) -> str:
        papers = self.papers(side)
        if len(papers) == 1:
            return self._("{side} waits for the {paper}").format(side=name, paper=papers[0])
        if not papers:  # it knows of papers that cannot be told from here
            return self._("{side} waits for papers").format(side=name)
        return self._("{side} waits for {count} papers").format(side=name, count=len(papers))

    def referred(self, name: str, side: SideDecision) -> str:
        asked = list(dict.fromkeys(str(hit.rule.effect.value) for hit in side.refers))
        if not asked:  # the other side does not say which
            return self._("{side} has an authority look at it").format(side=name)
        if len(asked) != 1:
            return self._("{side} asks {count} authorities to look at it").format(side=name, count=len(asked))
        authority = authority_title(asked[0], self.zone, self.language, self._)
        if all(hit.rule.rule is None for hit in side.refers):
            unruled = self._("{side} has no rule for it here, so the {authority} decides")
            return unruled.format(side=name, authority=authority)
        return self._("{side} has the {authority} look at it").format(side=name, authority=authority)

    def undetermined(self, name: str, side: SideDecision) -> str:
        papers = self.papers(side)
        if side.low == INCOMPLETE and len(papers) == 1:
            return self._("{side} waits at least for the {paper}").format(side=name, paper=papers[0])
        if side.low == INCOMPLETE and papers:
            return self._("{side} waits at least for {count} papers").format(side=name, count=len(papers))
        needed = _answers_needed(side, self.decision)
        if not needed:
            return self._("{side} cannot say yet").format(side=name)
        if needed == 1:
            return self._("{side} needs one more answer").format(side=name)
        return self._("{side} needs more answers").format(side=name)

    def papers(self, side: SideDecision) -> list[str]:
        words = self.decision.packs.dictionary
        return [paper_text(one, words, self.language) for one in side.missing_documents]


# Parts of a decision -------------------------------------------------------------------------------------------


def effect_text(effect: Mapping[str, Any], words: Dictionary, zone: Zone, language: str, _: Gettext) -> str:
    """Return what follows from a rule, from the ``{kind: value}`` of its effect."""
    ((kind, value),) = effect.items()
    if kind in _PLAIN_EFFECTS:
        return _(_PLAIN_EFFECTS[kind])
    told: str = getattr(_Effects(words, zone, language, _), kind)(value)
    return told


_PLAIN_EFFECTS = {"refuse": N_("Refuses"), "suspend": N_("Suspends"), "allow": N_("Allows")}


class _Effects:
    """Effects that name something: one method a kind."""

    def __init__(self, words: Dictionary, zone: Zone, language: str, _: Gettext) -> None:
        self.words, self.zone, self.language, self._ = words, zone, language, _

    def require(self, value: Any) -> str:
        wanted = value if isinstance(value, list) else [value]
        papers = [
            paper_text(one["any_of"] if isinstance(one, dict) else [one], self.words, self.language) for one in wanted
        ]
        return self._("Needs: {papers}").format(papers=list_text(papers, self.language))

    def oblige(self, value: Any) -> str:
        return self._("To do: {act}").format(act=self.act(value["act"]))

    def advise(self, value: Any) -> str:
        return self._("Advice: {act}").format(act=self.act(value))

    def route(self, value: Any) -> str:
        every = {one.name: one for routes in self.words.routes.values() for one in routes}
        return self._("Route: {route}").format(route=own(every[value].label, self.language))

    def refer(self, value: Any) -> str:
        return self._("Looked at by: {authority}").format(authority=self.authority(value))

    def notify(self, value: Any) -> str:
        titles = [self.authority(name) for name in (value if isinstance(value, list) else [value])]
        return self._("Told: {authorities}").format(authorities=list_text(titles, self.language))

    def inspect(self, value: Any) -> str:
        return inspect_text(value["share"], self.language, self._)

    def act(self, name: str) -> str:
        return own(self.words.acts[name].label, self.language)

    def authority(self, name: str) -> str:
        return authority_title(name, self.zone, self.language, self._)


def inspect_text(share: float, language: str, _: Gettext) -> str:
    """Return which share is inspected."""
    return _("Inspects {share}, chosen at random").format(share=share_text(share, language))


def due_text(
    due: Any, counts_from: str, *, provisional: bool, zone_name: str, words: Dictionary, language: str, _: Gettext
) -> str:
    """Return by when a duty is to be done.

    Args:
        due: date, aware instant, or None while it is not known.
        counts_from: ``at``, ``crossing`` or the date fact that it counts from.
        provisional: whether it lies beyond the holidays a government has announced.
        zone_name: IANA time zone of the side.
        words: the dictionary, for the fact's label.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
    """
    if due is None and counts_from in words.facts:
        return _("Counts from: {fact}").format(fact=own(words.facts[counts_from].label, language))
    if due is None:
        return _("Counts from the crossing") if counts_from == "crossing" else _("No date is set")
    shown = instant_text(due, language, zone_name) if hasattr(due, "hour") else date_text(due, language)
    if provisional:
        return _("By {date} (provisional: that year's holidays are not announced yet)").format(date=shown)
    return _("By {date}").format(date=shown)


def fact_label(name: str, words: Dictionary, language: str, _: Gettext) -> str:
    """Return what a fact is called, a document's own facts included."""
    fact = words.facts[name]
    if not fact.document:
        return own(fact.label, language) or name
    paper = own(words.documents[fact.document].label, language)
    if name.endswith("_expires_on"):
        return _("Last day of the {paper}").format(paper=paper)
    if name.endswith("_quantity_left"):
        return _("Quantity left on the {paper}").format(paper=paper)
    return _("Holds the {paper}").format(paper=paper)


def value_text(value: Any, choices: Mapping[str, Text], language: str, _: Gettext) -> str:
    """Return a stated value in words."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return list_text([value_text(one, choices, language, _) for one in value], language) or _("none of these")
    if value in choices:
        return own(choices[value], language)
    return str(value)


def as_text(
    decision: Decision, zone: Zone, language: str, _: Gettext, authority_of: frozenset[str] = frozenset()
) -> str:
    """Return a decision as plain text, for a terminal.

    Args:
        decision: both sides'.
        zone: names the sides and their authorities.
        language: en, zh-Hant or zh-Hans.
        _: translates into that language.
        authority_of: sides whose officers read it.
    """
    from riverloop.apps.clearance.plain import write  # noqa: PLC0415 - it stands on this module

    return write(decision, zone, language, _, authority_of)
