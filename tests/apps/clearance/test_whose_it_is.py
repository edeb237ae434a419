"""What of a movement is whose: nobody reads or decides beyond that, whatever else they are."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from riverloop.apps.clearance.models import Notice
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.selectors import facts_shown, movements, timeline
from riverloop.apps.clearance.services import Draft, DraftItem, movements_declare, officer_state, remedy_file
from riverloop.apps.desk import selectors as desk
from riverloop.apps.desk.models import StandingAnswer
from riverloop.apps.desk.services import matter_decide, standing_answer_confirm, standing_answer_give
from riverloop.apps.documents.models import File
from riverloop.apps.documents.selectors import files
from riverloop.apps.documents.services import file_store, permit_add
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.parties import services as parties
from riverloop.apps.parties.models import Role, ViewRecord
from riverloop.apps.runs.services import run_start
from riverloop.core.kernel.errors import InputError
from tests.cast import again as signed_in_again
from tests.cast import person
from tests.movements import again, ask, copy_of, decide, file, file_visitor, officers, open_matter
from tests.web.programs import program_of

pytestmark = pytest.mark.django_db

RESIDENT = {"document_kind": "hkid_permanent", "document_expires_on": "2031-01-01"}


@pytest.fixture
def crossing(cast):
    """Hana's crossing, of which an officer knows more than she does."""
    return file(cast, RESIDENT, flow="person", person=cast.hana_herself)


@pytest.fixture
def officer_herself(cast):
    """Hana's account once she is an officer as well."""
    parties.role_grant(user=cast.hana, kind="officer", authority="hk.immd")
    return signed_in_again(cast.hana)


def found(cast, movement, **facts):
    officer_state(by=cast.oscar, movement=movement, place=0, facts=facts or {"watch_hit": True})


def read(client, movement, page):
    html = client.get(f"/movements/{movement.id}/{page}").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# Facts -------------------------------------------------------------------------------------------------------------


def test_of_several_who_cross_together_each_reads_what_is_stated_of_themselves(cast):
    other = person(cast.delta, "Omar")
    items = [DraftItem(RESIDENT, cast.hana_herself), DraftItem({**RESIDENT, "nationality": "FRA"}, other)]
    draft = Draft("person", "hk-cn", timezone.now() + timedelta(days=1), items, "futian", "")
    (movement,) = movements_declare(by=cast.dora, organisation=cast.delta, drafts=[draft])
    own, others = movement.items.order_by("place")
    assert facts_shown(movement, cast.hana)[own.id]
    assert not facts_shown(movement, cast.hana)[others.id]
    assert facts_shown(movement, cast.dora)[others.id]


def test_an_officer_who_crosses_reads_nothing_that_colleagues_found_of_them(cast, crossing, officer_herself):
    found(cast, crossing)
    assert "watch_hit" not in str(facts_shown(crossing, officer_herself))
    assert not [one for one in timeline(crossing, officer_herself) if one.kind in ("stepped", "inspection")]
    matter = open_matter(crossing, "referral", rule="both.watch")
    assert not desk.matters(visible_to=officer_herself).filter(pk=matter.pk).exists()
    with pytest.raises(PermissionDenied):
        matter_decide(by=officer_herself, matter=matter, act="allow", reason="", seen=matter.version)


def test_what_an_officer_found_does_not_move_the_earliest_crossing(cast, crossing, enter):
    before = read(enter(cast.hana), crossing, "earliest/")
    found(cast, crossing)
    assert read(enter(cast.hana), crossing, "earliest/") == before


def test_the_page_of_changes_tells_no_applicant_what_or_that_an_officer_found(cast, crossing, enter):
    found(cast, crossing, document_expires_on="2027-03-04")
    assert "an officer had stated" in read(enter(cast.oscar), crossing, "changes/")
    for user in (cast.hana, cast.dora):
        text = read(enter(user), crossing, "changes/")
        assert "2027" not in text
        assert "an officer had stated" not in text
        assert "2027" not in str(facts_shown(crossing, user))


def test_what_one_authority_asks_and_is_answered_no_other_reads(cast):
    movement = file(cast)
    (customs,) = officers("cn", "cn.gacc", "gao")
    ask(open_matter(copy_of(movement), "referral", authority="cn.gacc"), customs, "How cold is it kept?")
    (leads,) = officers("hk", "hk.ced", "carl")
    assert movements(visible_to=leads).filter(pk=movement.pk).exists()
    assert "How cold" not in str(timeline(movement, leads))
    assert "How cold" in str(timeline(movement, cast.dora))
    assert "How cold" in str(timeline(movement, cast.ada))


def test_nobody_is_asked_for_what_officers_alone_know(cast, crossing):
    found(cast, crossing)
    with pytest.raises(InputError, match="Nobody can be asked"):
        ask(open_matter(crossing, "referral", rule="both.watch"), cast.oscar, facts=["watch_hit"])


# Refusals ----------------------------------------------------------------------------------------------------------


def test_what_a_standing_answer_refuses_is_told_and_another_officer_decides_the_objection(cast):
    one, two = officers("cn", "cn.gacc", "gao", "guo")
    first = file(cast)
    matter = open_matter(copy_of(first), "referral", authority="cn.gacc")
    standing_answer_give(
        by=one, authority="cn.gacc", rule=matter.rule, rule_version=matter.rule_version, flow="goods", allow=False,
        reason="Nothing of this kind.",
    )  # fmt: skip
    messages_deliver()
    second = file(cast, reference="second")
    for movement in (first, second):
        assert outcome_of(again(movement)) == "refused"
        notice = Notice.objects.get(movement=movement, act="refused")
        assert notice.reason == "Nothing of this kind."
    elsewhere = file(cast, direction="cn-hk", reference="third")
    assert not Notice.objects.filter(movement=elsewhere).exists(), "a rule that does not speak refuses nothing"
    remedy_file(by=cast.dora, notice=notice, text="This one is another kind.")
    messages_deliver()
    remedy = open_matter(copy_of(second), "remedy")
    with pytest.raises(PermissionDenied):
        matter_decide(by=one, matter=remedy, act="refuse", reason="No.", seen=remedy.version)
    matter_decide(by=two, matter=remedy, act="allow", reason="It is.", seen=remedy.version)


def test_an_objection_lifts_a_standing_refusal_whose_rule_is_not_told(cast, crossing):
    found(cast, crossing)
    olive, omid, olga = officers("hk", "hk.immd", "olive", "omid", "olga")
    matter = open_matter(crossing, "referral", rule="both.watch")
    standing = standing_answer_give(
        by=cast.oscar, authority="hk.immd", rule=matter.rule, rule_version=matter.rule_version, flow="person",
        allow=False, reason="Nobody who is looked for.",
    )  # fmt: skip
    standing_answer_confirm(by=omid, answer=standing)
    messages_deliver()
    notice = Notice.objects.get(movement=crossing, act="refused")
    assert notice.rule == ""
    remedy_file(by=cast.hana, notice=notice, text="I am somebody else.")
    remedy = open_matter(crossing, "remedy")
    decide(remedy, olive, "allow", second=olga)
    assert outcome_of(again(crossing)) != "refused"


def test_a_proposal_to_refuse_somebody_is_answered_for_them_alone(cast, enter):
    (one,) = officers("cn", "cn.nia", "ning")
    matter = open_matter(copy_of(file_visitor(cast)), "refusal")
    enter(one).post(f"/queue/{matter.id}/", {"do": "standing", "seen": matter.version, "allow": "yes", "reason": "x"})
    assert not StandingAnswer.objects.exists()


# Views are recorded ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["changes/", "restate/", "earliest/"])
def test_every_page_with_somebodys_facts_records_who_looked(cast, crossing, enter, page):
    enter(cast.dora).get(f"/movements/{crossing.id}/{page}")
    assert ViewRecord.objects.filter(subject=cast.hana_herself, viewer=cast.dora).exists()


@pytest.mark.parametrize(("who", "page"), [("ada", "movements"), ("dora", "movements_csv"), ("ada", "movements_csv")])
def test_listing_somebodys_movements_records_who_looked(cast, crossing, enter, who, page):
    user = getattr(cast, who)
    response = enter(user).get(f"{reverse(f'clearance:{page}')}?person={cast.hana_herself.id}")
    text = b"".join(response.streaming_content) if response.streaming else response.content
    assert crossing.number.encode() in text
    assert ViewRecord.objects.filter(subject=cast.hana_herself, viewer=user).exists()


def test_a_program_that_reads_somebodys_paper_is_recorded_and_a_list_stars_its_number(cast):
    permit = permit_add(
        by=cast.dora, organisation=cast.delta, document="dh_import_permit", number="SECRET-12345", issuer="DH",
        issued_on=date(2026, 1, 1), person=cast.hana_herself,
    )  # fmt: skip
    (hedy,) = officers("hk", "hk.dh", "hedy")
    program = program_of(hedy)
    (row,) = program.get("/permits").json()["data"]
    assert row["id"] == permit.id
    assert "SECRET-12345" not in str(row)
    assert not ViewRecord.objects.filter(viewer=hedy).exists()
    assert program.get(f"/permits/{permit.id}").json()["number"] == "SECRET-12345"
    assert ViewRecord.objects.get(viewer=hedy).case == permit.id
    assert program_of(cast.dora).get("/permits").json()["data"][0]["number"] == "SECRET-12345"
    assert ViewRecord.objects.filter(viewer=cast.dora, subject=cast.hana_herself).exists()


def test_a_program_that_follows_somebodys_movement_is_recorded(cast, crossing):
    assert program_of(cast.dora).get(f"/movements/{crossing.id}/timeline").status_code == 200
    assert ViewRecord.objects.filter(viewer=cast.dora, subject=cast.hana_herself).exists()


# Roles that ended, and roles that only look ------------------------------------------------------------------------


def test_an_auditor_stops_nobodys_work(cast, enter):
    run = run_start(side="hk", kind="any", params={}, by=cast.dora, not_before=timezone.now() + timedelta(days=1))
    assert enter(cast.ada).post(f"/runs/{run.id}/cancel/").status_code == 403
    run.refresh_from_db()
    assert run.state == "waiting"


def test_what_was_handed_in_for_an_organisation_stays_there_when_its_coordinator_goes(cast):
    paper = file_store(by=cast.dora, organisation=cast.delta, name="a.csv", content=BytesIO(b"a,b\n1,2\n"))
    assert files(visible_to=cast.dora).filter(pk=paper.pk).exists()
    Role.objects.filter(user=cast.dora).update(ended_at=timezone.now())
    gone = signed_in_again(cast.dora)
    assert not files(visible_to=gone).filter(pk=paper.pk).exists()
    assert not gone.has_perm("documents.erase_file", paper)


def test_what_is_attached_to_a_movement_is_the_tenants_that_filed_it(cast, enter):
    parties.role_grant(user=cast.dora, kind="coordinator", organisation=cast.egret)
    both = signed_in_again(cast.dora)
    movement = file(cast, by=both, organisation=cast.egret)
    paper = SimpleUploadedFile("a.csv", b"a,b\n1,2\n")
    enter(both).post(reverse("documents:upload"), {"subject": movement.id, "file": paper})
    assert File.objects.get().organisation == cast.egret
    stored = program_of(both).upload("/files", file=SimpleUploadedFile("b.csv", b"a,b\n3,4\n"), subject=movement.id)
    assert stored.json()["organisation"] == cast.egret.id
