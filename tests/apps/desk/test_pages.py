"""The queue and its matters as officers and auditors see and work them."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.desk import services
from riverloop.apps.desk.models import Matter, StandingAnswer
from riverloop.apps.parties.models import ViewRecord
from tests.apps.desk.conftest import opened
from tests.cast import account

pytestmark = pytest.mark.django_db


def again(matter):
    return Matter.objects.get(pk=matter.pk)


def html(response):
    return response.content.decode()


def send(client, matter, do, **fields):
    return client.post(f"/queue/{matter.id}/", {"do": do, "seen": again(matter).version, **fields})


# Who sees what


@pytest.mark.parametrize(("name", "sees"), [("oscar", 200), ("ada", 200), ("carl", 404), ("otto", 404), ("amy", 404)])
def test_a_matter_is_there_for_its_authority_and_its_auditors_alone(cast, enter, request, name, sees):
    matter, carl = request.getfixturevalue("matter"), request.getfixturevalue("carl")
    user = carl if name == "carl" else getattr(cast, name)
    client = enter(user)
    assert client.get(f"/queue/{matter.id}/").status_code == sees
    assert (matter.number in html(client.get("/queue/"))) == (sees == 200)
    if sees != 200:
        assert send(client, matter, "decide", act="allow").status_code == 404
    assert again(matter).state == "open"


@pytest.mark.parametrize("name", ["dora", "hana", "pat", "greta", "nobody_yet"])
def test_the_queue_is_closed_to_everybody_else(cast, enter, matter, name):
    client = enter(getattr(cast, name))
    assert client.get("/queue/").status_code == 403
    assert client.get(f"/queue/{matter.id}/").status_code == 403


def test_an_auditor_reads_a_matter_and_changes_nothing(cast, enter, matter):
    client = enter(cast.ada)
    page = html(client.get(f"/queue/{matter.id}/"))
    assert 'name="act"' not in page
    assert send(client, matter, "decide", act="allow").status_code == 403
    assert again(matter).state == "open"


def test_no_list_names_anybody_and_opening_records_who_was_looked_at(cast, enter, matter):
    client = enter(cast.oscar)
    assert "Ha Na" not in html(client.get("/queue/"))
    assert not ViewRecord.objects.exists()
    assert "Ha Na" in html(client.get(f"/queue/{matter.id}/"))
    view = ViewRecord.objects.get()
    assert (view.viewer, view.subject, view.purpose, view.case) == (
        cast.oscar,
        cast.hana_herself,
        "case",
        matter.number,
    )


# The list


def test_the_most_urgent_come_first_and_what_is_late_says_so_in_words(cast, enter):
    soon, late = opened(cast, flow="goods"), opened(cast, flow="data")
    Matter.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(days=2))
    page = html(enter(cast.oscar).get("/queue/"))
    assert page.index(late.number) < page.index(soon.number)
    assert "2 days late" in page


def test_tabs_and_filters_narrow_the_queue(cast, enter, olga):
    mine, theirs, nobodys = opened(cast, flow="goods"), opened(cast, flow="data"), opened(cast, flow="person")
    services.matter_claim(by=cast.oscar, matter=mine, seen=1)
    services.matter_claim(by=olga, matter=theirs, seen=1)
    waiting = services.matter_ask(
        by=cast.oscar, matter=again(mine), text="?", facts=[], due_at=timezone.now() + timedelta(days=1), seen=2
    )
    client = enter(cast.oscar)

    def numbers(query):
        return set(re.findall(r'class="code">([0-9A-Z]{5}-[0-9A-Z]{5})<', html(client.get(f"/queue/?{query}"))))

    assert numbers("tab=mine") == {mine.number}
    assert numbers("tab=unclaimed") == {nobodys.number}
    assert numbers("tab=todo") == {nobodys.number}
    assert numbers("tab=all") == {mine.number, theirs.number, nobodys.number}
    assert numbers("tab=all&state=waiting") == {waiting.number}
    assert numbers("tab=all&flow=person") == {nobodys.number}
    assert numbers("tab=all&kind=remedy") == set()
    assert numbers("tab=all&late=1") == set()
    assert numbers(f"number={theirs.number.lower()}") == {theirs.number}
    assert numbers("tab=dance&kind=' OR 1=1&flow=x&state=y&after=never_mind") == {nobodys.number}


def test_a_long_queue_is_turned_page_by_page_and_every_matter_comes_once(cast, enter):
    new = [services.NewMatter("hk.immd", "remedy", f"{number:026d}") for number in range(120)]
    services.matters_open(side="hk", new=new)
    client, seen, address = enter(cast.oscar), [], "/queue/?tab=all"
    while address:
        page = html(client.get(address))
        seen += re.findall(r'href="/queue/([0-9A-Z]{26})/"', page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/queue/" + after.group(1).replace("&amp;", "&") if after else ""
    assert len(seen) == len(set(seen)) == 120


def test_the_queue_costs_no_more_queries_when_it_is_long(cast, enter, django_assert_max_num_queries):
    services.matters_open(
        side="hk", new=[services.NewMatter("hk.immd", "remedy", f"{number:026d}") for number in range(60)]
    )
    client = enter(cast.oscar)
    with django_assert_max_num_queries(14):
        client.get("/queue/")


def test_an_empty_queue_says_what_will_stand_there(cast, enter):
    assert "Nothing waits" in html(enter(cast.oscar).get("/queue/"))
    assert "You hold nothing" in html(enter(cast.oscar).get("/queue/?tab=mine"))
    assert "as you filter" in html(enter(cast.oscar).get("/queue/?flow=data"))


# Acts


def test_the_most_urgent_is_taken_and_opened(cast, enter):
    later, first = opened(cast), opened(cast)
    Matter.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(days=90))
    response = enter(cast.oscar).post("/queue/next/")
    assert response.headers["Location"] == f"/queue/{first.id}/"
    assert again(first).claimed_by == cast.oscar


def test_when_nothing_is_left_to_take_it_says_so(cast, enter):
    response = enter(cast.oscar).post("/queue/next/", follow=True)
    assert "left to take" in html(response)


def test_a_decision_leads_to_the_next_matter_or_back_to_the_queue(cast, enter):
    first, second, third = opened(cast), opened(cast), opened(cast)
    client = enter(cast.oscar)
    response = send(client, first, "decide", act="allow", next="1")
    following = again(second) if again(second).claimed_by else again(third)
    assert response.headers["Location"] == f"/queue/{following.id}/?said=decided_next"
    response = send(client, following, "decide", act="allow")
    assert response.headers["Location"] == "/queue/?said=decided"
    assert {again(first).state, again(following).state} == {"closed"}


def test_two_officers_refuse_a_person_from_their_pages(cast, enter, olga, matter):
    client = enter(cast.oscar)
    assert "Propose: Refuse" in html(client.get(f"/queue/{matter.id}/"))
    send(client, matter, "decide", act="refuse", reason="No letter.")
    assert "Withdraw the proposal" in html(client.get(f"/queue/{matter.id}/"))
    client = enter(olga)
    page = html(client.get(f"/queue/{matter.id}/"))
    assert "No letter." in page
    send(client, matter, "confirm", agreed="1")
    assert again(matter).act == "refuse"


def test_a_proposal_is_withdrawn_and_a_claim_released(cast, enter, matter):
    client = enter(cast.oscar)
    send(client, matter, "decide", act="refuse", reason="No letter.")
    send(client, matter, "withdraw_proposal")
    send(client, matter, "release")
    assert (again(matter).state, again(matter).claimed_by) == ("open", None)


def test_a_refused_step_says_why_and_keeps_what_was_typed(cast, enter, matter):
    client = enter(cast.oscar)
    response = send(client, matter, "decide", act="refuse", reason="   ", until="2031-01-01")
    assert response.status_code == 400
    assert "Give the reason" in html(response)
    assert "2031-01-01" in html(response)


def test_whoever_comes_second_is_told_in_one_line_and_keeps_what_was_typed(cast, enter, olga, matter):
    enter(cast.oscar).get(f"/queue/{matter.id}/")
    services.matter_claim(by=olga, matter=matter, seen=1)
    fields = {"do": "decide", "seen": "1", "act": "allow", "reason": "My long reason."}
    response = enter(cast.oscar).post(f"/queue/{matter.id}/", fields)
    assert response.status_code == 409
    assert "nothing was done" in html(response)
    assert "Olga" in html(response)
    assert again(matter).state == "open"


def test_a_matter_that_went_elsewhere_meanwhile_leads_back_to_the_queue(cast, enter, carl, matter, monkeypatch):
    client = enter(cast.oscar)
    given = services.matter_hand_over

    def quicker(**named):
        given(by=cast.oscar, matter=matter, authority="hk.ced", reason="x", seen=1)
        return given(**named)

    monkeypatch.setattr(services, "matter_hand_over", quicker)
    response = send(client, matter, "hand_over", authority="hk.ced", reason="It is theirs.")
    assert response.headers["Location"] == "/queue/?said=gone"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"do": "dance"},
        {"do": "decide", "act": "allow", "seen": "x" * 40},
        {"do": "decide", "act": "nothing"},
        {"do": "decide", "act": "allow", "until": "2026-02-30"},
        {"do": "ask", "text": "?", "due": ""},
        {"do": "ask", "text": "", "due": "2031-01-01"},
        {"do": "ask", "text": "?", "due": "2031-01-01", "facts": "made_up"},
        {"do": "hand_over", "authority": "cn.nia", "reason": "x"},
        {"do": "standing", "allow": "maybe", "reason": "x"},
        {"do": "interim", "reason": "x"},
        {"do": "confirm", "agreed": "1"},
        {"do": "release"},
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(cast, enter, matter, fields):
    response = enter(cast.oscar).post(f"/queue/{matter.id}/", {"seen": "1", **fields})
    assert response.status_code in (400, 409)
    assert again(matter).version == 1


def test_more_is_asked_for_and_the_matter_is_handed_over(cast, enter, matter, heard):
    client = enter(cast.oscar)
    due = (timezone.now() + timedelta(days=9)).date().isoformat()
    send(client, matter, "ask", text="Which?", facts=["purpose"], due=due)
    page = html(client.get(f"/queue/{matter.id}/"))
    assert "Purpose of travel" in page
    assert heard[0][4] == ["purpose"]
    response = send(client, matter, "hand_over", authority="hk.ced", reason="It is goods.")
    assert response.headers["Location"].startswith("/queue/")
    assert again(matter).authority == "hk.ced"


def test_text_of_people_is_shown_as_text(cast, enter):
    one = opened(cast, kind="remedy", text="<script>alert(1)</script>")
    assert "<script>alert" not in html(enter(cast.oscar).get(f"/queue/{one.id}/"))


# Standing answers


def test_a_standing_answer_is_given_at_a_matter_confirmed_and_withdrawn(cast, enter, olga, matter):
    client = enter(cast.oscar)
    response = send(client, matter, "standing", allow="no", reason="As the rule says.", only="on")
    assert "said=standing_proposed" in response.headers["Location"]
    answer = StandingAnswer.objects.get()
    assert answer.confirmed_at is None
    assert 'value="confirm"' not in html(client.get("/queue/standing/"))
    assert client.post("/queue/standing/", {"answer": answer.id, "do": "confirm"}).status_code == 400
    client = enter(olga)
    client.post("/queue/standing/", {"answer": answer.id, "do": "confirm"})
    assert StandingAnswer.objects.get().confirmed_by == olga
    client.post("/queue/standing/", {"answer": answer.id, "do": "withdraw"})
    assert StandingAnswer.objects.get().withdrawn_by == olga
    assert client.post("/queue/standing/", {"answer": answer.id, "do": "withdraw"}).status_code == 409


def test_another_authoritys_standing_answer_is_not_there(cast, enter, carl, matter):
    send(enter(cast.oscar), matter, "standing", allow="yes", reason="x")
    answer = StandingAnswer.objects.get()
    client = enter(carl)
    assert answer.rule not in html(client.get("/queue/standing/"))
    assert client.post("/queue/standing/", {"answer": answer.id, "do": "withdraw"}).status_code == 404


# Holders


def test_a_holder_asks_is_asked_answers_and_reads_the_answer(cast, enter):
    data = account("dan", "hk", "officer", authority="hk.pcpd")
    import importlib

    from riverloop.apps.desk import requests

    importlib.reload(requests)  # the fixture has put the kinds aside
    client = enter(cast.hana)
    client.post("/me/requests/", {"do": "make", "topic": "correction", "text": "My name has a typo."})
    one = Matter.objects.get(kind="request")
    assert (one.authority, one.person) == ("hk.pcpd", cast.hana_herself)
    client = enter(data)
    assert "typo" not in html(client.get("/queue/"))
    assert "typo" in html(client.get(f"/queue/{one.id}/"))
    due = (timezone.now() + timedelta(days=9)).date().isoformat()
    send(client, one, "ask", text="Which letter is wrong?", due=due)
    client = enter(cast.hana)
    assert "Which letter is wrong?" in html(client.get("/me/requests/"))
    client.post("/me/requests/", {"do": "answer", "matter": one.id, "text": "The second."})
    assert again(one).state == "open"
    send(enter(data), one, "decide", act="grant", reason="Corrected today.")
    page = html(enter(cast.hana).get("/me/requests/"))
    assert "Done as asked" in page
    assert "Corrected today." in page


def test_a_request_of_somebody_else_is_not_there(cast, enter):
    other = account("edwina", "hk", "holder", person=cast.edwin)
    enter(cast.hana).post("/me/requests/", {"do": "make", "topic": "withdrawal", "text": "Erase it."})
    one = Matter.objects.get(kind="request")
    client = enter(other)
    assert "Erase it." not in html(client.get("/me/requests/"))
    assert client.post("/me/requests/", {"do": "withdraw", "matter": one.id}).status_code == 404
    enter(cast.hana).post("/me/requests/", {"do": "withdraw", "matter": one.id})
    assert again(one).act == "withdrawn"


def test_a_holder_has_a_few_requests_open_at_most(cast, enter):
    client = enter(cast.hana)
    for _ in range(7):
        response = client.post("/me/requests/", {"do": "make", "topic": "correction", "text": "Again."})
    assert response.status_code == 400
    assert Matter.objects.filter(kind="request").count() == 5


def test_the_copy_holds_everything_about_oneself_and_nothing_of_anybody_else(cast, enter, matter):
    enter(cast.oscar).get(f"/queue/{matter.id}/")
    response = enter(cast.hana).post("/me/requests/copy/")
    copy = json.loads(response.content)["about_you"][0]
    assert copy["person"][0]["name_latin"] == "Ha Na"
    assert copy["who_looked"][0]["case"] == matter.number
    assert copy["matters"][0]["number"] == matter.number
    assert "Edwin" not in html(response)
    assert "Oscar" not in html(response)
    assert "hk.one" not in html(response)
