"""The demo's day: made up, whole on both sides, and gone through the services that the pages use."""

from collections import Counter

import pytest

from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.desk.models import Matter
from riverloop.apps.notices.models import Message
from riverloop.apps.parties.models import Person, User
from riverloop.apps.record.models import PendingRecord
from riverloop.web.demo.cast import cast_load
from riverloop.web.demo.day import day_load, day_spec


@pytest.mark.django_db(transaction=True)
def test_the_day_is_filed_once_told_to_the_other_side_and_worked_on():
    cast_load()
    spec = day_spec()
    assert day_load() == spec["movements"]
    assert day_load() == 0

    filed = Movement.objects.filter(organisation__isnull=False)
    told = Movement.objects.filter(organisation=None)
    assert {one.ref for one in filed} == {one.ref for one in told}
    assert set(filed.values_list("flow", flat=True)) == {"person", "goods", "data"}
    assert {outcome_of(one) for one in filed} >= {"cleared", "referred", "incomplete", "refused"}
    assert Counter(map(outcome_of, filed)) == Counter(map(outcome_of, told))
    assert not Message.objects.filter(state__in=("queued", "refused")).exists()

    states = set(Matter.objects.values_list("state", flat=True))
    assert states >= {"open", "closed"}
    kinds = Counter(PendingRecord.objects.values_list("kind", flat=True))
    assert kinds["movement.declared"] >= len(filed)

    assert all(user.is_demo for user in User.objects.all())
    added = Person.objects.filter(name_latin__startswith="Synthetic Person")
    assert added.count() == sum(one["count"] for one in spec["people"].values())


@pytest.mark.django_db
def test_a_zone_without_a_day_has_a_cast_alone(monkeypatch):
    monkeypatch.setattr("riverloop.web.demo.day.day_spec", lambda: None)
    assert day_load() == 0
