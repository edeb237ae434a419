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
    "released": N_("Given back"),
    "handed_over": N_("Handed over"),
    "asked": N_("Asked for more"),
    "answered": N_("Answered"),
    "proposed": N_("Put to a second officer"),
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

TAB_WORDS = {
    "todo": N_("For me to do"),
    "mine": N_("Mine"),
    "unclaimed": N_("Nobody's yet"),
    "all": N_("All"),
}

SAID_WORDS = {
    "claimed": N_("You hold this matter now."),
    "released": N_("It is back in the queue."),
    "decided": N_("Decided."),
    "decided_next": N_("Decided. This is the next one, and you hold it."),
    "proposed": N_("Proposed. It waits for a second officer."),
    "proposed_next": N_("Proposed, and it waits for a second officer. This is the next one, and you hold it."),
    "confirmed": N_("Confirmed."),
    "confirmed_next": N_("Confirmed. This is the next one, and you hold it."),
    "not_confirmed": N_("Sent back to whoever proposed it."),
    "proposal_withdrawn": N_("Your proposal is withdrawn. Nothing was decided."),
    "asked": N_("Asked. The clock stands still until the answer comes."),
    "handed_over": N_("Handed over."),
    "handed_over_next": N_("Handed over. This is the next one, and you hold it."),
    "interim_release": N_("Released for the time being."),
    "interim_end": N_("The release for the time being has ended."),
    "standing_given": N_("From now on each such matter is answered so."),
    "standing_proposed": N_("Proposed. It counts from when a second officer confirms it."),
    "standing_confirmed": N_("Confirmed. It counts from now on."),
    "standing_withdrawn": N_("Withdrawn. Each such matter is asked again."),
    "done": N_("Noted as done."),
    "undone": N_("It is to be done again."),
    "feed_ended": N_("The address opens nothing any longer."),
    "request_made": N_("Your request is with the authority."),
    "request_answered": N_("Your answer is with the authority."),
    "request_withdrawn": N_("Your request is taken back."),
    "none_left": N_("Nobody's matter is left to take."),
    "gone": N_("The matter went to another authority meanwhile, so nothing was done."),
    "unknown": N_("Nothing was done, since it was not said what. Use a button of the page."),
    "mistakes": N_("Nothing was done yet. Mend what is marked below."),
}
"""What was done, as the next page says it."""

SHOW_WORDS = {
    "open": N_("To be done"),
    "late": N_("Late"),
    "soon": N_("Due within a week"),
    "done": N_("Done"),
}
"""Which obligations a list shows."""
