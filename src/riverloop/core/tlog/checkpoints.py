"""Checkpoints: the size and root of a log at one moment, signed by it and cosigned by whoever follows it.

Source: C2SP tlog-checkpoint, sections "Note text" and "Signatures"; C2SP tlog-cosignature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from riverloop.core.tlog.cosignatures import unpack_cosignature
from riverloop.core.tlog.hashing import EMPTY_ROOT, HASH_BYTES
from riverloop.core.tlog.keys import COSIGNATURE, Signer, VerifierKey, from_base64, shown, to_base64
from riverloop.core.tlog.notes import Note, Signature, format_note, parse_note, verify_note
from riverloop.core.tlog.refusals import LogError
from riverloop.core.tlog.tree import MOST_LEAVES

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log signs.

    Attributes:
        origin: which log; also the name of its key.
        size: leaves.
        root: 32 bytes.
        extensions: further lines; those of Riverloop have none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The body of the note, with its last line feed."""
        lines = (self.origin, str(self.size), to_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose signatures were verified.

    Attributes:
        checkpoint: what was signed.
        note: as it was received, to be kept as evidence.
        cosigned: when each known cosigner signed, in seconds since 1970 by its own clock.
        unknown: signatures by other keys, which say nothing.
    """

    checkpoint: Checkpoint
    note: bytes
    cosigned: dict[VerifierKey, int] = field(default_factory=dict)
    unknown: tuple[Signature, ...] = ()


def parse_checkpoint(text: str, *, where: str = "") -> Checkpoint:
    """Read the body of a checkpoint, which must have been verified.

    Args:
        text: with its last line feed.
        where: name of its file, for messages.

    Raises:
        LogError: fewer than three lines, an empty one, a size or a root that is none.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) < _LINES or not all(lines):
        raise LogError(
            "tlog.checkpoint",
            "A checkpoint has three lines, none of them empty: origin, size, root. Fetch it from the log again.",
            where=where,
        )
    root = from_base64(lines[2])
    if not _SIZE.fullmatch(lines[1]) or int(lines[1]) > MOST_LEAVES:
        raise LogError(
            "tlog.checkpoint_size",
            "Line 2 of the checkpoint is no size: a whole number without leading zeros. Fetch it from the log again.",
            where=where,
        )
    if root is None or len(root) != HASH_BYTES or (lines[1] == "0" and root != EMPTY_ROOT):
        raise LogError(
            "tlog.checkpoint_root",
            "Line 3 of the checkpoint is no root of {size} leaves: 32 bytes in base64. Fetch it from the log again.",
            where=where,
            size=int(lines[1]),
        )
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Return the signed note of a checkpoint.

    A log must never sign two trees of which neither extends the other: the caller sees to that.

    Raises:
        LogError: the checkpoint is not one, or is not of the signer's log.
    """
    parse_checkpoint(checkpoint.text)
    _check_origin(checkpoint.origin, signer.name)
    key = signer.log_key
    return format_note(Note(checkpoint.text, (Signature(key.name, key.id, signer.sign(checkpoint.text)),)))


def cosign_checkpoint(note: bytes, log_key: VerifierKey, cosigner: Signer, posix_seconds: int) -> bytes:
    """Return a log's signed checkpoint with a cosignature under it, in place of an earlier one by the same key.

    Cosign only what extends all that was cosigned of this log before: the caller sees to that.

    Args:
        note: as the log signed it.
        log_key: of the log.
        cosigner: who signs under it.
        posix_seconds: seconds since 1970, by the cosigner's clock.

    Raises:
        LogError: the log did not sign this.
    """
    text = open_checkpoint(note, log_key).checkpoint.text
    key = cosigner.cosigner_key
    added = Signature(key.name, key.id, cosigner.cosign(text, posix_seconds))
    others = [one for one in parse_note(note).signatures if (one.name, one.key_id) != (key.name, key.id)]
    return format_note(Note(text, (*others, added)))


def open_checkpoint(
    note: bytes,
    log_key: VerifierKey,
    cosigners: Iterable[VerifierKey] = (),
    *,
    latest_seconds: int | None = None,
    only_known: bool = False,
    where: str = "checkpoint",
) -> SignedCheckpoint:
    """Read a checkpoint and verify that its log signed it, and that each of these cosigners did.

    Args:
        note: as it was received.
        log_key: of the log; its name is the origin that the checkpoint must have.
        cosigners: those who must have cosigned it.
        latest_seconds: seconds since 1970; a cosignature of a later time is refused. None for no bound.
        only_known: refuse it if anyone else signed. Without that their lines are ignored, as the format wants
            it, and nobody sees when one of them is changed.
        where: name of its file, for messages.

    Raises:
        LogError: malformed, of another log, or a signature that must be there is missing or wrong.
    """
    wanted = tuple(cosigners)
    verified = verify_note(note, (log_key, *wanted), where=where)
    for key in (log_key, *wanted):
        if key not in verified.signed:
            raise LogError(
                "tlog.not_signed_by",
                "{name} did not sign this checkpoint (key {id}). Wait until it has, or fetch the checkpoint again.",
                where=where,
                name=shown(key.name),
                id=key.id.hex(),
            )
    if only_known and verified.unknown:
        raise LogError(
            "tlog.signed_by_stranger",
            "A key that is not known here signed this checkpoint (id {id}). Give its verifier key, or fetch the "
            "checkpoint again.",
            where=where,
            id=verified.unknown[0].key_id.hex(),
        )
    checkpoint = parse_checkpoint(verified.text, where=where)
    _check_origin(checkpoint.origin, log_key.name, where)
    cosigned = {key: _time_of(verified.signed[key], latest_seconds, where) for key in wanted}
    return SignedCheckpoint(checkpoint, note, cosigned, verified.unknown)


def _check_origin(origin: str, name: str, where: str = "") -> None:
    if origin != name:
        raise LogError(
            "tlog.origin",
            "This is a checkpoint of another log: line 1 does not say {name}. Fetch that log's own.",
            where=where,
            name=shown(name),
        )


def _time_of(signature: Signature, latest_seconds: int | None, where: str) -> int:
    timed = unpack_cosignature(signature.payload)
    if timed is None:
        raise LogError(
            "tlog.no_time",
            "The signature of {name} bears no time, so it is no cosignature. Give its key of type {type}.",
            where=where,
            name=shown(signature.name),
            type=COSIGNATURE,
        )
    if latest_seconds is not None and timed[0] > latest_seconds:
        raise LogError(
            "tlog.future",
            "{name} cosigned this at {seconds} seconds since 1970, which is still to come. Set the clocks of both "
            "sides right.",
            where=where,
            name=shown(signature.name),
            seconds=timed[0],
        )
    return timed[0]
