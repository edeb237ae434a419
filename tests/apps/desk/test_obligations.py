"""What the laws ask by a day: set by decisions, seen to by people, reminded of, and read by calendars."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from icalendar import Calendar

from riverloop.apps.desk import calendars, reminders, services
from riverloop.apps.desk.forgetting import matters_go
from riverloop.apps.desk.models import Feed, Matter, Obligation
from riverloop.apps.desk.services import Wanted
from riverloop.apps.notices.models import Mail
from riverloop.apps.parties import services as parties
from riverloop.apps.runs.services import run_start
from riverloop.apps.runs.work import work_once
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.instants import date_in
from tests.apps.desk.conftest import opened

pytestmark = pytest.mark.django_db
SUBJECT = "S" * 26


def wanted(cast, act="declare", days=2, **more):
    day = date_in(timezone.now(), "Asia/Hong_Kong") + timedelta(days=days)  # as its side counts days
    return Wanted("hk", "hk.one", act, **{"due_on": day, "organisation": cast.delta, **more})


def put(*every):
    return services.obligations_set(side="hk", subject=SUBJECT, wanted=every)


def mails():
    return {(mail.to.name, mail.kind) for mail in Mail.objects.select_related("to")}


def remind(side="hk"):
    run = run_start(side=side, kind=reminders.KIND, params={})
    while work_once([reminders.KIND]):
        pass
    run.refresh_from_db()
    assert run.state == "done", run.error
    return run.result


# Set


def test_a_day_ends_at_the_side_whose_law_it_is(cast):
    one = put(Wanted("hk", "hk.one", "declare", due_on=date(2026, 12, 1), organisation=cast.delta))[0]
    assert one.due_at == datetime(2026, 12, 1, 15, 59, 59, tzinfo=UTC)


def test_setting_them_again_changes_nothing_and_what_was_done_stays_done(cast):
    one = put(wanted(cast))[0]
    services.obligation_done(by=cast.dora, obligation=one)
    again = put(wanted(cast))[0]
    assert (again.id, again.done_by) == (one.id, cast.dora)
    assert Obligation.objects.count() == 1


def test_what_falls_due_otherwise_moves_and_what_is_asked_no_longer_is_dropped(cast):
    first, second = put(wanted(cast), wanted(cast, "report"))
    moved = put(wanted(cast, days=9))
    assert [one.id for one in moved] == [first.id]
    assert moved[0].due_at > first.due_at
    assert Obligation.objects.get(pk=second.pk).dropped_at is not None
    with pytest.raises(InputError, match="no longer"):
        services.obligation_done(by=cast.dora, obligation=second)
    put(wanted(cast), wanted(cast, "report"))
    assert Obligation.objects.get(pk=second.pk).dropped_at is None


def test_the_same_rule_of_both_laws_asks_twice(cast):
    both = [Wanted(side, "zone.one", "declare", organisation=cast.delta) for side in ("hk", "cn")]
    assert len(put(*both)) == 2


def test_many_movements_are_set_at_once(cast, django_assert_max_num_queries):
    every = {f"{number:026d}": [wanted(cast)] for number in range(300)}
    with django_assert_max_num_queries(12):
        services.obligations_set_many(side="hk", wanted=every)
    assert Obligation.objects.count() == 300


# Seen to


@pytest.mark.parametrize("name", ["eve", "mei", "oscar", "ada", "hana", "nobody_yet"])
def test_nobody_else_says_that_it_is_done(cast, name):
    one = put(wanted(cast))[0]
    with pytest.raises(PermissionDenied):
        services.obligation_done(by=getattr(cast, name), obligation=one)


def test_a_holder_sees_to_what_is_about_themselves(cast, enter):
    one = put(wanted(cast, person=cast.hana_herself))[0]
    client = enter(cast.hana)
    assert "/obligations/" in client.post("/obligations/", {"obligation": one.id, "do": "done"}).headers["Location"]
    assert Obligation.objects.get().done_by == cast.hana
    client.post("/obligations/", {"obligation": one.id, "do": "undone"})
    assert Obligation.objects.get().done_at is None


@pytest.mark.parametrize(("name", "sees"), [("dora", True), ("ada", True), ("eve", False), ("amy", False)])
def test_a_list_shows_ones_own_alone(cast, enter, name, sees):
    one = put(wanted(cast))[0]
    client = enter(getattr(cast, name))
    assert ("hk.one" in client.get("/obligations/").content.decode()) == sees
    answer = client.post("/obligations/", {"obligation": one.id, "do": "done"}).status_code
    assert answer == {"dora": 302, "ada": 403}.get(name, 404)


def test_the_list_is_narrowed_by_what_is_late_soon_or_done(cast, enter):
    late, soon, later = put(wanted(cast, "a", -3), wanted(cast, "b", 3), wanted(cast, "c", 30))
    services.obligation_done(by=cast.dora, obligation=later)
    client = enter(cast.dora)

    def shown(which):
        page = client.get(f"/obligations/?show={which}&page=1").content.decode()
        return [one for one in (late, soon, later) if one.id in page]

    assert [shown(which) for which in ("open", "late", "soon", "done", "dance")] == [
        [late, soon], [late], [soon], [later], [late, soon],
    ]  # fmt: skip
    assert "3 days late" in client.get("/obligations/?show=late").content.decode()
    assert client.get("/obligations/?page=99999999999999999999").status_code == 200


# Calendars


def test_the_calendar_file_names_acts_and_days_and_nobody(cast, enter):
    put(wanted(cast), wanted(cast, "report", due_on=None, due_at=timezone.now()))
    response = enter(cast.dora).get("/obligations.ics")
    assert response.headers["Content-Type"].startswith("text/calendar")
    events = Calendar.from_ical(response.content).walk("VEVENT")
    assert len(events) == 2
    assert isinstance(events[0].decoded("dtstart"), date)
    for name in ("Ha Na", "夏娜", "Delta", cast.hana_herself.id):
        assert name not in response.content.decode()


def test_a_feed_is_read_by_its_secret_until_it_ends(cast, enter, client):
    put(wanted(cast))
    page = enter(cast.dora).post("/obligations/calendar/", {"do": "make"}).content.decode()
    address = page.split("http://testserver")[1].split("<")[0]
    client.logout()
    response = client.get(address)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert len(Calendar.from_ical(response.content).walk("VEVENT")) == 1
    assert Feed.objects.get().last_read_at is not None
    assert Feed.objects.get().secret_sha256 not in address
    assert client.get("/calendar/" + "x" * 43 + ".ics").status_code == 404
    enter(cast.dora).post("/obligations/calendar/", {"do": "end"})
    client.logout()
    assert client.get(address).status_code == 404


def test_a_new_address_ends_the_old_one_and_a_closed_account_ends_both(cast):
    first, second = calendars.feed_make(by=cast.dora), calendars.feed_make(by=cast.dora)
    assert calendars.feed_reader(first) is None
    assert calendars.feed_reader(second) == cast.dora
    parties.user_close(user=cast.dora)
    assert calendars.feed_reader(second) is None


def test_a_feed_shows_nothing_more_once_the_role_has_ended(cast):
    put(wanted(cast))
    secret = calendars.feed_make(by=cast.dora)
    parties.role_end(role=cast.dora.roles.get())
    assert b"VEVENT" not in calendars.calendar_of(calendars.feed_reader(secret), "https://example.org/")


# Reminders


def test_whoever_has_to_see_to_it_is_reminded_once(cast):
    put(wanted(cast), wanted(cast, "leave", person=cast.hana_herself), wanted(cast, "report", 30))
    assert remind()["obligations"] == 2
    assert mails() == {("Dora", "obligation.due"), ("Hana", "obligation.due")}
    assert remind()["obligations"] == 0
    assert remind("cn")["obligations"] == 0


def test_what_moves_is_reminded_of_anew(cast):
    put(wanted(cast))
    remind()
    put(wanted(cast, days=1))
    assert remind()["obligations"] == 1


def test_officers_hear_of_what_they_hold_and_of_what_nobody_holds(cast, olga, carl):
    held, nobodys, later = opened(cast), opened(cast, authority="hk.ced"), opened(cast)
    services.matter_claim(by=cast.oscar, matter=held, seen=1)
    Matter.objects.exclude(pk=later.pk).update(due_at=timezone.now())
    remind()
    assert {name for name, kind in mails() if kind == "matter.due"} == {"Oscar", "Carl"}
    assert nobodys.authority == "hk.ced"


def test_a_proposal_and_a_hand_over_are_told_to_those_who_can_act(cast, olga, carl, matter):
    now = services.matter_decide(by=cast.oscar, matter=matter, act="refuse", reason="x", seen=1)
    assert mails() == {("Olga", "matter.confirm")}
    now = services.matter_proposal_withdraw(by=cast.oscar, matter=now, seen=now.version)
    services.matter_hand_over(by=cast.oscar, matter=now, authority="hk.ced", reason="x", seen=now.version)
    assert ("Carl", "matter.handed_over") in mails()


# Forgetting


def test_what_was_kept_long_enough_goes_and_the_rest_stays(cast, matter):
    kept = opened(cast)
    old = timezone.now() - timedelta(days=2_000)
    refusal = services.matter_decide(by=cast.oscar, matter=opened(cast), act="allow", reason="", seen=1)
    remedy = opened(cast, kind="remedy", of=refusal)
    services.matters_close(matters=[matter, remedy], act="superseded")
    Matter.objects.exclude(pk=kept.pk).update(closed_at=old)
    put(wanted(cast, days=-2_000))
    put_aside = timezone.now() - timedelta(days=1_000)
    while matters_go(put_aside, "hk"):
        pass
    assert list(Matter.objects.all()) == [kept]
    assert not Obligation.objects.exists()
