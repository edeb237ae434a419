"""The proof of one record, as a file: made for whoever may read the record, checked by anyone without a database.

Source: C2SP tlog-proof (``tlog_proof`` in the file is one), tlog-checkpoint, tlog-cosignature; RFC 6962.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from riverloop.apps.record.commitments import SALT_BYTES, commitment_of
from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.tlog import (
    HASH_BYTES,
    SignedCheckpoint,
    VerifierKey,
    leaf_hash,
    open_checkpoint,
    parse_vkey,
    verify_inclusion,
)
from riverloop.core.tlog.keys import to_base64

FORMAT = "riverloop-proof-1"
_TEXTS = ("side", "kind", "recorded_at", "commitment", "checkpoint", "log_vkey")
_SHOWN = ("side", "kind", "recorded_at", "log_vkey")
_FIELDS = {"format", "payload", "salt", "index", "inclusion", "cosigner_vkey", "tlog_proof", *_TEXTS}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a proof shows.

    Attributes:
        key: of the log that signed it.
        signed: its checkpoint, with when it was countersigned.
        index: of the leaf.
        opened: whether payload and salt are in the proof and are what was committed to.
    """

    key: VerifierKey
    signed: SignedCheckpoint
    index: int
    opened: bool


def tlog_proof(index: int, inclusion: list[bytes], checkpoint: str) -> str:
    """Return a proof in the format of C2SP tlog-proof. The record hash is that of the 32 bytes of the commitment."""
    lines = ["c2sp.org/tlog-proof@v1", f"index {index}", *(to_base64(one) for one in inclusion), ""]
    return "".join(f"{line}\n" for line in lines) + checkpoint


def check_proof(proof: Any, *, log_key: VerifierKey | None = None, where: str = "") -> Checked:
    """Verify a proof: the payload gives the commitment, the commitment is in the tree, the tree was signed.

    Args:
        proof: the JSON of its file.
        log_key: of the log, from where one trusts it. Without it the proof's own counts: then compare it.
        where: name of the file, for messages.

    Raises:
        InputError: something in it does not hold; the line says what.
    """
    read = _read(proof, where)
    key = parse_vkey(proof["log_vkey"], where=where)
    if log_key is not None and key != log_key:
        raise InputError(
            "record.proof_key",
            N_("The proof is of the log {found}, and that of {wanted} is wanted. Give the right proof or key."),
            where=where,
            found=f"{key.name}+{key.id.hex()}",
            wanted=f"{log_key.name}+{log_key.id.hex()}",
        )
    cosigners = [parse_vkey(proof["cosigner_vkey"], where=where)] if proof["cosigner_vkey"] else []
    signed = open_checkpoint(proof["checkpoint"].encode(), key, cosigners, only_known=True, where=where)
    if read.payload is not None and commitment_of(read.payload, read.salt) != read.commitment:
        raise InputError(
            "record.proof_payload",
            N_("The payload is not what was recorded: with its salt it gives another commitment."),
            where=where,
        )
    verify_inclusion(
        leaf=leaf_hash(read.commitment),
        index=read.index,
        size=signed.checkpoint.size,
        proof=read.inclusion,
        root=signed.checkpoint.root,
        where=where,
    )
    if tlog_proof(read.index, list(read.inclusion), proof["checkpoint"]) != proof["tlog_proof"]:
        raise InputError(
            "record.proof_twice",
            N_("The proof says one thing in its fields and another in tlog_proof. Download it again."),
            where=where,
        )
    return Checked(key, signed, read.index, read.payload is not None)


@dataclass(frozen=True, slots=True)
class _Read:
    payload: bytes | None
    salt: bytes
    commitment: bytes
    index: int
    inclusion: tuple[bytes, ...]


def _read(proof: Any, where: str) -> _Read:
    """Take a proof apart by its form alone."""
    try:
        if not isinstance(proof, dict) or set(proof) != _FIELDS or proof["format"] != FORMAT:
            raise TypeError("fields")  # noqa: TRY301 - told as any other form that is wrong
        if not all(isinstance(proof[name], str) for name in _TEXTS) or type(proof["index"]) is not int:
            raise TypeError("types")  # noqa: TRY301 - the same
        if not isinstance(proof["cosigner_vkey"], str | None) or not isinstance(proof["tlog_proof"], str):
            raise TypeError("types")  # noqa: TRY301 - the same
        if not all(proof[name].isprintable() for name in _SHOWN):  # a terminal would do what they say
            raise ValueError("letters")  # noqa: TRY301 - the same
        proof["checkpoint"].encode()
        payload, salt = proof["payload"], bytes.fromhex(proof["salt"] or "")
        whole = (payload is None and not salt) or (isinstance(payload, str) and len(salt) == SALT_BYTES)
        commitment = bytes.fromhex(proof["commitment"])
        inclusion = tuple(bytes.fromhex(one) for one in proof["inclusion"])
        if not whole or len(commitment) != HASH_BYTES:
            raise ValueError("lengths")  # noqa: TRY301 - the same
        canonical = (proof["salt"] or "", proof["commitment"], *proof["inclusion"])
        if any(text != text.lower() or " " in text for text in canonical):
            raise ValueError("hexadecimal")  # noqa: TRY301 - one way to write a proof, so that no change is overlooked
        return _Read(None if payload is None else payload.encode(), salt, commitment, proof["index"], inclusion)
    except (ValueError, TypeError, AttributeError, RiverloopError):
        raise InputError(
            "record.proof_form",
            N_("This is no proof of a record ({format}). Download it again from the page of the movement."),
            where=where,
            format=FORMAT,
        ) from None
