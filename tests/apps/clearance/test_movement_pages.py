"""The pages of movements: who finds what on them."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from riverloop.apps.clearance.models import Movement, Notice, Question
from riverloop.apps.clearance.services import movement_restate, movement_withdraw
from riverloop.apps.parties.models import ViewRecord
from riverloop.apps.record.rounds import logs_round
from tests.apps.clearance.filing import BLOOD, EQUIPMENT, file_goods, file_person

pytestmark = pytest.mark.django_db


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


# The papers --------------------------------------------------------------------------------------------------------


def test_whoever_filed_attaches_a_file_on_the_page_and_finds_it_there(cast, enter):
    own = file_goods(cast)
    before = text_of(enter(cast.dora).get(f"/movements/{own.id}/"))
    assert "Nothing is attached yet" in before
    assert "Attach a file" in before
    paper = SimpleUploadedFile("listing.csv", b"a,b\n1,2\n")
    posted = {"subject": own.id, "next": f"/movements/{own.id}/", "file": paper}
    assert enter(cast.dora).post("/files/new/", posted).url == f"/movements/{own.id}/"
    assert "listing.csv" in text_of(enter(cast.dora).get(f"/movements/{own.id}/"))


# The list ----------------------------------------------------------------------------------------------------------


def test_a_coordinator_finds_her_own_movements_and_nobody_elses(cast, enter):
    own = file_goods(cast)
    other = file_goods(cast, by=cast.eve, organisation=cast.egret)
    html = enter(cast.dora).get("/movements/").content.decode()
    assert own.number in html
    assert other.number not in html


def test_an_empty_list_says_what_to_do_first(cast, enter):
    assert "File the first movement" in enter(cast.dora).get("/movements/").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q={number}", True), ("q=Study-7", True), ("q=nothing", False), ("flow=goods", True), ("flow=data", False),
        ("direction=hk-cn", True), ("direction=cn-hk", False), ("outcome={outcome}", True), ("outcome=refused", False),
        ("first=2020-01-01", True), ("last=2020-01-01", False), ("first=nonsense", True), ("after=nonsense", True),
    ],
)  # fmt: skip
def test_the_list_is_narrowed_by_what_the_address_says(cast, enter, query, found):
    from riverloop.apps.clearance.outcomes import outcome_of

    own = file_goods(cast, reference="Study-7")
    asked = query.format(number=own.number, outcome=outcome_of(own))
    assert (own.number in enter(cast.dora).get(f"/movements/?{asked}").content.decode()) is found


def test_a_person_is_looked_for_by_name_and_the_address_holds_none(cast, enter):
    own = file_person(cast)
    other = file_goods(cast)
    response = enter(cast.dora).post("/movements/", {"name": "ha na"})
    assert response.status_code == 302
    assert response.url == f"/movements/?person={cast.hana_herself.id}"
    html = enter(cast.dora).get(response.url).content.decode()
    assert own.number in html
    assert other.number not in html
    assert "None of your people" in enter(cast.dora).post("/movements/", {"name": "Edwin"}).content.decode()


def test_names_in_the_list_are_recorded_as_looked_at(cast, enter):
    file_person(cast)
    enter(cast.dora).get("/movements/")
    assert ViewRecord.objects.filter(subject=cast.hana_herself, page="clearance:movements").count() == 1


def test_an_officers_list_names_nobody(cast, enter):
    file_person(cast)
    assert "Ha Na" not in enter(cast.oscar).get("/movements/").content.decode()


def test_a_long_list_is_paged_without_missing_or_doubling_any(cast, enter, monkeypatch):
    from riverloop.apps.clearance import movement_list

    monkeypatch.setattr(movement_list, "A_PAGE", 2)
    filed = {file_goods(cast, delivered=False, days=n % 2).number for n in range(5)}
    seen, path = [], "/movements/"
    while path:
        html = enter(cast.dora).get(path).content.decode()
        seen += re.findall(r'<span class="code">([0-9A-Z]{5}-[0-9A-Z]{5})</span>', html)
        following = re.search(r'href="(\?[^"]*after=[^"]+)"', html)
        path = "/movements/" + following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == sorted(filed)


def test_the_list_takes_as_many_queries_for_many_as_for_one(cast, enter, django_assert_max_num_queries):
    for _ in range(3):
        file_person(cast, delivered=False)
    client = enter(cast.dora)
    with django_assert_max_num_queries(25):
        client.get("/movements/")


def test_the_table_is_csv_without_names_and_without_formulas(cast, enter):
    file_person(cast, reference="=1+1")
    response = enter(cast.dora).get("/movements/table/")
    text = b"".join(response.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert rows[0]["reference"] == "'=1+1"
    assert "Ha Na" not in text


# One movement ------------------------------------------------------------------------------------------------------


def test_the_page_says_the_sentence_first_and_both_sides_reasons(cast, enter):
    own = file_goods(cast, BLOOD, direction="hk-cn")
    html = enter(cast.dora).get(f"/movements/{own.id}/").content.decode()
    assert html.index('class="sentence"') < html.index('class="side ')
    assert html.count('class="side ') == 2
    assert "worked out here from its public rules" in html


def test_until_the_other_side_answers_the_page_says_so(cast, enter):
    own = file_goods(cast, delivered=False)
    assert "has not answered yet" in enter(cast.dora).get(f"/movements/{own.id}/").content.decode()


@pytest.mark.parametrize("who", ["eve", "edwin", "mei", "hana", "pat"])
def test_to_whom_it_is_not_visible_a_movement_is_not_there(cast, enter, who):
    own = file_goods(cast)
    user = getattr(cast, who, None)
    if user is None or not hasattr(user, "email"):
        return
    assert enter(user).get(f"/movements/{own.id}/").status_code in (403, 404)


def test_an_officer_of_the_other_side_reads_no_name_and_no_reason_of_this_side(cast, enter):
    file_person(cast)
    copy = Movement.objects.get(owner_side="cn")
    page = enter(cast.otto).get(f"/movements/{copy.id}/")
    assert page.status_code == 200
    assert "Ha Na" not in text_of(page)
    assert page.content.decode().count("<h3>Why</h3>") == 1


def test_the_page_of_a_person_records_who_looked_and_for_which_case(cast, enter):
    own = file_person(cast)
    enter(cast.oscar).get(f"/movements/{own.id}/")
    view = ViewRecord.objects.get(viewer=cast.oscar)
    assert (view.subject_id, view.purpose, view.case) == (cast.hana_herself.id, "case", own.number)


def test_the_gate_reads_outcomes_and_no_facts(cast, enter):
    own = file_goods(cast, BLOOD, days=0)
    html = enter(cast.greta).get(f"/movements/{own.id}/").content.decode()
    assert "What is stated" not in html
    assert "<h3>Why</h3>" not in html


def test_the_gate_is_led_to_no_page_that_it_may_not_open(cast, enter):
    own = file_goods(cast, BLOOD, days=0)
    movement_restate(by=cast.dora, movement=own, items={0: {"suspected_infectious": True}})
    page = f"/movements/{own.id}/"
    assert "changes/" in enter(cast.dora).get(page).content.decode()
    assert "changes/" not in enter(cast.greta).get(page).content.decode()


def test_every_reader_gets_the_page(cast, enter):
    own = file_person(cast, days=0)
    for user in (cast.dora, cast.hana, cast.oscar, cast.greta, cast.ada):
        assert enter(user).get(f"/movements/{own.id}/").status_code == 200, user


# Filing ------------------------------------------------------------------------------------------------------------

DECLARED = {"flow": "goods", "direction": "hk-cn", "at": "2026-12-01T09:00", "items": "1", "f-0-category": "equipment"}


def test_the_decision_page_offers_filing_to_a_coordinator_alone(cast, enter, client):
    assert "File this movement" not in client.post("/decide/result/", DECLARED).content.decode()
    assert "File this movement" in enter(cast.dora).post("/decide/result/", DECLARED).content.decode()
    assert "File this movement" not in enter(cast.oscar).post("/decide/result/", DECLARED).content.decode()


def test_what_was_declared_is_filed_with_reference_and_control_point(cast, enter):
    client = enter(cast.dora)
    assert client.get("/movements/new/").status_code == 200
    assert 'value="equipment"' in client.post("/movements/new/", DECLARED).content.decode()
    typed = {**DECLARED, "file": "once", "reference": "Study-7", "control_point": "futian"}
    response = client.post("/movements/new/", typed)
    filed = Movement.objects.get(owner_side="hk")
    assert response.url == f"/movements/{filed.id}/?said=filed"
    assert (filed.reference, filed.control_point) == ("Study-7", "futian")
    assert "Filed." in client.get(response.url).content.decode()


def test_what_was_filed_already_is_refused_with_a_link_and_a_way_on(cast, enter):
    client = enter(cast.dora)
    client.post("/movements/new/", {**DECLARED, "file": "once"})
    again = client.post("/movements/new/", {**DECLARED, "file": "once"})
    first = Movement.objects.get(owner_side="hk")
    html = again.content.decode()
    assert again.status_code == 409
    assert f"/movements/{first.id}/" in html
    assert "File it anyway" in html
    assert client.post("/movements/new/", {**DECLARED, "file": "twice"}).status_code == 302
    assert Movement.objects.filter(owner_side="hk").count() == 2


def test_a_person_is_chosen_from_the_own_staff_alone(cast, enter):
    declared = {"flow": "person", "direction": "hk-cn", "at": "2026-12-01T09:00", "items": "1"}
    client = enter(cast.dora)
    html = client.post("/movements/new/", declared).content.decode()
    assert "Ha Na" in html
    assert "Edwin" not in html
    refused = client.post("/movements/new/", {**declared, "file": "once", "person-0": cast.edwin.id})
    assert refused.status_code == 409
    assert "Choose" in refused.content.decode()
    client.post("/movements/new/", {**declared, "file": "once", "person-0": cast.hana_herself.id})
    assert Movement.objects.get(owner_side="hk").items.get().person == cast.hana_herself


def test_switching_the_language_files_nothing_and_keeps_what_was_typed(cast, enter):
    typed = {**DECLARED, "reference": "Study-7", "set_language": "zh-hant"}
    html = enter(cast.dora).post("/movements/new/", typed).content.decode()
    assert 'value="Study-7"' in html
    assert not Movement.objects.exists()


# Stated anew, withdrawn, crossed -----------------------------------------------------------------------------------


def restating(own, **facts):
    at = timezone.localtime(own.crossing_at, timezone.get_fixed_timezone(480))
    typed = {f"f-0-{name}": value for name, value in facts.items()}
    return {"at": f"{at:%Y-%m-%dT%H:%M}", "items": "1", **typed}


def test_what_is_stated_anew_is_kept_as_a_version_and_compared(cast, enter):
    own = file_goods(cast, BLOOD)
    client = enter(cast.dora)
    page = client.get(f"/movements/{own.id}/restate/").content.decode()
    assert 'value="human_blood"' in page
    response = client.post(f"/movements/{own.id}/restate/", {**restating(own, category="document"), "save": "1"})
    assert response.status_code == 302
    html = client.get(f"/movements/{own.id}/").content.decode()
    assert "What has changed" in html
    compared = text_of(client.get(f"/movements/{own.id}/changes/"))
    assert "Human blood" in compared
    assert "What is stated otherwise" in compared


def test_nothing_is_stated_before_it_is_said_to_be_so(cast, enter):
    own = file_goods(cast, BLOOD)
    enter(cast.dora).post(f"/movements/{own.id}/restate/", restating(own, category="document"))
    assert own.items.get().statements.count() == 1


def test_what_somebody_else_stated_meanwhile_is_not_overwritten(cast, enter):
    own = file_goods(cast, BLOOD)
    client = enter(cast.dora)
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(f"/movements/{own.id}/restate/").content.decode())[1]
    movement_restate(by=cast.dora, movement=own, items={0: {"suspected_infectious": True}})
    typed = {**restating(own, category="document"), "save": "1", "seen": seen}
    response = client.post(f"/movements/{own.id}/restate/", typed)
    assert response.status_code == 409
    assert "meanwhile" in response.content.decode()


def test_withdrawing_asks_whether_one_is_sure_and_offers_one_like_it(cast, enter):
    own = file_goods(cast)
    client = enter(cast.dora)
    assert client.post(f"/movements/{own.id}/withdraw/").status_code == 409
    own.refresh_from_db()
    assert own.withdrawn_at is None
    client.post(f"/movements/{own.id}/withdraw/", {"sure": "1"})
    html = client.get(f"/movements/{own.id}/").content.decode()
    assert "Withdrawn on" in html
    assert "Declare one like it" in html
    assert "Change what is stated" not in html


def test_the_gate_records_a_crossing_only_of_what_both_sides_cleared(cast, enter):
    own = file_goods(cast, days=0)
    client = enter(cast.greta)
    assert client.get(f"/movements/{own.id}/cross/").status_code == 200
    Movement.objects.filter(pk=own.pk).update(own_low=2, own_high=2)
    assert "Not both sides have cleared it" in client.get(f"/movements/{own.id}/cross/").content.decode()
    Movement.objects.filter(pk=own.pk).update(own_low=0, own_high=0, other_low=0, other_high=0)
    logs_round()
    at = timezone.localtime(timezone.now(), timezone.get_fixed_timezone(480))
    assert client.post(f"/movements/{own.id}/cross/", {"at": f"{at:%Y-%m-%dT%H:%M}"}).status_code == 302
    own.refresh_from_db()
    assert own.crossed_at is not None


# Questions and remedies --------------------------------------------------------------------------------------------


def question_on(own):
    now = timezone.now()
    return Question.objects.create(
        owner_side="hk", movement=own, ref="A" * 26, side="hk", authority="hk.customs_ed", facts=["quantity"],
        text="How many?", asked_at=now, due_at=now + timezone.timedelta(days=3),
    )  # fmt: skip


def notice_on(own):
    now = timezone.now()
    return Notice.objects.create(
        owner_side="hk", movement=own, ref="B" * 26, side="hk", authority="hk.immd", act="refused", at=now,
        reason="The photograph does not match.", remedy_body="hk.immd", remedy_until=now + timezone.timedelta(days=9),
    )  # fmt: skip


def test_a_question_is_shown_first_and_answered(cast, enter):
    own = file_goods(cast)
    question = question_on(own)
    client = enter(cast.dora)
    html = client.get(f"/movements/{own.id}/").content.decode()
    assert "How many?" in html
    assert "2 days are left" in html
    path = f"/movements/{own.id}/questions/{question.id}/"
    assert client.get(path).status_code == 200
    assert client.post(path, {"send": "1"}).status_code == 409
    assert client.post(path, {"send": "1", "text": "Twelve."}).status_code == 302
    question.refresh_from_db()
    assert question.answer == "Twelve."


def test_an_answer_states_what_was_asked_for_and_leaves_the_rest(cast, enter):
    own = file_goods(cast, {"category": "equipment", "quantity": 2})
    path = f"/movements/{own.id}/questions/{question_on(own).id}/"
    client = enter(cast.dora)
    assert 'value="2"' in client.get(path).content.decode()
    assert 'value=""' in client.post(path, {"f-0-quantity": "2", "do": "forget:0:quantity"}).content.decode()
    mistaken = client.post(path, {"f-0-quantity": "two", "send": "1"})
    assert mistaken.status_code == 409
    assert 'value="two"' in mistaken.content.decode()
    assert client.post(path, {"f-0-quantity": "12", "send": "1"}).status_code == 302
    assert [one.facts for one in own.items.get().statements.order_by("number")][1] == {"quantity": 12.0}


def test_a_holder_objects_from_the_own_page_and_reads_how_long_there_is(cast, enter):
    own = file_person(cast)
    notice = notice_on(own)
    client = enter(cast.hana)
    html = client.get("/me/").content.decode()
    assert "8 days are left" in html
    path = f"/movements/{own.id}/notices/{notice.id}/"
    assert path in html
    assert client.get(path).status_code == 200
    assert client.post(path, {"text": " "}).status_code == 409
    assert client.post(path, {"text": "It is me."}).status_code == 302
    notice.refresh_from_db()
    assert notice.remedy_text == "It is me."
    assert "You have objected" in client.get("/me/").content.decode()


def test_nobody_else_objects_in_a_holders_place(cast, enter):
    own = file_person(cast)
    notice = notice_on(own)
    assert enter(cast.eve).post(f"/movements/{own.id}/notices/{notice.id}/", {"text": "x"}).status_code == 404


# The day, and a holder's own page ----------------------------------------------------------------------------------


def test_every_role_has_a_board_of_the_day(cast, enter):
    file_person(cast, days=0)
    for role in ("holder", "coordinator", "officer", "gate", "operator", "planner", "treasurer", "auditor"):
        assert enter(cast.of_role(role)).get("/day/").status_code == 200, role
    assert enter(cast.nobody_yet).get("/day/").status_code == 403


@pytest.mark.parametrize("role", ["operator", "planner", "treasurer"])
def test_who_only_counts_reads_numbers_and_no_movement(cast, enter, role):
    own = file_person(cast, days=0)
    html = enter(cast.of_role(role)).get("/day/").content.decode()
    assert "1 movement" in html
    assert own.number not in html
    assert "Ha Na" not in html


def test_another_day_is_a_link_away_and_nonsense_is_today(cast, enter):
    file_goods(cast, days=1)
    client = enter(cast.dora)
    for query in ("", "?day=nonsense", "?day=9999-99-99"):
        assert "Today" in client.get(f"/day/{query}").content.decode()
    after = re.search(r'rel="next" href="(\?day=[0-9-]+)"', client.get("/day/").content.decode())[1]
    assert "1 movement" in client.get(f"/day/{after}").content.decode()


def test_what_was_withdrawn_is_not_counted(cast, enter):
    own = file_goods(cast, days=0)
    movement_withdraw(by=cast.dora, movement=own)
    assert "Nothing is to cross today" in enter(cast.dora).get("/day/").content.decode()


def test_a_holder_reads_the_own_crossings_and_not_a_colleagues(cast, enter):
    own = file_person(cast)
    other = file_goods(cast, EQUIPMENT)
    html = enter(cast.hana).get("/me/").content.decode()
    assert f"/movements/{own.id}/" in html
    assert f"/movements/{other.id}/" not in html
    assert "Who looked" in html


def test_a_holder_without_a_crossing_reads_what_happens_first(cast, enter):
    assert "files one for you" in enter(cast.hana).get("/me/").content.decode()
