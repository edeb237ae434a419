"""The demo on two nodes: what arrives from the other side's half of the day is worked on, and nothing else is."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.desk import services as desk
from riverloop.apps.desk.models import Matter
from riverloop.web.demo import day, following
from riverloop.web.demo.cast import cast_load

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING, NOTHING = {"decide": 100}, {"decide": 0}
HERE, THERE = "hk", "cn"


@pytest.fixture
def spec(monkeypatch):
    """A short day that was filed on both sides and not worked on; its file, as both modules read it."""
    whole = dict(day.day_spec())
    people = {side: one | {"count": 2} for side, one in whole["people"].items()}
    shorter = whole | {"movements": 30, "people": people, "officers": EVERYTHING}
    for module in (day, following):
        monkeypatch.setattr(module, "day_spec", lambda: shorter)
    cast_load()
    with monkeypatch.context() as patch:
        for work in ("officers", "coordinators", "cross"):
            patch.setattr(day.Day, work, lambda *_: None)
        assert day.day_load() > 0
    monkeypatch.setattr(following, "hosted_sides", lambda: (HERE,))
    monkeypatch.setattr(following, "_looked_at", set())
    return shorter


@pytest.fixture
def follow(monkeypatch):
    """Follow the day now, however shortly after the last time."""

    def now():
        monkeypatch.setattr(following, "_last", [-following._EVERY_SECONDS])
        following.day_follow()

    return now


def untouched(filed_at):
    return set(
        Matter.objects.filter(
            state="open", version=1, subject__in=Movement.objects.filter(filed_side=filed_at).values("id")
        ).values_list("id", flat=True)
    )


def test_what_arrived_is_worked_on_and_what_was_filed_here_is_not(spec, follow):
    own = untouched(HERE)
    assert own
    assert untouched(THERE)
    follow()
    assert not untouched(THERE)
    assert untouched(HERE) == own


def test_what_a_visitor_filed_is_left_to_visitors(spec, follow):
    theirs = Matter.objects.get(pk=min(untouched(THERE))).subject
    Movement.objects.filter(pk=theirs).update(declared_at=timezone.now())
    follow()
    left = untouched(THERE)
    assert left == set(Matter.objects.filter(subject=theirs).values_list("id", flat=True))


def test_what_was_drawn_to_be_left_alone_is_not_drawn_again(spec, follow):
    spec["officers"] = NOTHING
    waiting = untouched(THERE)
    follow()
    spec["officers"] = EVERYTHING
    follow()
    assert untouched(THERE) == waiting


def test_it_looks_every_few_seconds_at_most(spec, follow):
    spec["officers"] = NOTHING
    follow()
    following._looked_at.clear()
    spec["officers"] = EVERYTHING
    waiting = untouched(THERE)
    following.day_follow()
    assert untouched(THERE) == waiting


@pytest.mark.parametrize("mistake", [PermissionDenied, following.RiverloopError("test.no", "No.")])
def test_what_cannot_be_done_yet_holds_up_nothing_else(spec, follow, monkeypatch, mistake):
    real, calls = desk.matter_claim, []

    def first_in_vain(**named):
        calls.append(named)
        if len(calls) == 1:
            raise mistake
        return real(**named)

    monkeypatch.setattr(desk, "matter_claim", first_in_vain)
    follow()
    assert untouched(THERE) == {calls[0]["matter"].pk}


def test_a_zone_without_a_day_follows_none(follow, monkeypatch):
    monkeypatch.setattr(following, "day_spec", lambda: None)
    monkeypatch.setattr(following, "_Following", None)
    follow()
