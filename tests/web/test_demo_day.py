"""The demo's day: made up, whole on both sides, and gone through the services that the pages use."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db.models import F
from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement, Notice
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.record_words import RECORD_WORDS
from riverloop.apps.clearance.timeline import timeline
from riverloop.apps.desk.models import Matter
from riverloop.apps.notices.models import Message
from riverloop.apps.parties.models import Person, Role, User
from riverloop.apps.parties.selectors import view_records
from riverloop.apps.record.models import Leaf
from riverloop.web.demo.cast import cast_load
from riverloop.web.demo.day import day_load, day_spec


@pytest.mark.django_db(transaction=True)
def test_the_day_is_filed_once_told_to_the_other_side_and_worked_on():
    cast_load()
    spec, late = day_spec(), timezone.now().replace(hour=15, minute=30)  # 23:30 in the zone: all has crossed that may
    late -= timedelta(days=late > timezone.now())
    assert day_load(now=late) == spec["movements"]
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
    kinds = Counter(Leaf.objects.values_list("kind", flat=True))
    assert kinds["movement.declared"] >= len(filed)
    ids = {*Movement.objects.values_list("id", flat=True), *Item.objects.values_list("id", flat=True)}
    ids |= {one.ref for one in filed}
    told_of = {kind for kind, subject in Leaf.objects.values_list("kind", "subject").distinct() if subject in ids}
    assert {"movement.declared", "message.sent", "matter.opened"} <= told_of <= set(RECORD_WORDS)

    assert all(user.is_demo for user in User.objects.all())
    added = Person.objects.filter(name_latin__startswith="Synthetic Person")
    assert added.count() == sum(one["count"] for one in spec["people"].values())

    crossed = Movement.objects.filter(crossed_at__isnull=False)
    assert crossed.filter(crossed_at=F("crossing_at"), declared_at__lt=F("crossing_at")).count() == crossed.count() > 0
    assert not Matter.objects.filter(opened_at__gt=late).exists()
    holders = Role.objects.filter(kind="holder", user__is_demo=True).select_related("user", "person")
    assert len(holders) == 2
    for holder in holders:
        own = filed.filter(items__person=holder.person)
        gone = own.filter(crossed_at__isnull=False).order_by("crossing_at").first()
        happened = timeline(gone, holder.user)
        assert [event.kind for event in happened][:1] == ["filed"]
        assert all(one.at <= other.at for one, other in pairwise(happened))
        assert "crossed" in [event.kind for event in happened[-3:]], "it crosses after it was decided"
        assert gone.items.get().statements.get().facts["listed"] is True
        assert Notice.objects.filter(movement__in=own, act="refused").exclude(remedy_body="").exists()
        assert view_records(visible_to=holder.user).exists()


@pytest.mark.django_db
def test_a_zone_without_a_day_has_a_cast_alone(monkeypatch):
    monkeypatch.setattr("riverloop.web.demo.day.day_spec", lambda: None)
    assert day_load() == 0
