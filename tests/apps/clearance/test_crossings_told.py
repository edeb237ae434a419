"""Who is told that somebody crossed: they themselves, the gate, officers and auditors. Never their employer."""

import csv
import io

import pytest
from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.movement_pages import movement_or_404
from riverloop.apps.clearance.selectors import timeline
from riverloop.apps.clearance.services import movement_cross, movement_withdraw
from riverloop.apps.desk import selectors as desk
from riverloop.apps.desk.models import Obligation
from riverloop.apps.desk.permissions import has_to_see_to_it
from riverloop.apps.notices.models import Delivery
from riverloop.apps.notices.webhooks import webhook_add
from riverloop.core.kernel.errors import ConflictError
from tests.cast import account
from tests.movements import VISITOR, file, heard, signed
from tests.web.programs import program_of

pytestmark = pytest.mark.django_db

RESIDENT = {**VISITOR, "document_kind": "home_return_permit", "stay_days": 2}


@pytest.fixture
def gate():
    return account("gina", "hk", "gate", control_point="futian")


@pytest.fixture
def crossed(cast, gate):
    """Hana, who crossed today."""
    cleared = signed(file(cast, RESIDENT, flow="person", person=cast.hana_herself, days=0))
    return heard(movement_cross(by=gate, movement=cleared, at=timezone.now()))


def pages(movement):
    return [f"/movements/{movement.id}/", f"/movements/{movement.id}/changes/", "/movements/", "/"]


def test_their_employer_reads_nowhere_that_somebody_crossed(cast, crossed, enter):
    browser = enter(cast.dora)
    for page in pages(crossed):
        html = browser.get(page).content.decode()
        assert "Crossed" not in html, page
        assert "across already" not in html, page
        assert "when it crossed" not in html, page
    (row,) = csv.DictReader(io.StringIO(browser.get("/movements/table/").getvalue().decode("utf-8-sig")))
    assert row["crossed_at"] == ""
    assert not [one for one in timeline_of(cast.dora, crossed) if "ross" in one.title]


def timeline_of(user, movement):
    return timeline(movement_or_404(user, movement.id), user)


def test_programs_of_their_employer_read_as_little(cast, crossed):
    program = program_of(cast.dora)
    whole = program.get(f"/movements/{crossed.id}").json()
    assert (whole["crossed_at"], whole["state"]) == (None, "open")
    (row,) = program.get("/movements").json()["data"]
    assert (row["crossed_at"], row["state"]) == (None, "open")
    assert "rossed" not in program.get(f"/movements/{crossed.id}/timeline").content.decode()


def test_they_themselves_the_gate_officers_and_auditors_read_it(cast, crossed, gate, enter):
    for user in (cast.hana, gate, cast.oscar, cast.ada):
        assert "Crossed" in enter(user).get(f"/movements/{crossed.id}/").content.decode(), user.username
    assert program_of(cast.hana).get(f"/movements/{crossed.id}").json()["state"] == "crossed"


def test_an_act_that_comes_too_late_does_not_say_why(cast, crossed):
    with pytest.raises(ConflictError) as refusal:
        movement_withdraw(by=cast.dora, movement=crossed)
    assert "cross" not in f"{refusal.value} {refusal.value.code}"


def test_what_is_due_from_a_crossing_on_is_for_whoever_crossed(cast, crossed):
    duty = Obligation.objects.create(
        owner_side="hk",
        law_side="cn",
        subject=crossed.id,
        organisation=cast.delta,
        person=cast.hana_herself,
        rule="cn.entry.leave",
        act="leave_mainland",
        due_at=timezone.now(),
        created_at=timezone.now(),
    )
    assert not desk.obligations(visible_to=cast.dora).exists()
    assert not has_to_see_to_it(cast.dora, duty)
    assert list(desk.obligations(visible_to=cast.hana)) == [duty]
    assert has_to_see_to_it(cast.hana, duty)


def test_a_webhook_hears_of_goods_that_crossed_and_not_of_people(cast, gate, crossed):
    webhook_add(by=cast.dora, organisation=cast.delta, url="https://delta.example/hook")
    goods = file(cast)
    Movement.objects.filter(ref=goods.ref).update(own_low=0, own_high=0, other_low=0, other_high=0)
    movement_cross(by=account("olga", "hk", "officer", authority="hk.ced"), movement=signed(goods))
    kinds = list(Delivery.objects.values_list("kind", "body"))
    assert [kind for kind, _ in kinds if kind == "movement.crossed"] == ["movement.crossed"]
    assert crossed.id not in str(kinds)
