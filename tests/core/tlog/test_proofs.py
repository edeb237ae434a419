import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riverloop.core.tlog import (
    EMPTY_ROOT,
    LogError,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from tests.core.tlog.leaves import entries

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "tests/vectors/tlog"
ORIGINALS = ROOT.parent / "shared/vectors/tlog"
MOST = 70


def vectors(kind):
    with (VECTORS / f"{kind}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def content(text):
    return base64.b64decode(text or "", validate=True)


def judge(vector):
    proof = [content(one) for one in vector["proof"] or ()]
    if "leafIdx" in vector:
        leaf, root = content(vector["leafHash"]), content(vector["root"])
        verify_inclusion(leaf=leaf, index=vector["leafIdx"], size=vector["treeSize"], proof=proof, root=root)
    else:
        roots = {"first_root": content(vector["root1"]), "second_root": content(vector["root2"])}
        verify_consistency(first=vector["size1"], second=vector["size2"], proof=proof, **roots)


@pytest.mark.parametrize("vector", vectors("inclusion") + vectors("consistency"), ids=lambda vector: vector["file"])
def test_a_proof_of_others_is_judged_as_they_judge_it(vector, refused):
    if vector["wantErr"]:
        assert refused(judge, vector).code.startswith("tlog.")
    else:
        judge(vector)
    if vector["file"].endswith("happy-path"):
        assert not vector["wantErr"]


def test_the_vectors_hold_good_and_bad_proofs_of_both_kinds():
    counts = {kind: [one["wantErr"] for one in vectors(kind)].count(False) for kind in ("inclusion", "consistency")}
    assert counts == {"inclusion": 6, "consistency": 6}
    assert len(vectors("inclusion") + vectors("consistency")) == 196


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the vectors as published are not beside this checkout")
def test_the_vectors_are_those_that_were_published():
    kept = {one["file"]: one for kind in ("inclusion", "consistency") for one in vectors(kind)}
    published = {
        os.fspath(path.relative_to(ORIGINALS).with_suffix("")): json.loads(path.read_text(encoding="utf-8"))
        for path in ORIGINALS.rglob("*.json")
    }
    assert kept.keys() == published.keys()
    for name, vector in published.items():
        vector.pop("desc", None)
        assert kept[name] == {"file": name, **vector}


def test_every_proof_of_every_size_up_to_seventy_verifies():
    given_entries = entries(MOST)
    tree = Tree(given_entries)
    for size in range(1, MOST + 1):
        root = tree.root(size)
        for index in range(size):
            proof = inclusion_proof(index, size, tree.hash_at)
            verify_inclusion(leaf=leaf_hash(given_entries[index]), index=index, size=size, proof=proof, root=root)
        for first in range(1, size + 1):
            proof = consistency_proof(first, size, tree.hash_at)
            verify_consistency(
                first=first, second=size, first_root=tree.root(first), second_root=root, proof=proof
            )  # fmt: skip
            assert len(proof) <= 2 * size.bit_length()


@st.composite
def inclusions(draw):
    size = draw(st.integers(1, MOST))
    index = draw(st.integers(0, size - 1))
    tree = Tree(entries(size))
    proof = inclusion_proof(index, size, tree.hash_at)
    leaf = leaf_hash(entries(size)[index])
    return {"leaf": leaf, "index": index, "size": size, "proof": proof, "root": tree.root()}


@st.composite
def consistencies(draw):
    second = draw(st.integers(1, MOST))
    first = draw(st.integers(1, second))
    tree = Tree(entries(second))
    proof = consistency_proof(first, second, tree.hash_at)
    roots = {"first_root": tree.root(first), "second_root": tree.root(second)}
    return {"first": first, "second": second, "proof": proof, **roots}


def flipped(content, data):
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    return (int.from_bytes(content, "big") ^ (1 << bit)).to_bytes(len(content), "big")


def changed(given, data):
    """Change one thing of a proof; not the larger size, which the checkpoint binds: a path may fit several sizes."""
    name = data.draw(st.sampled_from(sorted(given.keys() - {"size", "second"})))
    value = given[name]
    if isinstance(value, int):
        other = data.draw(st.integers(-3, 2**64).filter(lambda number: number != value))
    elif isinstance(value, bytes):
        other = data.draw(st.just(flipped(value, data)) | st.just(value[:-1]) | st.just(value + b"\0") | st.just(b""))
    else:
        place = data.draw(st.integers(0, len(value)))
        others = [[*value[:place], value[0] if value else bytes(32), *value[place:]]]
        if place < len(value):
            others += [[*value[:place], *value[place + 1 :]]]
            others += [[*value[:place], flipped(value[place], data), *value[place + 1 :]]]
            others += [[*value[:place], value[place] + b"\0", *value[place + 1 :]]]
        other = data.draw(st.sampled_from(others).filter(lambda one: one != value))
    return {**given, name: other}


@given(inclusions(), st.data())
def test_a_proof_of_inclusion_that_was_changed_anywhere_is_refused(proof, data):
    verify_inclusion(**proof)
    with pytest.raises(LogError):
        verify_inclusion(**changed(proof, data))


@given(consistencies(), st.data())
def test_a_proof_of_consistency_that_was_changed_anywhere_is_refused(proof, data):
    verify_consistency(**proof)
    with pytest.raises(LogError):
        verify_consistency(**changed(proof, data))


def test_a_proof_that_never_ends_is_refused_unread(refused):
    options = {"leaf": bytes(32), "index": 0, "size": 8, "root": bytes(32), "where": "proof.json"}
    error = refused(verify_inclusion, proof=[bytes(32)] * 1_000_000, **options)
    assert (error.code, error.where) == ("tlog.proof_length", "proof.json")


def test_what_has_no_proof_is_refused_in_one_line(refused):
    tree = Tree(entries(5))
    assert refused(inclusion_proof, 5, 5, tree.hash_at).parameters == {"index": 5, "size": 5}
    assert refused(inclusion_proof, 0, 0, tree.hash_at).code == "tlog.index"
    assert refused(consistency_proof, 6, 5, tree.hash_at).code == "tlog.size"


def test_from_the_empty_tree_leads_no_proof_and_none_is_believed(refused):
    tree = Tree(entries(5))
    assert consistency_proof(0, 5, tree.hash_at) == []
    roots = {"first_root": EMPTY_ROOT, "second_root": tree.root()}
    assert refused(verify_consistency, first=0, second=5, proof=[], **roots).code == "tlog.sizes"
