"""A log of a made-up zone, as its side would publish it, and whoever cosigns it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from riverloop.core.tlog import (
    Checkpoint,
    Growth,
    LogError,
    Signer,
    cosign_checkpoint,
    sign_checkpoint,
    vkey_file,
)

COSIGNED_AT = 1_795_305_600  # seconds since 1970: 22 November 2026


@pytest.fixture(scope="session")
def log():
    return Signer("zone.example/east/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture(scope="session")
def other_side():
    return Signer("zone.example/west/log", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))


@pytest.fixture(scope="session")
def signed(log):
    """Sign a tree as the log would."""

    def sign(size, root):
        return sign_checkpoint(Checkpoint(log.name, size, root), log)

    return sign


@pytest.fixture(scope="session")
def published(log, other_side, signed):
    """Publish a log of these entries: every file by its path."""

    def publish(given):
        growth = Growth()
        files = dict(growth.extend(given))
        files.update(growth.partials())
        files["vkey"] = vkey_file(log.log_key)
        note = signed(growth.size, growth.root())
        files["checkpoint"] = cosign_checkpoint(note, log.log_key, other_side, COSIGNED_AT)
        return files

    return publish


@pytest.fixture
def refused():
    """Call what must refuse, and return its error once that proves to be one line that a person can read."""

    def call(function, *arguments, **options):
        with pytest.raises(LogError) as caught:
            function(*arguments, **options)
        line = caught.value.text()  # the template and its parameters fit each other
        assert line.isprintable(), line
        assert len(line) < 600
        assert line.endswith("."), line
        assert caught.value.__cause__ is None
        return caught.value

    return call
