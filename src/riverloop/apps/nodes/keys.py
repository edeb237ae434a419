"""Keys of a side: one seals identity numbers, one finds them, one signs what the side tells, one its log, one cosigns.

They lie in the data folder, one folder a side, readable by its owner alone. The file of sealing keys holds one a
line, newest first: the first seals, every one opens, so a key is rotated by putting a new one on top. Of keys that sign
only the newest is kept; of those that it replaced, the public half, so that what they signed can still be verified.
Of a side that lives elsewhere there are public halves alone, from what its node showed (:mod:`.peers`).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from riverloop.apps.nodes import key_files
from riverloop.apps.nodes.here import hosts, zone
from riverloop.apps.nodes.peers import peer
from riverloop.core.tlog.keys import COSIGNATURE, ED25519, Signer, VerifierKey, parse_vkey

_SEALING = "sealing_keys"
_FINDING = "finding_key"
_SIGNING, _RETIRED = "signing_key", "retired_verifying_keys"  # of the retired, one a line, in hexadecimal
_LOG, _RETIRED_LOG = "log_key", "retired_log_keys"
_COSIGNER, _RETIRED_COSIGNER = "cosigner_key", "retired_cosigner_keys"
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
    key = bytes.fromhex(key_files.read(side, _FINDING, secrets.token_bytes(32).hex()))
    return hmac.digest(key, f"{kind}\0{number}".encode(), hashlib.sha256)


def sealing_key_add(side: str) -> None:
    """Put a new sealing key on top; older ones keep opening what they sealed."""
    with key_files.alone(side):
        held = key_files.read(side, _SEALING, Fernet.generate_key().decode())
        key_files.write(side, _SEALING, f"{Fernet.generate_key().decode()}\n{held}")


def sealing_keys_drop(side: str) -> int:
    """Keep the newest sealing key alone, and return how many older ones were dropped. What they sealed is lost."""
    with key_files.alone(side):
        held = key_files.read_held(side, _SEALING).split()
        if len(held) > 1:
            key_files.write(side, _SEALING, held[0])
        return max(0, len(held) - 1)


class Sealer:
    """The sealing keys of a side, read once: for going over many values."""

    def __init__(self, side: str) -> None:
        lines = key_files.read(side, _SEALING, Fernet.generate_key().decode()).split()
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


# What a side tells


def signing_key(side: str) -> Ed25519PrivateKey:
    """Return the key that signs what the side tells."""
    return _made(side, _SIGNING)


def verifying_key(side: str) -> Ed25519PublicKey:
    """Return the public half of the side's signing key."""
    return _publics(side, _SIGNING, _RETIRED)[0] if hosts(side) else _public(peer(side).message_keys[0])


def verifying_keys(side: str) -> dict[str, Ed25519PublicKey]:
    """Return every key that verifies what the side signed, by key id: today's first, then those it replaced.

    Raises:
        InputError: the side lives elsewhere, and its node's keys are not known here.
    """
    found = _publics(side, _SIGNING, _RETIRED) if hosts(side) else [_public(one) for one in peer(side).message_keys]
    return {key_id_of(key): key for key in found}


def key_id(side: str) -> str:
    """Return the id of the side's signing key, which stands beside each signature."""
    return key_id_of(verifying_key(side))


def key_id_of(key: Ed25519PublicKey) -> str:
    """Return a key's id: the beginning of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:_KEY_ID_LENGTH]


def signing_key_add(side: str) -> None:
    """Sign with a new key from now on; what the old one signed stays verifiable, and nobody can sign with it again."""
    _replace(side, _SIGNING, _RETIRED)


# A side's log, and what it cosigns of the other's


def origin_of(side: str) -> str:
    """Return the origin of a side's log (C2SP tlog-checkpoint), which is also the name of its key."""
    return f"riverloop.zone/{zone().id}/{side}"


def cosigner_name(side: str) -> str:
    """Return the name under which a side cosigns."""
    return f"{origin_of(side)}/cosigner"


def log_signer(side: str) -> Signer:
    """Return what signs the checkpoints of the side's log."""
    return Signer(origin_of(side), _made(side, _LOG))


def cosigner(side: str) -> Signer:
    """Return what cosigns the other side's checkpoints for this side."""
    return Signer(cosigner_name(side), _made(side, _COSIGNER))


def log_verifiers(side: str) -> tuple[VerifierKey, ...]:
    """Return what verifies the checkpoints of the side's log: today's key first, then those it replaced.

    Raises:
        InputError: the side lives elsewhere, and its node's keys are not known here.
    """
    if not hosts(side):
        return tuple(parse_vkey(line) for line in peer(side).log_vkeys)
    found = _publics(side, _LOG, _RETIRED_LOG)
    return tuple(VerifierKey(origin_of(side), ED25519, key.public_bytes_raw()) for key in found)


def cosigner_verifiers(side: str) -> tuple[VerifierKey, ...]:
    """Return what verifies the side's cosignatures: today's key first, then those it replaced.

    Raises:
        InputError: the side lives elsewhere, and its node's keys are not known here.
    """
    if not hosts(side):
        return tuple(parse_vkey(line) for line in peer(side).cosigner_vkeys)
    found = _publics(side, _COSIGNER, _RETIRED_COSIGNER)
    return tuple(VerifierKey(cosigner_name(side), COSIGNATURE, key.public_bytes_raw()) for key in found)


def log_key_add(side: str) -> None:
    """Sign checkpoints with a new key from now on."""
    _replace(side, _LOG, _RETIRED_LOG)


def cosigner_key_add(side: str) -> None:
    """Cosign with a new key from now on."""
    _replace(side, _COSIGNER, _RETIRED_COSIGNER)


def _made(side: str, name: str) -> Ed25519PrivateKey:
    return _private(key_files.read(side, name, secrets.token_bytes(32).hex()))


def _publics(side: str, name: str, retired: str) -> list[Ed25519PublicKey]:
    """Return the public half of a key, then those of the keys that it replaced, newest first."""
    return [_made(side, name).public_key(), *(_public(line) for line in key_files.read_held(side, retired).split())]


def _replace(side: str, name: str, retired: str) -> None:
    with key_files.alone(side):
        old = _made(side, name).public_key().public_bytes_raw().hex()
        held = key_files.read_held(side, retired)
        if old not in held.split():
            key_files.write(side, retired, f"{old}\n{held}".strip())
        key_files.write(side, name, secrets.token_bytes(32).hex())


@lru_cache(maxsize=16)
def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))


@lru_cache(maxsize=64)
def _public(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))


def _sealer(side: str) -> MultiFernet:
    lines = key_files.read(side, _SEALING, Fernet.generate_key().decode()).split()
    return MultiFernet([Fernet(line) for line in lines])
