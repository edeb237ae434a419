"""Old decisions run again by the law of then; open movements are decided anew by the law of today; what is old goes."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from riverloop.apps.clearance import consequences, deciding, law_changes
from riverloop.apps.clearance.deciding import decision_again, decision_rerun, latest_of, rulebook_of
from riverloop.apps.clearance.forgetting import movements_go
from riverloop.apps.clearance.models import Item, Movement, PackText, SideDecision, Statement
from riverloop.apps.clearance.outcomes import outcome_of
from riverloop.apps.clearance.services import movement_cross, movement_restate, movement_withdraw
from riverloop.apps.desk.models import Obligation
from riverloop.apps.notices.models import Message
from riverloop.apps.record.models import PendingRecord
from riverloop.apps.runs.services import run_start
from riverloop.apps.runs.work import work_all
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.rules.loader import load, read_sources
from riverloop.core.rules.packs import Effect
from riverloop.core.rules.rulebook import Rulebook
from tests.movements import (
    EQUIPMENT,
    MENDED,
    again,
    copy_of,
    decide,
    file,
    file_visitor,
    heard,
    officers,
    open_matter,
    signed,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def edited():
    """The packs in use with one rule more strict, as if somebody had edited their files."""
    from riverloop.apps.parties.law import pack_texts, rulebook

    name = "hk/cap134.yaml"
    texts = dict(pack_texts())
    assert "effect: {refer: hk.dh}" in texts[name]
    texts[name] = texts[name].replace("effect: {refer: hk.dh}", "effect: {refer: hk.ced}")
    return texts, Rulebook(load(read_sources(texts)), rulebook().boundary)


@pytest.fixture
def law_edited(edited, monkeypatch):
    def edit():
        texts, book = edited
        for module in (deciding, consequences, law_changes):
            monkeypatch.setattr(module, "rulebook", lambda: book)
        monkeypatch.setattr(deciding, "pack_texts", lambda: texts)
        return book

    yield edit
    rulebook_of.cache_clear()


def newest(movement, side="hk"):
    return latest_of([movement.id], side)[movement.id]


def test_a_decision_runs_again_to_the_same_answer(cast):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    file_visitor(cast)
    (officer,) = officers("hk", "hk.dh", "dan")
    decide(
        open_matter(movement, rule="hk.dangerous-drugs"), officer, "allow", until=timezone.now() + timedelta(days=90)
    )
    own = [row for row in SideDecision.objects.all() if row.side == row.owner_side]
    assert len(own) >= 5
    assert all(decision_rerun(row) for row in own)


def test_it_runs_again_the_same_after_the_packs_were_edited(cast, law_edited):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    before = newest(movement)
    book = law_edited()
    rulebook_of.cache_clear()
    assert before.packs_sha256 != book.packs.sha256
    assert PackText.objects.filter(pk=before.packs_sha256).exists()
    assert decision_rerun(before)
    assert ["hk.dangerous-drugs", 0, "hk.dh"] in before.result["refers"]
    before.result["refers"] = []
    assert not decision_rerun(before)


def test_what_the_other_side_decided_cannot_be_run_again_here(cast):
    told = SideDecision.objects.get(movement=file(cast), side="cn")
    with pytest.raises(InputError, match="not kept here"):
        decision_again(told)


def test_open_movements_are_decided_anew_when_the_law_changes(cast, law_edited):
    movement = file(cast, {**EQUIPMENT, "controlled_drug": True})
    gone = file(cast, {**EQUIPMENT, "controlled_drug": True}, reference="gone")
    movement_withdraw(by=cast.dora, movement=gone)
    matter = open_matter(movement, rule="hk.dangerous-drugs")
    assert matter.authority == "hk.dh"
    book = law_edited()
    run_start(side="hk", kind=law_changes.DECIDE_ANEW, params={})
    work_all()
    assert newest(movement).cause == "law"
    assert newest(movement).packs_sha256 == again(movement).own_packs == book.packs.sha256
    assert newest(gone).number == 1
    matter.refresh_from_db()
    assert matter.act == "superseded"
    assert open_matter(movement, rule="hk.dangerous-drugs").authority == "hk.ced"
    told = Message.objects.filter(owner_side="hk", from_side="hk", kind="side.decided", subject=movement.ref).count()
    run_start(side="hk", kind=law_changes.DECIDE_ANEW, params={})
    work_all()
    assert newest(movement).number == 2, "what was decided by today's law is left alone"
    assert (
        Message.objects.filter(owner_side="hk", from_side="hk", kind="side.decided", subject=movement.ref).count()
        == told
    )


def test_a_decision_that_holds_no_longer_is_made_anew(cast):
    movement = file(cast)
    Movement.objects.filter(pk=movement.pk).update(own_valid_until=timezone.now() - timedelta(minutes=1))
    run_start(side="hk", kind=law_changes.DECIDE_ANEW, params={})
    work_all()
    assert newest(movement).cause == "expired"


# Inspections


def test_an_inspection_is_drawn_once_recorded_and_not_drawn_again_by_stating_anew(cast, monkeypatch):
    from riverloop.apps.parties.law import rulebook

    book = rulebook()
    rule = book.packs.rules["hk.dangerous-drugs"]
    rules = {**book.packs.rules, rule.id: replace(rule, effect=Effect("inspect", {"share": 0.5}), verified="secondary")}
    mine = Rulebook(replace(book.packs, rules=rules), book.boundary)
    for module in (deciding, consequences):
        monkeypatch.setattr(module, "rulebook", lambda: mine)
    dice = iter([0.4, 0.9, 0.9])
    monkeypatch.setattr(deciding, "_DICE", type("Dice", (), {"random": lambda _: next(dice)})())
    drawn = file(cast, {**EQUIPMENT, "controlled_drug": True})
    spared = file(cast, {**EQUIPMENT, "controlled_drug": True}, reference="spared")
    assert newest(drawn).result["draws"] == {rule.id: {"share": 0.5, "inspect": True}}
    assert newest(spared).result["draws"] == {rule.id: {"share": 0.5, "inspect": False}}
    assert PendingRecord.objects.filter(kind="inspection.drawn", owner_side="hk").count() == 2
    heard(movement_restate(by=cast.dora, movement=drawn, items={0: {"controlled_drug": False}}))
    heard(movement_restate(by=cast.dora, movement=drawn, items={0: {"controlled_drug": True}}))
    assert newest(drawn).result["draws"][rule.id]["inspect"] is True
    assert not Message.objects.filter(body__contains="inspect").exists()


# Obligations


def test_both_laws_obligations_are_kept_where_it_was_filed_and_run_from_the_crossing(cast):
    visitor = {
        "document_kind": "nonchinese_travel_permit", "document_expires_on": "2031-01-01", "nationality": "FRA",
        "residence": "hk", "purpose": "research", "stay_days": 3, "listed": False,
    }  # fmt: skip
    movement = file(cast, visitor, flow="person", person=cast.hana_herself, days=0)
    duty = Obligation.objects.get(subject=movement.id, act="leave_mainland")
    assert (duty.owner_side, duty.law_side, duty.due_on) == ("hk", "cn", None)
    assert (duty.organisation, duty.person) == (cast.delta, cast.hana_herself)
    assert not Obligation.objects.filter(owner_side="cn").exists()
    assert outcome_of(movement) == "cleared", newest(copy_of(movement), "cn").result
    now = timezone.now()
    heard(movement_cross(by=cast.otto, movement=copy_of(signed(movement)), at=now))
    duty.refresh_from_db()
    assert duty.due_on is not None
    assert 80 <= (duty.due_on - now.date()).days <= 91


# Kept no longer


def test_what_is_kept_no_longer_loses_names_and_facts_and_keeps_its_commitments(cast):
    movement = file_visitor(cast)
    heard(movement_restate(by=cast.dora, movement=movement, items={0: MENDED}))
    copy = copy_of(movement)
    records = PendingRecord.objects.count()
    later = movement.crossing_at + timedelta(days=1)
    assert movements_go(movement.crossing_at - timedelta(days=1), "hk") == 0
    assert movements_go(later, "hk") == 1
    assert movements_go(later, "hk") == 0
    movement = again(movement)
    assert movement.erased_at
    assert not movement.fingerprint
    assert movement.filed_by is None
    assert not Statement.objects.filter(item__movement=movement).exists()
    assert not Item.objects.filter(movement=movement, person__isnull=False).exists()
    assert all(not row.inputs for row in SideDecision.objects.filter(movement=movement))
    assert Statement.objects.filter(item__movement=copy).exists(), "the other side keeps its own table"
    assert PendingRecord.objects.count() == records
    assert all(row.opens for row in PendingRecord.objects.all())
    assert outcome_of(movement) is not None
    with pytest.raises(ConflictError, match="no longer kept"):
        movement_restate(by=cast.dora, movement=movement, items={0: {"stay_days": 9}})
