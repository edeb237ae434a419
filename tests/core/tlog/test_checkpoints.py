import base64

import pytest

from riverloop.core.tlog import (
    EMPTY_ROOT,
    Checkpoint,
    Note,
    Signature,
    cosign_checkpoint,
    format_note,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    sign_checkpoint,
)
from riverloop.core.tlog.cosignatures import cosigned_message, unpack_cosignature

# The example of C2SP tlog-checkpoint, and the message of tlog-cosignature under it.
TEXT = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
AT = 1_679_315_147


@pytest.fixture
def note(signed):
    return signed(3, bytes(range(32)))


def test_the_example_of_the_specification_is_read_and_written_alike():
    checkpoint = parse_checkpoint(TEXT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root == base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert checkpoint.text == TEXT
    assert parse_checkpoint(TEXT + "more\n").extensions == ("more",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "tlog.checkpoint"),
        (TEXT[:-1], "tlog.checkpoint"),
        (TEXT + "\n", "tlog.checkpoint"),
        (TEXT + "\nmore\n", "tlog.checkpoint"),
        ("\n" + TEXT, "tlog.checkpoint"),
        ("\n".join(TEXT.split("\n")[:2]) + "\n", "tlog.checkpoint"),
        (TEXT.replace("20852163", "020852163"), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "-1"), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "+1"), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "1_000"), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "٣"), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "9223372036854775808"), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "9" * 5000), "tlog.checkpoint_size"),
        (TEXT.replace("20852163", "0"), "tlog.checkpoint_root"),
        (TEXT.replace("q2I=", "q2J="), "tlog.checkpoint_root"),
        (TEXT.replace("q2I=", ""), "tlog.checkpoint_root"),
        (TEXT.replace("q2I=", "q2I= "), "tlog.checkpoint_root"),
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text, code, refused):
    assert refused(parse_checkpoint, text, where="checkpoint").code == code


def test_a_checkpoint_is_signed_and_opened(log, note):
    opened = open_checkpoint(note, log.log_key)
    assert opened.checkpoint == Checkpoint(log.name, 3, bytes(range(32)))
    assert (opened.note, opened.cosigned, opened.unknown) == (note, {}, ())


def test_the_other_side_cosigns_at_its_own_time(log, other_side, note):
    cosigned = cosign_checkpoint(note, log.log_key, other_side, AT)
    assert cosigned.startswith(note)
    opened = open_checkpoint(cosigned, log.log_key, [other_side.cosigner_key], only_known=True)
    assert opened.cosigned == {other_side.cosigner_key: AT}
    message = f"cosignature/v1\ntime {AT}\n{opened.checkpoint.text}"
    at, signature = unpack_cosignature(parse_note(cosigned).signatures[1].payload)
    other_side.private.public_key().verify(signature, message.encode())
    assert at == AT


def test_a_later_cosignature_replaces_an_earlier_one(log, other_side, note):
    twice = cosign_checkpoint(
        cosign_checkpoint(note, log.log_key, other_side, AT), log.log_key, other_side, AT + 9
    )  # fmt: skip
    opened = open_checkpoint(twice, log.log_key, [other_side.cosigner_key])
    assert opened.cosigned == {other_side.cosigner_key: AT + 9}
    assert len(parse_note(twice).signatures) == 2


def test_the_time_of_a_cosignature_is_signed_with_it(log, other_side, note, refused):
    parsed = parse_note(cosign_checkpoint(note, log.log_key, other_side, AT))
    own, other = parsed.signatures
    moved = Signature(other.name, other.key_id, (AT + 1).to_bytes(8, "big") + other.payload[8:])
    content = format_note(Note(parsed.text, (own, moved)))
    assert refused(open_checkpoint, content, log.log_key, [other_side.cosigner_key]).code == "tlog.signature"


def test_a_cosignature_that_must_be_there_is_missed(log, other_side, note, refused):
    error = refused(open_checkpoint, note, log.log_key, [other_side.cosigner_key], where="east/checkpoint")
    assert error.code == "tlog.not_signed_by"
    assert error.parameters["name"] == other_side.name
    assert error.where == "east/checkpoint"


def test_a_cosignature_of_a_time_to_come_is_refused_where_a_clock_is_given(log, other_side, note, refused):
    content = cosign_checkpoint(note, log.log_key, other_side, AT)
    options = {"log_key": log.log_key, "cosigners": [other_side.cosigner_key]}
    assert open_checkpoint(content, **options, latest_seconds=AT).cosigned
    assert refused(open_checkpoint, content, **options, latest_seconds=AT - 1).code == "tlog.future"


def test_a_time_that_the_format_cannot_hold_is_refused(log, other_side, note, refused):
    for seconds in (-1, 2**63):
        assert refused(cosign_checkpoint, note, log.log_key, other_side, seconds).code == "tlog.time"
    assert unpack_cosignature(b"\xff" * 72) is None
    assert unpack_cosignature(bytes(71)) is None
    assert cosigned_message(TEXT, 0).startswith(b"cosignature/v1\ntime 0\nexample.com")


def test_a_signature_of_a_log_is_no_cosignature(log, other_side, note, refused):
    parsed = parse_note(note)
    key = other_side.log_key
    content = format_note(Note(parsed.text, (*parsed.signatures, Signature(key.name, key.id, other_side.sign(TEXT)))))
    assert refused(open_checkpoint, content, log.log_key, [other_side.cosigner_key]).code == "tlog.not_signed_by"
    under = Signature(key.name, key.id, other_side.sign(parsed.text))
    content = format_note(Note(parsed.text, (*parsed.signatures, under)))
    assert refused(open_checkpoint, content, log.log_key, [key]).code == "tlog.no_time"


def test_strangers_signatures_are_ignored_unless_only_known_ones_may_be_there(log, other_side, note, refused):
    content = cosign_checkpoint(note, log.log_key, other_side, AT)
    assert [one.name for one in open_checkpoint(content, log.log_key).unknown] == [other_side.name]
    assert refused(open_checkpoint, content, log.log_key, only_known=True).code == "tlog.signed_by_stranger"


def test_a_checkpoint_of_another_log_is_neither_signed_nor_believed(log, other_side, refused):
    other = Checkpoint(other_side.name, 0, EMPTY_ROOT)
    assert refused(sign_checkpoint, other, log).code == "tlog.origin"
    forged = format_note(Note(other.text, (Signature(log.name, log.log_key.id, log.sign(other.text)),)))
    assert refused(open_checkpoint, forged, log.log_key).code == "tlog.origin"
    assert refused(open_checkpoint, sign_checkpoint(other, other_side), log.log_key).code == "tlog.unsigned"


def test_what_is_no_checkpoint_is_not_signed(log, refused):
    assert refused(sign_checkpoint, Checkpoint(log.name, 1, b"short"), log).code == "tlog.checkpoint_root"
    assert refused(sign_checkpoint, Checkpoint(log.name, -1, bytes(32)), log).code == "tlog.checkpoint_size"
    assert refused(sign_checkpoint, Checkpoint(log.name, 1, bytes(32), ("",)), log).code == "tlog.checkpoint"
    two_lines = Checkpoint(log.name, 1, bytes(32), ("one\n\ntwo",))
    assert refused(sign_checkpoint, two_lines, log).code == "tlog.checkpoint"
