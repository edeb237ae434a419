"""Things are kept as long as the zone file says and no longer, and what is deleted is recorded by number."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from click.testing import CliRunner
from django.contrib.sessions.models import Session
from django.utils import timezone

from riverloop.apps.parties import retention
from riverloop.apps.parties.here import zone
from riverloop.apps.parties.models import ApiToken, IdempotencyKey, Person, Role, User, ViewRecord
from riverloop.apps.parties.services import identity_number_add, person_leave, user_close, view_record
from riverloop.apps.parties.tokens import token_make
from riverloop.apps.parties.words import PERIOD_WORDS
from riverloop.apps.record.selectors import records_of
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.work import timetables
from riverloop.cli import app
from riverloop.zones import load_zone, zone_names
from tests.cast import HKID, again

pytestmark = pytest.mark.django_db
ROWS = {row.kind: row for row in zone().retention}


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path


def just_over(kind):
    """Return an instant just before that from which things of a kind are kept, and one just after it."""
    before = ROWS[kind].before(timezone.now())
    return before - timedelta(minutes=1), before + timedelta(minutes=5)


def gone(kind, side="hk"):
    return retention.run(side)[kind]


def test_who_looked_goes_after_its_time_at_its_own_side_alone(cast):
    old, young = just_over("views")
    for at in (old, young):
        view = view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="x")[0]
        ViewRecord.objects.filter(pk=view.pk).update(at=at)
    other = view_record(viewer=cast.mei, subjects=[cast.min_herself], purpose="own_staff", page="x")[0]
    ViewRecord.objects.filter(pk=other.pk).update(at=old)
    assert gone("views") == 1
    assert set(ViewRecord.objects.values_list("at", flat=True)) == {young, old}
    assert gone("views", "cn") == 1


def test_tokens_go_after_they_ended_or_ran_out_and_living_ones_stay(cast):
    old, young = just_over("tokens")
    made = [
        token_make(user=cast.dora, name=str(place), scopes=["people:read"], days=1, with_second_factor=True)[0]
        for place in range(4)
    ]
    ApiToken.objects.filter(pk=made[0].pk).update(ended_at=old)
    ApiToken.objects.filter(pk=made[1].pk).update(expires_at=old)
    ApiToken.objects.filter(pk=made[2].pk).update(ended_at=young)
    assert gone("tokens") == 2
    assert set(ApiToken.objects.all()) == {made[2], made[3]}


def test_answers_to_repeated_requests_go_after_a_day(cast):
    token, _ = token_make(user=cast.dora, name="x", scopes=["people:read"], days=1, with_second_factor=True)
    for place, at in enumerate(just_over("idempotency_keys")):
        IdempotencyKey.objects.create(
            owner_side="hk", token=token, key=str(place), request="POST /", body_sha256="0" * 64, at=at
        )
    assert gone("idempotency_keys") == 1
    assert IdempotencyKey.objects.get().key == "1"


def test_a_closed_account_loses_name_address_and_every_way_in_and_its_deeds_stay(cast):
    view_record(viewer=cast.ada, subjects=[cast.edwin], purpose="audit", page="x")
    Authenticator.objects.create(user=cast.ada, type="totp", data={"secret": "x"})
    UserSession.objects.create(user=cast.ada, ip="127.0.0.1", session_key="k", user_agent="x", data={})
    for user in (cast.ada, cast.paul):
        user_close(user=user)
    old, young = just_over("accounts")
    User.objects.filter(pk=cast.ada.pk).update(closed_at=old)
    User.objects.filter(pk=cast.paul.pk).update(closed_at=young)
    assert gone("accounts") == 1
    ada = again(cast.ada)
    assert (ada.name, ada.email, ada.has_usable_password()) == ("", f"{ada.id.lower()}@erased.invalid", False)
    for model in (EmailAddress, Authenticator, UserSession):
        assert not model.objects.filter(user=ada).exists()
    assert ViewRecord.objects.get().viewer == ada
    assert again(cast.paul).name == "Paul"
    assert gone("accounts") == 0


def test_a_person_who_left_loses_name_and_numbers_and_the_account_that_stood_for_them(cast):
    identity_number_add(person=cast.hana_herself, kind="hkid", number=HKID)
    for person in (cast.hana_herself, cast.edwin):
        person_leave(person=person)
    old, young = just_over("people")
    Person.objects.filter(pk=cast.hana_herself.pk).update(left_at=old)
    Person.objects.filter(pk=cast.edwin.pk).update(left_at=young)
    assert gone("people") == 1
    hana = Person.objects.get(pk=cast.hana_herself.pk)
    assert (hana.name, hana.name_latin, hana.identity_numbers.count()) == ("", "", 0)
    assert not Role.objects.filter(person=hana, ended_at=None).exists()
    assert Person.objects.get(pk=cast.edwin.pk).name == "Edwin Egret"


def test_sessions_and_failed_attempts_go(cast):
    old, young = just_over("sessions")
    for key, expires in (("over", old), ("lives", young)):
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
        UserSession.objects.create(
            user=cast.dora, ip="127.0.0.1", session_key=key, user_agent="x", data={}, last_seen_at=old
        )
    before, after = just_over("sign_in_attempts")
    for at in (before, after):
        attempt = AccessAttempt.objects.create(username="dora@example.org", failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=at)
    assert gone("sessions") == 2
    assert Session.objects.get().session_key == UserSession.objects.get().session_key == "lives"
    assert AccessAttempt.objects.get().attempt_time == after


def test_background_work_goes_after_it_ended(cast):
    old, young = just_over("runs")
    for at in (old, young, None):
        Run.objects.create(owner_side="hk", kind="x", not_before=old, created_at=old, ended_at=at, state="done")
    assert gone("runs") == 1
    assert Run.objects.count() == 2


def test_a_dry_run_counts_and_changes_nothing(cast):
    view = view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="x")[0]
    ViewRecord.objects.filter(pk=view.pk).update(at=just_over("views")[0])
    assert retention.run("hk", dry=True)["views"] == 1
    assert ViewRecord.objects.count() == 1
    assert not records_of(side="hk", kind="retention.deleted").exists()


def test_what_was_deleted_is_recorded_by_number(cast):
    view = view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="x")[0]
    ViewRecord.objects.filter(pk=view.pk).update(at=just_over("views")[0])
    retention.run("hk")
    payload = json.loads(records_of(side="hk", kind="retention.deleted").get().payload)
    assert (payload["kind"], payload["count"]) == ("views", 1)


def test_more_than_one_part_goes_in_one_run(cast, monkeypatch):
    monkeypatch.setattr("riverloop.apps.parties.forgetting.BATCH", 2)
    for _ in range(5):
        view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="x")
    ViewRecord.objects.update(at=just_over("views")[0])
    assert gone("views") == 5


@pytest.mark.parametrize("name", zone_names())
def test_whatever_something_deletes_stands_in_every_zones_table(name):
    assert retention.kinds() <= {row.kind for row in load_zone(name).retention}


def test_whatever_the_table_promises_something_deletes():
    assert set(ROWS) == retention.kinds()


def test_a_day_that_the_month_lacks_is_its_last():
    row = ROWS["views"]
    assert row.unit == "years"
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert row.before(leap) == datetime(2028 - row.keep, 2, 28, 12, tzinfo=UTC)


def test_it_runs_every_day_and_by_hand(cast, monkeypatch):
    assert {table.kind: table.every for table in timetables()}["retention"] == timedelta(days=1)
    monkeypatch.setattr("riverloop.web.server.prepare", lambda **_: None)
    output = CliRunner().invoke(app, ["retention", "run", "--dry-run"]).output
    assert "views" in output


@pytest.mark.parametrize(("language", "words"), [("en", "3 years"), ("zh-HK", "誰查閱過"), ("zh-CN", "谁查看过")])
def test_the_table_is_open_to_everyone(client, language, words):
    html = client.get("/retention/", headers={"accept-language": language}).content.decode()
    assert words in html


def test_each_period_says_whether_a_law_was_read_for_it(client):
    html = client.get("/retention/").content.decode()
    tags = re.findall(r'<td>[^<]+<span class="tag">([^<]+)</span></td>', html)
    assert len(tags) == len(zone().retention)
    assert set(tags) == {PERIOD_WORDS[zone().bases[row.basis].verified] for row in zone().retention}
    assert "assumed, no law read" in tags
