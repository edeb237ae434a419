"""Words of the desk, marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.apps.parties.words import N_

STATE_WORDS = {
    "open": N_("To decide"),
    "waiting": N_("Waiting for an answer"),
    "proposed": N_("Waits for a second officer"),
    "closed": N_("Closed"),
}

STEP_WORDS = {
    "opened": N_("Opened"),
    "claimed": N_("Taken"),
    "taken_over": N_("Taken over"),
    "released": N_("Released"),
    "handed_over": N_("Handed over"),
    "asked": N_("Asked for more"),
    "answered": N_("Answered"),
    "proposed": N_("Proposed"),
    "not_confirmed": N_("Not confirmed"),
    "proposal_withdrawn": N_("Proposal withdrawn"),
    "decided": N_("Decided"),
    "confirmed": N_("Confirmed"),
    "withdrawn": N_("Withdrawn by whoever asked"),
    "closed": N_("Closed by the system"),
    "interim_release": N_("Released for the time being"),
    "interim_end": N_("Release for the time being ended"),
}

FLOW_WORDS = {"person": N_("Person"), "goods": N_("Goods"), "data": N_("Data")}

OUTSIDE_ACT_WORDS = {
    "superseded": N_("Overtaken by a newer decision"),
    "withdrawn": N_("Withdrawn"),
}
"""How a matter is closed other than by an officer's act."""
