"""What one node shows the other trusts, whole and unchanged, or refuses in one line."""

import json

import pytest
from click.testing import CliRunner

from riverloop.apps.nodes import certificates, keys, trusting
from riverloop.apps.nodes.peers import own_url, peer, peer_file
from riverloop.cli import app
from riverloop.core.kernel.errors import InputError, RiverloopError


def altered(shown, **parts):
    return json.dumps({**json.loads(shown), **parts}).encode()


def test_what_a_node_shows_the_other_knows_it_by(nodes):
    nodes.introduce()
    with nodes.at("hk"):
        known = peer("cn")
        found = keys.verifying_keys("cn"), keys.log_verifiers("cn"), keys.cosigner_verifiers("cn")
    with nodes.at("cn"):
        assert known == trusting.own_peer()
        own = keys.verifying_keys("cn"), keys.log_verifiers("cn"), keys.cosigner_verifiers("cn")
    assert list(found[0]) == list(own[0])
    assert found[1:] == own[1:]


def test_keys_that_were_replaced_are_shown_too(nodes):
    with nodes.at("cn"):
        before = keys.key_id("cn")
        keys.signing_key_add("cn")
    nodes.introduce()
    with nodes.at("hk"):
        assert before in keys.verifying_keys("cn")


def test_a_fingerprint_changes_with_what_is_shown(nodes):
    with nodes.at("cn"):
        one = trusting.own_peer()
        assert trusting.fingerprint_of(one) == trusting.fingerprint_of(trusting.own_peer())
        keys.log_key_add("cn")
        assert trusting.fingerprint_of(one) != trusting.fingerprint_of(trusting.own_peer())


def other_certificate(nodes):
    with nodes.at("cn"):
        certificates.certificate_renew("cn", "127.0.0.1")
        return certificates.certificate_of("cn", "127.0.0.1")


REFUSED = [
    ({"zone": "hengqin"}, "node of zone hengqin, and here is hetao"),
    ({"side": "hk"}, "node of side hk. Trust that of side cn"),
    ({"side": "mo"}, "node of side mo. Trust that of side cn"),
    ({"url": "http://127.0.0.1:1"}, "not what another node showed"),
    ({"url": "https://user@host"}, "not what another node showed"),
    ({"url": "https://host/path"}, "not what another node showed"),
    ({"url": "https://host:99999999"}, "not what another node showed"),
    ({"url": 7}, "not what another node showed"),
    ({"url": "https://[::1"}, "not what another node showed"),
    ({"url": "https://host#part"}, "not what another node showed"),
    ({"certificate": "none"}, "The certificate cannot be read"),
    ({"message_keys": []}, "not what another node showed"),
    ({"message_keys": ["ab"]}, "not what another node showed"),
    ({"message_keys": ["zz" * 32]}, "not what another node showed"),
    ({"message_keys": ["00" * 32] * 65}, "not what another node showed"),
    ({"message_keys": [7]}, "not what another node showed"),
    ({"log_vkeys": ["nothing"]}, "no verifier key"),
    ({"stranger": 1}, "not what another node showed"),
]


@pytest.mark.parametrize(("parts", "line"), REFUSED)
def test_what_is_not_the_other_sides_node_is_refused_in_one_line(nodes, parts, line):
    shown = nodes.shown("cn")
    with nodes.at("hk"):
        with pytest.raises(RiverloopError, match=line) as refused:
            trusting.peer_trust(altered(shown, **parts), where="cn.json")
        assert str(refused.value).startswith("cn.json: ")
        assert not peer_file("cn").exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"\xff", b"{" * 70_000, b"[" * 60_000, b'"x"'])
def test_what_is_no_file_of_a_node_is_refused(nodes, content):
    with nodes.at("hk"), pytest.raises(InputError, match="not what another node showed"):
        trusting.peer_trust(content)


def test_the_log_key_of_another_log_is_refused(nodes):
    with nodes.at("hk"):
        own = [key.line for key in keys.log_verifiers("hk")]
    shown = nodes.shown("cn")
    with nodes.at("hk"), pytest.raises(InputError, match="riverloop.zone/hetao/hk"):
        trusting.peer_trust(altered(shown, log_vkeys=own))


@pytest.mark.parametrize("change", ["certificate", "message_keys", "log_vkeys", "cosigner_vkeys"])
def test_a_changed_key_is_taken_only_when_that_is_said(nodes, change):
    nodes.introduce()
    with nodes.at("cn"):
        add = {
            "message_keys": keys.signing_key_add, "log_vkeys": keys.log_key_add, "cosigner_vkeys": keys.cosigner_key_add
        }  # fmt: skip
        add.get(change, lambda _: other_certificate(nodes))("cn")
    shown = nodes.shown("cn")
    with nodes.at("hk"):
        before = peer("cn")
        with pytest.raises(InputError, match=f"trusted with another {change}"):
            trusting.peer_trust(shown)
        assert peer("cn") == before
        assert trusting.peer_trust(shown, replace=True) == peer("cn")


def test_another_address_alone_may_be_taken_without_saying_more(nodes):
    nodes.introduce()
    shown = altered(nodes.shown("cn"), url="https://node.example:9443")
    with nodes.at("hk"):
        assert trusting.peer_trust(shown).url == "https://node.example:9443"


def test_a_certificate_of_another_host_than_the_address_is_not_shown(nodes):
    nodes.shown("cn")
    nodes.urls["cn"] = "https://node.example:8443"
    with nodes.at("cn"):
        with pytest.raises(InputError, match=r"names 127.0.0.1, and the address is https://node.example:8443"):
            trusting.own_peer()
        renewed = trusting.own_peer(renew=True)
        assert certificates.hosts_named(renewed.certificate) == ["node.example"]


def test_a_node_that_listens_everywhere_must_say_where_it_is_reached(settings):
    settings.RIVERLOOP_PEER_HOST = "0.0.0.0"
    with pytest.raises(InputError, match="RIVERLOOP_PEER_URL"):
        own_url()
    settings.RIVERLOOP_PEER_HOST = "::1"
    assert own_url() == "https://[::1]:8443"


def test_where_both_sides_live_there_is_no_other_node():
    with pytest.raises(InputError, match="Both sides live here"):
        trusting.own_peer()


def test_a_torn_file_of_the_other_node_is_told_in_one_line(nodes):
    nodes.introduce()
    with nodes.at("hk"):
        peer_file("cn").write_text(peer_file("cn").read_text()[:100])
        with pytest.raises(InputError, match="cannot be read. Trust it again"):
            peer("cn")


@pytest.mark.django_db
def test_the_commands_show_and_trust_and_record_that_they_did(nodes, monkeypatch, tmp_path):
    from riverloop.apps.record.selectors import records_of

    monkeypatch.setattr("riverloop.web.server.prepare", lambda **_: None)
    with nodes.at("cn"):
        shown = CliRunner().invoke(app, ["node", "show"])
    file = tmp_path / "cn.json"
    file.write_text(shown.stdout)
    with nodes.at("hk"):
        trusted = CliRunner().invoke(app, ["node", "trust", str(file)])
        assert trusted.exit_code == 0, trusted.output
        assert peer("cn").side == "cn"
    fingerprint = next(line for line in trusted.stdout.splitlines() if line.startswith("Fingerprint"))
    assert fingerprint in shown.stderr
    recorded = json.loads(records_of(side="hk", kind="node.trusted").get().payload)
    assert recorded == {"side": "cn", "sha256": fingerprint.removeprefix("Fingerprint:").replace(" ", "")}
