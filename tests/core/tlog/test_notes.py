import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riverloop.core.tlog import (
    Note,
    Signature,
    Signer,
    VerifierKey,
    format_note,
    parse_note,
    parse_vkey,
    read_vkey_file,
    verify_note,
    vkey_file,
)
from riverloop.core.tlog.notes import MOST_NOTE_BYTES

# The example of C2SP signed-note, section "Verifier keys".
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""
ED25519 = 1


@pytest.fixture
def key():
    return parse_vkey(VKEY)


def signer(name, seed=7):
    return Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32))


def signature(by, text):
    return Signature(by.name, by.log_key.id, by.sign(text))


def test_the_example_of_the_specification_verifies(key):
    verified = verify_note(NOTE.encode(), [key])
    assert verified.text == "This is an example message.\n"
    assert list(verified.signed) == [key]
    assert not verified.unknown


def test_a_key_is_written_as_it_was_read(key):
    assert key.line == VKEY
    assert (key.name, key.algorithm, key.id.hex()) == ("example.com/foo", ED25519, "530d903a")
    assert read_vkey_file(vkey_file(key)) == key


def test_a_note_is_written_as_it_was_read():
    assert format_note(parse_note(NOTE.encode())) == NOTE.encode()


def test_one_key_has_another_id_for_cosignatures():
    one = signer("zone.example/log")
    assert one.log_key.public == one.cosigner_key.public
    assert one.log_key.id != one.cosigner_key.id
    assert parse_vkey(one.cosigner_key.line) == one.cosigner_key
    assert "private" not in repr(one)


def test_a_text_may_hold_empty_lines():
    by = signer("zone.example/log")
    text = "first\n\nsecond\n"
    verified = verify_note(format_note(Note(text, (signature(by, text),))), [by.log_key])
    assert verified.text == text


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "tlog.vkey"),
        ("example.com/foo", "tlog.vkey"),
        ("example.com/foo+530d903a", "tlog.vkey"),
        ("example.com/foo+530d903a+", "tlog.vkey"),
        (VKEY + "\n", "tlog.vkey"),
        (VKEY[:-1], "tlog.vkey"),
        (VKEY + "=", "tlog.vkey"),
        (VKEY.replace("530d903a", "log/hk"), "tlog.vkey"),
        (VKEY.replace("kyQR4", "k!QR4"), "tlog.vkey"),
        (VKEY.replace("/foo", "/fop"), "tlog.vkey_id"),
        (VKEY.replace("530d903a", "530D903A"), "tlog.vkey_id"),
        (VKEY.replace("530d903a", "530d903b"), "tlog.vkey_id"),
        (VKEY.replace("530d903a", "0530d903a"), "tlog.vkey_id"),
        (VKEY.replace("AekyeRrm", "AekyeRrn"), "tlog.vkey_id"),
        (VKEY.replace("example.com/foo", "example com"), "tlog.key_name"),
        (VKEY.replace("example.com/foo", "example\u3000com"), "tlog.key_name"),
        (VKEY.replace("example.com/foo", ""), "tlog.key_name"),
        (VKEY.replace("example.com/foo", "e" * 256), "tlog.key_name"),
        (VKEY.replace("+Aek", "+Aem"), "tlog.vkey_id"),
        (VKEY.replace("+Aek", "+Bek"), "tlog.key_algorithm"),
        ("example.com/foo+530d903a+AekyeRrm", "tlog.key_length"),
        ("x" * 3000 + VKEY, "tlog.vkey"),
        (VKEY.replace("example.com/foo", "ключ\ud800"), "tlog.key_name"),
    ],
)
def test_a_key_that_is_not_one_is_refused_with_its_file(line, code, refused):
    error = refused(parse_vkey, line, where="keys/vkey")
    assert (error.code, error.where) == (code, "keys/vkey")


@pytest.mark.parametrize("content", [b"", VKEY.encode(), f"{VKEY}\n\n".encode(), f"{VKEY}\r\n".encode(), b"\xff\n"])
def test_a_file_of_a_key_holds_one_line_and_nothing_else(content, refused):
    assert refused(read_vkey_file, content).where == "vkey"
    assert refused(read_vkey_file, content * 1_000_000).where == "vkey"


LINE = NOTE.splitlines()[-1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "tlog.note"),
        (b"no signature\n", "tlog.note"),
        (NOTE.encode().rstrip(b"\n"), "tlog.note"),
        (NOTE.replace("\n\n", "\n").encode(), "tlog.note"),
        (NOTE.encode() + b"\n", "tlog.note"),
        (NOTE.encode() + b"an afterword\n", "tlog.signature_line"),
        (NOTE.encode() + f"- {LINE[2:]}\n".encode(), "tlog.signature_line"),
        (NOTE.encode() + "— name\n".encode(), "tlog.signature_line"),
        (NOTE.encode() + "— name AAAAAA==\n".encode(), "tlog.signature_line"),
        (NOTE.encode() + "— name AAAAAAA\n".encode(), "tlog.signature_line"),
        (NOTE.encode() + "— name AAAAAAB=\n".encode(), "tlog.signature_line"),
        (NOTE.replace("example.com/foo U", "example.com/foo  U").encode(), "tlog.signature_line"),
        (NOTE.encode() + "— na+me AAAAAAA=\n".encode(), "tlog.key_name"),
        (NOTE.encode() + "—  AAAAAAA=\n".encode(), "tlog.key_name"),
        (NOTE.encode() + "— na\u00a0me AAAAAAA=\n".encode(), "tlog.key_name"),
        (NOTE.encode().replace(b"This", b"This\xff"), "tlog.note_utf8"),
        (NOTE.encode().replace(b"This", b"This\xed\xa0\x80"), "tlog.note_utf8"),
        (NOTE.encode().replace(b"This", b"This\t"), "tlog.note_control"),
        (NOTE.encode().replace(b"\n", b"\r\n"), "tlog.note_control"),
        (NOTE.encode().replace(b"This", b"This\0"), "tlog.note_control"),
        (b"x" * MOST_NOTE_BYTES + NOTE.encode(), "tlog.note_size"),
        (NOTE.encode() + "— n AAAAAAA=\n".encode() * 64, "tlog.note_signatures"),
    ],
)
def test_a_note_that_is_malformed_is_refused_with_its_file(content, code, refused, key):
    error = refused(verify_note, content, [key], where="hk/checkpoint")
    assert (error.code, error.where) == (code, "hk/checkpoint")


def test_a_line_that_is_no_signature_is_named_by_its_number(refused, key):
    assert refused(verify_note, NOTE.encode() + b"afterword\n", [key]).parameters == {"line": 4}


def test_sixteen_signatures_of_the_longest_kind_are_read(key):
    longest = [Signature(f"witness.example/{number}", b"abcd", bytes(5000)) for number in range(15)]
    note = parse_note(NOTE.encode())
    content = format_note(Note(note.text, (*note.signatures, *longest)))
    assert len(verify_note(content, [key]).unknown) == 15


def test_a_signature_by_a_key_that_is_not_known_says_nothing(key):
    text = "This is an example message.\n"
    note = parse_note(NOTE.encode())
    same_name = Signature(key.name, b"\0\0\0\0", bytes(64))
    same_id = Signature("example.com/bar", key.id, bytes(64))
    content = format_note(Note(text, (same_name, *note.signatures, same_id)))
    assert verify_note(content, [key]).unknown == (same_name, same_id)


def test_a_note_that_nobody_known_signed_is_refused_with_both_names(refused, key):
    stranger = signer("stranger.example\u202e")
    text = "This is an example message.\n"
    error = refused(verify_note, format_note(Note(text, (signature(stranger, text),))), [key])
    assert error.code == "tlog.unsigned"
    assert error.parameters["wanted"] == "example.com/foo+530d903a"
    assert error.parameters["found"].startswith("stranger.example?+")
    assert refused(verify_note, NOTE.encode(), []).parameters["wanted"] == "none"


def test_a_wrong_signature_by_a_known_key_is_refused_though_another_holds(refused, key):
    by = signer("zone.example/log")
    note = parse_note(NOTE.encode())
    wrong = Signature(by.name, by.log_key.id, bytes(64))
    for lines in [(wrong, *note.signatures), (*note.signatures, wrong)]:
        content = format_note(Note(note.text, lines))
        assert refused(verify_note, content, [key, by.log_key]).parameters == {"name": by.name}
    short = Signature(by.name, by.log_key.id, b"short")
    assert refused(verify_note, format_note(Note(note.text, (short,))), [by.log_key]).code == "tlog.signature"


def test_a_key_that_signs_twice_is_refused(refused, key):
    note = parse_note(NOTE.encode())
    content = format_note(Note(note.text, note.signatures * 2))
    assert refused(verify_note, content, [key]).code == "tlog.signed_twice"


def test_two_keys_that_nobody_can_tell_apart_are_refused(refused, key, monkeypatch):
    twin = VerifierKey(key.name, ED25519, bytes(32))
    assert verify_note(NOTE.encode(), [key, key, twin]).signed.keys() == {key}
    monkeypatch.setattr(VerifierKey, "id", key.id)
    assert refused(verify_note, NOTE.encode(), [key, twin]).code == "tlog.keys_alike"


def test_a_note_that_others_would_not_read_is_not_written(refused):
    by = signer("zone.example/log")
    assert refused(format_note, Note("text\n", ())).code == "tlog.note_text"
    assert refused(format_note, Note("text", (signature(by, "text"),))).code == "tlog.note_text"
    assert refused(format_note, Note("te\0xt\n", (signature(by, "te\0xt\n"),))).code == "tlog.note_control"
    spaced = signer("zone example")
    assert refused(lambda: spaced.log_key).code == "tlog.key_name"
