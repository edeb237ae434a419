"""The logs as anyone reads them: the page, the files, and fetching all of them as a stranger would."""

import pytest

from riverloop.apps.nodes import keys
from riverloop.apps.record import fetching
from riverloop.apps.record.exporting import files_verify, logs_verify
from riverloop.apps.record.fetching import log_fetch
from riverloop.apps.record.models import LogState
from riverloop.apps.record.rounds import logs_round
from riverloop.core.kernel.errors import InputError
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
        "hk/tile/0/x00/000", "hk/cosigner_vkey", "hk/checkpoint.new", "mo/checkpoint", "../keys/hk/log_key",
        "hk/tile/..%2f..%2f..%2fkeys%2fhk%2flog_key", "hk/tile/" + "x" * 500, "hk.lock", "hk%2e%2e/checkpoint",
        "hk/tile/0/%00", "hk/tile/0/000/",
    ],
)  # fmt: skip
def test_nothing_else_is_given_from_the_folder(client, path):
    grow(300)
    assert client.get(f"/log/{path}").status_code in (400, 404)


def test_a_log_is_fetched_from_its_address_and_verifies(live_server, tmp_path):
    grow(300)
    size = log_fetch(f"{live_server.url}/log/hk/", tmp_path / "logs" / "hk")
    assert size == 300
    trusted = [keys.log_verifiers("hk")[0]]
    assert log_fetch(f"{live_server.url}/log/hk/", tmp_path / "again", trusted=trusted) == 300
    assert logs_verify(tmp_path / "logs")["hk"].signed.checkpoint.size == 300
    fetched = {str(path.relative_to(tmp_path / "logs/hk")) for path in (tmp_path / "logs").rglob("*") if path.is_file()}
    assert fetched == {"checkpoint", "vkey", *(tile.path for tile in tiles_of(300))}
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
        return self.files[path]


def published_by(signer, size, text=None):
    note = sign_checkpoint(Checkpoint(signer.name, size, bytes(32)), signer)
    return {"checkpoint": note if text is None else text, "vkey": vkey_file(signer.log_key)}


def test_a_size_that_nobody_signed_fetches_nothing(tmp_path, monkeypatch):
    signer = keys.log_signer("hk")
    files = published_by(signer, 300)
    given = Given(files | {"checkpoint": files["checkpoint"].replace(b"300", b"9" * 18)}, monkeypatch)
    with pytest.raises(InputError, match="signature"):
        log_fetch("https://x.example/log/hk", tmp_path / "log")
    assert given.asked == ["checkpoint", "vkey"]
    assert not (tmp_path / "log").exists()


def test_a_log_of_more_entries_than_anybody_wants_is_refused_before_any_tile(tmp_path, monkeypatch):
    given = Given(published_by(keys.log_signer("hk"), 10**15), monkeypatch)
    with pytest.raises(InputError, match="--most 1000000000000000"):
        log_fetch("https://x.example/log/hk", tmp_path / "log")
    assert given.asked == ["checkpoint", "vkey"]
    with pytest.raises(KeyError):
        log_fetch("https://x.example/log/hk", tmp_path / "log", most_entries=10**15)


def test_a_log_of_another_key_than_the_trusted_one_is_refused_before_any_tile(tmp_path, monkeypatch):
    signer = keys.log_signer("hk")
    given = Given(published_by(Signer(signer.name, keys.log_signer("cn").private), 300), monkeypatch)
    with pytest.raises(InputError, match=r"The key of the log at this address is .*, and riverloop.zone/hetao/hk\+"):
        log_fetch("https://x.example/log/hk", tmp_path / "log", trusted=[signer.log_key])
    assert given.asked == ["checkpoint", "vkey"]
