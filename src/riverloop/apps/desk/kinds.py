"""What a matter is about, told by the apps above: they register a kind; the desk knows only queues and steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from riverloop.apps.desk.models import Matter
from riverloop.apps.parties.models import Person, User

Titles = Mapping[str, str]
Panel = tuple[str, dict[str, Any]]


def _never(matter: Matter) -> bool:
    del matter
    return False


def _nothing(matter: Matter, *_: Any) -> None:
    del matter


def _nothing_together(matters: list[Matter], by: User) -> None:
    del matters, by


def _nobody(matter: Matter) -> Sequence[Person]:
    return [matter.person] if matter.person else []


def _no_facts(matter: Matter) -> Sequence[tuple[str, str]]:
    del matter
    return ()


def _untitled(matters: list[Matter], user: User) -> Titles:
    del matters, user
    return {}


@dataclass(frozen=True, slots=True)
class Act:
    """One way to close a matter.

    Args:
        label: of its button, marked for translation.
        needs_reason: whether a reason must be given.
        two_officers: whether a second officer has to confirm it, for this matter.
        wants_until: whether the answer may end on a day.
    """

    label: str
    needs_reason: bool = True
    two_officers: Callable[[Matter], bool] = _never
    wants_until: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of matter.

    Args:
        name: as ``Matter.kind`` has it.
        label: marked for translation.
        acts: by name, in the order of their buttons.
        describe: (matters, user) to a title for each id, in the active language; without anybody's name.
        panel: (matter, user) to the template and context of what an officer reads, or None.
        on_asked: (matter, by, text, facts, due_at), in the transaction; hands the question to whoever filed.
        on_decided: (matters, by), in the transaction, when matters of one thing are closed by an officer's one act.
        on_withdrawn: (matter, by), in the transaction, when whoever asked takes it back.
        on_interim: (matter, act, by), in the transaction: ``interim_release`` or ``interim_end`` on an open remedy.
        people: those whom the page of the matter names; showing it records that they were looked at.
        askable: facts and papers that may be asked for, with labels in the active language.
    """

    name: str
    label: str
    acts: Mapping[str, Act]
    describe: Callable[[list[Matter], User], Titles]
    panel: Callable[[Matter, User], Panel | None] | None = None
    on_asked: Callable[[Matter, User, str, list[str], datetime], None] | None = None
    on_decided: Callable[[list[Matter], User], None] = _nothing_together
    on_withdrawn: Callable[[Matter, User | None], None] = _nothing
    on_interim: Callable[[Matter, str, User], None] | None = None
    people: Callable[[Matter], Sequence[Person]] = _nobody
    askable: Callable[[Matter], Sequence[tuple[str, str]]] = field(default=_no_facts)

    @property
    def can_ask(self) -> bool:
        """Whether there is somebody who would read a question."""
        return self.on_asked is not None


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Tell the desk of a kind; a higher app does so when it starts."""
    _KINDS[kind.name] = kind


def kind_of(matter: Matter) -> Kind:
    """Return the kind of a matter; one that nobody registered has no acts."""
    return _KINDS.get(matter.kind) or Kind(matter.kind, matter.kind, {}, _untitled)


def kinds() -> Sequence[Kind]:
    """Return every kind, in the order in which they were registered."""
    return tuple(_KINDS.values())


def kind_names() -> Sequence[str]:
    """Return their names: with them, what is about one thing is found by an index."""
    return tuple(_KINDS)


def titles(matters: list[Matter], user: User) -> dict[str, str]:
    """Return the title of each matter, asking each kind once."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(matter.kind for matter in matters):
        own = [matter for matter in matters if matter.kind == name]
        found |= kind_of(own[0]).describe(own, user)
    return found
