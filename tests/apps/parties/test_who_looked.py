"""Whenever somebody sees another's personal data it is recorded, and the person and the auditor can read so."""

import json

import pytest
from django.core.exceptions import PermissionDenied

from riverloop.apps.parties.models import ViewRecord
from riverloop.apps.parties.services import identity_number_add, view_record
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import InputError
from tests.cast import HKID

pytestmark = pytest.mark.django_db


def views():
    return {(view.viewer.name, view.subject_id, view.purpose, view.case) for view in ViewRecord.objects.all()}


def test_a_coordinators_list_records_each_person_in_it(cast, enter):
    html = enter(cast.dora).get("/people/").content.decode()
    assert "Ha Na" in html
    assert "Edwin" not in html
    assert views() == {("Dora", cast.hana_herself.id, "own_staff", "")}


def test_opening_a_persons_page_records_it(cast, enter):
    identity_number_add(person=cast.hana_herself, kind="hkid", number=HKID)
    html = enter(cast.ada).get(f"/people/{cast.hana_herself.id}/").content.decode()
    assert "123456" not in html
    assert views() == {("Ada", cast.hana_herself.id, "audit", "")}


def test_looking_at_oneself_is_no_view(cast, enter):
    assert enter(cast.hana).get(f"/people/{cast.hana_herself.id}/").status_code == 200
    assert views() == set()


@pytest.mark.parametrize("name", ["dora", "oscar", "ada", "hana"])
def test_a_person_of_others_is_not_there(cast, enter, name):
    outsider = cast.edwin if name in ("dora", "hana") else cast.min_herself
    assert enter(getattr(cast, name)).get(f"/people/{outsider.id}/").status_code == 404
    assert views() == set()


def test_an_officer_opens_a_page_for_a_case_alone(cast, enter):
    client, address = enter(cast.oscar), f"/people/{cast.hana_herself.id}/"
    assert "Ha Na" not in client.get(address).content.decode()
    assert "Ha Na" not in client.post(address, {"case": " "}).content.decode()
    assert views() == set()
    assert "Ha Na" in client.post(address, {"case": "HK-7"}).content.decode()
    assert views() == {("Oscar", cast.hana_herself.id, "case", "HK-7")}


def test_an_officers_search_needs_a_case_and_records_whom_it_found(cast, enter):
    client = enter(cast.oscar)
    client.post("/people/", {"text": "Ha Na"})
    assert views() == set()
    html = client.post("/people/", {"text": "Ha Na", "case": "HK-7"}).content.decode()
    assert "Ha Na" in html
    assert views() == {("Oscar", cast.hana_herself.id, "case", "HK-7")}


def test_a_coordinator_cannot_search(cast, enter):
    html = enter(cast.dora).post("/people/", {"text": "Edwin Egret", "case": "1"}).content.decode()
    assert "Edwin" not in html


def test_a_view_is_committed_to_the_log_with_ids_alone(cast):
    view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="parties:people")
    record = records_of(side="hk", kind="people.viewed").get()
    payload = json.loads(record.payload)
    assert list(payload["views"].values()) == [cast.hana_herself.id]
    assert payload["viewer"] == cast.dora.id


@pytest.mark.parametrize(("purpose", "case"), [("", ""), ("curiosity", ""), ("case", "  ")])
def test_without_a_purpose_nothing_may_be_shown(cast, purpose, case):
    with pytest.raises(InputError):
        view_record(viewer=cast.oscar, subjects=[cast.edwin], purpose=purpose, page="x", case=case)


def test_a_purpose_that_is_not_ones_role_and_a_person_of_the_other_side_are_refused(cast):
    with pytest.raises(PermissionDenied):
        view_record(viewer=cast.dora, subjects=[cast.edwin], purpose="audit", page="x")
    with pytest.raises(PermissionDenied):
        view_record(viewer=cast.ada, subjects=[cast.min_herself], purpose="audit", page="x")
    assert views() == set()


def test_the_holder_reads_who_looked_by_role_and_for_which_case(cast, enter):
    view_record(viewer=cast.oscar, subjects=[cast.hana_herself, cast.edwin], purpose="case", page="x", case="HK-7")
    html = enter(cast.hana).get("/who-looked/").content.decode()
    assert "Officer of Immigration Department (Hong Kong)" in html
    assert html.count("HK-7") == 1
    assert "Oscar" not in html


def test_the_auditor_reads_every_view_of_the_side_with_the_name_of_who_looked(cast, enter):
    view_record(viewer=cast.oscar, subjects=[cast.hana_herself, cast.edwin], purpose="case", page="x", case="HK-7")
    view_record(viewer=cast.otto, subjects=[cast.min_herself], purpose="case", page="x", case="CN-8")
    html = enter(cast.ada).get("/who-looked/").content.decode()
    assert html.count("HK-7") == 2
    assert "Oscar" in html
    assert "CN-8" not in html


def test_a_list_of_many_views_costs_no_more_queries_than_one_of_few(cast, enter, django_assert_max_num_queries):
    for _ in range(30):
        view_record(viewer=cast.oscar, subjects=[cast.hana_herself], purpose="case", page="x", case="HK-7")
    client = enter(cast.hana)
    with django_assert_max_num_queries(8):
        client.get("/who-looked/")
