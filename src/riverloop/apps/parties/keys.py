"""Keys of a side: identity numbers are sealed with one and found by another; a third signs what the side tells.

They lie in the data folder, one folder a side, readable by its owner alone. The file of sealing keys holds one a
line, newest first: the first seals, every one opens, so a key is rotated by putting a new one on top. Of signing keys
only the newest is kept; of those that it replaced, the public half, so that what they signed can still be verified.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

_SEALING = "sealing_keys"
_FINDING = "finding_key"
_SIGNING = "signing_key"
_RETIRED = "retired_verifying_keys"  # one a line, in hexadecimal
_KEY_ID_LENGTH = 16


def seal(side: str, text: str) -> bytes:
    """Encrypt a text with the side's newest sealing key."""
    return _sealer(side).encrypt(text.encode())


def unseal(side: str, sealed: bytes | memoryview) -> str:
    """Decrypt what a sealing key of the side sealed.

    Raises:
        cryptography.fernet.InvalidToken: no key of this side sealed it, or it was changed since.
    """
    return _sealer(side).decrypt(bytes(sealed)).decode()


def reseal(side: str, sealed: bytes | memoryview) -> bytes:
    """Seal again with the newest key what an older one sealed."""
    return _sealer(side).rotate(bytes(sealed))


def finding_index(side: str, kind: str, number: str) -> bytes:
    """Return the 32 bytes by which a number is found without being opened.

    A plain hash would fall to trying every number there is; this one needs the side's finding key.

    Args:
        side: whose number it is.
        kind: what kind of document, so that equal numbers of two kinds differ.
        number: in its one written form.
    """
    key = bytes.fromhex(_read(side, _FINDING, secrets.token_bytes(32).hex()))
    return hmac.digest(key, f"{kind}\0{number}".encode(), hashlib.sha256)


def sealing_key_add(side: str) -> None:
    """Put a new sealing key on top; older ones keep opening what they sealed."""
    with _alone(side):
        held = _read(side, _SEALING, Fernet.generate_key().decode())
        _write(_folder(side) / _SEALING, f"{Fernet.generate_key().decode()}\n{held}", replace=True)


def sealing_keys_drop(side: str) -> int:
    """Keep the newest sealing key alone, and return how many older ones were dropped. What they sealed is lost."""
    with _alone(side):
        held = _read_held(side, _SEALING).split()
        if len(held) > 1:
            _write(_folder(side) / _SEALING, held[0], replace=True)
        return max(0, len(held) - 1)


class Sealer:
    """The sealing keys of a side, read once: for going over many values."""

    def __init__(self, side: str) -> None:
        lines = _read(side, _SEALING, Fernet.generate_key().decode()).split()
        self._newest, self._all = Fernet(lines[0]), MultiFernet([Fernet(line) for line in lines])

    def is_newest(self, sealed: bytes) -> bool:
        """Say whether the newest key sealed this."""
        with contextlib.suppress(InvalidToken):
            self._newest.decrypt(sealed)
            return True
        return False

    def renew(self, sealed: bytes) -> bytes:
        """Return what the newest key seals instead; the same bytes if it did already.

        Raises:
            cryptography.fernet.InvalidToken: no key of this side sealed it.
        """
        return sealed if self.is_newest(sealed) else self._all.rotate(sealed)

    def check(self, sealed: bytes) -> None:
        """Open what was sealed.

        Raises:
            cryptography.fernet.InvalidToken: no key of this side sealed it.
        """
        self._all.decrypt(sealed)


def signing_key(side: str) -> Ed25519PrivateKey:
    """Return the key that signs what the side tells."""
    return _private(_read(side, _SIGNING, secrets.token_bytes(32).hex()))


def verifying_key(side: str) -> Ed25519PublicKey:
    """Return the public half of the side's signing key."""
    return signing_key(side).public_key()


def verifying_keys(side: str) -> dict[str, Ed25519PublicKey]:
    """Return every key that verifies what the side signed, by key id: today's first, then those it replaced."""
    current = verifying_key(side)
    retired = [_public(line) for line in _read_held(side, _RETIRED).split()]
    return {key_id_of(key): key for key in [current, *retired]}


def key_id(side: str) -> str:
    """Return the id of the side's signing key, which stands beside each signature."""
    return key_id_of(verifying_key(side))


def key_id_of(key: Ed25519PublicKey) -> str:
    """Return a key's id: the beginning of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:_KEY_ID_LENGTH]


def signing_key_add(side: str) -> None:
    """Sign with a new key from now on; what the old one signed stays verifiable, and nobody can sign with it again."""
    with _alone(side):
        old = verifying_key(side).public_bytes_raw().hex()
        retired = _read_held(side, _RETIRED)
        if old not in retired.split():
            _write(_folder(side) / _RETIRED, f"{old}\n{retired}".strip(), replace=True)
        _write(_folder(side) / _SIGNING, secrets.token_bytes(32).hex(), replace=True)


@lru_cache(maxsize=16)
def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))


@lru_cache(maxsize=64)
def _public(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))


def _read_held(side: str, name: str) -> str:
    """Return the text of a key file; nothing if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return (_folder(side) / name).read_text("ascii").strip()
    return ""


def _sealer(side: str) -> MultiFernet:
    lines = _read(side, _SEALING, Fernet.generate_key().decode()).split()
    return MultiFernet([Fernet(line) for line in lines])


@contextlib.contextmanager
def _alone(side: str) -> Iterator[None]:
    """Let one process at a time change a side's keys: of two that read and then write, one would lose its key."""
    lock = os.open(_folder(side).with_suffix(".lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)  # which lets go of it


def _folder(side: str) -> Path:
    folder: Path = settings.RIVERLOOP_DATA / "keys" / side
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _read(side: str, name: str, first: str) -> str:
    """Return the text of a key file; the first reader makes it."""
    path = _folder(side) / name
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    with contextlib.suppress(FileExistsError):  # another process was first, and its key counts
        _write(path, first, replace=False)
    return path.read_text("ascii").strip()


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write a file as a whole or not at all, readable by its owner alone."""
    handle, written = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        if replace:
            Path(written).replace(path)
        else:
            os.link(written, path)
    finally:
        Path(written).unlink(missing_ok=True)
