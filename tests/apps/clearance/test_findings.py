"""The page on which an officer states what they found: what their authority may hold, why, and told to nobody else."""

import re

import pytest

from riverloop.apps.clearance.models import Movement, Statement
from riverloop.apps.clearance.services import movement_restate, movement_withdraw
from riverloop.apps.notices.models import Message
from riverloop.apps.parties import services as parties
from riverloop.apps.parties.models import ViewRecord
from riverloop.apps.record.models import PendingRecord
from tests.movements import EQUIPMENT, VISITOR, copy_of, file, file_visitor, heard, officers, open_matter

pytestmark = pytest.mark.django_db
REASON = "Compared with the list at the counter."


def page_of(movement):
    return f"/movements/{movement.id}/findings/"


def fields(html):
    return set(re.findall(r'name="f-0-(\w+)"', html))


def found(**facts):
    return {**{f"f-0-{name}": value for name, value in facts.items()}, "save": "1", "reason": REASON, "item": "1"}


def test_the_form_asks_for_what_the_authority_may_state_and_says_what_was_stated(cast, enter):
    movement = file_visitor(cast)
    client = enter(cast.oscar)
    assert f'href="{page_of(movement)}"' in client.get(f"/movements/{movement.id}/").content.decode()
    html = client.get(page_of(movement)).content.decode()
    assert "watch_hit" in fields(html)
    assert "Watch-list hit" in html
    assert "Stated: " in html
    assert html.index("f-0-watch_hit") < html.index("Everything else that your authority may state")
    assert "Ha Na" in html
    view = ViewRecord.objects.filter(viewer=cast.oscar, page="clearance:movement_findings").get()
    assert (view.subject_id, view.case) == (cast.hana_herself.id, movement.number)
    assert not {"biomaterial_level", "important_data"} & fields(html)


def test_what_an_officer_finds_is_decided_on_with_its_reason_and_stays_at_this_side(cast, enter):
    movement = file_visitor(cast)
    messages = Message.objects.count()
    response = enter(cast.oscar).post(page_of(movement), found(watch_hit="yes"))
    assert (response.status_code, response.url) == (302, f"/movements/{movement.id}/")
    stated = Statement.objects.get(asserted_as="officer")
    assert (stated.facts, stated.reason, stated.authority) == ({"watch_hit": True}, REASON, "hk.immd")
    assert not Message.objects.filter(body__contains="watch_hit").exists()
    assert not Message.objects.filter(body__contains=REASON).exists()
    assert Message.objects.count() >= messages
    assert not PendingRecord.objects.filter(payload__contains=REASON).exists()
    assert REASON in enter(cast.oscar).get(f"/movements/{movement.id}/").content.decode()
    assert REASON in enter(cast.ada).get(f"/movements/{movement.id}/").content.decode()
    for other in (cast.dora, cast.hana):
        page = enter(other).get(f"/movements/{movement.id}/").content.decode()
        assert "Watch-list hit" not in page
        assert REASON not in page
        assert "State what you found" not in page


def test_another_authority_of_the_side_reads_no_reason(cast, enter):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    (customs,) = officers("hk", "hk.ced", "carl")
    (health,) = officers("hk", "hk.dh", "dan")
    open_matter(movement, rule="hk.dangerous-drugs")
    assert enter(customs).post(page_of(movement), found(strategic_item="yes")).status_code == 302
    assert Statement.objects.get(asserted_as="officer").authority == "hk.ced"
    page = enter(health).get(f"/movements/{movement.id}/")
    assert page.status_code == 200
    assert REASON not in page.content.decode()
    assert "strategic_item" not in fields(enter(health).get(page_of(movement)).content.decode())


def test_nothing_is_stated_without_a_reason_a_change_or_a_value_that_fits(cast, enter):
    movement = file_visitor(cast)
    client = enter(cast.oscar)
    for typed, status, said in (
        ({**found(watch_hit="yes"), "reason": "  "}, 400, "Say how you found it"),
        ({**found(watch_hit="yes"), "reason": "x" * 4001}, 400, "more than"),
        (found(), 400, "Nothing is stated otherwise"),
        (found(stay_days="many"), 400, "Something needs mending"),
        (found(quantity="3"), 400, "Nothing is stated otherwise"),
    ):
        response = client.post(page_of(movement), typed)
        html = response.content.decode()
        assert (response.status_code, said in html) == (status, True), typed
        if typed["reason"].strip() and len(typed["reason"]) < 4000:
            assert REASON in html
    assert not Statement.objects.filter(asserted_as="officer").exists()


def test_what_was_found_is_taken_back_by_leaving_it_unknown(cast, enter):
    movement = file_visitor(cast)
    client = enter(cast.oscar)
    client.post(page_of(movement), found(watch_hit="yes"))
    assert 'id="f-0-watch_hit-yes" value="yes" checked' in client.get(page_of(movement)).content.decode()
    assert client.post(page_of(movement), found(watch_hit="")).status_code == 302
    assert Statement.objects.filter(asserted_as="officer").order_by("number").last().facts == {"watch_hit": None}


def test_what_a_colleague_found_meanwhile_is_not_overwritten(cast, enter):
    movement = file_visitor(cast)
    client = enter(cast.oscar)
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(page_of(movement)).content.decode())[1]
    (colleague,) = officers("hk", "hk.immd", "olga")
    assert enter(colleague).post(page_of(movement), found(watch_hit="yes")).status_code == 302
    response = client.post(page_of(movement), {**found(watch_hit="no"), "seen": seen})
    assert response.status_code == 409
    assert "meanwhile" in response.content.decode()
    heard(movement_restate(by=cast.dora, movement=movement, items={0: {"stay_days": 4}}))
    assert Statement.objects.filter(asserted_as="officer").count() == 1


def test_one_comes_back_to_the_matter_from_which_one_came(cast, enter):
    movement = file_visitor(cast)
    other = file(cast, VISITOR | {"stay_days": 9}, flow="person", person=cast.hana_herself)
    matter = open_matter(copy_of(movement))
    client = enter(officers(matter.owner_side, matter.authority, "olga")[0])
    copy = Movement.objects.get(pk=matter.subject)
    link = f"{page_of(copy)}?matter={matter.id}"
    assert link in client.get(f"/queue/{matter.id}/").content.decode()
    assert f'name="matter" value="{matter.id}"' in client.get(link).content.decode()
    response = client.post(page_of(copy), {**found(watch_hit="yes"), "matter": matter.id})
    assert response.url == f"/queue/{matter.id}/"
    elsewhere = Movement.objects.get(owner_side=matter.owner_side, ref=other.ref)
    response = client.post(page_of(elsewhere), {**found(watch_hit="yes"), "matter": matter.id})
    assert response.url == f"/movements/{elsewhere.id}/"


def test_nobody_but_an_officer_before_whom_it_is_opens_the_page(cast, enter):
    movement = file_visitor(cast)
    for user, status in (
        (cast.dora, 403), (cast.hana, 403), (cast.ada, 403), (cast.greta, 403), (cast.eve, 403), (cast.otto, 404),
    ):  # fmt: skip
        assert enter(user).get(page_of(movement)).status_code == status, user.name
        assert enter(user).post(page_of(movement), found(watch_hit="yes")).status_code == status, user.name
    (health,) = officers("hk", "hk.dh", "dan")
    assert enter(health).get(page_of(movement)).status_code == 404
    parties.role_grant(user=cast.hana, kind="officer", authority="hk.immd")
    assert enter(cast.hana).get(page_of(movement)).status_code == 403
    assert not Statement.objects.filter(asserted_as="officer").exists()


def test_a_withdrawn_movement_is_no_longer_looked_into(cast, enter):
    movement = file_visitor(cast)
    movement_withdraw(by=cast.dora, movement=movement)
    client = enter(cast.oscar)
    assert client.get(page_of(movement)).url == f"/movements/{movement.id}/"
    assert "State what you found" not in client.get(f"/movements/{movement.id}/").content.decode()


@pytest.fixture
def as_oscar(cast, enter, open_page, live_server):
    session = enter(cast.oscar).cookies["sessionid"].value

    def opened(**options):
        page = open_page(**options)
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        return page

    return opened


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("options", [{}, {"phone": True, "dark": True}])
def test_the_page_is_readable_to_all_and_fits_a_phone(cast, as_oscar, assert_accessible, options):
    movement = file_visitor(cast)
    page = as_oscar(**options)
    page.goto(page_of(movement))
    assert_accessible(page)
    page.get_by_text("Everything else that your authority may state").click()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("group", name="Watch-list hit").get_by_label("Yes").check()
    page.get_by_label("How you found it").fill(REASON)
    page.get_by_role("button", name="State it").click()
    page.get_by_text(REASON).wait_for()
