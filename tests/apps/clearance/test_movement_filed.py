"""A movement is filed, decided on both sides, and the outcome is known on both."""

from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.services import Draft, DraftItem, movements_declare
from riverloop.apps.notices.messages import messages_deliver

pytestmark = pytest.mark.django_db


def test_a_movement_filed_here_is_decided_on_both_sides(cast):
    draft = Draft(
        "goods", "hk-cn", timezone.now() + timedelta(days=3), [DraftItem({"category": "equipment", "quantity": 1})]
    )
    (movement,) = movements_declare(by=cast.dora, organisation=cast.delta, drafts=[draft])
    assert movement.own_low is not None and movement.other_low is None
    messages_deliver()
    copy = Movement.objects.get(owner_side="cn")
    movement.refresh_from_db()
    assert copy.ref == movement.ref and copy.pk != movement.pk
    assert (copy.own_low, copy.own_high) == (movement.other_low, movement.other_high) != (None, None)
    assert outcome_of(copy) == outcome_of(movement)
