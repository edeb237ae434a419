"""The logs as anyone reads them: the page, the files, and fetching all of them as a stranger would."""

import contextlib
import errno
import fcntl
import socket
from pathlib import Path
from threading import Event, Thread

import pytest
import requests

from riverloop.apps.nodes import keys
from riverloop.apps.record import fetching
from riverloop.apps.record.exporting import files_verify, logs_verify
from riverloop.apps.record.fetching import Fetched, log_fetch
from riverloop.apps.record.folders import reader_of
from riverloop.apps.record.models import LogState
from riverloop.apps.record.rounds import log_publish, logs_round
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.tlog import Checkpoint, Signer, sign_checkpoint, tiles_of, vkey_file
from tests.apps.record.logs import append, folder, grow

pytestmark = pytest.mark.django_db


def test_the_page_says_how_far_each_log_is_and_with_which_keys(client):
    html = client.get("/log/").content.decode()
    assert html.count("Nothing has been signed yet") == 2
    append(1_234)
    append(2, side="cn")
    logs_round()
    html = client.get("/log/").content.decode()
    assert "1,234" in html
    for side in ("hk", "cn"):
        assert keys.log_verifiers(side)[0].line in html
        assert keys.cosigner_verifiers(side)[0].line in html
        assert f"/log/{side}/checkpoint" in html
    LogState.objects.filter(pk="hk").update(
        refusal='{"code":"x","message":"The disk is {what}.","where":"","params":{"what":"full"}}'
    )
    assert "The disk is full." in client.get("/log/").content.decode()


def test_the_page_tells_strangers_nothing_of_where_files_lie(client):
    grow(3)
    kept = '{"code":"x","message":"It is spoilt.","where":"/srv/data/log/hk/checkpoint","params":{}}'
    LogState.objects.filter(pk="hk").update(refusal=kept, mirror_trouble=kept)
    html = client.get("/log/").content.decode()
    assert html.count("It is spoilt.") == 2
    assert "/srv/data" not in html


def test_every_file_of_a_log_is_given_as_the_format_wants_it(client):
    grow(300)
    for path, kind, caching in (
        ("checkpoint", "text/plain; charset=utf-8", "no-cache"),
        ("vkey", "text/plain; charset=utf-8", "no-cache"),
        ("tile/0/000", "application/octet-stream", "public, max-age=31536000, immutable"),
        ("tile/0/001.p/44", "application/octet-stream", "public, max-age=31536000, immutable"),
        ("tile/entries/001.p/44", "application/octet-stream", "public, max-age=31536000, immutable"),
    ):
        answer = client.get(f"/log/hk/{path}")
        assert answer.status_code == 200
        assert (answer["Content-Type"], answer["Cache-Control"]) == (kind, caching)
        assert answer.content == (folder() / path).read_bytes()


def test_the_key_of_who_countersigns_is_given_whether_or_not_it_has_signed_the_newest_checkpoint(
    client, monkeypatch, settings, tmp_path
):
    settings.RIVERLOOP_DATA = tmp_path  # keys that change here are no other test's
    append(3)
    log_publish("hk")
    assert "cosigner" not in (folder() / "checkpoint").read_text()
    line = f"{keys.cosigner_verifiers('cn')[0].line}\n".encode()
    answer = client.get("/log/hk/cosigner_vkey")
    assert (answer.content, answer["Cache-Control"]) == (line, "no-cache")
    grow(1)
    keys.cosigner_key_add("cn")
    assert client.get("/log/hk/cosigner_vkey").content == line, "that of the checkpoint, until there is a newer one"
    grow(1)
    assert client.get("/log/hk/cosigner_vkey").content == f"{keys.cosigner_verifiers('cn')[0].line}\n".encode() != line
    assert 'href="/log/hk/cosigner_vkey"' in client.get("/log/").content.decode()
    assert not (folder() / "cosigner_vkey").exists(), (
        "there it would bind each newer checkpoint, signed by one side yet"
    )

    def unknown(side):
        raise InputError("nodes.unknown", "The node of {side} is not known here.", side=side)

    monkeypatch.setattr(keys, "cosigner_verifiers", unknown)
    assert client.get("/log/hk/cosigner_vkey").status_code == 404


def test_what_is_given_verifies(client):
    grow(300)

    def given(path):
        answer = client.get(f"/log/hk/{path}")
        return answer.content if answer.status_code == 200 else None

    assert files_verify(given).signed.checkpoint.size == 300


@pytest.mark.parametrize(
    "path",
    [
        "hk/", "hk/tile/0/005", "hk/tile/0/000.p/1", "hk/tile/9/000", "hk/tile/../checkpoint", "hk/tile/0/0",
        "hk/tile/0/x00/000", "mo/cosigner_vkey", "hk/cosigner_vkey/", "hk/checkpoint.new", "mo/checkpoint",
        "../keys/hk/log_key",
        "hk/tile/..%2f..%2f..%2fkeys%2fhk%2flog_key", "hk/tile/" + "x" * 500, "hk.lock", "hk%2e%2e/checkpoint",
        "hk/tile/0/%00", "hk/tile/0/000/",
    ],
)  # fmt: skip
def test_nothing_else_is_given_from_the_folder(client, path):
    grow(300)
    assert client.get(f"/log/{path}").status_code in (400, 404)


def test_a_log_is_fetched_from_its_address_and_verifies(live_server, tmp_path):
    grow(300)
    done = log_fetch(f"{live_server.url}/log/hk/", tmp_path / "logs" / "hk")
    assert done == Fetched(300, countersigned=True, verified=False)
    trusted = [keys.log_verifiers("hk")[0]]
    assert log_fetch(f"{live_server.url}/log/hk/", tmp_path / "again", trusted=trusted).size == 300
    signed = logs_verify(tmp_path / "logs")["hk"].signed
    assert (signed.checkpoint.size, list(signed.cosigned)) == (300, [keys.cosigner_verifiers("cn")[0]])
    fetched = {str(path.relative_to(tmp_path / "logs/hk")) for path in (tmp_path / "logs").rglob("*") if path.is_file()}
    assert fetched == {"checkpoint", "vkey", "cosigner_vkey", *(tile.path for tile in tiles_of(300))}
    for address, words in (
        (f"{live_server.url}/log/mo", "could not be fetched"),
        ("file:///etc", "Give the address of a log"),
        ("http://127.0.0.1:9", "could not be fetched"),
        (f"{live_server.url}/log/hk", "exists already"),
    ):
        with pytest.raises(InputError, match=words):
            log_fetch(address, tmp_path / "logs" / "hk" if "already" in words else tmp_path / "other")


class Given:
    """An address at which a stranger gives files, and what was asked for there."""

    def __init__(self, files, monkeypatch):
        self.files, self.asked = files, []
        monkeypatch.setattr(fetching, "_get", lambda *given: self.get(given[-1]))

    def get(self, path):
        self.asked.append(path)
        return self.files.get(path)


def published_by(signer, size, text=None):
    note = sign_checkpoint(Checkpoint(signer.name, size, bytes(32)), signer)
    return {"checkpoint": note if text is None else text, "vkey": vkey_file(signer.log_key)}


def test_a_size_that_nobody_signed_fetches_nothing(tmp_path, monkeypatch):
    signer = keys.log_signer("hk")
    files = published_by(signer, 300)
    given = Given(files | {"checkpoint": files["checkpoint"].replace(b"300", b"9" * 18)}, monkeypatch)
    with pytest.raises(InputError, match="signature"):
        log_fetch("https://x.example/log/hk", tmp_path / "log")
    assert given.asked == ["checkpoint", "vkey", "cosigner_vkey"]
    assert not (tmp_path / "log").exists()


def test_a_log_of_more_entries_than_anybody_wants_is_refused_before_any_tile(tmp_path, monkeypatch):
    given = Given(published_by(keys.log_signer("hk"), 10**15), monkeypatch)
    with pytest.raises(InputError, match="--most 1000000000000000"):
        log_fetch("https://x.example/log/hk", tmp_path / "log")
    assert given.asked == ["checkpoint", "vkey", "cosigner_vkey"]
    with pytest.raises(InputError, match="tile/entries/000: This file of the log is missing"):
        log_fetch("https://x.example/log/hk", tmp_path / "log", most_entries=10**15)


def test_a_log_of_another_key_than_the_trusted_one_is_refused_before_any_tile(tmp_path, monkeypatch):
    signer = keys.log_signer("hk")
    given = Given(published_by(Signer(signer.name, keys.log_signer("cn").private), 300), monkeypatch)
    with pytest.raises(InputError, match=r"The key of the log at this address is .*, and riverloop.zone/hetao/hk\+"):
        log_fetch("https://x.example/log/hk", tmp_path / "log", trusted=[signer.log_key])
    assert given.asked == ["checkpoint", "vkey", "cosigner_vkey"]


# A log that lives while it is fetched, and a fetch that was cut off

HERE = "https://x.example/log/hk"


@pytest.fixture
def served(monkeypatch):
    """Serve the log of Hong Kong as it is at each moment, and count what is asked for."""

    def given(path):
        if path == "cosigner_vkey":
            return vkey_file(keys.cosigner_verifiers("cn")[0])
        return reader_of(folder())(path)

    class Served(Given):
        spoilt, ends_after = {}, None

        def get(self, path):
            super().get(path)
            if self.ends_after is not None and len(self.asked) > self.ends_after:
                raise InputError("x", "cut off")
            content = given(path)
            return self.spoilt.get(path, content)

    return Served({}, monkeypatch)


def files_of(path):
    return {str(one.relative_to(path)) for one in path.rglob("*") if one.is_file()}


def test_a_partial_tile_that_became_full_meanwhile_is_taken_from_the_full_one(served, tmp_path, monkeypatch):
    grow(300)
    kept = served.get

    def grows_meanwhile(path):
        content = kept(path)
        if path == "cosigner_vkey":
            grow(300)
        return content

    monkeypatch.setattr(served, "get", grows_meanwhile)
    assert log_fetch(HERE, tmp_path / "hk").size == 300
    assert "tile/0/001.p/44" in served.asked
    assert "tile/0/001" in served.asked
    assert files_of(tmp_path / "hk") == {"checkpoint", "vkey", "cosigner_vkey", *(one.path for one in tiles_of(300))}
    assert logs_verify(tmp_path)["hk"].signed.checkpoint.size == 300


def test_a_partial_tile_that_became_full_meanwhile_is_taken_over_http_too(live_server, tmp_path, monkeypatch):
    grow(300)
    monkeypatch.setattr(fetching, "_check_free", lambda *_: grow(300) or False)
    note, vkey = (folder() / "checkpoint").read_bytes(), (folder() / "vkey").read_bytes()
    monkeypatch.setattr(fetching, "_needed", lambda _given, _base, path: note if path == "checkpoint" else vkey)
    assert log_fetch(f"{live_server.url}/log/hk", tmp_path / "hk").size == 300
    assert logs_verify(tmp_path)["hk"].signed.checkpoint.size == 300


@pytest.mark.parametrize("grown", [0, 5, 300])
@pytest.mark.parametrize("ends_after", [3, 4, 5, 6])
def test_a_fetch_that_was_cut_off_goes_on_where_it_ended_and_all_of_it_is_verified(served, tmp_path, ends_after, grown):
    grow(300)
    served.ends_after = ends_after
    with pytest.raises(InputError, match="cut off"):
        log_fetch(HERE, tmp_path / "hk")
    assert not (tmp_path / "hk" / "checkpoint").exists()
    had = {one.path for one in tiles_of(300)} & files_of(tmp_path / "hk")
    assert len(had) == ends_after - 3
    if grown:
        grow(grown)
    served.asked, served.ends_after = [], None
    size = 300 + grown
    assert log_fetch(HERE, tmp_path / "hk") == Fetched(size, countersigned=True, verified=True)
    assert not had & set(served.asked), "it is not asked for again"
    assert files_of(tmp_path / "hk") == {"checkpoint", "vkey", "cosigner_vkey", *(one.path for one in tiles_of(size))}
    assert logs_verify(tmp_path)["hk"].signed.checkpoint.size == size
    with pytest.raises(InputError, match="exists already"):
        log_fetch(HERE, tmp_path / "hk")


def cut_off(served, target, after=6):
    grow(300)
    served.ends_after = after
    with pytest.raises(InputError, match="cut off"):
        log_fetch(HERE, target)
    served.asked, served.ends_after = [], None


def test_what_was_spoilt_meanwhile_is_told_before_the_folder_says_that_it_is_whole(served, tmp_path):
    cut_off(served, tmp_path / "hk")
    bundle = tmp_path / "hk" / "tile/entries/000"
    content = bundle.read_bytes()
    bundle.write_bytes(content[:40])  # as a computer leaves it that lost its power: it is fetched again
    (tmp_path / "hk" / "tile/entries/000.new").write_bytes(b"half")
    kept = tmp_path / "hk" / "tile/entries/001.p/44"
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="do not make up one log. .*Leaf 299 is not the one that was signed"):
        log_fetch(HERE, tmp_path / "hk")
    assert bundle.read_bytes() == content
    assert not (tmp_path / "hk" / "checkpoint").exists()
    assert not (tmp_path / "hk" / "tile/entries/000.new").exists()


def test_only_an_unfinished_folder_of_the_same_address_goes_on(served, tmp_path):
    cut_off(served, tmp_path / "hk")
    with pytest.raises(InputError, match="Here the log at https://x.example/log/hk is being fetched"):
        log_fetch("https://other.example/log/hk", tmp_path / "hk")
    (tmp_path / "hk" / "own.txt").write_text("kept")
    with (tmp_path / "hk" / "unfinished").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ConflictError, match="being fetched there already"):
            log_fetch(HERE, tmp_path / "hk")
    log_fetch(HERE, tmp_path / "hk")
    assert (tmp_path / "hk" / "own.txt").read_text() == "kept"
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "own.txt").touch()
    for taken in (tmp_path / "else", tmp_path / "else" / "own.txt"):
        with pytest.raises(InputError, match="exists already"):
            log_fetch(HERE, taken)
    with pytest.raises(InputError, match="could not be written"):
        log_fetch(HERE, tmp_path / "else" / "own.txt" / "below")


def test_a_folder_that_is_being_fetched_does_not_verify(served, tmp_path):
    cut_off(served, tmp_path / "hk")
    with pytest.raises(InputError, match="hk/checkpoint: This file of the log is missing"):
        logs_verify(tmp_path)


def test_a_disk_that_is_full_ends_a_fetch_in_one_line_and_it_goes_on_with_room(served, tmp_path, monkeypatch):
    grow(300)
    real = Path.write_bytes

    def write(path, content):
        if "tile/0" in str(path):
            real(path, content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(InputError, match=r"tile/0/000: This file could not be written .No space left on device"):
        log_fetch(HERE, tmp_path / "hk")
    monkeypatch.setattr(Path, "write_bytes", real)
    assert log_fetch(HERE, tmp_path / "hk").verified
    logs_verify(tmp_path)


def test_a_checkpoint_that_nobody_has_countersigned_yet_comes_without_that_key(served, tmp_path):
    append(3)
    log_publish("hk")
    assert log_fetch(HERE, tmp_path / "hk") == Fetched(3, countersigned=False, verified=False)
    assert files_of(tmp_path / "hk") == {"checkpoint", "vkey", *(one.path for one in tiles_of(3))}
    assert not logs_verify(tmp_path)["hk"].signed.cosigned


def test_a_countersignature_that_does_not_hold_is_refused_before_any_tile(served, tmp_path):
    grow(3)
    note = (folder() / "checkpoint").read_bytes().rstrip()
    served.spoilt = {"checkpoint": note[:-4] + (b"AAA=" if note[-4:] != b"AAA=" else b"BBB=") + b"\n"}
    with pytest.raises(InputError, match="signature"):
        log_fetch(HERE, tmp_path / "hk")
    assert not (tmp_path / "hk").exists()


# A server that takes its time


DRIPPED = {
    "the first line": [b"HTTP/1.1 2"],
    "a header": [b"HTTP/1.1 200 OK\r\n", b"X-Long: "],
    "the body": [b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"],
    "the body in chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n"],
}


@pytest.mark.parametrize("where", DRIPPED)
def test_a_server_that_drips_does_not_hold_a_fetch(monkeypatch, tmp_path, where):
    monkeypatch.setattr(fetching, "FILE_SECONDS", 0.6)
    stopping = Event()

    def drip(listening):
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            connection.sendall(b"".join(DRIPPED[where]))
            for _ in range(1_000):  # far beyond the bound
                if stopping.wait(0.05):
                    break
                connection.sendall(b"0")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        dripping = Thread(target=drip, args=[listening])
        dripping.start()
        try:
            with pytest.raises(InputError, match="did not come within 1 seconds"):
                log_fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/log/hk", tmp_path / "hk")
        finally:
            stopping.set()
            dripping.join()
    assert not (tmp_path / "hk").exists()


def test_a_page_that_says_at_length_that_nothing_is_there_counts_as_nothing(tmp_path):
    def answer(listening):
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2000000\r\n\r\n" + bytes(2_000_000))

    with socket.create_server(("127.0.0.1", 0)) as listening, requests.Session() as session:
        answering = Thread(target=answer, args=[listening])
        answering.start()
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        assert fetching._get(session, base, "tile/0/000.p/1") is None
        answering.join()
