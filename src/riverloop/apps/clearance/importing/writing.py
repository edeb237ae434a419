"""Tables given out: the template of a flow, made from the dictionary, and what came of a table handed in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from riverloop.apps.clearance import sentences
from riverloop.apps.clearance.importing import columns
from riverloop.apps.clearance.importing.columns import HEAD_WORDS, facts_of, head_names, label_of
from riverloop.apps.clearance.importing.reading import NOTE
from riverloop.apps.clearance.sentences import N_, Gettext, own
from riverloop.core.rules.facts import Dictionary, Fact

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from riverloop.zones import Zone

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS_CHECKED = 10_001  # of the template, by its lists of choices
_LONGEST_LIST = 250  # characters: what a spreadsheet takes as a list within a cell
_WIDTH = 18
KIND_WORDS = {
    "boolean": N_("yes or no"),
    "integer": N_("whole number"),
    "decimal": N_("number"),
    "date": N_("date, as 2026-11-22"),
    "choice": N_("one of the list"),
    "code": N_("code"),
    "choices": N_("any of the list, with semicolons"),
}


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def template_csv(flow: str, words: Dictionary, language: str, _: Gettext) -> str:
    """Return the template of a flow as CSV: the names of the columns, and below each what it is called."""
    out = io.StringIO()
    names = _names(flow, words)
    labels = [label_of(name, words, language, _) for name in names]
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerow([f"{NOTE} {labels[0]}", *map(harmless, labels[1:])])
    return "\ufeff" + out.getvalue()


def _names(flow: str, words: Dictionary) -> list[str]:
    return [*head_names(flow), *(fact.name for fact in facts_of(flow, words))]


def template_xlsx(flow: str, words: Dictionary, zone: Zone, language: str, _: Gettext) -> bytes:
    """Return the template of a flow as a workbook, with lists to choose from and a sheet that explains each column."""
    from openpyxl import Workbook  # noqa: PLC0415 - slow to import, and few requests need it
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    book = Workbook()
    book.remove(book.worksheets[0])
    sheet: Worksheet = book.create_sheet(_("Movements"))
    names = _names(flow, words)
    labels = [label_of(name, words, language, _) for name in names]
    sheet.append(names)
    sheet.append([f"{NOTE} {labels[0]}", *labels[1:]])
    for place in range(1, len(names) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
        sheet.cell(1, place).font = Font(bold=True)
        sheet.cell(2, place).font = Font(italic=True)
    sheet.freeze_panes = "A3"
    _add_lists(sheet, names, words, zone)
    _explain(book.create_sheet(_("Columns")), names, words, zone, language, _)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _add_lists(sheet: Worksheet, names: list[str], words: Dictionary, zone: Zone) -> None:
    from openpyxl.utils import get_column_letter  # noqa: PLC0415
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    by_list: dict[str, DataValidation] = {}
    for place, name in enumerate(names, 1):
        listed = ",".join(_choices(name, words, zone))
        if not listed or len(listed) > _LONGEST_LIST:
            continue
        if listed not in by_list:
            by_list[listed] = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            sheet.add_data_validation(by_list[listed])
        letter = get_column_letter(place)
        by_list[listed].add(f"{letter}3:{letter}{_ROWS_CHECKED}")


def _choices(name: str, words: Dictionary, zone: Zone) -> list[str]:
    if name == columns.DIRECTION:
        return list(zone.boundary.directions)
    if name == columns.POINT:
        return [point.id for point in zone.control_points]
    fact = words.facts.get(name)
    if fact is None or name in HEAD_WORDS or fact.kind == "choices":
        return []
    return ["yes", "no"] if fact.kind == "boolean" else list(fact.choice_names)


def _explain(sheet: Worksheet, names: list[str], words: Dictionary, zone: Zone, language: str, _: Gettext) -> None:
    sheet.append([_("Column"), _("What it is"), _("How to write it"), _("Choices"), _("Help")])
    for name in names:
        fact = words.facts.get(name) if name not in HEAD_WORDS else None
        kind = _(KIND_WORDS[fact.kind]) if fact else _head_kind(name, _)
        chosen = _labelled(fact, language) if fact else ", ".join(_choices(name, words, zone))
        row = [name, label_of(name, words, language, _), kind, chosen, own(fact.help, language) if fact else ""]
        sheet.append([harmless(text) for text in row])
    for letter, width in zip("ABCDE", (34, 44, 26, 60, 80), strict=True):
        sheet.column_dimensions[letter].width = width


def _head_kind(name: str, _: Gettext) -> str:
    return _("date and time, as 2026-11-22 09:00") if name == columns.CROSSING else _("text")


def _labelled(fact: Fact, language: str) -> str:
    return "; ".join(f"{choice.name} = {own(choice.label, language)}" for choice in fact.choices)


# What came of it


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def results_csv(rows: Iterable[Any], say: Any) -> Iterator[str]:
    """Yield what came of each row, as CSV that opens in a spreadsheet; no name and no fact is in it.

    Args:
        rows: of an import, with their movements, in order.
        say: returns the mistakes of a row in the reader's language.
    """
    writer = csv.writer(_Echo())
    yield "\ufeff"
    yield writer.writerow(["row", "result", "movement", "outcome", "reference", "crossing_at", "mistakes"])
    for row in rows:
        movement = row.movement
        yield writer.writerow(
            [
                row.number,
                _result(row),
                movement.number if movement else "",
                row.outcome,
                harmless(row.reference),
                row.crossing_at.isoformat() if row.crossing_at else "",
                harmless("; ".join(say(row))),
            ]
        )


def _result(row: Any) -> str:
    if row.movement_id:
        return "filed"
    if row.is_wrong:
        return "mistake"
    return "filed_before" if row.filed_before else "not_filed"


def outcome_words(counts: dict[str, int], _: Gettext) -> list[tuple[str, str, int]]:
    """Return (outcome, its words, how many), the best first."""
    order = ("cleared", "referred", "incomplete", "undetermined", "refused")
    return [(word, sentences.outcome_word(word, _), counts[word]) for word in order if counts.get(word)]
