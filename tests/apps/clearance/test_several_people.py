"""Several who cross in one movement: each reads and objects to what concerns them alone."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from riverloop.apps.clearance.copying import movements_of
from riverloop.apps.clearance.importing import services as tables
from riverloop.apps.clearance.importing.models import ImportRow
from riverloop.apps.clearance.models import Movement, Notice, Question
from riverloop.apps.clearance.selectors import timeline
from riverloop.apps.clearance.services import Draft, DraftItem, movement_restate, movements_declare, remedy_file
from riverloop.apps.desk.models import Matter, Obligation
from riverloop.apps.documents.selectors import files
from riverloop.apps.documents.services import file_store
from riverloop.apps.notices.models import Mail
from riverloop.apps.parties import services as parties
from riverloop.apps.runs import work
from riverloop.core.kernel.errors import InputError
from tests.cast import account, person
from tests.cast import again as signed_in_again
from tests.movements import MENDED, VISITOR, ask, copy_of, decide, draft, file, heard, officers, open_matter, soon
from tests.web.programs import is_problem, program_of

pytestmark = pytest.mark.django_db

FINE = {**VISITOR, **MENDED}


@pytest.fixture
def omar(cast):
    """A colleague of Hana's, with an account of his own."""
    cast.omar_himself = person(cast.delta, "Omar")
    return account("omar", "hk", "holder", person=cast.omar_himself)


@pytest.fixture
def together(cast, omar):
    """Hana and Omar in one movement; the side cn proposes to refuse him, who shows the wrong document."""
    items = [DraftItem(FINE, cast.hana_herself), DraftItem({**VISITOR, "stay_days": 4}, cast.omar_himself)]
    one = Draft("person", "hk-cn", soon(), items, "", "Trip of two")
    return heard(movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])[0])


@pytest.fixture
def refused(cast, together):
    """The same, once two officers signed the refusal."""
    one, two = officers("cn", "cn.nia", "ning", "nuo")
    decide(open_matter(copy_of(together), "refusal"), one, "refuse", second=two, reason="Omar's paper is wrong.")
    return Movement.objects.get(pk=together.pk)


def read(client, movement, page=""):
    html = client.get(f"/movements/{movement.id}/{page}").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# Notices and questions ---------------------------------------------------------------------------------------------


def test_a_refusal_is_told_to_whom_it_refuses_and_to_whoever_filed(cast, omar, refused, enter):
    assert Notice.objects.get(movement=refused).place == 1
    Notice.objects.filter(movement=refused).update(remedy_until=soon())
    for user, told in ((cast.dora, True), (omar, True), (cast.hana, False)):
        whole = program_of(user).get(f"/movements/{refused.id}").json()
        assert bool(whole["notices"]) is told
        assert ("Omar's paper" in str(timeline(refused, user))) is told
        page = enter(user).get(f"/movements/{refused.id}/").content.decode()
        assert ("paper is wrong" in page) is told
    for user, told in ((omar, True), (cast.hana, False)):
        assert ("paper is wrong" in enter(user).get("/me/").content.decode()) is told
        assert ("Refusals you may still object to" in enter(user).get("/day/").content.decode()) is told
    assert set(Mail.objects.filter(kind="movement.refusal").values_list("to", flat=True)) == {cast.dora.pk, omar.pk}


def test_nobody_objects_to_anothers_refusal(cast, omar, refused, enter):
    notice = Notice.objects.get(movement=refused)
    with pytest.raises(PermissionDenied):
        remedy_file(by=cast.hana, notice=notice, text="Let him through.")
    assert enter(cast.hana).get(reverse("clearance:remedy_file", args=[refused.id, notice.id])).status_code == 404
    assert "Ask for it to be looked at again" not in read(enter(cast.hana), refused)
    remedy_file(by=omar, notice=notice, text="It is the right one.")
    heard(refused)
    remedy = open_matter(copy_of(refused), "remedy")
    (other,) = officers("cn", "cn.nia", "nan")
    decide(remedy, other, "allow", reason="So it is.")
    lifted = Notice.objects.get(movement=refused, act="remedy_allowed")
    assert lifted.place == 1
    assert "So it is." not in str(timeline(refused, cast.hana))
    assert "So it is." in str(timeline(refused, omar))


def test_what_an_authority_asks_about_one_no_other_reads(cast, omar, together, enter):
    (one,) = officers("cn", "cn.nia", "ning")
    ask(open_matter(copy_of(together), "refusal"), one, "Where does Omar live?")
    assert Question.objects.get(movement=together).place == 1
    for user, told in ((cast.dora, True), (omar, True), (cast.hana, False)):
        assert ("Where does Omar" in read(enter(user), together)) is told
        assert ("Where does Omar" in str(timeline(together, user))) is told
        assert bool(program_of(user).get(f"/movements/{together.id}").json()["questions"]) is told
    assert set(Mail.objects.filter(kind="movement.question").values_list("to", flat=True)) == {cast.dora.pk, omar.pk}


def test_a_copy_of_what_is_held_about_one_tells_nothing_of_another(cast, refused):
    assert "paper is wrong" in str(movements_of(cast.omar_himself))
    assert "paper is wrong" not in str(movements_of(cast.hana_herself))


# Reasons, facts, duties, files -------------------------------------------------------------------------------------


def test_each_reads_what_the_rules_say_of_them_alone(cast, omar, together, enter):
    hers, his, whole = (
        program_of(user).get(f"/movements/{together.id}").json() for user in (cast.hana, omar, cast.dora)
    )
    assert [item["place"] for item in hers["items"]] == [0]
    assert [item["name"] for item in his["items"]] == ["Omar"]
    assert [item["place"] for item in whole["items"]] == [0, 1]
    said = {name: rules(one, "cn") for name, one in (("hers", hers), ("his", his), ("whole", whole))}
    assert said["hers"] < said["whole"]
    assert any(kind == "refuse" for _, kind in said["his"])
    assert not any(kind == "refuse" for _, kind in said["hers"])
    assert "Omar" not in read(enter(cast.hana), together)
    for page in (read(enter(cast.hana), together), enter(cast.hana).get("/me/").content.decode()):
        assert "Others cross in the same movement" in page
    assert "Others cross" not in read(enter(cast.dora), together)
    assert rules_items(his, "cn") == {2}, "items keep the place that they have in the movement"


def rules(whole, side):
    return {(rule["id"], rule["kind"]) for one in whole["sides"] if one["side"] == side for rule in one["rules"]}


def rules_items(whole, side):
    return {item for one in whole["sides"] if one["side"] == side for rule in one["rules"] for item in rule["items"]}


def test_what_is_stated_anew_of_one_shows_to_no_other(cast, omar, together, enter):
    def seen(user):
        answer = program_of(user).get(f"/movements/{together.id}")
        lines = [one for one in timeline(together, user) if one.kind != "looked"]
        return answer.headers["ETag"].partition(".")[0], answer.json(), lines

    before, his = seen(cast.hana), seen(omar)
    heard(movement_restate(by=cast.dora, movement=together, items={1: {"stay_days": 9}}))
    assert seen(cast.hana) == before
    assert seen(omar) != his
    assert "nothing to compare" not in read(enter(omar), together, "changes/")


def test_a_duty_of_one_is_not_on_the_page_of_another(cast, omar, together, enter):
    for place, whose in enumerate((cast.hana_herself, cast.omar_himself)):
        Obligation.objects.create(
            owner_side="hk", law_side="hk", subject=together.id, item=place, person=whose, rule="hk.any",
            act=f"act_of_{place}", due_at=soon(), created_at=timezone.now(),
        )  # fmt: skip
    assert "act_of_0" in read(enter(cast.hana), together)
    assert "act_of_1" not in read(enter(cast.hana), together)
    assert "act_of_" not in read(enter(cast.dora), together)  # it would tell when they crossed


def test_a_file_of_a_movement_of_several_is_the_tenants_and_one_of_ones_own_is_ones_own(cast, omar, together):
    alone = file(cast, FINE, flow="person", person=cast.hana_herself, days=9)
    for movement in (together, alone):
        file_store(
            by=cast.dora, organisation=cast.delta, name="a.csv", content=BytesIO(b"a,b\n1,2\n"), subject=movement.id
        )
    assert set(files(visible_to=cast.hana).values_list("subject", flat=True)) == {alone.id}
    assert not files(visible_to=omar).exists()
    assert files(visible_to=cast.dora).count() == 2


def test_an_officer_who_crosses_with_others_reads_no_colleagues_name_or_paper(cast, omar, together, enter):
    parties.role_grant(user=cast.hana, kind="officer", authority="hk.immd")
    both = signed_in_again(cast.hana)
    file_store(by=cast.dora, organisation=cast.delta, name="a.csv", content=BytesIO(b"a,b\n1,2\n"), subject=together.id)
    assert "Omar" not in read(enter(both), together)
    assert not files(visible_to=both).exists()


def test_the_page_of_many_asks_the_database_no_more_often_than_that_of_few(cast, omar, enter):
    def asked_for(count):
        people = [cast.omar_himself, *(person(cast.delta, f"P{number}") for number in range(count))]
        items = [DraftItem(VISITOR, one) for one in people]
        one = Draft("person", "hk-cn", soon(count), items, "", "")
        movement = heard(movements_declare(by=cast.dora, organisation=cast.delta, drafts=[one])[0])
        for number in range(count):
            Notice.objects.create(
                owner_side="hk", ref=f"{number:026}", movement=movement, place=0, side="cn", authority="cn.nia",
                act="refused", remedy_body="cn.nia", at=timezone.now(),
            )  # fmt: skip
        client = enter(omar)
        client.get(f"/movements/{movement.id}/")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/movements/{movement.id}/")
        return len(asked)

    assert asked_for(12) <= asked_for(2)


# The tenant's own reference ----------------------------------------------------------------------------------------


def test_a_tenants_reference_is_read_and_searched_by_applicants_alone(cast, omar, enter):
    movement = file(cast, FINE, flow="person", person=cast.hana_herself, reference="Ha Na to Shenzhen", days=0,
                    control_point="futian")  # fmt: skip
    name, address = "Ha Na to Shenzhen", reverse("clearance:movements")
    for user, own in (
        (cast.dora, True),
        (cast.hana, True),
        (cast.oscar, False),
        (cast.greta, False),
        (cast.ada, False),
    ):
        client = enter(user)
        assert (name in read(client, movement)) is own, user
        assert (name in client.get("/day/").content.decode()) is (own or False), user
        if user != cast.hana:
            assert (name in client.get(address).content.decode()) is own, user
            found = client.get(f"{address}?q=Shenzhen").content.decode()
            assert (movement.number in found) is own, user
            assert movement.number in client.get(f"{address}?q={movement.number}").content.decode()
            csv = b"".join(client.get(reverse("clearance:movements_csv")).streaming_content).decode()
            assert movement.number in csv
            assert (name in csv) is own, user
        program = program_of(user)
        assert (program.get(f"/movements/{movement.id}").json()["reference"] == name) is own, user
        assert [row["reference"] == name for row in program.get("/movements").json()["data"]] == [own], user
        assert bool(program.get("/movements?q=Shenzhen").json()["data"]) is own, user


# Who has left ------------------------------------------------------------------------------------------------------


def test_nobody_is_filed_who_has_left_the_organisation(cast, enter):
    parties.person_leave(person=cast.hana_herself)
    with pytest.raises(InputError, match="has left"):
        movements_declare(
            by=cast.dora, organisation=cast.delta, drafts=[draft(FINE, flow="person", person=cast.hana_herself)]
        )
    at = f"{timezone.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    typed = {"flow": "person", "direction": "hk-cn", "at": at, "items": "1", "f-0-document_kind": "hkid_permanent"}
    enter(cast.dora).post("/movements/new/", {**typed, "file": "once", "person-0": cast.hana_herself.id})
    parties.role_grant(user=cast.dora, kind="auditor")
    body = {"flow": "person", "direction": "hk-cn", "crossing_at": "2027-01-01T09:00:00+08:00",
            "items": [{"facts": {}, "person": cast.hana_herself.id}]}  # fmt: skip
    both = signed_in_again(cast.dora)
    assert is_problem(program_of(both).post("/movements", body), 422, "invalid")
    enter(both).post("/movements/new/", {**typed, "file": "once", "person-0": cast.hana_herself.id})
    assert not Movement.objects.exists()


def test_a_table_names_nobody_who_has_left_nor_is_filed_once_they_have(cast):
    def check(name):
        text = f"direction,crossing_at,person\nhk-cn,2027-01-01 09:00,{name}\n"
        batch = tables.import_start(
            by=cast.dora, organisation=cast.delta, flow="person", name="p.csv", content=text.encode()
        )
        assert work.work_once([tables.CHECK])
        batch.refresh_from_db()
        return batch

    good = check("Ha Na")
    assert not ImportRow.objects.get(batch=good).is_wrong
    tables.import_file(by=cast.dora, batch=good)
    parties.person_leave(person=cast.hana_herself)
    work.work_once([tables.FILE])
    assert not Movement.objects.exists()
    assert "Nobody of your organisation" in str(ImportRow.objects.get(batch=check("Ha Na ")).mistakes)
    assert not Matter.objects.exists()
