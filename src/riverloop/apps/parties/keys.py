"""Keys of a side: identity numbers are sealed with one and found by another.

They lie in the data folder, one folder a side, readable by its owner alone. The file of sealing keys holds one a
line, newest first: the first seals, every one opens, so a key is rotated by putting a new one on top.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings

_SEALING = "sealing_keys"
_FINDING = "finding_key"


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
    held = _read(side, _SEALING, Fernet.generate_key().decode())
    _write(_folder(side) / _SEALING, f"{Fernet.generate_key().decode()}\n{held}", replace=True)


def _sealer(side: str) -> MultiFernet:
    lines = _read(side, _SEALING, Fernet.generate_key().decode()).split()
    return MultiFernet([Fernet(line) for line in lines])


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
