"""Making the proof of one record of a side, under the newest checkpoint that the other side countersigned."""

from __future__ import annotations

import json
from typing import Any

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.here import other_side
from riverloop.apps.record.models import Leaf
from riverloop.apps.record.proofs import FORMAT, tlog_proof
from riverloop.apps.record.published import key_of, tree_of
from riverloop.apps.record.selectors import COUNTERSIGNED, PENDING, log_state, state_of
from riverloop.apps.record.words import N_
from riverloop.core.kernel.errors import ConflictError
from riverloop.core.tlog import parse_checkpoint, parse_note


def proof_of(leaf: Leaf) -> dict[str, Any]:
    """Return the proof of a record, as JSON: see docs/algorithms/log.md.

    Args:
        leaf: of a side that lives here.

    Raises:
        ConflictError: no checkpoint speaks for it yet.
        LogError: the published tiles are spoilt.
    """
    side = leaf.owner_side
    state = log_state(side)
    reached = state_of(leaf, state)
    if reached == PENDING:
        raise ConflictError(
            "record.proof_pending",
            N_("This is recorded, and its proof is pending: the log signs within seconds. Try again then."),
        )
    note = state.cosigned_note if reached == COUNTERSIGNED else state.note
    size = parse_checkpoint(parse_note(note.encode()).text).size
    inclusion = tree_of(side, state.published_size, bytes(state.published_root)).inclusion_proof(leaf.index, size)
    cosigner = key_of(note.encode(), keys.cosigner_verifiers(other_side(side))) if reached == COUNTERSIGNED else None
    log_key = key_of(note.encode(), keys.log_verifiers(side))
    return {
        "format": FORMAT,
        "side": side,
        "kind": leaf.kind,
        "recorded_at": leaf.created_at.isoformat(),
        "payload": leaf.payload if leaf.salt else None,
        "salt": bytes(leaf.salt).hex() if leaf.salt else None,
        "commitment": bytes(leaf.commitment).hex(),
        "index": leaf.index,
        "inclusion": [one.hex() for one in inclusion],
        "checkpoint": note,
        "log_vkey": log_key.line,
        "cosigner_vkey": cosigner.line if cosigner else None,
        "tlog_proof": tlog_proof(leaf.index, inclusion, note),
    }


def proof_file(leaf: Leaf) -> bytes:
    """Return the proof of a record as a file that a person can read as well."""
    return (json.dumps(proof_of(leaf), ensure_ascii=False, indent=1) + "\n").encode()
