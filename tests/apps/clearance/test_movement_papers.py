"""Permits speak for what they cover: held, drawn when it is filed, given back when it does not cross."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from riverloop.apps.clearance.deciding import latest_of
from riverloop.apps.clearance.services import movement_restate, movement_withdraw, movements_declare
from riverloop.apps.desk.models import Matter
from riverloop.apps.documents.models import Draw
from riverloop.apps.documents.services import permit_add, permit_end, permit_left
from riverloop.apps.notices.messages import messages_deliver
from tests.movements import EQUIPMENT, again, copy_of, decide, draft, file, heard, officers

pytestmark = pytest.mark.django_db

BLOOD = {**EQUIPMENT, "category": "human_blood", "suspected_infectious": True, "quantity": 4, "quantity_unit": "mL"}


@pytest.fixture
def permit(cast):
    return add(cast)


def add(cast, document="dh_import_permit", quantity="10", unit="mL", number="DH-1"):
    today = timezone.now().date()
    return permit_add(
        by=cast.dora, organisation=cast.delta, document=document, number=number, issuer="The authority",
        issued_on=today - timedelta(days=3), expires_on=today + timedelta(days=90),
        quantity=Decimal(quantity) if quantity else None, unit=unit if quantity else "",
    )  # fmt: skip


def blood(cast, **more):
    return file(cast, {**BLOOD, **more.pop("facts", {})}, direction="cn-hk", **more)


def stated(movement, side="hk"):
    return latest_of([movement.id], side)[movement.id].inputs["movement"]["items"][0]


def missing(movement, side="hk"):
    return latest_of([movement.id], side)[movement.id].result["missing_documents"]


def test_a_permit_speaks_for_what_is_filed_and_is_drawn_down(cast, permit):
    movement = blood(cast)
    assert stated(movement)["has_dh_import_permit"] is True
    assert stated(movement)["dh_import_permit_quantity_left"] == 10, "what it draws itself is not missing to it"
    assert "dh_import_permit" not in missing(movement)
    assert permit_left(permit) == 6
    assert "has_dh_import_permit" not in stated(copy_of(movement), "cn"), "the other side may not know"


def test_a_permit_that_is_used_up_carries_no_more(cast, permit):
    drafts = [draft(BLOOD, direction="cn-hk", reference=str(number)) for number in range(3)]
    movements = movements_declare(by=cast.dora, organisation=cast.delta, drafts=drafts)
    messages_deliver()
    assert permit_left(permit) == 2
    assert [again(one).own_low == 3 for one in movements] == [False, False, True]
    heard(movement_withdraw(by=cast.dora, movement=movements[0]))
    assert permit_left(permit) == 6


def test_stating_another_quantity_draws_that_instead(cast, permit):
    movement = blood(cast)
    heard(movement_restate(by=cast.dora, movement=movement, items={0: {"quantity": 7}}))
    assert permit_left(permit) == 3
    assert Draw.objects.filter(released_at=None).get().quantity == 7


def test_a_permit_in_another_unit_does_not_count(cast):
    permit = add(cast, unit="kg")
    movement = blood(cast)
    assert "dh_import_permit" in missing(movement)
    assert permit_left(permit) == 10


def test_what_the_register_knows_replaces_what_the_applicant_says_of_it(cast, permit):
    facts = {"has_dh_import_permit": True, "dh_import_permit_quantity_left": 999.0}
    assert stated(blood(cast, facts=facts))["dh_import_permit_quantity_left"] == 10


def test_a_permit_that_comes_later_decides_what_waits_and_its_end_takes_it_back(cast):
    movement = blood(cast)
    assert "dh_import_permit" in missing(movement)
    permit = add(cast)
    messages_deliver()
    assert "dh_import_permit" not in missing(movement)
    assert latest_of([movement.id], "hk")[movement.id].cause == "permit"
    permit_end(by=cast.dora, permit=permit)
    messages_deliver()
    assert "dh_import_permit" in missing(movement)


def test_a_permit_waits_for_its_issuer_to_verify_it(cast, permit):
    matter = Matter.objects.get(kind="permit", subject=permit.id)
    assert (matter.owner_side, matter.authority) == ("hk", "hk.dh")
    (health,) = officers("hk", "hk.dh", "dan")
    movement = blood(cast)
    decide(matter, health, "reject", reason="We never gave it.")
    permit.refresh_from_db()
    assert permit.state == "rejected"
    assert "dh_import_permit" in missing(movement)


def test_a_permit_of_the_other_sides_law_is_told_with_its_number(cast):
    add(cast, document="gacc_special_article_approval", number="GACC-7")
    movement = file(cast, BLOOD)
    copy = copy_of(movement)
    assert stated(copy, "cn")["has_gacc_special_article_approval"] is True
    assert [(one["document"], one["number"]) for one in copy.papers] == [("gacc_special_article_approval", "GACC-7")]


def test_a_permit_that_one_movement_uses_up_still_carries_that_one(cast):
    permit = add(cast, quantity="4")
    movement = blood(cast)
    assert permit_left(permit) == 0
    assert "dh_import_permit" not in missing(movement), "what it drew is its own"
