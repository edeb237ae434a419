"""Each side mirrors the other's log: own new entries are pushed in order, and a countersignature comes back.

Source: the shape is that of C2SP tlog-mirror: indices without gaps, and a mirror that says its next one, so that what
is lost is visible and what is sent twice does no harm. A mirror here keeps the whole log and knows its right edge, so
that each push is verified as a whole: the log signs a checkpoint for the end of every push, also in the middle of a
long catching-up, and no consistency proofs are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import structlog
from django.utils import timezone

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.calling import PeerError, call
from riverloop.apps.nodes.here import hosts, other_side
from riverloop.apps.nodes.models import error_as_json, error_kept
from riverloop.apps.record.evidence import evidence_keep
from riverloop.apps.record.models import LogState
from riverloop.apps.record.published import commitments_of, key_of, tree_of
from riverloop.apps.record.publishing import checkpoint_replace
from riverloop.apps.record.refusals import UNKNOWN_COSIGNER, refusal_told
from riverloop.apps.record.restoring import ask_again
from riverloop.apps.record.words import N_
from riverloop.core.kernel.canonical import canonical_json, read_json
from riverloop.core.kernel.errors import InputError, RiverloopError
from riverloop.core.tlog import (
    Checkpoint,
    LogError,
    Note,
    VerifierKey,
    encode_bundle,
    format_note,
    open_checkpoint,
    parse_note,
    sign_checkpoint,
)

PUSH_ENTRIES = 8_192
"""Entries in one push, 32 bundles: what C2SP tlog-mirror bids clients to send at most."""

MOST_ANSWER_BYTES = 16_384
_MOST_STEPS = 10_000  # pushes in one call: 80 million entries

_MOST_UNSIGNED = 3  # answers without a signature: one that says where to go on is usual

_logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def mirror_push(side: str, *, most_steps: int = _MOST_STEPS) -> int:
    """Push what the other side's mirror lacks of a side's own log, and return how many leaves it countersigned anew.

    What goes wrong is kept on the log's state for pages and health, and is tried again the next time.

    Args:
        side: whose log.
        most_steps: pushes after which the rest waits for the next call.
    """
    state = LogState.objects.filter(pk=side).first()
    if state is None or not state.published_size or _is_countersigned(state):
        return 0
    before = state.cosigned_size
    try:
        _push(state, most_steps)
    except RiverloopError as error:
        _trouble_keep(state, error)
    else:
        _trouble_keep(state, None)
    return LogState.objects.values_list("cosigned_size", flat=True).get(pk=side) - before


def _is_countersigned(state: LogState) -> bool:
    """Say whether the newest checkpoint, as it is published, bears the other side's signature."""
    return state.cosigned_size == state.published_size and state.note == state.cosigned_note


def _push(state: LogState, most_steps: int) -> None:
    side, other = state.owner_side, other_side(state.owner_side)
    _check_tree(state, other, _Answer(state.mirrored_size, bytes(state.mirrored_root)))
    first = min(state.mirrored_size, state.published_size)
    unsigned = 0
    for _ in range(most_steps):
        end = min(first + PUSH_ENTRIES, state.published_size)
        note = _checkpoint(state, end)
        answer = _answer(state, other, call(other, "mirror.add", _body(side, first, end, note)))
        if answer.line:
            _countersigned(side, other, note, answer.line, end)
        else:
            unsigned += 1
        if unsigned > _MOST_UNSIGNED:
            raise LogError(
                "record.mirror_stuck",
                N_("The mirror at {other} did not countersign {size} entries. Look after the node of {other}."),
                other=other,
                size=end,
            )
        LogState.objects.filter(pk=side).update(mirrored_size=answer.following, mirrored_root=answer.root)
        first = answer.following
        if first == state.published_size and answer.line:
            return


def _checkpoint(state: LogState, size: int) -> bytes:
    """Return the log's own signature over its first ``size`` leaves: the published one, or one on the way to it."""
    side, signer = state.owner_side, keys.log_signer(state.owner_side)
    root = bytes(state.published_root)
    if size == state.published_size:
        own = [one for one in parse_note(state.note.encode()).signatures if one.name == signer.name]
        return format_note(Note(parse_note(state.note.encode()).text, tuple(own)))
    return sign_checkpoint(Checkpoint(signer.name, size, tree_of(side, state.published_size, root).root(size)), signer)


def _body(side: str, first: int, end: int, note: bytes) -> bytes:
    """Return a push: a line of JSON, then the entries as a bundle holds them."""
    entries = encode_bundle(commitments_of(side, first, end))
    head = {"first": first, "note": note.decode(), "sha256": sha256(entries).hexdigest()}
    return canonical_json(head) + b"\n" + entries


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a mirror said: its next index, the root of what it holds, and its signature line; each but the first if any.

    An older version does not say the root.
    """

    following: int
    root: bytes
    line: str = ""


def _check_tree(state: LogState, other: str, told: _Answer) -> None:
    """Refuse to go on where the mirror holds another tree than this log, be it as long or shorter.

    Raises:
        LogError: it does; the restore trap looks at both before the next signature.
    """
    if not _is_apart(state, told):
        return
    ask_again(state.owner_side)
    raise LogError(
        "record.mirror_apart",
        N_(
            "The first {size} entries of the log of {side} are not those that the mirror at {other} holds. Nothing is "
            "pushed, so that nobody signs a fork. Restore the newest backup of {side}, and tell the auditors of both "
            "sides if it stays so."
        ),
        size=told.following,
        side=state.owner_side,
        other=other,
    )


def _is_apart(state: LogState, told: _Answer) -> bool:
    size, published = told.following, state.published_size
    if not told.root or not 0 < size <= published:
        return False
    own = bytes(state.published_root)
    return told.root != (own if size == published else tree_of(state.owner_side, published, own).root(size))


def _answer(state: LogState, other: str, content: bytes) -> _Answer:
    """Return what the mirror said.

    Raises:
        RiverloopError: it refused, in its own words, holds more than this log, or said something else.
    """
    try:
        if len(content) > MOST_ANSWER_BYTES:
            raise ValueError(len(content))  # noqa: TRY301 - told as any other answer that is none
        told = read_json(content.decode(), where="mirror.add")
        following, line, mistake = told["next"], _kept(told.get("signature"), "\n"), _mistake(told, other)
        answer = _Answer(following, bytes.fromhex(told.get("root", "")), line)
        if type(following) is not int or following < 0:
            raise TypeError(following)  # noqa: TRY301 - the same
    except (RiverloopError, ValueError, KeyError, TypeError, AttributeError):
        raise PeerError(
            "record.mirror_answer_form",
            N_("The mirror at {other} gave no valid answer. Look after the node of {other}."),
            other=other,
        ) from None
    if following > state.published_size or _is_apart(state, answer):
        ask_again(state.owner_side)  # the restore trap looks before the next signature
    if mistake:
        raise PeerError(
            "record.mirror_refused",
            N_("The mirror at {other} refuses this log: {mistake}"),
            other=other,
            mistake=mistake,
        )
    if following > state.published_size:
        raise PeerError(
            "record.mirror_ahead",
            N_("The mirror at {other} holds {there} entries of the log of {side}, which has {here}."),
            other=other,
            side=state.owner_side,
            there=following,
            here=state.published_size,
        )
    _check_tree(state, other, answer)
    return answer


def _mistake(told: dict[str, Any], other: str) -> RiverloopError | str:
    """Return why the mirror refused: as an error, or in the other node's words if nothing better is known."""
    written = told.get("error")
    if hosts(other) and written:
        return error_kept(written)
    words = _kept(told.get("mistake"))[:500]
    return refusal_told(read_json(written, where="mirror.add"), words) if words and isinstance(written, str) else words


def _kept(words: object, also: str = "") -> str:
    """Return what another node wrote without what a database refuses, or a reader does not see."""
    return "".join(letter for letter in str(words or "") if letter.isprintable() or letter in also)


def _countersigned(side: str, other: str, note: bytes, line: str, size: int) -> None:
    """Verify the other side's signature and publish the checkpoint with both.

    Raises:
        RiverloopError: it is not a signature of a cosigner key of that side that is known; it is kept as evidence.
    """
    try:
        known = keys.cosigner_verifiers(other)
        _check_known(side, other, note, line)
        both = _with(note, line, known)
        open_checkpoint(both, key_of(note, keys.log_verifiers(side)), [key_of(both, known)])
    except _UnknownKeyError:
        raise
    except RiverloopError as error:
        bad = InputError(
            "record.bad_cosignature",
            N_("What the mirror at {other} gave for {size} entries is not its signature: {why}"),
            other=other,
            size=size,
            why=error,
        )
        evidence_keep(side, other, bad, note=note.decode() + line[:2_000])
        raise bad from None
    now = datetime.now(UTC)  # the clock that stands in the cosignature, also while the demo plays its day
    # A mirror that was restored goes through smaller trees again; what it signed before stays signed.
    LogState.objects.filter(pk=side, cosigned_size__lte=size).update(
        cosigned_size=size, cosigned_note=both.decode(), cosigned_at=now
    )
    checkpoint_replace(side, size, both)


class _UnknownKeyError(InputError):
    pass


def _check_known(side: str, other: str, note: bytes, line: str) -> None:
    """Refuse a signature in the other side's name by a key that is not trusted here, kept and said once for each key.

    Raises:
        _UnknownKeyError: it is by such a key, as after the other side's keys were replaced.
        RiverloopError: it is no signature at all.
    """
    name, known = keys.cosigner_name(other), {key.id for key in keys.cosigner_verifiers(other)}
    found = [one.key_id for one in parse_note(f"-\n\n{line}".encode()).signatures if one.name == name]
    if not found or known & set(found):
        return
    unknown = _UnknownKeyError(
        UNKNOWN_COSIGNER,
        N_(
            "The mirror at {other} countersigns with a key that is not trusted here, so its countersignature does not "
            "count. If the operators of {other} made new keys, have them hand over what riverloop node show prints, "
            "and run: riverloop node trust FILE --replace"
        ),
        other=other,
    )
    evidence_keep(side, other, unknown, note=note.decode() + line[:2_000])
    raise unknown


def _with(note: bytes, line: str, known: tuple[VerifierKey, ...]) -> bytes:
    """Return a checkpoint with the signatures of known cosigners added to the log's own."""
    own, wanted = parse_note(note), {(key.name, key.id) for key in known}
    added = parse_note(f"-\n\n{line}".encode()).signatures
    return format_note(Note(own.text, (*own.signatures, *(one for one in added if (one.name, one.key_id) in wanted))))


def _trouble_keep(state: LogState, error: RiverloopError | None) -> None:
    kept = error_as_json(error) if error else ""
    if kept == state.mirror_trouble:
        return
    since = (state.mirror_trouble_since or timezone.now()) if error else None
    LogState.objects.filter(pk=state.owner_side).update(mirror_trouble=kept, mirror_trouble_since=since)
    if error:
        _logger.warning("the mirror of a log does not keep up", side=state.owner_side, why=error)
