"""What the codes of a zone file are called on a page."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _n

STATUS_WORDS = {"open": _n("Open"), "planned": _n("Planned"), "proposed": _n("Proposed")}
DESIGN_WORDS = {
    "co_located": _n("One co-located hall"),
    "two": _n("Two control points"),
    "joint": _n("Joint clearance"),
    "undecided": _n("Not decided"),
}
STEP_WORDS = {
    "declare": _n("A movement is declared"),
    "side_decision": _n("A side has decided"),
    "endorse": _n("A side signs a listing"),
    "pass": _n("A pass is issued"),
    "status": _n("A pass is suspended or revoked"),
    "cross": _n("Somebody or something crosses"),
    "cosign": _n("A log is cosigned"),
}
FIELD_WORDS = {
    "at": _n("Instant"),
    "at_best": _n("Outcome at best"),
    "at_worst": _n("Outcome at worst"),
    "authority": _n("Authority that signs"),
    "crossing_at": _n("Instant of crossing"),
    "direction": _n("Direction"),
    "expires": _n("Last instant at which it holds"),
    "flow": _n("What crosses: a person, goods or data"),
    "holder": _n("Random number of the holder"),
    "listing": _n("Random number of the listing"),
    "missing_documents": _n("Papers it waits for"),
    "movement": _n("Random number of the movement"),
    "not_before": _n("First instant at which it holds"),
    "origin": _n("Name of the log"),
    "outcome": _n("Outcome"),
    "packs": _n("Versions of the rules applied"),
    "root_hash": _n("Hash of the log"),
    "route": _n("Route"),
    "side": _n("Side"),
    "signature": _n("Signature"),
    "status": _n("Status of the pass"),
    "status_index": _n("Place in the status list"),
    "tree_size": _n("Number of records in the log"),
    "valid_until": _n("Last instant at which the decision holds"),
}
