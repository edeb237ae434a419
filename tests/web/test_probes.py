"""/healthz tells anyone in a word and details to few; /metrics tells those few alone; neither names anybody."""

import json
import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from riverloop.apps.nodes.links import link_failed
from riverloop.apps.notices.models import Message
from riverloop.apps.record.selectors import LogHealth
from riverloop.apps.runs import heartbeat
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_start
from riverloop.core.kernel.errors import InputError
from riverloop.web import health
from tests.movements import file_visitor

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
TOKEN = "a token of sixteen or more"
FROM_AFAR = {"REMOTE_ADDR": "203.0.113.7"}
PROXIED = {"headers": {"X-Forwarded-For": "127.0.0.1"}}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _afresh(monkeypatch, settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0)
    heartbeat.beat()


def probe(path="/healthz", *, client=None, **asked):
    return (client or Client()).get(path, **asked)


def test_a_node_that_is_well_says_ok_to_anyone_and_in_one_plain_word_to_probes():
    answer = probe(**FROM_AFAR)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    plain = probe(headers={"Accept": "text/plain"}, **FROM_AFAR)
    assert (plain.status_code, plain.content) == (200, b"ok\n")
    assert "no-store" in answer.headers["Cache-Control"]


def test_details_are_for_this_computer_or_for_the_token(settings):
    told = probe().json()
    assert {"database", "worker", "runs", "messages_hk", "messages_cn", "log_hk", "log_cn", "disk"} <= set(
        told["checks"]
    )
    assert told["version"] == health.version()
    for asked in (FROM_AFAR, PROXIED, {**FROM_AFAR, "headers": {"Authorization": "Bearer "}}):
        assert set(probe(**asked).json()) == {"status"}
    settings.RIVERLOOP_METRICS_TOKEN = TOKEN
    assert "checks" in probe(headers={"Authorization": f"Bearer {TOKEN}"}, **FROM_AFAR).json()
    assert "checks" not in probe(headers={"Authorization": f"Bearer {TOKEN}x"}, **FROM_AFAR).json()


def test_behind_a_proxy_this_computer_is_everybody_and_only_the_token_counts(settings):
    settings.RIVERLOOP_HTTPS, settings.RIVERLOOP_METRICS_TOKEN = True, TOKEN
    assert set(probe().json()) == {"status"}
    assert probe("/metrics").status_code == 403
    assert probe("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_a_probe_is_answered_by_whatever_name_and_protocol_it_comes(settings):
    settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = True, ["riverloop.example"]
    assert probe(headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert Client().get("/rules/", headers={"host": "10.0.0.7:8000"}).status_code in (301, 400)


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_only_reading_is_answered(path):
    assert Client(enforce_csrf_checks=True).post(path).status_code == 405


def test_a_worker_that_is_gone_or_late_is_told_with_503(settings, tmp_path):
    os.utime(tmp_path / "worker_alive", (time.time(), time.time() - settings.RIVERLOOP_WORKER_SECONDS - 10))
    answer = probe()
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"]["state"] == "failed"
    (tmp_path / "worker_alive").unlink()
    assert probe(headers={"Accept": "text/plain"}).content == b"failed\n"


def test_a_database_that_does_not_answer_is_told_with_503_and_not_with_an_error(monkeypatch):
    def fail(*arguments, **named):
        raise OperationalError("password of dora@example.org")

    monkeypatch.setattr(connection, "cursor", fail)
    answer = probe()
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["state"] == "failed"
    assert b"dora" not in answer.content


def test_messages_that_wait_for_long_are_told_and_pages_go_on(cast):
    file_visitor(cast)
    Message.objects.filter(owner_side="hk").update(state="queued", sent_at=timezone.now() - timedelta(hours=3))
    answer = probe()
    assert answer.status_code == 200
    assert answer.json()["status"] == "late"
    assert answer.json()["checks"]["messages_hk"]["messages_oldest_seconds"] >= 3 * 3600


def test_a_log_that_waits_or_refuses_to_sign_is_told_by_its_code_and_with_503(monkeypatch):
    trouble = {"mirror_trouble": "It cannot be reached.", "mirror_trouble_since": timezone.now()}
    apart = {"refuses_to_sign": "It holds something else.", "refusal_code": "record.would_fork"}
    away = {"refuses_to_sign": "It was not asked.", "refusal_code": "record.mirror_not_asked"}
    for said, state, code in (
        (LogHealth(size=7, countersigned=7), "ok", None),
        (LogHealth(pending=3, lag_seconds=100.0), "late", "record.lag"),
        (LogHealth(**trouble, mirror_code="record.fork"), "late", "record.fork"),
        (LogHealth(pending=3, lag_seconds=1_000.0), "failed", "record.lag"),
        (LogHealth(**trouble, mirror_code="record.fork", lag_seconds=1_000.0), "failed", "record.lag"),
        (LogHealth(**apart, **trouble, mirror_code="record.mirror_apart"), "failed", "record.would_fork"),
        (LogHealth(**away, **trouble, mirror_code="nodes.silent"), "late", "record.mirror_not_asked"),
        (LogHealth(**away, pending=3, lag_seconds=100_000.0), "late", "record.mirror_not_asked"),
    ):
        monkeypatch.setattr("riverloop.apps.record.selectors.log_health", lambda _, said=said: said)
        answer = probe()
        told = answer.json()["checks"]["log_hk"]
        assert (told["state"], told.get("code")) == (state, code)
        assert answer.status_code == (503 if state == "failed" else 200)
        assert set(probe(**FROM_AFAR).json()) == {"status"}


def test_whatever_is_not_well_has_a_code_and_what_is_well_has_none(monkeypatch, tmp_path):
    assert all("code" not in told for told in probe().json()["checks"].values())
    (tmp_path / "worker_alive").unlink()
    monkeypatch.setattr("shutil.disk_usage", lambda _: Disk(1))
    run_start(side="hk", kind="test.kind", params={})
    Run.objects.update(not_before=timezone.now() - timedelta(days=1))
    Message.objects.create(
        owner_side="hk", from_side="hk", to_side="cn", state="queued", sent_at=timezone.now() - timedelta(days=1)
    )
    codes = {name: told["code"] for name, told in probe().json()["checks"].items() if told["state"] != "ok"}
    assert codes == {
        "worker": "worker.gone", "disk": "disk.full", "runs": "runs.waiting", "messages_hk": "messages.waiting"
    }  # fmt: skip
    unreached = InputError("nodes.unreachable", "The node of {side} cannot be reached.", side="cn")
    link_failed("hk", "cn", unreached)
    assert probe().json()["checks"]["messages_hk"]["code"] == "nodes.unreachable"


def test_a_full_disk_is_told_before_and_when_it_is_full(monkeypatch):
    for free, state, status in ((10**12, "ok", 200), (10**9, "late", 200), (10**7, "failed", 503)):
        monkeypatch.setattr("shutil.disk_usage", lambda _, free=free: Disk(free))
        answer = probe()
        assert (answer.json()["checks"]["disk"]["state"], answer.status_code) == (state, status)


class Disk:
    def __init__(self, free):
        self.free = free


def test_a_probe_costs_a_handful_of_queries_and_the_next_ones_none(django_assert_max_num_queries, monkeypatch):
    with django_assert_max_num_queries(20):
        probe()
    monkeypatch.setattr(health, "_KEPT_SECONDS", 60)
    probe()
    with django_assert_max_num_queries(0):
        for _ in range(20):
            probe()


def test_a_probe_that_finds_all_well_is_counted_and_not_logged(caplog):
    caplog.set_level("INFO")
    probe()
    assert "answered" not in caplog.text
    assert answers("healthz", "200") >= 1


def test_metrics_are_refused_to_others_in_one_line():
    for asked in (FROM_AFAR, PROXIED):
        answer = probe("/metrics", **asked)
        assert answer.status_code == 403
        assert answer.content.count(b"\n") == 1


def test_metrics_count_answers_by_route_and_tell_how_things_stand(client, cast):
    before = answers("rules/<str:rule_id>/", "200")
    client.get("/rules/hk.cap599a.s14/")
    client.get("/rules/hk.cap599a.s14/")
    run_start(side="hk", kind="test.kind", params={})
    assert answers("rules/<str:rule_id>/", "200") == before + 2
    read = families()
    assert {sample.labels["kind"]: sample.value for sample in read["riverloop_runs"].samples}["test.kind"] == 1
    assert read["riverloop_info"] if "riverloop_info" in read else read["riverloop"]
    for name in (
        "riverloop_check_ok",
        "riverloop_disk_free_bytes",
        "riverloop_log_size",
        "riverloop_messages",
        "riverloop_mails",
    ):
        assert name in read, name


def test_the_alerts_in_deploy_ask_for_numbers_that_there_are(client):
    client.get("/rules/")
    told = set(re.findall(r"^(?:# TYPE )?(riverloop_\w+)", probe("/metrics").content.decode(), flags=re.MULTILINE))
    rules = yaml.safe_load((DEPLOY / "riverloop.rules.yml").read_text("utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    wanted = {name for rule in alerts for name in re.findall(r"riverloop_\w+", rule["expr"])}
    assert len(wanted) >= 9
    assert wanted - told == set()
    assert all(set(rule) <= {"alert", "expr", "for", "annotations"} for rule in alerts)


def test_neither_names_anybody(cast, client):
    movement = file_visitor(cast)
    client.get(f"/movements/{movement.id}/?q=Chan")
    told = json.dumps(probe().json()) + probe("/metrics").content.decode()
    for word in (movement.id, movement.ref, cast.dora.id, "Chan", "dora", "Ha Na", "夏娜"):
        assert word not in told


def families():
    return {family.name: family for family in text_string_to_metric_families(probe("/metrics").content.decode())}


def answers(route, status):
    samples = families()["riverloop_answers"].samples if "riverloop_answers" in families() else []
    named = [one for one in samples if one.name == "riverloop_answers_total"]
    return sum(one.value for one in named if (one.labels["route"], one.labels["status"]) == (route, status))
