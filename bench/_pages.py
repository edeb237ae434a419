"""Fills a database and times the pages; `bench.pages` runs it, once a database."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.services import movements_declare
from riverloop.apps.desk.models import Matter
from riverloop.apps.parties.models import Role
from riverloop.core.kernel.ids import new_id
from riverloop.web.demo.day import Day, day_spec
from riverloop.web.server import load_demo

MOVEMENTS = 30_000
QUEUE = 10_000
AT_ONCE = 2_500
REPEATS = 40
SEED = 20251222
BUDGET_MS = 100


def measure() -> int:
    """Fill the database, then time every page."""
    load_demo()
    fill()
    print(f"{'page':<44}{'p50 ms':>9}{'p95 ms':>9}{'queries':>9}{'KB':>7}")
    slow = [path for who, path in pages() if not timed(who, path)]
    print("every page within the budget" if not slow else f"over {BUDGET_MS} ms at p95: {', '.join(slow)}")
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


def pages() -> Iterator[tuple[Any, str]]:
    """Yield who opens which page."""

    def holder_of(kind: str, **held: Any) -> Any:
        return Role.objects.filter(kind=kind, user__is_demo=True, ended_at=None, **held).first().user

    busiest = Matter.objects.exclude(state="closed").values("authority").annotate(n=Count("id")).order_by("-n").first()
    officer = holder_of("officer", authority=busiest["authority"])
    coordinator = holder_of("coordinator")
    one = Movement.objects.filter(filed_by=coordinator).order_by("-crossing_at").first()
    matter = Matter.objects.filter(authority=busiest["authority"], state="open").order_by("-due_at").first()
    auditor = holder_of("auditor", owner_side=coordinator.owner_side)
    yield from ((coordinator, path) for path in ("/day/", "/movements/", "/movements/?outcome=refused"))
    yield from ((coordinator, f"/movements/?{query}") for query in ("flow=goods", "page=40", "q=DEMO-01"))
    yield coordinator, f"/movements/{one.pk}/"
    yield from ((coordinator, path) for path in ("/permits/", "/obligations/", "/people/"))
    yield from ((officer, path) for path in ("/day/", "/queue/", "/queue/?show=all&page=50", "/movements/"))
    yield officer, f"/queue/{matter.pk}/"
    yield from ((auditor, path) for path in ("/day/", "/movements/", "/movements/?outcome=referred", "/queue/"))
    yield from ((auditor, path) for path in ("/who-looked/", "/messages/"))
    yield from ((holder_of("holder"), path) for path in ("/me/", "/day/"))
    yield holder_of("gate"), "/day/"
    yield holder_of("operator"), "/day/"


def timed(who: Any, path: str) -> bool:
    """Open a page often, print its times, and say whether it keeps the budget."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(who, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(path)
    if answer.status_code != 200:
        print(f"{path_shown(who, path):<44}  answered {answer.status_code}")
        return False
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - began) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1]
    kilobytes = len(answer.content) / 1000
    shown = f"{path_shown(who, path):<44}{statistics.median(times):>9.1f}{p95:>9.1f}{len(queries):>9}{kilobytes:>7.0f}"
    print(shown, flush=True)
    return p95 <= BUDGET_MS


def path_shown(who: Any, path: str) -> str:
    parts = ["…" if len(part) == 26 and part.isupper() else part for part in path.split("/")]
    return f"{who.held_roles[0].kind} {'/'.join(parts)}"
