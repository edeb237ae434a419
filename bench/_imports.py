"""Hands a table in, has it checked and filed, and times each part; `bench.imports` runs it, once a database."""

from __future__ import annotations

import csv
import io
import resource
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import openpyxl
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db.models import Q
from django.test import Client

from riverloop.apps.clearance.importing import services
from riverloop.apps.clearance.models import Import, Movement
from riverloop.apps.clearance.selectors import rulebook
from riverloop.apps.runs import work
from tests.cast import Cast

ROWS = 5_000
BUDGET_SECONDS = 20
CATEGORIES = ("human_blood", "human_dna", "equipment", "reagent", "human_cell_line")
HEAD = (
    "direction", "crossing_at", "control_point", "reference", "category", "regulated_as_drug_or_device",
    "suspected_infectious", "human_genetic_material", "un_number", "transport_mode", "quantity", "quantity_unit",
    "dry_ice_kg", "prohibited_article", "strategic_item", "controlled_drug",
)  # fmt: skip


def measure() -> int:
    """Import as CSV, then as XLSX; print seconds and whether the budget holds."""
    call_command("migrate", verbosity=0)
    client = _signed_in(Cast().dora)
    rulebook()  # a server and its worker have read the law long before
    client.get("/movements/import/")
    print(f"{ROWS:,} rows, each a movement   hand in    check     file    total   processor   budget")
    slow = [ending for ending, write in (("csv", as_csv), ("xlsx", _xlsx)) if not _timed(client, ending, write)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory: {peak:,.0f} MiB")
    print("within the budget" if not slow else f"over {BUDGET_SECONDS} s: {', '.join(slow)}")
    return int(bool(slow))


def _signed_in(user: Any) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = SessionStore(session_key=client.session.session_key)
    session["second_factor_set_up_by"] = user.pk
    session.save()
    return client


def _timed(client: Client, ending: str, write: Callable[[list[tuple[Any, ...]]], bytes]) -> bool:
    content = write(lots(ending))
    file = SimpleUploadedFile(f"lots.{ending}", content)
    marks, began = [time.perf_counter()], time.process_time()
    page = client.post("/movements/import/", {"file": file, "flow": "goods"})
    marks.append(time.perf_counter())
    work.work_all([services.CHECK])
    marks.append(time.perf_counter())
    answer = client.post(f"{page.url}file/")
    if answer.status_code != 302:
        raise SystemExit(f"The table was not taken: {Import.objects.order_by('-created_at').first().mistakes}")
    work.work_all()
    marks.append(time.perf_counter())
    processor = time.process_time() - began
    _check(ending)
    parts = [after - before for before, after in pairwise(marks)]
    total = marks[-1] - marks[0]
    shown = "".join(f"{part:>9.2f}" for part in [*parts, total])
    print(f"{ending:<26}{shown}{processor:>12.2f}{BUDGET_SECONDS:>7} s", flush=True)
    return total <= BUDGET_SECONDS


def lots(name: str) -> list[tuple[Any, ...]]:
    """Return a table of lots, each a movement, whose references begin with a name."""
    return [HEAD, *(_row(name, place) for place in range(ROWS))]


def _row(ending: str, place: int) -> tuple[Any, ...]:
    day, minute = divmod(place, 600)
    at = f"2026-12-{day + 1:02} {8 + minute // 60:02}:{minute % 60:02}"
    category = CATEGORIES[place % len(CATEGORIES)]
    blood = "yes" if category.startswith("human") and place % 3 == 0 else "no"
    return (
        "cn-hk", at, "shenzhen_bay", f"{ending}-{place}", category, "no", blood, "no", "none", "road",
        1 + place % 50, "mL", 0, "no", "no", "no",
    )  # fmt: skip


def as_csv(rows: list[tuple[Any, ...]]) -> bytes:
    """Return a table as a file of comma-separated values."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _xlsx(rows: list[tuple[Any, ...]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _check(ending: str) -> None:
    """Insist on every movement, with both answers, on both sides."""
    filed = Movement.objects.filter(reference__startswith=f"{ending}-")
    refs = filed.values("ref")
    unanswered = Movement.objects.filter(Q(own_low=None) | Q(other_low=None), ref__in=refs).count()
    copies = Movement.objects.filter(ref__in=refs).count()
    if (filed.count(), copies, unanswered) != (ROWS, 2 * ROWS, 0):
        raise SystemExit(f"{filed.count()} filed, {copies} copies, {unanswered} without both sides' answers")
