"""What the other side's node may send: a mirror takes what extends it, refuses the rest in one line, and goes on."""

import json
import random
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import translation

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.calling import PeerError, call
from riverloop.apps.nodes.models import error_kept
from riverloop.apps.record import mirroring, mirrors, restoring
from riverloop.apps.record.evidence import evidence_of
from riverloop.apps.record.mirroring import mirror_push
from riverloop.apps.record.mirrors import mirror_add, mirror_entries, mirror_state
from riverloop.apps.record.models import Evidence, LogState, Mirror, MirrorLeaf
from riverloop.apps.record.publishing import publish
from riverloop.apps.record.rounds import log_round
from riverloop.apps.record.selectors import log_health
from riverloop.apps.record.sequencing import sequence
from riverloop.core.kernel.errors import InputError
from riverloop.core.tlog import Checkpoint, CompactRange, Signer, encode_bundle, open_checkpoint, sign_checkpoint
from riverloop.web.logs import worded
from tests.apps.record.logs import append, folder, grow

pytestmark = pytest.mark.django_db
ENTRIES = [bytes([number]) * 32 for number in range(200)]


def push(entries, *, first=0, signer=None, origin="", shown=None):
    """Send a push of a log with these entries to cn's mirror of hk's log, and return what it answers."""
    signer = signer or keys.log_signer("hk")
    signer = Signer(origin, signer.private) if origin else signer
    note = sign_checkpoint(Checkpoint(signer.name, len(entries), CompactRange.of(entries).root()), signer)
    return send(first, note, encode_bundle(entries[first:] if shown is None else shown))


def send(first, note, content, **head):
    from hashlib import sha256

    told = {"first": first, "note": note.decode(), "sha256": sha256(content).hexdigest(), **head}
    return json.loads(mirror_add("hk", "cn", json.dumps(told).encode() + b"\n" + content))


def held():
    mirror = Mirror.objects.filter(owner_side="cn", of_side="hk").first()
    rows = MirrorLeaf.objects.filter(owner_side="cn", of_side="hk").order_by("index")
    kept = [bytes(row.commitment) for row in rows]
    assert len(kept) == (mirror.size if mirror else 0)
    return kept


def refused(answer, code, words):
    """Insist on a refusal in one line that is kept as evidence, with the mirror as it was."""
    assert "signature" not in answer
    assert words in answer["mistake"]
    assert "\n" not in answer["mistake"]
    found = evidence_of("cn").first()
    assert (found.code, error_kept(found.mistake).text()) == (code, answer["mistake"])
    return found


def test_pushes_that_extend_the_mirror_are_countersigned():
    for size in (1, 100, 100, 200):
        answer = push(ENTRIES[:size], first=len(held()))
        assert answer["next"] == size
        assert answer["signature"].startswith("— riverloop.zone/hetao/cn/cosigner ")
    assert held() == ENTRIES
    mirror = Mirror.objects.get()
    signed = open_checkpoint(mirror.note.encode(), keys.log_verifiers("hk")[0], keys.cosigner_verifiers("cn")[:1])
    assert signed.checkpoint.size == 200
    assert not Evidence.objects.exists()


def test_what_is_sent_twice_does_no_harm_and_a_gap_is_answered_with_what_is_missing():
    assert push(ENTRIES[:50])["next"] == 50
    assert push(ENTRIES[:50])["next"] == 50
    assert push(ENTRIES[:60], first=10)["next"] == 60
    assert push(ENTRIES[:100], first=80) == {"next": 60, "root": CompactRange.of(ENTRIES[:60]).root().hex()}
    assert held() == ENTRIES[:60]
    assert not Evidence.objects.exists()


def test_a_fork_is_refused_and_both_checkpoints_are_kept():
    push(ENTRIES[:100])
    other = [*ENTRIES[:50], b"x" * 32, *ENTRIES[51:]]
    for forked in (other[:150], other[:100], other[:60]):
        found = refused(push(forked, first=min(100, len(forked))), "record.fork", "forked")
        assert found.held_note == Mirror.objects.get().note
        open_checkpoint(found.note.encode(), keys.log_verifiers("hk")[0])
        assert push(forked, first=min(100, len(forked)))["root"] == CompactRange.of(ENTRIES[:100]).root().hex()
    assert held() == ENTRIES[:100]
    assert push(ENTRIES[:120], first=100)["next"] == 120
    assert Evidence.objects.count() == 3


def test_a_stale_checkpoint_is_refused():
    push(ENTRIES[:100])
    refused(push(ENTRIES[:60]), "record.stale", "is of 60 entries, and one of 100 is held")
    refused(push(ENTRIES[:60]), "record.stale", "is of 60 entries")
    assert Evidence.objects.get().times == 2


def test_an_oversized_push_is_refused_unread(monkeypatch):
    answer = json.loads(mirror_add("hk", "cn", b"x" * (mirrors.MOST_PUSH_BYTES + 1)))
    refused(answer, "record.push_size", "Push fewer entries")
    assert held() == []


def test_a_wrong_key_is_refused_and_named():
    stranger = Signer(keys.origin_of("hk"), Ed25519PrivateKey.generate())
    refused(push(ENTRIES[:5], signer=stranger), "record.unknown_key", stranger.log_key.id.hex())


def test_the_log_of_another_zone_or_side_is_refused_by_its_name():
    for origin in ("riverloop.zone/hengqin/hk", "riverloop.zone/hetao/cn"):
        refused(push(ENTRIES[:5], origin=origin), "record.other_log", origin)


@pytest.mark.parametrize("shown", [ENTRIES[:4], ENTRIES[:6], []], ids=["short", "long", "none"])
def test_a_push_that_is_cut_in_the_middle_is_refused(shown):
    refused(push(ENTRIES[:5], shown=shown), "record.push_entries", "does not hold the entries up to 5")
    assert held() == []


def test_a_push_whose_entries_were_changed_on_the_way_is_refused_as_such():
    note = sign_checkpoint(
        Checkpoint(keys.origin_of("hk"), 5, CompactRange.of(ENTRIES[:5]).root()), keys.log_signer("hk")
    )
    refused(send(0, note, encode_bundle(ENTRIES[:5]), sha256="0" * 64), "record.push_cut", "changed on its way")


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"{}\n", b"[]\nx", b'{"first":true,"note":"","sha256":""}\n', b"\xff\n", b'{"first":-1}\n', b"null"],
)
def test_what_is_no_push_is_refused(body):
    refused(json.loads(mirror_add("hk", "cn", body)), "record.push_form", "This is no push")


def test_every_changed_byte_of_a_push_is_refused_or_changes_nothing(fault_count):
    note = sign_checkpoint(
        Checkpoint(keys.origin_of("hk"), 5, CompactRange.of(ENTRIES[:5]).root()), keys.log_signer("hk")
    )
    from hashlib import sha256

    content = encode_bundle(ENTRIES[:5])
    head = json.dumps({"first": 0, "note": note.decode(), "sha256": sha256(content).hexdigest()}).encode()
    whole, chosen = head + b"\n" + content, random.Random(4)
    for _ in range(fault_count(5_000)):
        place = chosen.randrange(len(whole))
        spoilt = bytearray(whole)
        spoilt[place] ^= 1 << chosen.randrange(8)
        answer = json.loads(mirror_add("hk", "cn", bytes(spoilt)))
        assert "signature" not in answer
        assert held() == []


def test_evidence_does_not_fill_the_disk(monkeypatch):
    monkeypatch.setattr("riverloop.apps.record.evidence.MOST_KEPT", 3)
    for number in range(6):
        mirror_add("hk", "cn", b"x" * number)
        push(ENTRIES[: number + 1], origin=f"riverloop.zone/other/{number}")
    assert Evidence.objects.count() == 1 + 3  # of each sort


def test_a_flood_of_nonsense_leaves_room_for_the_proof_of_a_fork(monkeypatch):
    monkeypatch.setattr("riverloop.apps.record.evidence.MOST_KEPT", 3)
    push(ENTRIES[:3])
    for number in range(6):
        mirror_add("hk", "cn", b"x" * number)
        push(ENTRIES[: number + 1], origin=f"riverloop.zone/other/{number}")
    answer = push([b"f" * 32] * 5)
    assert "forked" in answer["mistake"]
    assert evidence_of("cn").filter(code="record.fork").exists()


def test_what_two_threads_keep_at_once_is_kept_once(monkeypatch):
    from riverloop.apps.record import evidence

    written = evidence.error_as_json

    def meanwhile(error):
        monkeypatch.setattr(evidence, "error_as_json", written)
        evidence.evidence_keep("cn", "hk", error, note="x")
        return written(error)

    monkeypatch.setattr(evidence, "error_as_json", meanwhile)
    evidence.evidence_keep("cn", "hk", InputError("record.fork", "It forked."), note="x")
    assert evidence_of("cn").get().code == "record.fork"


def test_evidence_of_a_fork_keeps_the_signature_however_much_stands_before_it():
    push(ENTRIES[:3])
    forked = [b"f" * 32] * 5
    signer = keys.log_signer("hk")
    note = sign_checkpoint(Checkpoint(signer.name, 5, CompactRange.of(forked).root()), signer)
    text, _, line = note.decode().partition("\n\n")
    stuffing = "\u2014 stranger " + b64encode(b"s" * 3_000).decode() + "\n"
    send(0, f"{text}\n\n{stuffing * 10}{line}".encode(), encode_bundle(forked))
    kept = evidence_of("cn").get(code="record.fork")
    assert open_checkpoint(kept.note.encode(), keys.log_verifiers("hk")[0]).checkpoint.size == 5


def test_a_note_with_a_character_that_no_database_keeps_is_refused_in_one_line():
    for letter in ("\0", "\x1b"):
        answer = send(0, f"riverloop.zone/hetao/hk\n{letter}\n\n\u2014 x AAAA\n".encode(), b"")
        refused(answer, "tlog.note_control", "is a control character")


def test_a_mirror_says_what_it_holds_and_gives_it_back():
    assert json.loads(mirror_state("hk", "cn", b"")) == {"next": 0, "note": ""}
    push(ENTRIES[:5])
    told = json.loads(mirror_state("hk", "cn", b""))
    assert (told["next"], told["note"]) == (5, Mirror.objects.get().note)
    assert mirror_entries("hk", "cn", b'{"first":1,"count":3}') == encode_bundle(ENTRIES[1:4])
    for asked in (b'{"first":1,"count":5}', b'{"first":-1,"count":1}', b'{"first":0,"count":0}', b"{}", b"x", b"[]"):
        with pytest.raises(InputError, match="no such entries"):
            mirror_entries("hk", "cn", asked)


# The other way: what a mirror answers.


def answering(monkeypatch, answer):
    monkeypatch.setattr(mirroring, "call", lambda *given: answer(call(*given)))


def test_what_the_mirror_holds_is_remembered_by_its_root(monkeypatch):
    grow(3)
    state = LogState.objects.get(pk="hk")
    assert (state.mirrored_size, bytes(state.mirrored_root)) == (3, bytes(state.published_root))


@pytest.mark.parametrize("size", [3, 2], ids=["of the same size", "shorter"])
def test_a_mirror_that_holds_another_tree_is_refused_and_nothing_more_is_signed(monkeypatch, size):
    grow(3)
    append(1)
    sequence("hk")
    publish("hk")
    other = [*ENTRIES[:size]]
    MirrorLeaf.objects.all().delete()
    Mirror.objects.all().delete()
    push(other)  # as a copy of this log, started anew elsewhere, would have it
    monkeypatch.setattr(mirroring, "evidence_keep", lambda *_, **__: None)
    answering(monkeypatch, lambda _: json.dumps({"next": size, "root": CompactRange.of(other).root().hex()}).encode())
    mirror_push("hk")
    assert f"The first {size} entries of the log of Hong Kong are not those" in log_health("hk").mirror_trouble
    monkeypatch.undo()
    append(1)
    log_round("hk")
    assert "contradicts what its log signed" in log_health("hk").refuses_to_sign
    assert log_health("hk").pending == 1


def test_a_log_that_is_not_the_one_that_the_mirror_took_pushes_nothing(monkeypatch):
    grow(3)
    LogState.objects.filter(pk="hk").update(mirrored_root=b"x" * 32)
    called = []
    answering(monkeypatch, lambda content: called.append(content) or content)
    append(1)
    sequence("hk")
    publish("hk")
    mirror_push("hk")
    assert called == []
    assert "are not those that the mirror at the mainland holds" in log_health("hk").mirror_trouble


def test_a_mirror_of_an_older_version_says_no_root(monkeypatch):
    def older(content):
        told = json.loads(content)
        del told["root"]
        return json.dumps(told).encode()

    answering(monkeypatch, older)
    grow(3, 2)
    assert log_health("hk").countersigned == 5


def test_a_bad_cosignature_is_refused_and_kept_and_the_log_goes_on(monkeypatch):
    def forge(content):
        told = json.loads(content)
        told["signature"] = told["signature"][:-6] + ("AAA=" if told["signature"][-6:] != "AAA=\n" else "BBB=") + "\n"
        return json.dumps(told).encode()

    answering(monkeypatch, forge)
    grow(3)
    assert log_health("hk").countersigned == 0
    assert log_health("hk").published == 3
    assert "is not its signature" in log_health("hk").mirror_trouble
    assert evidence_of("hk").get().code == "record.bad_cosignature"
    monkeypatch.undo()
    log_round("hk")
    assert log_health("hk").countersigned == 3


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"next":"x"}',
        b"\xff",
        b"x" * 20_000,
        b'{"next":1e400}',
        b'{"next":-1}',
        b'{"next":3,"root":7}',
        b'{"next":3,"root":"x"}',
    ],
)
def test_an_answer_that_is_none_is_said_in_one_line(monkeypatch, answer):
    answering(monkeypatch, lambda _: answer)
    grow(3)
    health = log_health("hk")
    assert (health.published, health.countersigned) == (3, 0)
    assert "Look after the node of the mainland" in health.mirror_trouble
    assert "\n" not in health.mirror_trouble


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b'{"next":3,"signature":"\\ud800"}', "did not countersign 3 entries"),
        (b'{"next":3,"signature":"\\u2014 x AAAAAAAA\\u0000\\n"}', "is not its signature"),
        (b'{"next":0,"mistake":"\\ud800No.\\u0000\\u001b[31m"}', "refuses this log: No.[31m"),
    ],
)
def test_words_that_no_database_keeps_are_told_in_one_line(monkeypatch, answer, line):
    answering(monkeypatch, lambda _: answer)
    grow(3)
    assert line in log_health("hk").mirror_trouble


def test_what_was_countersigned_stays_so_while_a_restored_mirror_catches_up(monkeypatch):
    grow(300)
    from riverloop.apps.record.models import MirrorLeaf

    MirrorLeaf.objects.all().delete()
    Mirror.objects.all().update(size=0, range=b"", note="")
    monkeypatch.setattr(mirroring, "PUSH_ENTRIES", 100)
    append(1)
    sequence("hk")
    publish("hk")
    mirror_push("hk", most_steps=2)
    state = LogState.objects.get(pk="hk")
    assert (state.mirrored_size, state.cosigned_size) == (100, 300)
    mirror_push("hk")
    assert log_health("hk").countersigned == 301


def test_a_refusal_is_shown_in_the_mirrors_own_words(monkeypatch):
    answering(monkeypatch, lambda _: b'{"next":0,"mistake":"I do not like it."}')
    grow(3)
    assert log_health("hk").mirror_trouble == "The mirror at the mainland refuses this log: I do not like it."
    assert log_health("hk").mirror_trouble_since is not None


def test_a_refusal_on_one_computer_is_read_in_the_readers_language(monkeypatch):
    answering(monkeypatch, lambda _: mirror_add("hk", "cn", b"x" * (mirrors.MOST_PUSH_BYTES + 1)))
    grow(3)
    assert "The mirror at the mainland refuses this log: " in log_health("hk").mirror_trouble
    assert "Push fewer entries" in log_health("hk").mirror_trouble
    with translation.override("zh-hans"):
        said = log_health("hk").mirror_trouble
    assert said.startswith("内地一方的镜像副本拒收该日志：")
    assert "Push" not in said


def test_why_a_mirror_could_not_be_asked_is_read_in_the_readers_language(monkeypatch):
    def silent(*_):
        raise PeerError("nodes.silent", "The node of {side} does not answer.", side="cn")

    monkeypatch.setattr(restoring, "call", silent)
    restoring.ask_again()
    append(1)
    log_round("hk")
    assert "cannot fork. The node of the mainland does not answer. What" in log_health("hk").refuses_to_sign
    with translation.override("zh-hant"):
        said = log_health("hk").refuses_to_sign
    assert "內地一方的節點沒有回應。" in said
    assert "node" not in said


def test_a_link_that_is_cut_loses_nothing(monkeypatch):
    def cut(content):
        raise PeerError("nodes.no_link", "The link is down.")

    answering(monkeypatch, cut)  # after the mirror took it: the answer is lost
    grow(3, 4)
    assert LogState.objects.get(pk="hk").mirrored_size == 0
    assert len(held()) == 7
    monkeypatch.undo()
    assert mirror_push("hk") == 7
    append(1)
    log_round("hk")
    assert log_health("hk").countersigned == 8
    assert (folder() / "checkpoint").read_text() == LogState.objects.get(pk="hk").cosigned_note


FORK = {
    "code": "record.fork",
    "message": "{of_side.__class__} Chan Tai Man",
    "params": {"of_side": "hk", "size": 9, "held": 7},
}


def refused_with(monkeypatch, written, words="The log of hk forked, says Chan Tai Man."):
    """Return the line of the program's log, code and page's words when a node across a link refuses so."""
    monkeypatch.setattr(mirroring, "hosts", lambda _: False)
    said = []
    monkeypatch.setattr(mirroring._logger, "warning", lambda _, **told: said.append(worded(told["why"])))
    answering(monkeypatch, lambda _: json.dumps({"next": 0, "mistake": words, "error": json.dumps(written)}).encode())
    grow(3)
    (line,) = said
    return line, log_health("hk").mirror_code, log_health("hk").mirror_trouble


def test_the_log_says_why_a_mirror_at_another_node_refuses_in_words_known_here(monkeypatch):
    line, code, page = refused_with(monkeypatch, FORK)
    assert line.startswith(
        "The mirror at cn refuses this log: The log of hk forked: its checkpoint of 9 entries is not"
    )
    assert "Chan" not in line + page
    assert code == "record.fork"
    assert page.startswith("The mirror at the mainland refuses this log: The log of Hong Kong forked")
    with translation.override("zh-hans"):
        assert "forked" not in log_health("hk").mirror_trouble


@pytest.mark.parametrize(
    "written",
    [
        FORK | {"params": {"of_side": "hk"}},
        FORK | {"params": {"of_side": ["hk"], "size": 9, "held": 7}},
        FORK | {"params": {"of_side": "x" * 300, "size": 9, "held": 7}},
        FORK | {"params": 7},
    ],
)
def test_a_reason_of_another_form_is_told_by_its_code_in_the_log_and_in_the_nodes_words_on_the_page(
    monkeypatch, written
):
    line, code, page = refused_with(monkeypatch, written)
    assert line == "The mirror at cn refuses this log: record.fork: …"
    assert (code, "says Chan Tai Man" in page) == ("record.fork", True)


@pytest.mark.parametrize("written", [None, [], {"code": "Chan Tai Man"}, {"code": 7}, {}])
def test_a_refusal_without_a_code_is_told_as_before(monkeypatch, written):
    line, code, page = refused_with(monkeypatch, written)
    assert (line, code) == ("The mirror at cn refuses this log: …", "record.mirror_refused")
    assert "says Chan Tai Man" in page


REPLACE = "riverloop node trust FILE --replace"


def test_a_log_whose_key_was_replaced_is_named_once_until_the_new_one_is_trusted(
    monkeypatch, caplog, settings, tmp_path
):
    settings.RIVERLOOP_DATA = tmp_path  # with keys of its own
    grow(3)
    trusted = keys.log_verifiers("hk")
    keys.log_key_add("hk")
    real = mirrors._opened

    def opened_by_the_old(note, side):
        with pytest.MonkeyPatch.context() as there:
            there.setattr(mirrors.keys, "log_verifiers", lambda _: trusted)
            return real(note, side)

    monkeypatch.setattr(mirrors, "_opened", opened_by_the_old)
    for _ in range(5):
        grow(1)
    assert log_health("hk").mirror_code == "record.unknown_key"
    (kept,) = Evidence.objects.all()
    assert (kept.code, kept.times, REPLACE in kept.text()) == ("record.unknown_key", 5, True)
    assert caplog.text.count("something of the other side's log was refused") == 1
    monkeypatch.undo()  # it is trusted now
    log_round("hk")
    assert (log_health("hk").mirror_code, log_health("hk").countersigned) == ("", 8)


def test_a_cosigner_whose_key_was_replaced_is_named_once_until_the_new_one_is_trusted(
    monkeypatch, caplog, settings, tmp_path
):
    settings.RIVERLOOP_DATA = tmp_path  # with keys of its own
    grow(3)
    trusted = keys.cosigner_verifiers("cn")
    keys.cosigner_key_add("cn")
    monkeypatch.setattr(mirroring.keys, "cosigner_verifiers", lambda _: trusted)
    for _ in range(5):
        grow(1)
    assert (log_health("hk").mirror_code, log_health("hk").countersigned) == ("record.unknown_cosigner", 3)
    (kept,) = Evidence.objects.all()
    assert (kept.code, kept.times, REPLACE in kept.text()) == ("record.unknown_cosigner", 5, True)
    assert caplog.text.count("something of the other side's log was refused") == 1
    monkeypatch.undo()
    log_round("hk")
    assert (log_health("hk").mirror_code, log_health("hk").countersigned) == ("", 8)
