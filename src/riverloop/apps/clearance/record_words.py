"""What each kind of record about a movement says happened, for the page that proves its steps."""

from __future__ import annotations

from riverloop.apps.clearance.sentences import N_

RECORD_WORDS = {
    "movement.declared": N_("Filed"),
    "movement.restated": N_("Stated anew"),
    "movement.officer_stated": N_("Stated what was found"),
    "movement.decided": N_("Decided by the rules of this side"),
    "movement.withdrawn": N_("Withdrawn"),
    "movement.crossed": N_("Crossed"),
    "decision.told": N_("The other side told what it decided"),
    "inspection.drawn": N_("Drawn by lot whether to inspect"),
    "question.told": N_("A question of the other side arrived"),
    "question.answered": N_("Answered"),
    "notice.given": N_("A notice was given"),
    "notice.told": N_("A notice of the other side arrived"),
    "remedy.filed": N_("Objected"),
    "message.sent": N_("A message was sent to the other side"),
    "obligation.set": N_("An obligation was set"),
    "obligation.done": N_("An obligation was noted as done"),
    "obligation.undone": N_("An obligation was noted as not done"),
    "file.stored": N_("A file was handed in"),
    "permit.drawn": N_("Drawn from a permit"),
    "permit.released": N_("Given back to a permit"),
    "matter.opened": N_("Put before the authority"),
    "matter.claimed": N_("Taken up by an officer"),
    "matter.taken_over": N_("Taken over by another officer"),
    "matter.released": N_("Given back to the queue"),
    "matter.handed_over": N_("Handed over to another authority"),
    "matter.asked": N_("Asked for more"),
    "matter.answered": N_("Answered"),
    "matter.proposed": N_("Proposed to a second officer"),
    "matter.not_confirmed": N_("Not confirmed by the second officer"),
    "matter.proposal_withdrawn": N_("Proposal withdrawn"),
    "matter.decided": N_("Decided by an officer"),
    "matter.confirmed": N_("Confirmed by a second officer"),
    "matter.withdrawn": N_("Withdrawn by whoever asked"),
    "matter.closed": N_("Closed: it is no longer needed"),
    "matter.interim_release": N_("Released for the time being"),
    "matter.interim_end": N_("Release for the time being ended"),
}
"""By kind. A record is about a movement if it names the movement, its shared number or one of its items."""
