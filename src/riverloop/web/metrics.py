"""What Prometheus reads: how requests were answered, counted as they come, and how things stand, asked when it asks.

Several processes serve, and any of them may be asked: where ``PROMETHEUS_MULTIPROC_DIR`` is set, as ``riverloop serve``
does, each counts in a file there and all files are added up. Labels are routes, kinds and sides: never who or what.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from django.conf import settings
from django.db.models import Count
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from riverloop.apps.notices.models import Delivery, Mail, Message
from riverloop.apps.runs.models import Run
from riverloop.web import health
from riverloop.web.backup import noted
from riverloop.web.backup.taking import fingerprints

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_COUNTED = CollectorRegistry()
_ANSWERS = Counter("riverloop_answers", "Requests answered.", ["method", "route", "status"], registry=_COUNTED)
_SECONDS = Histogram(
    "riverloop_answer_seconds",
    "Time until a request was answered.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=_COUNTED,
)


def answered(*, method: str, route: str, status: int, seconds: float) -> None:
    """Count a request."""
    _ANSWERS.labels(method, route, str(status)).inc()
    _SECONDS.labels(route).observe(seconds)


def exposition() -> bytes:
    """Return everything in Prometheus's text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # it registers itself
        counted = b""
    else:
        counted = generate_latest(_COUNTED)
    registry.register(_Standing())
    return counted + generate_latest(registry)


class _Standing(Collector):
    """How things stand at this moment."""

    def describe(self) -> Iterable[Metric]:
        return []  # so that registering asks nothing of the database

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("riverloop", "The program.", value={"version": health.version()})
        looked = health.look()
        up = GaugeMetricFamily("riverloop_check_ok", "1 if a check of /healthz finds nothing wrong.", labels=["check"])
        for name, finding in looked.items():
            up.add_metric([name], float(finding.state == health.OK))
        yield up
        yield from _numbers(looked)
        yield from _backups()
        yield _rows("riverloop_runs", "Background work by kind and state.", Run, "kind", "state")
        yield _rows("riverloop_messages", "Messages to the other side by state.", Message, "owner_side", "state")
        yield _rows("riverloop_mails", "Mails by state.", Mail, "state")
        yield _rows("riverloop_webhook_calls", "Calls of webhooks by state.", Delivery, "state")


def _numbers(looked: dict[str, health.Finding]) -> Iterator[Metric]:
    """Give each number of each check, such as ``riverloop_log_size{check="log_hk"}``."""
    families: dict[str, GaugeMetricFamily] = {}
    for name, finding in looked.items():
        for what, number in finding.numbers.items():
            family = families.setdefault(
                what, GaugeMetricFamily(f"riverloop_{what}", "A number of a check of /healthz.", labels=["check"])
            )
            family.add_metric([name], float(number))
    yield from families.values()


def _backups() -> Iterator[Metric]:
    """Say when the node was last backed up, and how many of its keys are in no backup."""
    data = settings.RIVERLOOP_DATA
    name, about = "riverloop_backup_last_success_timestamp_seconds", "When the last backup was taken; 0 if none was."
    yield GaugeMetricFamily(name, about, value=noted.last_at(data))
    with suppress(OSError, ValueError):  # keys that cannot be read are another alert's
        name, about = "riverloop_backup_keys_missing", "Keys of this node that are in no backup."
        yield GaugeMetricFamily(name, about, value=noted.keys_missing(data, fingerprints(data)))


def _rows(name: str, about: str, model: type, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, about, labels=labels)
    for row in model._default_manager.order_by().values(*labels).annotate(rows=Count("pk")):  # type: ignore[attr-defined]  # noqa: SLF001
        family.add_metric([row[label] for label in labels], row["rows"])
    return family
