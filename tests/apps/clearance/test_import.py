"""A table from hand-in to filed movements: all of them or none, and every page on the way."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from riverloop.apps.clearance.importing import services
from riverloop.apps.clearance.importing.selectors import imports
from riverloop.apps.clearance.models import Import, ImportRow, Movement
from riverloop.apps.clearance.services import movement_withdraw
from riverloop.apps.parties import services as parties
from riverloop.apps.parties.models import ViewRecord
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run
from riverloop.apps.runs.services import run_cancel
from riverloop.core.kernel.errors import ConflictError, InputError
from tests.cast import HKID, account, again

HEAD = "movement,direction,crossing_at,reference,category,suspected_infectious,transport_mode\n"
GOOD = (
    HEAD
    + "a,cn-hk,2026-12-01 09:00,r1,human_blood,yes,road\n"
    + "a,,,,human_dna,no,road\n"
    + ",cn-hk,2026-12-02 09:00,r2,equipment,,road\n"
)
BAD = GOOD + ",cn-hk,2026-12-03 09:00,r3,human_blod,,road\n"


@pytest.fixture
def start(cast):
    def start_one(text=GOOD, *, by=None, flow="goods", **more):
        by = by or cast.dora
        organisation = cast.delta if by == cast.dora else cast.banyan
        content = text if isinstance(text, bytes) else text.encode()
        return services.import_start(
            by=again(by), organisation=organisation, flow=flow, name="lots.csv", content=content, **more
        )

    return start_one


@pytest.fixture
def checked(start):
    def check_one(*given, **more):
        batch = start(*given, **more)
        assert work.work_once([services.CHECK])
        return again_(batch)

    return check_one


@pytest.fixture
def file(cast):
    def file_one(batch, **more):
        services.import_file(by=again(cast.dora), batch=batch, **more)
        assert work.work_once([services.FILE])
        return again_(batch)

    return file_one


def again_(batch):
    return Import.objects.get(pk=batch.pk)


# Checking


def test_a_table_is_checked_row_by_row_by_both_sides_law_and_nothing_is_filed(checked):
    batch = checked()
    assert (batch.state, batch.rows_count, batch.movements_count, batch.wrong_count) == ("checked", 3, 2, 0)
    assert sum(batch.outcomes.values()) == 2
    assert [row.group for row in batch.rows.order_by("number")] == [2, 2, 4]
    assert all(row.outcome for row in batch.rows.all())
    assert not Movement.objects.exists()


def test_a_row_with_a_mistake_takes_its_whole_movement_with_it(checked):
    batch = checked(HEAD + "a,cn-hk,2026-12-01 09:00,r,human_blood,yes,road\na,,,,human_blod,,road\n")
    assert (batch.wrong_count, batch.movements_count) == (2, 0)
    assert [len(row.mistakes) for row in batch.rows.order_by("number")] == [0, 1]


def test_a_file_that_cannot_be_read_says_why_and_is_not_kept(checked):
    batch = checked("directon,crossing_at\nx,y\n")
    assert batch.state == "unreadable"
    assert batch.mistakes[0]["code"] == "import.column_unknown"
    assert bytes(batch.sealed) == b""


def test_the_file_is_sealed_while_it_is_kept(start):
    assert b"human_blood" not in bytes(start().sealed)


def test_the_same_movement_twice_in_a_table_is_a_mistake(checked):
    line = ",cn-hk,2026-12-01 09:00,r,equipment,,road\n"
    batch = checked(HEAD + line + line)
    assert [row.is_wrong for row in batch.rows.order_by("number")] == [False, True]
    assert batch.rows.get(number=3).mistakes[0]["params"] == {"first": "2"}


# People


def test_people_are_found_by_name_or_number_and_what_was_written_is_not_kept(cast, checked):
    parties.identity_number_add(person=cast.hana_herself, kind="hkid", number=HKID)
    head = "direction,crossing_at,person,purpose\n"
    batch = checked(
        head
        + "hk-cn,2026-12-01 09:00,ha  na,research\n"
        + "hk-cn,2026-12-02 09:00,夏娜,research\n"
        + f"hk-cn,2026-12-03 09:00,{HKID},research\n"
        + "hk-cn,2026-12-04 09:00,Edwin Egret,research\n"
        + "hk-cn,2026-12-05 09:00,,research\n",
        flow="person",
    )
    rows = list(batch.rows.order_by("number"))
    assert [row.person for row in rows] == [cast.hana_herself] * 3 + [None] * 2
    assert [[one["code"] for one in row.mistakes] for row in rows[3:]] == [
        ["import.person_unknown"],
        ["import.person_lacks"],
    ]
    kept = str(list(ImportRow.objects.values()))
    assert HKID not in kept
    assert "Edwin" not in kept


def test_of_two_people_of_one_name_the_number_is_asked(cast, checked):
    parties.person_add(side="hk", name="Ha Na", name_latin="", organisation=cast.delta)
    batch = checked("direction,crossing_at,person\nhk-cn,2026-12-01 09:00,Ha Na\n", flow="person")
    assert batch.rows.get().mistakes[0]["code"] == "import.person_several"


# Filing


def test_all_of_it_is_filed_and_each_row_knows_its_movement(checked, file, cast):
    batch = file(checked())
    assert (batch.state, batch.movements_count, bytes(batch.sealed)) == ("filed", 2, b"")
    filed = Movement.objects.filter(organisation=cast.delta).order_by("crossing_at")
    assert [one.items.count() for one in filed] == [2, 1]
    assert [row.movement for row in batch.rows.order_by("number")] == [filed[0], filed[0], filed[1]]
    assert [one.filed_by for one in filed] == [cast.dora] * 2


@pytest.mark.django_db(transaction=True)
def test_both_sides_decide_what_was_filed(checked, file, cast):
    file(checked())
    own = Movement.objects.filter(owner_side="hk")
    assert own.count() == Movement.objects.filter(owner_side="cn").count() == 2
    assert not own.filter(own_low=None).exists()
    assert not own.filter(other_low=None).exists()


def test_nothing_is_filed_while_a_row_is_wrong_unless_it_is_chosen(checked, file, cast):
    batch = checked(BAD)
    with pytest.raises(InputError, match="1 rows have mistakes, so nothing was filed"):
        services.import_file(by=again(cast.dora), batch=batch)
    assert not Movement.objects.exists()
    batch = file(batch, only_good=True)
    assert (batch.state, Movement.objects.filter(owner_side="hk").count()) == ("filed", 2)
    assert batch.rows.get(number=5).movement is None


def test_a_table_without_a_good_row_cannot_be_filed(checked, cast):
    batch = checked(HEAD + ",north,,,,,\n")
    with pytest.raises(InputError, match="No row is left"):
        services.import_file(by=again(cast.dora), batch=batch, only_good=True)


def test_the_same_file_handed_in_twice_is_told_so(start, checked, file):
    batch = checked()
    with pytest.raises(ConflictError, match="waits to be filed") as caught:
        start()
    assert caught.value.parameters["batch"] == batch.id
    file(batch)
    with pytest.raises(ConflictError, match="its movements are filed"):
        start()
    again_in = start(again=True)
    assert again_in.state == "checking"


def test_movements_filed_before_are_left_out_unless_it_is_chosen(checked, file, cast):
    file(checked())
    other = GOOD + ",cn-hk,2026-12-09 09:00,new,equipment,,road\n"
    batch = checked(other)
    assert (batch.wrong_count, batch.twice_count, batch.movements_count) == (0, 2, 3)
    assert file(batch).movements_count == 1
    assert file(checked(other, again=True), twice=True).movements_count == 3


def test_a_withdrawn_movement_may_be_filed_again(checked, file, cast):
    file(checked())
    for movement in Movement.objects.filter(owner_side="hk"):
        movement_withdraw(by=again(cast.dora), movement=movement)
    assert checked(GOOD, again=True).twice_count == 0


def test_what_was_filed_meanwhile_stops_the_whole_table(checked, file, cast):
    first, second = checked(GOOD), checked(GOOD + ",cn-hk,2026-12-09 09:00,new,equipment,,road\n")
    file(first)
    before = Movement.objects.count()
    batch = file(second)
    run = Run.objects.get(pk=batch.run)
    assert (batch.state, run.state, Movement.objects.count()) == ("checked", "failed", before)
    assert "filed already" in run.error_text()


def test_a_run_that_is_killed_half_way_leaves_nothing_and_the_next_one_files_all(checked, cast, monkeypatch):
    batch = checked()
    services.import_file(by=again(cast.dora), batch=batch)

    class KilledError(BaseException):
        pass

    def die(*_arguments, **_named):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(services, "record_append", die)
        with pytest.raises(KilledError):
            work.work_once([services.FILE])
    assert not Movement.objects.exists()
    assert again_(batch).state == "filing"
    Run.objects.filter(kind=services.FILE).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert work.work_once([services.FILE])
    assert again_(batch).state == "filed"
    assert Movement.objects.filter(owner_side="hk").count() == 2


def test_a_run_that_filed_but_could_not_say_so_files_nothing_more(checked, file, cast):
    batch = file(checked())
    count = Movement.objects.count()
    Run.objects.filter(pk=batch.run).update(state="running", leased_until=timezone.now() - timedelta(seconds=1))
    assert work.work_once([services.FILE])
    assert Movement.objects.count() == count


def test_stopping_it_leaves_nothing_and_it_may_be_filed_later(checked, file, cast, monkeypatch):
    batch = checked()
    services.import_file(by=again(cast.dora), batch=batch)
    declare = services.movements_declare

    def asked_to_stop(**named):
        filed = declare(**named)
        Run.objects.filter(pk=again_(batch).run).update(cancel_asked=True)
        return filed

    with monkeypatch.context() as patch:
        patch.setattr(services, "movements_declare", asked_to_stop)
        assert work.work_once([services.FILE])
    assert (again_(batch).state, Movement.objects.count()) == ("checked", 0)
    assert Run.objects.get(pk=again_(batch).run).state == "cancelled"
    assert file(again_(batch)).state == "filed"


def test_stopped_before_it_began_it_may_be_filed_later(checked, file, cast):
    batch = checked()
    services.import_file(by=again(cast.dora), batch=batch)
    run_cancel(run=Run.objects.get(pk=again_(batch).run), by=cast.dora)
    assert not work.work_once([services.FILE])
    assert file(again_(batch)).state == "filed"


def test_who_lost_the_role_before_it_was_filed_leaves_it_to_be_filed_by_another(checked, cast):
    batch = checked()
    services.import_file(by=again(cast.dora), batch=batch)
    parties.role_end(role=cast.dora.roles.get())
    assert work.work_once([services.FILE])
    assert (again_(batch).state, Movement.objects.count()) == ("checked", 0)
    run = Run.objects.get(pk=again_(batch).run)
    assert run.state == "failed"
    assert "may no longer file" in run.error_text()
    other = account("dan", "hk", "coordinator", organisation=cast.delta)
    services.import_file(by=other, batch=batch)
    assert work.work_once([services.FILE])
    assert again_(batch).state == "filed"


def test_each_step_of_a_table_is_recorded_with_who_took_it(checked, file, start, cast):
    services.import_discard(by=again(cast.dora), batch=start())
    file(checked())
    records = PendingRecord.objects.filter(kind__startswith="import.").order_by("created_at")
    assert [one.kind for one in records] == [
        "import.started", "import.discarded", "import.started", "import.filed"
    ]  # fmt: skip
    assert {json.loads(one.payload)["by"] for one in records} == {cast.dora.id}
    assert not any("lots.csv" in one.payload for one in records)


def test_discarding_a_table_drops_its_rows_and_its_file(checked, cast):
    batch = services.import_discard(by=again(cast.dora), batch=checked())
    assert (batch.state, bytes(batch.sealed), ImportRow.objects.count()) == ("discarded", b"", 0)


def test_a_filed_table_is_not_discarded(checked, file, cast):
    with pytest.raises(ConflictError, match="Withdraw its movements"):
        services.import_discard(by=again(cast.dora), batch=file(checked()))


def test_old_tables_go_and_what_was_filed_from_them_stays(checked, file):
    batch = file(checked())
    assert services.import_forget(batch.created_at, "hk") == 0
    assert services.import_forget(timezone.now(), "cn") == 0
    assert services.import_forget(timezone.now(), "hk") == 1
    assert not Import.objects.exists()
    assert Movement.objects.filter(owner_side="hk").count() == 2


# Who may


def test_only_a_coordinator_of_the_organisation_may_do_any_of_it(checked, cast):
    batch = checked()
    for user in (cast.eve, cast.mei, cast.hana, cast.oscar, cast.ada):
        assert not imports(visible_to=again(user)).exists()
        with pytest.raises(PermissionDenied):
            services.import_start(by=again(user), organisation=cast.delta, flow="goods", name="x", content=b"a\n1")
        with pytest.raises(PermissionDenied):
            services.import_file(by=again(user), batch=batch)
        with pytest.raises(PermissionDenied):
            services.import_discard(by=again(user), batch=batch)


# Pages


def upload(client, text=GOOD, flow="goods", **more):
    content = text if isinstance(text, bytes) else text.encode()
    posted = SimpleUploadedFile("lots.csv", content, content_type="text/csv")
    return client.post("/movements/import/", {"file": posted, "flow": flow, **more})


def test_a_coordinator_hands_in_looks_files_and_takes_the_results(enter, cast):
    client = enter(cast.dora)
    assert "Take the template" in client.get("/movements/import/").text
    page = upload(client)
    assert page.status_code == 302
    assert "Being checked" in client.get(page.url).text
    work.work_all([services.CHECK])
    shown = client.get(page.url).text
    assert "File all 2 movements" in shown
    assert "with row 2" in shown
    assert client.post(f"{page.url}file/").status_code == 302
    work.work_all([services.FILE])
    shown = client.get(page.url).text
    number = Movement.objects.filter(owner_side="hk").first().number
    assert number in shown
    text = b"".join(client.get(f"{page.url}results.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["result"] for row in rows] == ["filed"] * 3
    assert rows[0]["reference"] == "r1"


def test_a_mistake_is_shown_with_its_row_its_column_and_how_to_mend_it(enter, cast):
    client = enter(cast.dora)
    page = upload(client, BAD)
    work.work_all([services.CHECK])
    shown = client.get(f"{page.url}?show=wrong").text
    assert "Row 5" in shown
    assert "Row 2" not in shown
    assert "Did you mean &quot;human_blood&quot;?" in shown
    assert "File only the 2 movements without a mistake" in shown
    refused = client.post(f"{page.url}file/")
    assert refused.status_code == 400
    assert "nothing was filed" in refused.text
    assert client.post(f"{page.url}file/", {"only_good": "1"}).status_code == 302


def test_a_page_of_rows_leads_to_the_next(enter, cast):
    client = enter(cast.dora)
    lines = "".join(f",cn-hk,2026-12-01 09:00,r{place},equipment,,road\n" for place in range(60))
    page = upload(client, HEAD + lines)
    work.work_all([services.CHECK])
    first = client.get(page.url).text
    assert "Row 51" in first
    assert "Row 52" not in first
    assert "after=51" in first
    assert "Row 52" in client.get(f"{page.url}?after=51").text
    assert client.get(f"{page.url}?after=nonsense").status_code == 200


def test_the_same_file_again_is_refused_with_a_way_to_the_first(enter, cast):
    client = enter(cast.dora)
    page = upload(client)
    refused = upload(client)
    assert refused.status_code == 409
    assert page.url in refused.text
    assert upload(client, again="1").status_code == 302


@pytest.mark.parametrize(("text", "flow"), [(b"", "goods"), (GOOD, ""), (GOOD, "nonsense")])
def test_a_form_without_a_file_or_a_kind_says_so(enter, cast, text, flow):
    assert upload(enter(cast.dora), text, flow).status_code == 400


def test_showing_whom_a_table_names_is_recorded(enter, cast):
    client = enter(cast.dora)
    page = upload(client, "direction,crossing_at,person\nhk-cn,2026-12-01 09:00,Ha Na\n", flow="person")
    work.work_all([services.CHECK])
    assert client.get(page.url).status_code == 200
    assert ViewRecord.objects.filter(subject=cast.hana_herself, page="clearance:import").exists()


def test_a_table_for_an_organisation_that_is_not_ones_own_is_not_taken_for_another(enter, cast):
    client = enter(cast.dora)
    for organisation in (cast.egret.id, cast.banyan.id, "nothing", "0" * 26):
        assert upload(client, organisation=organisation).status_code == 404
    parties.role_grant(user=cast.dora, kind="coordinator", organisation=cast.egret)
    assert upload(client).status_code == 404
    assert not Import.objects.exists()
    assert upload(client, organisation=cast.egret.id).status_code == 302
    assert Import.objects.get().organisation == cast.egret


def test_the_table_of_another_organisation_is_not_there(enter, cast, checked):
    batch = checked()
    client = enter(cast.eve)
    for path in ("", "results.csv"):
        assert client.get(f"/movements/import/{batch.id}/{path}").status_code == 404
    for path in ("file/", "discard/"):
        assert client.post(f"/movements/import/{batch.id}/{path}").status_code == 404


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_templates_are_given_out(enter, cast, ending):
    client = enter(cast.dora)
    page = client.get(f"/movements/import/template/goods.{ending}")
    assert page.status_code == 200
    assert f"movements-goods.{ending}" in page["Content-Disposition"]
    assert client.get("/movements/import/template/goods.exe").status_code == 404
    assert client.get("/movements/import/template/other.csv").status_code == 404


def test_results_hold_no_formula_no_name_and_no_fact(checked, enter, cast):
    batch = checked(HEAD + ",cn-hk,2026-12-01 09:00,=1+1,equipment,,road\n")
    text = b"".join(enter(cast.dora).get(f"/movements/import/{batch.id}/results.csv").streaming_content).decode()
    assert "'=1+1" in text
    assert "equipment" not in text


# The earliest crossing of what was filed


def test_a_filed_movement_says_when_it_may_cross_at_the_earliest(checked, file, enter, cast):
    file(checked())
    movement = Movement.objects.filter(owner_side="hk").order_by("crossing_at").first()
    page = enter(cast.dora).get(f"/movements/{movement.id}/earliest/")
    assert page.status_code == 200
    assert "import permit of the Department of Health" in page.text
    assert enter(cast.eve).get(f"/movements/{movement.id}/earliest/").status_code == 404
    movement_withdraw(by=again(cast.dora), movement=movement)
    assert "was withdrawn" in enter(cast.dora).get(f"/movements/{movement.id}/earliest/").text
