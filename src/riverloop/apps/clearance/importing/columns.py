"""The columns of a table of movements: five of the movement, then the facts of the flow from the dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.declared import ASKED_OF_APPLICANT
from riverloop.apps.clearance.sentences import N_, Gettext
from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.sides import LANGUAGES
from riverloop.core.rules.facts import Dictionary, Fact

MOVEMENT, DIRECTION, CROSSING, POINT, REFERENCE, PERSON = (
    "movement",
    "direction",
    "crossing_at",
    "control_point",
    "reference",
    "person",
)
HEAD_WORDS = {
    MOVEMENT: N_("Rows with the same text here are items of one movement; empty: a movement of its own"),
    DIRECTION: N_("Which way"),
    CROSSING: N_("When it crosses, by the clock of the side of departure"),
    POINT: N_("Control point, if it is known"),
    REFERENCE: N_("Your own reference, if any"),
    PERSON: N_("The person: name or document number as registered here"),
}
_NEEDED = (DIRECTION, CROSSING)
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it was handed in.

    Args:
        name: one of ``HEAD_WORDS``, or a fact.
        title: as it stands in the header.
        fact: the fact, if it is one.
    """

    name: str
    title: str
    fact: Fact | None


def head_names(flow: str) -> tuple[str, ...]:
    """Return the columns of the movement itself, in order; only people have the one of the person."""
    return tuple(name for name in HEAD_WORDS if name != PERSON or flow == "person")


def facts_of(flow: str, words: Dictionary) -> list[Fact]:
    """Return the facts that an applicant may state of a flow, papers last, but those that a head column states."""
    facts = [fact for fact in words.of_flow(flow) if fact.source in ASKED_OF_APPLICANT and fact.name not in HEAD_WORDS]
    return sorted(facts, key=lambda fact: bool(fact.document))


def label_of(name: str, words: Dictionary, language: str, _: Gettext) -> str:
    """Return what a column is called in words."""
    if name in HEAD_WORDS:
        return _(HEAD_WORDS[name])
    return sentences.fact_label(name, words, language, _)


def read_header(header: Sequence[str], flow: str, words: Dictionary) -> tuple[list[Column | None], list[InputError]]:
    """Read the header; a column without a title is left out.

    Args:
        header: titles: names of columns, or labels of facts in any language.
        flow: person, goods or data.
        words: the dictionary of facts.

    Returns:
        the columns, and every mistake of the header.
    """
    known = _titles(flow, words)
    columns: list[Column | None] = []
    mistakes: list[InputError] = []
    for title in header:
        name = known.get(_plain(title))
        if not title:
            columns.append(None)
        elif name is None:
            mistakes.append(_unknown(title, flow, words))
        elif name in {column.name for column in columns if column}:
            mistakes.append(
                InputError("import.column_twice", N_('The column "{column}" is there twice. Keep one.'), column=title)
            )
        else:
            columns.append(Column(name, title, None if name in HEAD_WORDS else words.facts[name]))
    mistakes += _lacking([column.name for column in columns if column], flow)
    return columns, mistakes[:_MOST_TOLD]


def _plain(title: str) -> str:
    return " ".join(title.casefold().replace("_", " ").split())


def _titles(flow: str, words: Dictionary) -> dict[str, str]:
    """Return the name of a column by each title it may have."""
    titles: dict[str, str] = {}
    for fact in facts_of(flow, words):
        if not fact.document:
            titles |= {_plain(fact.label[language]): fact.name for language in LANGUAGES if fact.label.get(language)}
    titles |= {_plain(fact.name): fact.name for fact in facts_of(flow, words)}
    return titles | {_plain(name): name for name in head_names(flow)}


def _unknown(title: str, flow: str, words: Dictionary) -> InputError:
    fact = words.facts.get(title.strip())
    if fact is not None and flow not in fact.flows:
        return InputError(
            "import.column_flow",
            N_('The column "{column}" belongs to another kind of movement. Choose that kind, or leave the column out.'),
            column=title,
        )
    if fact is not None:
        return InputError(
            "import.column_officer", N_('Only an officer may state "{column}". Leave the column out.'), column=title
        )
    named = [*head_names(flow), *(one.name for one in facts_of(flow, words))]
    return InputError(
        "import.column_unknown",
        N_('There is no column "{column}".{hint} The template names them all.'),
        column=title[:60],
        hint=did_you_mean(title.strip().lower()[:60], named),
    )


def _lacking(names: Iterable[str], flow: str) -> list[InputError]:
    needed = (*_NEEDED, PERSON) if flow == "person" else _NEEDED
    return [
        InputError(
            "import.column_lacking",
            N_('The column "{column}" is missing. Add it, or begin with the template.'),
            column=name,
        )
        for name in needed
        if name not in names
    ]
