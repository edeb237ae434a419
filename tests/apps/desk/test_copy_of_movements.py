"""The copy that a holder takes holds their movements, and nothing that an officer found."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement, Statement

pytestmark = pytest.mark.django_db


def test_a_copy_holds_what_was_stated_of_ones_movements_and_not_what_officers_found(cast, enter):
    now = timezone.now()
    movement = Movement.objects.create(
        owner_side="hk", ref="R" * 26, filed_side="hk", flow="person", direction="cn-hk", organisation=cast.delta,
        crossing_at=now + timedelta(days=1), declared_at=now, facts_at=now,
    )  # fmt: skip
    item = Item.objects.create(owner_side="hk", movement=movement, place=0, person=cast.hana_herself)
    for number, (who, facts) in enumerate([("applicant", {"stay_days": 3}), ("officer", {"watch_list_hit": True})], 1):
        Statement.objects.create(
            owner_side="hk", item=item, number=number, facts=facts, asserted_as=who, side="hk", at=now
        )
    copy = json.loads(enter(cast.hana).post("/me/requests/copy/").content)["about_you"][0]
    assert [row["number"] for row in copy["movements"]] == ["RRRRR-RRRRR"]
    assert [one["facts"] for one in copy["movements"][0]["stated"]] == [{"stay_days": 3}]
    assert "watch_list" not in json.dumps(copy)
