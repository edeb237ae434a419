"""Tables of movements are handed in, checked, filed and discarded; the long parts are runs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from riverloop.apps.clearance.filing import movements_declare
from riverloop.apps.clearance.importing import selectors
from riverloop.apps.clearance.importing.checking import Row, grouped, read_line
from riverloop.apps.clearance.importing.columns import read_header
from riverloop.apps.clearance.importing.models import Import, ImportRow
from riverloop.apps.clearance.importing.previewing import Would, drafts_of, preview
from riverloop.apps.clearance.importing.reading import MOST_BYTES, Table, read_table
from riverloop.apps.clearance.importing.staff import people_named
from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.selectors import rulebook, zone
from riverloop.apps.nodes import keys
from riverloop.apps.parties.models import Organisation, Person, User
from riverloop.apps.parties.words import N_
from riverloop.apps.record.rows import rows_insert
from riverloop.apps.record.services import record_append
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_cancel, run_start
from riverloop.apps.runs.work import Cancelled, Progress
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.sides import FLOWS

CHECK, FILE = "clearance.import.check", "clearance.import.file"
_CHUNK = 500
_STEP = 100  # rows


@transaction.atomic
def import_start(
    *,
    by: User,
    organisation: Organisation,
    flow: str,
    name: str,
    content: bytes,
    encoding: str = "",
    again: bool = False,
) -> Import:
    """Take a table; its rows are checked in the background.

    Args:
        by: a coordinator of the organisation.
        organisation: for which movements are to be filed.
        flow: person, goods or data.
        name: of the file.
        content: the file.
        encoding: one of ``reading.ENCODINGS``; found out if it is empty.
        again: whether a file that was handed in before may be handed in once more.

    Raises:
        ConflictError: it was handed in before.
        InputError: it is empty or too large.
        PermissionDenied: ``by`` does not file for the organisation.
    """
    if not by.has_perm("clearance.file_for", organisation):
        raise PermissionDenied
    if flow not in FLOWS:
        raise InputError("import.flow", N_("Choose what crosses."))
    if len(content) > MOST_BYTES or not content:
        read_table(content)  # says so
    sha256 = hashlib.sha256(content).hexdigest()
    if not again:
        _check_new(organisation, flow, sha256)
    batch = Import.objects.create(
        owner_side=organisation.owner_side,
        organisation=organisation,
        by=by,
        flow=flow,
        name=name[:120],
        sha256=sha256,
        sealed=keys.seal(organisation.owner_side, content.decode("latin-1")),
        encoding=encoding,
        created_at=timezone.now(),
    )
    _record("import.started", batch, by)
    return _run(batch, CHECK, by)


def _record(kind: str, batch: Import, by: User, **more: Any) -> None:
    record_append(side=batch.owner_side, kind=kind, payload={"import": batch.id, "by": by.id, **more})


def _check_new(organisation: Organisation, flow: str, sha256: str) -> None:
    alive = Import.objects.exclude(state__in=("discarded", "unreadable"))
    before = alive.filter(organisation=organisation, flow=flow, sha256=sha256).order_by("-created_at").first()
    if before is None:
        return
    message = N_("This very file was handed in before and waits to be filed. Go on with that one.")
    if before.state == "filed":
        message = N_("This very file was handed in before, and its movements are filed. Open that one instead.")
    raise ConflictError("import.uploaded_twice", message, batch=before.id)


def _run(batch: Import, kind: str, by: User) -> Import:
    run = run_start(side=batch.owner_side, kind=kind, params={"import": batch.id}, by=by, total=batch.rows_count)
    batch.run = run.id
    batch.save(update_fields=["run"])
    return batch


@transaction.atomic
def import_file(*, by: User, batch: Import, only_good: bool = False, twice: bool = False) -> Import:
    """File what was checked: every row, or by choice only those without a mistake.

    Args:
        by: a coordinator of the organisation.
        batch: checked.
        only_good: whether rows with mistakes, and their movements, are left out.
        twice: whether movements that were filed already are filed once more.

    Raises:
        ConflictError: it is not waiting to be filed.
        InputError: rows have mistakes and were not left out, or nothing is left.
        PermissionDenied: ``by`` does not file for the organisation.
    """
    if not by.has_perm("clearance.file_for", batch.organisation):
        raise PermissionDenied
    held = Import.objects.select_for_update().get(pk=batch.pk)
    if _state(held) != "checked":
        raise ConflictError("import.not_waiting", N_("This table is not waiting to be filed. Look at it again."))
    if held.wrong_count and not only_good:
        raise InputError(
            "import.wrong_rows",
            N_("{count} rows have mistakes, so nothing was filed. Mend them, or file only the others."),
            count=held.wrong_count,
        )
    if not _fileable(held, twice=twice).exists():
        raise InputError("import.nothing", N_("No row is left to be filed. Mend the table and hand it in again."))
    held.state, held.only_good, held.twice = "filing", only_good, twice
    held.save(update_fields=["state", "only_good", "twice"])
    return _run(held, FILE, by)


@transaction.atomic
def import_discard(*, by: User, batch: Import) -> Import:
    """Drop a table that was not filed: its file and rows go at once.

    Raises:
        ConflictError: it is filed, or being filed.
        PermissionDenied: ``by`` does not file for the organisation.
    """
    if not by.has_perm("clearance.file_for", batch.organisation):
        raise PermissionDenied
    held = Import.objects.select_for_update().get(pk=batch.pk)
    if _state(held) in ("filed", "filing"):
        raise ConflictError("import.filed", N_("This table is filed or being filed. Withdraw its movements instead."))
    for run in Run.objects.filter(pk=held.run, state__in=("waiting", "running")):
        run_cancel(run=run, by=by)
    held.rows.all().delete()
    held.state, held.sealed = "discarded", b""
    held.save(update_fields=["state", "sealed"])
    _record("import.discarded", held, by)
    return held


def _state(held: Import) -> str:
    return selectors.state_of(held, selectors.run_of(held))


def _fileable(batch: Import, *, twice: bool) -> Any:
    rows = ImportRow.objects.filter(batch=batch, is_wrong=False)
    return rows if twice else rows.filter(filed_before="")


# Checking ----------------------------------------------------------------------------------------------------------


def check_run(progress: Progress) -> Mapping[str, Any]:
    """Read a table and decide what would come of it; the rows are stored all at once."""
    batch = Import.objects.select_related("organisation", "by").get(pk=progress.run.params["import"])
    if batch.state != "checking":
        return {"state": batch.state}
    try:
        table = read_table(keys.unseal(batch.owner_side, batch.sealed).encode("latin-1"), encoding=batch.encoding)
        rows, mistakes = _read(batch, table, progress)
    except InputError as error:
        return _unreadable(batch, [error])
    if mistakes:
        return _unreadable(batch, mistakes)
    stored, would = _checked(batch, rows, progress)
    return _store(batch, table, stored, would)


def _read(batch: Import, table: Table, progress: Progress) -> tuple[list[Row], list[InputError]]:
    columns, mistakes = read_header(table.header, batch.flow, rulebook().packs.dictionary)
    if mistakes:
        return [], mistakes
    progress.total(2 * len(table.lines))
    here, rows = zone(), []
    for place, line in enumerate(table.lines, 1):
        rows.append(read_line(line, columns, here))
        if place % _STEP == 0:
            progress.step(_STEP)
    return rows, []


def _unreadable(batch: Import, mistakes: Iterable[InputError]) -> Mapping[str, Any]:
    batch.state = "unreadable"
    batch.mistakes = [_told(error) for error in mistakes]
    batch.sealed = b""
    batch.save(update_fields=["state", "mistakes", "sealed"])
    return {"state": batch.state}


def _told(error: InputError) -> dict[str, Any]:
    params = {name: str(value) for name, value in error.parameters.items()}
    return {"column": "", "code": error.code, "message": error.message, "params": params}


def _checked(batch: Import, rows: list[Row], progress: Progress) -> tuple[list[ImportRow], list[Would]]:
    people = people_named(batch.organisation, rows) if batch.flow == "person" else {}
    groups = []
    for group in grouped(rows):
        wrong = any(row.mistakes for row in group)
        groups.append([_row(batch, row, group[0].number, people.get(row.number), wrong=wrong) for row in group])
    good = [group for group in groups if not group[0].is_wrong]
    would = preview(good, batch.organisation, batch.flow, progress.step)
    _mark_repeated(would)
    _mark_filed_before(batch.organisation, would)
    return [row for group in groups for row in group], would


def _row(batch: Import, row: Row, group: int, person: Person | None, *, wrong: bool) -> ImportRow:
    return ImportRow(
        owner_side=batch.owner_side,
        batch=batch,
        number=row.number,
        group=group,
        direction=row.direction,
        crossing_at=row.crossing_at,
        control_point=row.control_point,
        reference=row.reference,
        person=person,
        facts=row.facts,
        mistakes=[mistake.as_json() for mistake in row.mistakes],
        is_wrong=wrong,
    )


def _mark_repeated(would: Sequence[Would]) -> None:
    """Note movements that stand twice in the table."""
    seen: dict[str, int] = {}
    for one in would:
        first = seen.setdefault(one.fingerprint, one.rows[0].number)
        if first == one.rows[0].number:
            continue
        error = InputError(
            "import.repeated",
            N_("It is the same as the movement of row {first}. Leave one out, or give each its own reference."),
            first=first,
        )
        one.rows[0].mistakes = [_told(error)]
        for row in one.rows:
            row.is_wrong = True


def _mark_filed_before(organisation: Organisation, would: Sequence[Would]) -> None:
    by_print = {one.fingerprint: one for one in would}
    prints = list(by_print)
    for start in range(0, len(prints), _CHUNK):
        part = prints[start : start + _CHUNK]
        filed = Movement.objects.filter(organisation=organisation, fingerprint__in=part, withdrawn_at=None)
        for movement_id, fingerprint in filed.values_list("id", "fingerprint"):
            for row in by_print[fingerprint].rows:
                row.filed_before = movement_id


@transaction.atomic
def _store(batch: Import, table: Table, rows: list[ImportRow], would: Sequence[Would]) -> Mapping[str, Any]:
    held = Import.objects.select_for_update().get(pk=batch.pk)
    if held.state != "checking":
        return {"state": held.state}
    good = [one for one in would if not one.rows[0].is_wrong]
    for one in good:
        for row in one.rows:
            row.outcome = one.decision.outcome
    held.rows.all().delete()
    rows_insert(rows)
    held.kind, held.encoding, held.state = table.kind, table.encoding, "checked"
    held.rows_count = len(rows)
    held.wrong_count = sum(row.is_wrong for row in rows)
    held.twice_count = sum(bool(one.rows[0].filed_before) for one in good)
    held.movements_count = len(good)
    held.outcomes = dict(Counter(one.decision.outcome for one in good))
    held.save()
    return {"state": held.state, "rows": held.rows_count, "wrong": held.wrong_count}


# Filing ------------------------------------------------------------------------------------------------------------


def file_run(progress: Progress) -> Mapping[str, Any]:
    """File the movements of a table in one transaction: all of them, or none."""
    batch = Import.objects.select_related("organisation").get(pk=progress.run.params["import"])
    if batch.state != "filing":  # filed by an earlier try whose end was not noted
        return {"state": batch.state}
    try:
        count = _file(batch, progress)
    except (Cancelled, ConflictError, InputError):
        _unfile(batch)
        raise
    except PermissionDenied:
        _unfile(batch)
        raise ConflictError(
            "import.no_longer",
            N_("Whoever asked for this may no longer file for the organisation. Another coordinator can file it."),
        ) from None
    return {"state": "filed", "movements": count}


def _unfile(batch: Import) -> None:
    Import.objects.filter(pk=batch.pk, state="filing").update(state="checked")


@transaction.atomic
def _file(batch: Import, progress: Progress) -> int:
    held = Import.objects.select_for_update().get(pk=batch.pk)
    if held.state != "filing":
        return held.movements_count
    user = User.objects.get(pk=progress.run.started_by)
    groups: dict[int, list[ImportRow]] = {}
    for row in _fileable(held, twice=held.twice).select_related("person").order_by("number"):
        groups.setdefault(row.group, []).append(row)
    listed = list(groups.values())
    _check_not_cancelled(progress)
    filed = movements_declare(
        by=user, organisation=batch.organisation, drafts=drafts_of(listed, held.flow), twice=held.twice
    )
    _join(listed, filed)
    held.state, held.filed_at, held.sealed, held.movements_count = "filed", timezone.now(), b"", len(filed)
    held.save(update_fields=["state", "filed_at", "sealed", "movements_count"])
    _record("import.filed", held, user, movements=len(filed))
    _check_not_cancelled(progress)
    return len(filed)


def _join(groups: Sequence[Sequence[ImportRow]], filed: Sequence[Movement]) -> None:
    """Note the movement of each row, many at once: ``bulk_update`` takes ten times as long."""
    quote = connection.ops.quote_name
    table = quote(ImportRow._meta.db_table)  # noqa: SLF001 - Django's documented way to ask a model
    statement = f"UPDATE {table} SET {quote('movement_id')} = %s WHERE {quote('id')} = %s"  # noqa: S608 - our own names
    pairs = [(movement.id, row.id) for rows, movement in zip(groups, filed, strict=True) for row in rows]
    with connection.cursor() as cursor:
        cursor.executemany(statement, pairs)


def _check_not_cancelled(progress: Progress) -> None:
    """Look whether somebody asked to stop; until the transaction ends that undoes everything."""
    if Run.objects.filter(pk=progress.run.pk, cancel_asked=True).exists():
        raise Cancelled


def import_forget(before: Any, side: str) -> int:
    """Delete tables handed in before an instant; what was filed from them stays."""
    batch = Import.objects.filter(owner_side=side, created_at__lt=before).exclude(state__in=("checking", "filing"))
    found = batch.order_by("created_at").first()
    return found.delete()[0] and 1 if found else 0
