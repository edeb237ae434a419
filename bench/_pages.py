"""Fills a database and times the pages; `bench.pages` runs it, once a database."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import close_old_connections, connection
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from bench._imports import as_csv, lots
from riverloop.apps.clearance.importing import services as importing
from riverloop.apps.clearance.models import Import, Movement
from riverloop.apps.clearance.services import movements_declare
from riverloop.apps.desk.models import Matter
from riverloop.apps.parties.models import Role
from riverloop.apps.parties.tokens import token_make
from riverloop.apps.runs import work
from riverloop.core.kernel.ids import new_id
from riverloop.web.demo.day import Day, day_spec
from riverloop.web.server import load_demo

MOVEMENTS = 30_000
QUEUE = 10_000
AT_ONCE = 2_500
REPEATS = 40
SEED = 20251222
BUDGET_MS = 100
SCOPES = ["movements:read"]


def measure() -> int:
    """Fill the database, then time every page, and what is streamed."""
    load_demo()
    call_command("collectstatic", verbosity=0, interactive=False)  # as serving does
    fill()
    print(f"{'page':<46}{'p50 ms':>9}{'p95 ms':>9}{'processor':>11}{'queries':>9}{'KB':>7}")
    slow = [path for who, path, *more in pages() if not timed(who, path, *more)]
    print("every page within the budget" if not slow else f"over {BUDGET_MS} ms at p95: {', '.join(slow)}")
    print("streamed, and so without a budget")
    for who, path in exports():
        stream(who, path)
    return 0


def fill() -> None:
    """File movements through the service that an import uses, and open matters until the queue is long enough."""
    spec = day_spec()
    if spec is None:
        raise SystemExit("This zone has no day to draw from.")
    day = Day(spec, timezone.now())
    chosen = random.Random(SEED)
    began = time.perf_counter()
    missing = MOVEMENTS - Movement.objects.filter(organisation__isnull=False).count()
    for first in range(0, missing, AT_ONCE):
        organisation, user = chosen.choice([one for pairs in day.tenants.values() for one in pairs])
        kinds = [kind for kind in spec["kinds"] if kind["direction"].startswith(f"{organisation.owner_side}-")]
        drafts = []
        for number in range(first, min(first + AT_ONCE, missing)):
            draft = day.draft(chosen.choice(kinds), organisation, number)
            later = draft.crossing_at + timedelta(days=chosen.randrange(-30, 30))
            drafts.append(replace(draft, crossing_at=later))
        movements_declare(by=user, organisation=organisation, drafts=drafts, twice=True)
    seconds = time.perf_counter() - began
    print(f"filed {missing} movements at {missing / seconds:,.0f}/s with both sides' decisions and messages")
    lengthen_queue()


def lengthen_queue() -> None:
    """Copy open referrals of the longest queue, about movements of their own, until it holds enough."""
    open_ones = Matter.objects.exclude(state="closed")
    longest = open_ones.values("authority").annotate(count=Count("id")).order_by("-count").first()
    if longest is None or longest["count"] >= QUEUE:
        return
    patterns = list(open_ones.filter(authority=longest["authority"])[:500])
    copies = []
    for number in range(QUEUE - longest["count"]):
        copy = patterns[number % len(patterns)]
        fields = {field.attname: getattr(copy, field.attname) for field in Matter._meta.concrete_fields}  # noqa: SLF001
        fields |= {"id": new_id(), "rule": f"{copy.rule[:60]}#{number}", "claimed_by_id": None, "claimed_at": None}
        copies.append(Matter(**fields))
    Matter.objects.bulk_create(copies, batch_size=1000)


def table_of(coordinator: Any) -> Import:
    """Hand a table in for the tenant that a coordinator files for, and have it checked."""
    before = Import.objects.filter(by=coordinator, state="checked").first()
    if before is not None:
        return before
    organisation = next(role.organisation for role in coordinator.held_roles if role.kind == "coordinator")
    content = as_csv(lots("preview"))
    batch = importing.import_start(by=coordinator, organisation=organisation, flow="goods", name="l", content=content)
    work.work_all([importing.CHECK])
    return batch


def holder_of(kind: str, **held: Any) -> Any:
    """Return an account of the demo that holds a role."""
    return Role.objects.filter(kind=kind, user__is_demo=True, ended_at=None, **held).first().user


def busiest_coordinator() -> Any:
    """Return who files for the tenant that has filed most."""
    counted = Movement.objects.filter(organisation__isnull=False).values("organisation").annotate(n=Count("id"))
    return holder_of("coordinator", organisation=counted.order_by("-n").first()["organisation"])


def pages() -> Iterator[tuple[Any, ...]]:
    """Yield who opens which page, and with what headers."""
    busiest = Matter.objects.exclude(state="closed").values("authority").annotate(n=Count("id")).order_by("-n").first()
    officer = holder_of("officer", authority=busiest["authority"])
    coordinator = busiest_coordinator()
    one = Movement.objects.filter(filed_by=coordinator).order_by("-crossing_at").first()
    matter = Matter.objects.filter(authority=busiest["authority"], state="open").order_by("-due_at").first()
    auditor = holder_of("auditor", owner_side=coordinator.owner_side)
    yield from ((coordinator, path) for path in ("/day/", "/movements/", "/movements/?outcome=refused"))
    yield from ((coordinator, f"/movements/?{query}") for query in ("flow=goods", "waits=1", "q=DEMO-01", "q=nothing"))
    yield coordinator, f"/movements/?after={one.crossing_at:%Y%m%dT%H%M%S.%f}~{one.pk}"
    yield coordinator, f"/movements/{one.pk}/"
    yield coordinator, f"/movements/import/{table_of(coordinator).pk}/"
    yield from ((coordinator, path) for path in ("/permits/", "/obligations/", "/obligations/?page=100", "/people/"))
    yield from ((officer, path) for path in ("/day/", "/queue/", "/queue/?tab=all&flow=goods"))
    yield from ((officer, path) for path in ("/movements/", "/movements/?waits=1", "/movements/?q=nothing"))
    yield officer, f"/queue/{matter.pk}/"
    yield from ((auditor, path) for path in ("/day/", "/movements/", "/movements/?outcome=referred", "/queue/"))
    yield from ((auditor, path) for path in ("/movements/?q=nothing", "/obligations/", "/who-looked/", "/messages/"))
    yield from ((holder_of("holder"), path) for path in ("/me/", "/day/"))
    yield holder_of("gate"), "/day/"
    yield holder_of("operator"), "/day/"
    yield holder_of("planner"), "/day/"
    for who in (coordinator, officer):
        token = token_make(user=who, name="bench", scopes=SCOPES, days=1, with_second_factor=True)[1]
        headers = {"Authorization": f"Bearer {token}"}
        yield from ((who, f"/api/v1/movements{query}", headers) for query in ("", "?outcome=refused"))
        yield from [(who, f"/api/v1/movements/{one.pk}", headers)] if who == coordinator else []


def exports() -> Iterator[tuple[Any, str]]:
    """Yield who takes which file."""
    coordinator = busiest_coordinator()
    yield coordinator, "/movements/table/"
    yield holder_of("auditor", owner_side=coordinator.owner_side), "/movements/table/"
    yield coordinator, f"/movements/import/{table_of(coordinator).pk}/results.csv"
    yield coordinator, "/obligations.ics"


def client_of(who: Any, headers: dict[str, str] | None = None) -> Client:
    """Return a browser in which an account is signed in; with headers, a program that sends them."""
    client = Client(headers={"host": "127.0.0.1", **(headers or {})})
    if not headers:
        client.force_login(who, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def timed(who: Any, path: str, headers: dict[str, str] | None = None) -> bool:
    """Open a page often, print its times, and say whether it keeps the budget."""
    client = client_of(who, headers)
    answer = client.get(path)
    if answer.status_code != 200:
        print(f"{path_shown(who, path):<46}  answered {answer.status_code}")
        return False
    queries = queries_of(lambda: client.get(path))
    times, processor = [], []
    for _ in range(REPEATS):
        began, processor_began = time.perf_counter(), time.process_time()
        client.get(path)
        close_old_connections()  # as a server does when it has answered
        times.append((time.perf_counter() - began) * 1000)
        processor.append((time.process_time() - processor_began) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"{path_shown(who, path):<46}{statistics.median(times):>9.1f}{p95:>9.1f}"
        f"{statistics.median(processor):>11.1f}{queries:>9}{len(answer.content) / 1000:>7.0f}",
        flush=True,
    )
    return p95 <= BUDGET_MS


def queries_of(open_it: Callable[[], object]) -> int:
    """Return how many times a page asks the database."""
    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        open_it()
    return len(asked)


def stream(who: Any, path: str) -> None:
    """Take a file and print how long its first and its last line took."""
    client = client_of(who)
    began = time.perf_counter()
    answer = client.get(path)
    chunks = iter(answer.streaming_content) if answer.streaming else iter([answer.content])
    size = len(next(chunks))
    first = (time.perf_counter() - began) * 1000
    size += sum(len(chunk) for chunk in chunks)
    whole = (time.perf_counter() - began) * 1000
    print(f"{path_shown(who, path):<46}{first:>9.1f} ms to its beginning{whole:>9.0f} ms in all{size / 1000:>7.0f} KB")


def path_shown(who: Any, path: str) -> str:
    """Return a page without its ids."""
    parts = ["…" if len(part) == 26 and part.isupper() else part for part in path.partition("~")[0].split("/")]
    return f"{who.held_roles[0].kind} {'/'.join(parts)}"
