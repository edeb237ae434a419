"""The logs as anyone reads them: the page, the files, and fetching all of them as a stranger would."""

import pytest

from riverloop.apps.nodes import keys
from riverloop.apps.record.exporting import files_verify, logs_verify
from riverloop.apps.record.fetching import log_fetch
from riverloop.apps.record.models import LogState
from riverloop.apps.record.rounds import logs_round
from riverloop.core.kernel.errors import InputError
from riverloop.core.tlog import tiles_of
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
