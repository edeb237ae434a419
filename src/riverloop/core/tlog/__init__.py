"""A log that only grows: hashes, proofs, signed checkpoints, tiles, and how a stranger verifies all of it.

Each module is one part of the formats; apps import from here.
"""

from riverloop.core.tlog.checkpoints import (
    Checkpoint,
    SignedCheckpoint,
    cosign_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from riverloop.core.tlog.forks import first_leaf_apart, verify_extends
from riverloop.core.tlog.growth import Growth
from riverloop.core.tlog.hashing import EMPTY_ROOT, HASH_BYTES, leaf_hash, leaf_hashes, node_hash
from riverloop.core.tlog.keys import Signer, VerifierKey, parse_vkey, read_vkey_file, vkey_file
from riverloop.core.tlog.notes import MOST_NOTE_BYTES, Note, Signature, format_note, parse_note, verify_note
from riverloop.core.tlog.proofs import consistency_proof, inclusion_proof, verify_consistency, verify_inclusion
from riverloop.core.tlog.reading import TiledTree
from riverloop.core.tlog.refusals import ForkError, LogError, StaleError, TileError
from riverloop.core.tlog.tiles import (
    CHECKPOINT,
    ENTRIES,
    MOST_ENTRY_BYTES,
    VKEY,
    WIDTH,
    Read,
    Tile,
    decode_bundle,
    encode_bundle,
    most_bytes,
    parse_path,
    read_bundle,
    read_tile,
    tile_at,
    tiles_of,
    tiles_of_growth,
)
from riverloop.core.tlog.tree import CompactRange, Tree, compact_range_of, root_of
from riverloop.core.tlog.verifying import Progress, VerifiedLog, verify_log

__all__ = [
    "CHECKPOINT",
    "EMPTY_ROOT",
    "ENTRIES",
    "HASH_BYTES",
    "MOST_ENTRY_BYTES",
    "MOST_NOTE_BYTES",
    "VKEY",
    "WIDTH",
    "Checkpoint",
    "CompactRange",
    "ForkError",
    "Growth",
    "LogError",
    "Note",
    "Progress",
    "Read",
    "Signature",
    "SignedCheckpoint",
    "Signer",
    "StaleError",
    "Tile",
    "TileError",
    "TiledTree",
    "Tree",
    "VerifiedLog",
    "VerifierKey",
    "compact_range_of",
    "consistency_proof",
    "cosign_checkpoint",
    "decode_bundle",
    "encode_bundle",
    "first_leaf_apart",
    "format_note",
    "inclusion_proof",
    "leaf_hash",
    "leaf_hashes",
    "most_bytes",
    "node_hash",
    "open_checkpoint",
    "parse_checkpoint",
    "parse_note",
    "parse_path",
    "parse_vkey",
    "read_bundle",
    "read_tile",
    "read_vkey_file",
    "root_of",
    "sign_checkpoint",
    "tile_at",
    "tiles_of",
    "tiles_of_growth",
    "verify_consistency",
    "verify_extends",
    "verify_inclusion",
    "verify_log",
    "verify_note",
    "vkey_file",
]
