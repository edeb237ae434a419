"""Reads of tables handed in: whoever coordinates the organisation sees them, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from riverloop.apps.clearance import law, sentences
from riverloop.apps.clearance.importing.models import Import, ImportRow
from riverloop.apps.clearance.importing.previewing import preview
from riverloop.apps.clearance.language import active_language
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.selectors import zone
from riverloop.apps.parties.models import Organisation, User
from riverloop.apps.runs.models import Run

A_PAGE = 50  # rows
_MOST_FACTS = 4  # of a row that are shown
_MOST_ITEMS_SAID = 100  # of one movement, to say its sentence in a list
_ENDED = ("done", "failed", "cancelled")


def imports(*, visible_to: Any) -> QuerySet[Import]:
    """Return the tables that an account may see, newest first."""
    held = visible_to.held_roles if isinstance(visible_to, User) and visible_to.is_active else []
    own = [role.organisation_id for role in held if role.kind == "coordinator"]
    return Import.objects.filter(organisation__in=own).defer("sealed").order_by("-created_at", "id")


def organisations_filed_for(user: User) -> list[Organisation]:
    """Return the organisations that an account files for."""
    own = [role.organisation for role in user.held_roles if role.kind == "coordinator" and role.organisation]
    return list({one.id: one for one in own}.values())


def with_states(batches: Iterable[Import]) -> list[tuple[Import, str]]:
    """Return tables with how each stands, in one more query."""
    listed = list(batches)
    runs = Run.objects.in_bulk([batch.run for batch in listed if batch.run])
    return [(batch, state_of(batch, runs.get(batch.run))) for batch in listed]


def run_of(batch: Import) -> Run | None:
    """Return the work that goes on with a table, or the last."""
    return Run.objects.filter(pk=batch.run).first() if batch.run else None


def state_of(batch: Import, run: Run | None) -> str:
    """Return how a table stands; work that was stopped before it began leaves it as it was before."""
    ended = run is None or run.state in _ENDED
    if batch.state == "filing" and ended:
        return "checked"
    return "stopped" if batch.state == "checking" and ended else batch.state


@dataclass(slots=True)
class RowView:
    """A row as the preview shows it."""

    row: ImportRow
    said: str
    outcome: str
    word: str
    mistakes: list[tuple[str, str]]
    facts: list[tuple[str, str]]


def page_of(batch: Import, *, wrong_only: bool, after: int) -> tuple[list[ImportRow], int]:
    """Return a page of rows, and the number after which the next begins; 0 if there is none."""
    rows = batch.rows.select_related("person", "movement").order_by("number")
    if wrong_only:
        rows = rows.filter(is_wrong=True)
    found = list(rows.filter(number__gt=after)[: A_PAGE + 1])
    return found[:A_PAGE], found[A_PAGE - 1].number if len(found) > A_PAGE else 0


def shown(batch: Import, rows: Sequence[ImportRow]) -> list[RowView]:
    """Lay rows out in the language of the page, each with what came, or would come, of it."""
    said = _sentences(batch, rows)
    return [_shown(batch, row, said.get(row.number, "")) for row in rows]


def _shown(batch: Import, row: ImportRow, said: str) -> RowView:
    outcome = outcome_of(row.movement) if row.movement else row.outcome
    return RowView(
        row=row,
        said=said,
        outcome=outcome,
        word=_word(batch.flow, outcome) if outcome else "",
        mistakes=list(mistakes_said(row.mistakes)),
        facts=[(law.label(name), law.said(name, value)) for name, value in list(row.facts.items())[:_MOST_FACTS]],
    )


def _word(flow: str, outcome: str) -> str:
    """Return the outcome in words; against a person a rule only proposes (rule semantics 22)."""
    if outcome == "refused" and flow == "person":
        return _("Refusal proposed")
    return sentences.outcome_word(outcome, _)


def _sentences(batch: Import, rows: Iterable[ImportRow]) -> dict[int, str]:
    """Return the sentence of each movement whose first row is among these and is not filed yet."""
    firsts = [row for row in rows if not row.is_wrong and row.group == row.number and not row.movement_id]
    groups: dict[int, list[ImportRow]] = {row.number: [] for row in firsts}
    found = batch.rows.filter(group__in=groups).select_related("person").order_by("number")
    for row in found:
        groups[row.group].append(row)
    listed = [group for group in groups.values() if len(group) <= _MOST_ITEMS_SAID]
    return {
        one.rows[0].number: sentences.summary(one.decision, zone(), active_language(), _)
        for one in preview(listed, batch.organisation, batch.flow)
    }


def mistakes_said(told: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str]]:
    """Yield (column, what is wrong and how to mend it) in the language of the page."""
    for one in told:
        params, message = dict(one["params"]), one["message"]
        yield one["column"], _(message).format(**params)
