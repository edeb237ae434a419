"""The copy that a holder takes holds their movements, files and permits, and nothing that an officer found."""

import io
import json
from datetime import date, timedelta

import pytest
from django.utils import timezone

from riverloop.apps.clearance.models import Item, Movement, Statement
from riverloop.apps.clearance.services import Draft, DraftItem, movements_declare
from riverloop.apps.documents.services import file_store, permit_add
from tests.cast import person
from tests.movements import VISITOR, file

pytestmark = pytest.mark.django_db


def test_a_copy_holds_what_was_stated_of_ones_movements_and_not_what_officers_found(cast, enter):
    now = timezone.now()
    movement = Movement.objects.create(
        owner_side="hk", ref="R" * 26, filed_side="hk", flow="person", direction="cn-hk", organisation=cast.delta,
        crossing_at=now + timedelta(days=1), declared_at=now, facts_at=now,
    )  # fmt: skip
    item = Item.objects.create(owner_side="hk", movement=movement, place=0, person=cast.hana_herself)
    for number, (who, facts) in enumerate([("applicant", {"stay_days": 3}), ("officer", {"watch_list_hit": True})], 1):
        Statement.objects.create(
            owner_side="hk", item=item, number=number, facts=facts, asserted_as=who, side="hk", at=now
        )
    copy = json.loads(enter(cast.hana).post("/me/requests/copy/").content)["about_you"][0]
    assert [row["number"] for row in copy["movements"]] == ["RRRRR-RRRRR"]
    assert [one["facts"] for one in copy["movements"][0]["stated"]] == [{"stay_days": 3}]
    assert "watch_list" not in json.dumps(copy)


def test_a_copy_holds_ones_files_and_the_permits_that_name_one_and_nobody_elses(cast, enter, settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path

    def kept(name, by, organisation, **more):
        content = io.BytesIO(f"a,b\n{name},2\n".encode())
        return file_store(by=by, organisation=organisation, name=name, content=content, **more)

    alone = file(cast, VISITOR, flow="person", person=cast.hana_herself)
    colleague = person(cast.delta, "Colleague")
    draft = Draft(
        "person", "hk-cn", timezone.now() + timedelta(days=1),
        [DraftItem(VISITOR, one) for one in (cast.hana_herself, colleague)],
    )  # fmt: skip
    (together,) = movements_declare(by=cast.dora, organisation=cast.delta, drafts=[draft])
    kept("own.csv", cast.hana, None)
    kept("alone.csv", cast.dora, cast.delta, subject=alone.id)
    kept("together.csv", cast.dora, cast.delta, subject=together.id)
    kept("organisation.csv", cast.dora, cast.delta)
    for number, (whom, paper) in enumerate(
        ((cast.hana_herself, "permit.csv"), (colleague, "other.csv"), (None, "x.csv"))
    ):
        permit_add(
            by=cast.dora, organisation=cast.delta, document="dh_import_permit", number=f"P-{number}", issuer="DH",
            issued_on=date(2026, 1, 1), person=whom, file=kept(paper, cast.dora, cast.delta),
        )  # fmt: skip
    copy = json.loads(enter(cast.hana).post("/me/requests/copy/").content)["about_you"][0]
    assert {row["name"] for row in copy["files"]} == {"own.csv", "alone.csv", "permit.csv"}
    assert all(len(row["sha256"]) == 64 and row["bytes"] for row in copy["files"])
    (permit,) = copy["permits"]
    assert (permit["number"], permit["file"], permit["state"]) == ("P-0", "permit.csv", "stated")
