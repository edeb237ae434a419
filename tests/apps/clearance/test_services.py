"""The text of the law in use is kept, so that an old decision runs again for ever."""

import hashlib

import pytest

from riverloop.apps.clearance import selectors
from riverloop.apps.clearance.models import PackText
from riverloop.apps.clearance.services import pack_text_store

pytestmark = pytest.mark.django_db


def test_the_same_text_is_stored_once():
    first = pack_text_store(sha256="a" * 64, files={"hk/x.yaml": "measure: 1"})
    second = pack_text_store(sha256="a" * 64, files={"hk/x.yaml": "measure: 1"})
    assert first.stored_at == second.stored_at
    assert PackText.objects.count() == 1


def test_deciding_stores_the_text_that_was_decided_by(client):
    client.post("/decide/", {"flow": "goods", "direction": "cn-hk"})
    packs = selectors.rulebook().packs
    assert PackText.objects.get().sha256 == packs.sha256


def test_the_stored_text_gives_the_hash_it_is_stored_under(client):
    client.post("/decide/", {"flow": "goods", "direction": "cn-hk"})
    stored = PackText.objects.get()
    digest = hashlib.sha256()
    for name in sorted(stored.files):
        digest.update(f"{name}\0{hashlib.sha256(stored.files[name].encode()).hexdigest()}\0".encode())
    assert digest.hexdigest() == stored.sha256


def test_the_stored_text_loads_as_the_same_law(client, tmp_path):
    from riverloop.packs import load_packs

    client.post("/decide/", {"flow": "goods", "direction": "cn-hk"})
    for name, text in PackText.objects.get().files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    again = load_packs(tmp_path)
    assert again.rules.keys() == selectors.rulebook().packs.rules.keys()
    assert [rule.version for rule in again.rules.values()] == [
        rule.version for rule in selectors.rulebook().packs.rules.values()
    ]
