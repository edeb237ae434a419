"""What the codes of a zone file are called on a page."""

from __future__ import annotations

from riverloop.apps.clearance.sentences import N_

STATUS_WORDS = {"open": N_("Open"), "planned": N_("Planned"), "proposed": N_("Proposed")}
DESIGN_WORDS = {
    "co_located": N_("One co-located hall"),
    "two": N_("Two control points"),
    "joint": N_("Joint clearance"),
    "undecided": N_("Not decided"),
}
STEP_WORDS = {
    "declare": N_("A movement is declared"),
    "side_decision": N_("A side has decided"),
    "withdraw": N_("A movement is withdrawn"),
    "ask": N_("An authority asks whoever filed"),
    "answer": N_("Whoever filed answers"),
    "notify": N_("An authority tells whoever filed"),
    "remedy": N_("An objection is filed"),
    "endorse": N_("A side signs a listing"),
    "pass": N_("A pass is issued"),
    "status": N_("A pass is suspended or revoked"),
    "cross": N_("Somebody or something crosses"),
    "cosign": N_("A log is countersigned"),
}
FIELD_WORDS = {
    "act": N_("What was decided"),
    "at": N_("Instant"),
    "at_best": N_("Outcome at best"),
    "at_worst": N_("Outcome at worst"),
    "authority": N_("Authority that signs"),
    "closed_at": N_("Instant from which it is asked no longer"),
    "crossing_at": N_("Instant of crossing"),
    "direction": N_("Direction"),
    "due_at": N_("Instant by which it is to be answered"),
    "expires": N_("Last instant at which it holds"),
    "facts": N_("Names of the facts and papers asked for"),
    "flow": N_("What crosses: a person, goods or data"),
    "holder": N_("Random number of the holder"),
    "item_outcomes": N_("Outcome of each person"),
    "listing": N_("Random number of the listing"),
    "missing_documents": N_("Papers it waits for"),
    "movement": N_("Random number of the movement"),
    "not_before": N_("First instant at which it holds"),
    "notice": N_("Random number of the notice"),
    "number": N_("Which of several it is"),
    "origin": N_("Name of the log"),
    "outcome": N_("Outcome"),
    "packs": N_("Versions of the rules applied"),
    "place": N_("Whom or what of the movement it is about"),
    "proposed": N_("Whose refusal a rule proposes"),
    "question": N_("Random number of the question"),
    "reason": N_("Reason"),
    "remedy_body": N_("Before whom an objection is filed"),
    "remedy_until": N_("Last instant for an objection"),
    "root_hash": N_("Hash of the log"),
    "route": N_("Route"),
    "rule": N_("Rule it rests on"),
    "side": N_("Side"),
    "signature": N_("Signature"),
    "status": N_("Status of the pass"),
    "status_index": N_("Place in the status list"),
    "text": N_("Text"),
    "tree_size": N_("Number of entries in the log"),
    "valid_until": N_("Last instant at which the decision holds"),
}
