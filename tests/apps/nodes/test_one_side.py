"""A node of one side does nothing of the other's, and its pages say whose it is and how the link stands."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from riverloop.apps.nodes.links import link_answered, link_failed, link_of, link_refused
from riverloop.apps.nodes.models import Link
from riverloop.apps.notices.messages import Outgoing, messages_send
from riverloop.apps.parties.selectors import demo_cast
from riverloop.apps.parties.services import organisation_add, user_add
from riverloop.apps.runs import work, worker
from riverloop.core.kernel.errors import InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def lone(cast, settings, tmp_path):
    """Be the node of side hk alone, with a cast that was made before."""
    settings.RIVERLOOP_SIDE, settings.RIVERLOOP_DATA = "hk", tmp_path
    return cast


def test_nobody_and_nothing_of_the_other_side_is_added_here(lone):
    with pytest.raises(InputError, match="Side cn does not live here: this is the node of side hk"):
        user_add(email="x@example.org", name="X", side="cn")
    with pytest.raises(InputError, match="Side cn does not live here"):
        organisation_add(side="cn", park="shenzhen", name="X")


def test_what_begins_by_itself_begins_for_the_own_side_alone(lone, monkeypatch):
    monkeypatch.setattr(work, "_timetables", {})
    work.timetable("test.daily", timedelta(days=1))
    assert [run.owner_side for run in worker.timetable_keep()] == ["hk"]


def test_the_demo_of_a_node_shows_its_own_sides_accounts(lone):
    from riverloop.web.demo.cast import cast_load

    cast_load()
    (shown,) = demo_cast(str)
    assert shown["accounts"]
    assert "Hong Kong" in shown["side"]


def test_the_demo_of_a_node_files_its_own_sides_half_of_the_day(lone):
    from riverloop.apps.clearance.models import Movement
    from riverloop.apps.notices.models import Message
    from riverloop.web.demo.cast import cast_load
    from riverloop.web.demo.day import Day, day_spec

    cast_load()
    spec = {**day_spec(), "movements": 60}
    filed = Day(spec, timezone.now()).load()
    assert 5 < filed < 55
    assert set(Movement.objects.values_list("owner_side", "filed_side")) == {("hk", "hk")}
    assert set(Message.objects.values_list("from_side", "state")) == {("hk", "queued")}


def page(enter, user, name="home"):
    return enter(user).get(reverse(name)).content.decode()


def test_where_both_sides_live_the_banner_says_so(cast, enter):
    shown = page(enter, cast.dora)
    assert "both sides run on one computer" in shown
    assert "this is the node of" not in shown


def test_a_node_says_whose_it_is_and_to_its_own_people_how_the_link_stands(lone, enter, client):
    assert "this is the node of Hong Kong" in client.get(reverse("home")).content.decode()
    assert "has not been reached yet" in page(enter, lone.dora)
    link_failed("hk", "cn", InputError("test.down", "The node of {side} does not answer.", side="cn"))
    shown = page(enter, lone.dora)
    assert "The link to the other side has been down since" in shown
    assert "The node of the mainland does not answer." in shown
    with translation.override("zh-hant"):
        assert link_of("hk").trouble_text == "內地一方的節點沒有回應。"
    messages_send(from_side="hk", to_side="cn", outgoing=[Outgoing("side.decided", "side_decision", "goods", "", {})])
    assert "1 message waits to go." in page(enter, lone.dora)
    link_answered("hk", "cn")
    shown = page(enter, lone.dora)
    assert "The link to the other side has been up since" in shown
    client.logout()
    assert "up since" not in client.get(reverse("home")).content.decode()


def test_an_auditor_reads_what_was_refused_of_the_other_node(lone, enter):
    assert "Last refusal" not in page(enter, lone.ada, "notices:messages")
    link_refused("hk", "cn", InputError("test.fork", "The log of {side} has forked at {index}.", side="cn", index=7))
    shown = page(enter, lone.ada, "notices:messages")
    assert "The log of the mainland has forked at 7." in shown


def test_the_same_refusal_again_and_again_is_written_down_now_and_then(lone):
    error = InputError("test.knock", "Somebody knocked.")
    link_refused("hk", "cn", error)
    first = Link.objects.get().refused_at
    link_refused("hk", "cn", error)
    assert Link.objects.get().refused_at == first
