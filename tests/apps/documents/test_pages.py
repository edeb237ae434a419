"""The pages of permits and files, as each role finds them."""

import csv
import io
import logging
import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from riverloop.apps.documents import services, subjects
from riverloop.apps.documents.models import File, Permit
from riverloop.apps.parties.models import ViewRecord
from riverloop.core.kernel.ids import new_id
from tests.apps.clearance.filing import file_goods
from tests.apps.documents import samples
from tests.apps.documents.test_permits import permit_of
from tests.cast import account

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    yield
    for name in ("django.request", "django.security"):
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def hedy(cast):
    return account("hedy", "hk", "officer", authority="hk.dh")


def typed(**more):
    return {
        "document": "dh_import_permit", "number": "DH-7", "issuer": "Department of Health",
        "issued_on": "2026-11-01", "expires_on": "2199-12-31", "quantity": "10.5", "unit": "mL", **more,
    }  # fmt: skip


def upload(content=None, name="permit.pdf"):
    return SimpleUploadedFile(name, samples.pdf() if content is None else content)


# Permits


def test_a_coordinator_adds_a_permit_with_its_paper(cast, enter):
    response = enter(cast.dora).post("/permits/new/", typed(file=upload()), follow=True)
    page = response.content.decode()
    permit = Permit.objects.get()
    assert (permit.quantity, permit.file.name, permit.organisation) == (Decimal("10.5"), "permit.pdf", cast.delta)
    assert "10.5 mL" in page
    assert "permit.pdf" in page
    assert "Not verified yet" in page
    assert "Nothing yet. A movement that needs this permit" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"issued_on": "2199-01-01"}, "dated in the future"),
        ({"quantity": "-1"}, "greater than 0"),
        ({"unit": ""}, "Give the unit"),
        ({"document": "cac_assessment"}, "not given for a quantity"),
        ({"file": upload(samples.EXECUTABLE)}, "none of PDF, PNG, JPEG, CSV and XLSX"),
        ({"number": ""}, "This field is required"),
    ],
)
def test_a_mistake_is_said_and_what_was_typed_stays(cast, enter, wrong, said):
    response = enter(cast.dora).post("/permits/new/", typed(issuer="Typed with care", **wrong))
    page = response.content.decode()
    assert response.status_code == 400
    assert said in page
    assert "Typed with care" in page
    assert not Permit.objects.exists()
    assert not File.objects.exists()


def test_a_permit_for_a_person_of_ones_own_is_recorded_as_a_view(cast, enter):
    dora = enter(cast.dora)
    page = dora.get(f"/permits/new/?person={cast.hana_herself.id}").content.decode()
    assert "It names Ha Na" in page
    dora.post("/permits/new/", typed(person=cast.hana_herself.id))
    assert Permit.objects.get().person == cast.hana_herself
    assert ViewRecord.objects.filter(subject=cast.hana_herself, viewer=cast.dora).exists()
    assert dora.get(f"/permits/new/?person={cast.edwin.id}").status_code == 404


def test_the_list_says_what_is_left_and_what_to_do_first(cast, enter):
    dora = enter(cast.dora)
    assert "Add the first permit" in dora.get("/permits/").content.decode()
    services.draw(permit=permit_of(cast), subject=new_id(), quantity=Decimal("2.5"))
    page = dora.get("/permits/").content.decode()
    assert "7.5 mL left" in page
    assert "1 permit<" in page


def test_a_number_is_looked_for_without_standing_in_an_address(cast, enter):
    permit_of(cast, "DH-111")
    permit_of(cast, "DH-222")
    dora = enter(cast.dora)
    page = dora.post("/permits/", {"number": " dh-11"}).content.decode()
    assert "DH-111" in page
    assert "DH-222" not in page
    assert "number=" not in page
    assert "No permit matches" in dora.post("/permits/", {"number": "x"}).content.decode()


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("stated", {"A"}),
        ("verified", {"V"}),
        ("ended", {"N"}),
        ("expired", {"X"}),
        ("used_up", {"U"}),
        ("", set("AVNXU")),
    ],
)
def test_the_list_is_narrowed_by_state(cast, enter, hedy, state, shown):
    permit_of(cast, "NR-A")
    services.permit_verify(by=hedy, permit=permit_of(cast, "NR-V"), accepted=True)
    services.permit_end(by=cast.dora, permit=permit_of(cast, "NR-N"))
    permit_of(cast, "NR-X", issued_on=date(2020, 1, 1), expires_on=date(2020, 1, 2))
    services.draw(permit=permit_of(cast, "NR-U"), subject=new_id(), quantity=Decimal(10))
    page = enter(cast.dora).get("/permits/", {"state": state}).content.decode()
    assert {one for one in "AVNXU" if f"NR-{one}" in page} == shown


def test_the_table_holds_the_same_and_no_formula(cast, enter):
    permit_of(cast, "=1+1", issuer="+cmd|x")
    permit_of(cast, "P-1", person=cast.hana_herself)
    response = enter(cast.dora).get("/permits/table/?state=stated")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][1] == "'=1+1"
    assert rows[1][3] == "'+cmd|x"
    assert rows[1][6:9] == ["10", "10", "mL"]
    assert len(rows) == 2  # a person's paper is not in it


def test_an_officer_verifies_on_the_page(cast, enter, hedy):
    permit = permit_of(cast)
    officer = enter(hedy)
    assert "Is it what it states?" in officer.get(f"/permits/{permit.id}/").content.decode()
    refused = officer.post(f"/permits/{permit.id}/verify/", {"answer": "reject", "reason": ""})
    assert refused.status_code == 400
    assert "Give a reason" in refused.content.decode()
    officer.post(f"/permits/{permit.id}/verify/", {"answer": "verify"})
    page = officer.get(f"/permits/{permit.id}/").content.decode()
    assert "Verified" in page
    assert "Take the verification back" in page
    again = officer.post(f"/permits/{permit.id}/verify/", {"answer": "verify"})
    assert again.status_code == 409
    assert "answered already" in again.content.decode()


def test_a_coordinator_ends_a_permit_on_the_page(cast, enter):
    permit = permit_of(cast)
    page = enter(cast.dora).post(f"/permits/{permit.id}/end/", {"reason": "Replaced"}, follow=True).content.decode()
    assert "Ended" in page
    assert "Replaced" in page
    assert "End this permit" not in page


def test_what_is_not_visible_is_not_there(cast, enter, hedy):
    permit = permit_of(cast)
    other = permit_of(cast, "G-1", document="gacc_entry_admission", quantity=None)
    for user, shown in ((cast.eve, 404), (cast.mei, 404), (cast.oscar, 404), (cast.otto, 404), (cast.ada, 200)):
        assert enter(user).get(f"/permits/{permit.id}/").status_code == shown
    assert enter(hedy).get(f"/permits/{other.id}/").status_code == 404
    assert enter(cast.eve).post(f"/permits/{permit.id}/end/").status_code == 404
    assert enter(cast.oscar).post(f"/permits/{permit.id}/verify/", {"answer": "verify"}).status_code == 404


def test_an_officer_reads_a_persons_number_only_where_the_view_is_recorded(cast, enter, hedy):
    permit = permit_of(cast, "SECRET-12345", person=cast.hana_herself)
    officer = enter(hedy)
    assert "SECRET-12345" not in officer.get("/permits/").content.decode()
    assert not ViewRecord.objects.filter(viewer=hedy).exists()
    assert "SECRET-12345" in officer.get(f"/permits/{permit.id}/").content.decode()
    view = ViewRecord.objects.get(viewer=hedy)
    assert (view.subject, view.purpose, view.case) == (cast.hana_herself, "case", permit.id)


def test_a_list_that_shows_a_persons_paper_is_recorded_for_coordinator_and_auditor(cast, enter):
    permit_of(cast, "P-12345", person=cast.hana_herself)
    for user in (cast.dora, cast.ada):
        assert "P-12345" in enter(user).get("/permits/").content.decode()
        assert ViewRecord.objects.filter(viewer=user, subject=cast.hana_herself).count() == 1


def test_what_was_drawn_is_named_by_the_app_that_knows(cast, enter, monkeypatch):
    permit, item = permit_of(cast), new_id()
    services.draw(permit=permit, subject=item, quantity=Decimal(3))
    page = enter(cast.dora).get(f"/permits/{permit.id}/").content.decode()
    assert "An item" in page
    assert item not in page
    title = subjects.Title("ABCDE-12345", "/movements/x/")
    monkeypatch.setattr(subjects, "_titles", {"item": lambda *_: {item: title}})
    assert '<a href="/movements/x/">ABCDE-12345</a>' in enter(cast.dora).get(f"/permits/{permit.id}/").content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_the_pages_show_in_each_language(cast, enter, language):
    permit = permit_of(cast)
    client = enter(cast.dora)
    client.cookies["language"] = language
    for address in ("/permits/", "/permits/new/", f"/permits/{permit.id}/", "/files/new/"):
        assert client.get(address).status_code == 200


# Files


@pytest.fixture
def subject(cast, monkeypatch):
    """Something of Delta's that Dora may attach to."""
    key = new_id()
    monkeypatch.setattr(subjects, "is_visible", lambda user, wanted: user == cast.dora and wanted == key)
    return key


def test_a_file_is_attached_and_the_reader_is_back_where_they_were(cast, enter, subject):
    response = enter(cast.dora).post("/files/new/", {"subject": subject, "next": "/zone/", "file": upload()})
    assert (response.status_code, response.url) == (302, "/zone/")
    assert File.objects.get().subject == subject


def test_nobody_attaches_to_what_they_do_not_see_or_is_sent_elsewhere(cast, enter, subject):
    assert enter(cast.eve).post("/files/new/", {"subject": subject, "file": upload()}).status_code == 404
    away = enter(cast.dora).post("/files/new/", {"subject": subject, "next": "https://evil.example/", "file": upload()})
    assert away.url == reverse("documents:permits")


def test_a_file_that_is_refused_is_refused_in_one_line_on_the_form(cast, enter, subject):
    response = enter(cast.dora).post("/files/new/", {"subject": subject, "file": upload(samples.EXECUTABLE)})
    assert response.status_code == 400
    assert "none of PDF, PNG, JPEG, CSV and XLSX" in response.content.decode()
    assert subject in response.content.decode()


def test_a_download_is_never_shown_as_a_page(cast, enter):
    file = services.file_store(
        by=cast.dora, organisation=cast.delta, name='衞生署 "許可證".pdf', content=io.BytesIO(samples.pdf())
    )
    response = enter(cast.dora).get(f"/files/{file.id}/")
    assert response.content == samples.pdf()
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E8%A1%9E" in response.headers["Content-Disposition"]
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response.headers["Cache-Control"]
    for user in (cast.eve, cast.mei, cast.hana, cast.oscar, cast.nobody_yet):
        assert enter(user).get(f"/files/{file.id}/").status_code == 404


def test_a_file_that_is_lost_says_so(cast, enter):
    from riverloop.apps.documents import store

    file = services.file_store(by=cast.dora, organisation=cast.delta, name="a", content=io.BytesIO(samples.pdf()))
    store.remove("hk", file.id)
    response = enter(cast.dora).get(f"/files/{file.id}/")
    assert response.status_code == 409
    assert "not what was handed in" in response.content.decode()


def test_its_organisation_erases_a_file_and_nobody_else(cast, enter):
    file = services.file_store(by=cast.dora, organisation=cast.delta, name="a", content=io.BytesIO(samples.pdf()))
    assert enter(cast.eve).post(f"/files/{file.id}/erase/").status_code == 404
    assert enter(cast.ada).post(f"/files/{file.id}/erase/").status_code == 403
    assert enter(cast.dora).post(f"/files/{file.id}/erase/", {"next": "/permits/"}).url == "/permits/"
    assert enter(cast.dora).get(f"/files/{file.id}/").status_code == 404


def test_the_panel_lists_what_is_attached_and_offers_to_attach(cast, rf):
    from django.template.loader import render_to_string

    from riverloop.apps.documents.files_of import panel

    key = new_id()
    services.file_store(
        by=cast.dora, organisation=cast.delta, name="a.pdf", content=io.BytesIO(samples.pdf()), subject=key
    )
    for user, may in ((cast.dora, True), (cast.ada, False)):
        shown = panel(user=user, subject=key, back="/zone/")
        html = render_to_string(shown.template, {"files": shown, "time_zone": "Asia/Hong_Kong"})
        assert "a.pdf" in html
        assert ('type="file"' in html) == may


# How large


def test_a_page_takes_twenty_megabytes_and_other_forms_keep_their_limit(cast, enter, subject):
    large = b"a,b\n" + b"1,2\n" * 4_000_000
    dora = enter(cast.dora)
    assert dora.post("/files/new/", {"subject": subject, "file": upload(large, "t.csv")}).status_code == 302
    elsewhere = dora.post("/preferences/", {"file": upload(large), "set_language": "zh-hant"})
    assert elsewhere.status_code == 413
    assert "up to 2 MB" in elsewhere.content.decode()


def test_more_than_that_is_answered_in_one_clear_line(cast, enter, subject):
    too_large = upload(b"1" * 23_000_000)
    response = enter(cast.dora).post("/files/new/", {"subject": subject, "file": too_large})
    assert response.status_code == 413
    assert "up to 20 MB" in response.content.decode()


def test_many_files_count_together(cast, enter, subject):
    half = b"1" * 11_000_000
    response = enter(cast.dora).post("/files/new/", {"subject": subject, "file": upload(half), "more": upload(half)})
    assert response.status_code == 413


# The list of files


def kept(cast, name, *, by=None, organisation=None, subject=""):
    content = io.BytesIO(f"a,b\n{name},2\n".encode())
    by = by or cast.dora
    return services.file_store(
        by=by, organisation=organisation or cast.delta, name=name, content=content, subject=subject
    )


def test_a_coordinator_lists_the_files_of_their_own_organisation(cast, enter):
    assert "Nothing was handed in yet" in enter(cast.dora).get("/files/").content.decode()
    movement = file_goods(cast)
    attached = kept(cast, "lots.csv", subject=movement.id)
    kept(cast, "egret.csv", by=cast.eve, organisation=cast.egret)
    permit = permit_of(cast, "SECRET-9")
    permit.file = kept(cast, "permit.csv")
    permit.save()
    services.file_erase(file=kept(cast, "gone.csv"), by=cast.dora)
    page = enter(cast.dora).get("/files/").content.decode()
    assert f'href="/files/{attached.id}/"' in page
    assert f'href="/movements/{movement.id}/"' in page
    assert f'href="/permits/{permit.id}/"' in page
    assert movement.number in page
    for other in ("egret.csv", "gone.csv", "SECRET-9"):
        assert other not in page
    assert "egret.csv" in enter(cast.eve).get("/files/").content.decode()
    assert enter(cast.ada).get("/files/").status_code == 403


def test_a_file_is_looked_for_by_a_part_of_its_name_that_stands_in_no_address(cast, enter, monkeypatch):
    monkeypatch.setattr("riverloop.apps.documents.selectors.A_PAGE", 2)
    for number in range(5):
        kept(cast, f"Hana {number}.csv")
        kept(cast, f"other {number}.csv")
    dora, seen, after = enter(cast.dora), [], ""
    for _ in range(3):
        page = dora.post("/files/", {"name": " hana ", "after": after}).content.decode()
        seen += re.findall(r">((?:Hana|other) \d.csv)<", page)
        after = next(iter(re.findall(r'name="after" value="(\w+)"', page)), "")
        assert "?name=" not in page
    assert (sorted(seen), after) == ([f"Hana {number}.csv" for number in range(5)], "")
    assert "No file has this in its name" in dora.post("/files/", {"name": "nobody"}).content.decode()
    first = dora.get("/files/").content.decode()
    assert "other 4.csv" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)[1]
    assert "other 4.csv" not in dora.get(f"/files/{following}").content.decode()


def test_the_list_of_files_asks_the_database_no_more_for_more_files(cast, enter, django_assert_max_num_queries):
    movement = file_goods(cast)
    for number in range(20):
        kept(cast, f"{number}.csv", subject=movement.id)
    dora = enter(cast.dora)
    with django_assert_max_num_queries(20):
        dora.get("/files/")
