"""An auditor opens a movement and gets a proof of each of its steps; nobody outside a side links two entries."""

import ast
import hashlib
import itertools
import json
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from riverloop.apps import clearance
from riverloop.apps.clearance.models import Item, Movement
from riverloop.apps.clearance.record_words import RECORD_WORDS
from riverloop.apps.clearance.services import movement_withdraw
from riverloop.apps.desk.words import STEP_WORDS
from riverloop.apps.nodes import keys
from riverloop.apps.notices.messages import SENT
from riverloop.apps.record.commitments import commitment_of
from riverloop.apps.record.models import Evidence, Leaf, Mirror, MirrorLeaf
from riverloop.apps.record.proofs import check_proof
from riverloop.apps.record.rounds import logs_round
from riverloop.core.kernel.canonical import canonical_json
from tests.apps.clearance.filing import file_goods, file_person

pytestmark = pytest.mark.django_db


def proofs_on(html):
    return re.findall(r'href="(/movements/\w+/proof/\d+\.json)"', html)


def test_an_auditor_gets_a_proof_of_every_step_that_verifies(cast, enter):
    own = file_goods(cast)
    html = enter(cast.ada).get(f"/movements/{own.id}/proof/").content.decode()
    assert "Recorded, proof pending" in html
    assert "movement.declared" in html
    assert not proofs_on(html)
    logs_round()
    client = enter(cast.ada)
    assert f"/movements/{own.id}/proof/" in client.get(f"/movements/{own.id}/").content.decode()
    html = client.get(f"/movements/{own.id}/proof/").content.decode()
    assert "Recorded and countersigned" in html
    found = proofs_on(html)
    assert len(found) >= Leaf.objects.filter(owner_side="hk", subject=own.id).count() >= 2
    kinds = set()
    for address in found:
        proof = json.loads(client.get(address).content)
        done = check_proof(proof, log_key=keys.log_verifiers("hk")[0])
        assert done.opened
        assert len(done.signed.cosigned) == 1
        kinds.add(proof["kind"])
    assert {"movement.declared", "movement.decided"} <= kinds


def test_each_step_is_told_in_the_readers_words_beside_its_code(cast, enter):
    own = file_goods(cast)
    client = enter(cast.ada)
    for language, words in (("en", "Filed"), ("zh-hant", "已申報"), ("zh-hans", "已申报")):
        client.cookies["language"] = language
        html = client.get(f"/movements/{own.id}/proof/").content.decode()
        assert f'<strong>{words}</strong> <span class="code small">movement.declared</span>' in html


def kinds_in(path):
    """Yield the kinds that a module records: a keyword of record_append, or the first of a tuple for records_append."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        kind = None
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record_append":
            kind = next(one.value for one in node.keywords if one.arg == "kind")
        elif (
            isinstance(node, ast.Tuple)
            and len(node.elts) in (2, 3)
            and isinstance(node.elts[1], ast.Dict | ast.Call | ast.Name)
        ):
            kind = node.elts[0]
        if isinstance(kind, ast.Constant) and re.fullmatch(r"[a-z]+\.[a-z_]+", str(kind.value)):
            yield kind.value


def test_every_kind_of_record_about_a_movement_has_words():
    kinds = {kind for path in Path(clearance.__file__).parent.rglob("*.py") for kind in kinds_in(path)}
    assert {"movement.declared", "movement.decided", "movement.crossed", "question.answered"} <= kinds
    kinds |= {f"matter.{act}" for act in STEP_WORDS} | {f"obligation.{act}" for act in ("set", "done", "undone")}
    assert kinds | {SENT, "file.stored", "permit.drawn", "permit.released"} == set(RECORD_WORDS)


def test_only_auditors_of_the_side_see_proofs(cast, enter):
    own = file_goods(cast)
    logs_round()
    index = Leaf.objects.filter(owner_side="hk", subject=own.id).first().index
    for user in (cast.dora, cast.oscar, cast.hana, cast.amy):
        client = enter(user)
        assert client.get(f"/movements/{own.id}/proof/").status_code in (403, 404)
        assert client.get(f"/movements/{own.id}/proof/{index}.json").status_code in (403, 404)
    other = Movement.objects.get(ref=own.ref, owner_side="cn")
    assert enter(cast.ada).get(f"/movements/{other.id}/proof/").status_code == 404


def test_a_proof_of_something_else_is_not_given_on_a_movements_page(cast, enter):
    own, other = file_goods(cast), file_goods(cast)
    logs_round()
    index = Leaf.objects.filter(owner_side="hk", subject=other.id).first().index
    client = enter(cast.ada)
    assert client.get(f"/movements/{own.id}/proof/{index}.json").status_code == 404
    assert client.get(f"/movements/{own.id}/proof/999999.json").status_code == 404


def published():
    """Return every byte that somebody outside a side can get: the folders, the mirrors' rows, and evidence."""
    files = {str(path): path.read_bytes() for path in (settings.RIVERLOOP_DATA / "log").rglob("*") if path.is_file()}
    rows = {f"mirror {row.pk}": bytes(row.commitment) for row in MirrorLeaf.objects.all()}
    notes = {f"note {row.pk}": row.note.encode() for row in (*Mirror.objects.all(), *Evidence.objects.all())}
    return files | rows | notes


def every_id():
    """Return every id that any row bears: what somebody might guess with, who knows far too much."""
    ids = set()
    for model in apps.get_models():
        if model.__module__.startswith("riverloop"):
            for row in model.objects.all()[:500]:
                ids |= {
                    str(getattr(row, field.attname)) for field in model._meta.concrete_fields if field.max_length == 26
                }
    return {one for one in ids if len(one) == 26}


def test_nobody_outside_a_side_links_two_entries_of_one_person(cast):
    own = [file_person(cast), file_person(cast), file_person(cast)]
    movement_withdraw(by=cast.dora, movement=own[0])
    logs_round()
    person = Item.objects.get(movement=own[0]).person
    leaves = list(Leaf.objects.filter(owner_side="hk").order_by("index"))
    about = [leaf for leaf in leaves if leaf.subject in {one.id for one in own}]
    assert len({leaf.subject for leaf in about}) == 3
    assert len(about) >= 6

    # What is published is 32 bytes an entry, and no salt, id, payload or kind is anywhere in it.
    everything = published()
    whole = b"\n".join(everything.values())
    for leaf in Leaf.objects.all():
        assert bytes(leaf.salt) not in whole
        assert bytes(leaf.salt).hex().encode() not in whole
        assert leaf.payload.encode() not in whole
        assert leaf.kind.encode() not in whole
    ids = every_id()
    assert {person.id, own[0].id, own[0].ref, cast.dora.id} <= ids
    for one in ids:
        assert one.encode() not in whole

    # No two entries have bytes in common, beyond what chance gives random ones: not even four in the same place.
    commitments = [bytes(leaf.commitment) for leaf in Leaf.objects.all()]
    assert len(set(commitments)) == len(commitments)
    for one, other in itertools.combinations(commitments, 2):
        assert not any(one[at : at + 6] in other for at in range(27))

    # Whoever guesses what was recorded, even word by word, finds no entry by it without the salt.
    guesses = {canonical_json({"movement": one}) for one in ids} | {leaf.payload.encode() for leaf in leaves}
    guesses |= {one.encode() for one in ids}
    salts = [b"", bytes(32), *(hashlib.sha256(one.encode()).digest() for one in ids)]
    tried = {commitment_of(guess, salt) for guess in guesses for salt in salts[:40]}
    assert not tried & set(commitments)

    # Order tells order and nothing else: an entry depends on no other, so each is as random as its salt.
    for leaf in leaves:
        assert bytes(leaf.commitment) == commitment_of(leaf.payload.encode(), bytes(leaf.salt))
    assert len({bytes(leaf.salt) for leaf in leaves}) == len(leaves)
