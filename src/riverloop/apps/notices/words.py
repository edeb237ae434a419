"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.apps.parties.words import N_

__all__ = ["MAIL_WORDS", "N_"]

MAIL_WORDS = {
    "movement.outcome": N_("What the two sides say of a movement has changed."),
    "movement.question": N_("An authority asks something about a movement."),
    "movement.notice": N_("An authority has written to you about a movement."),
    "movement.refusal": N_(
        "An authority has refused something. The page says why, and how, and until when, to contest it."
    ),
    "movement.remedy": N_("An objection of yours was answered."),
    "person.concerned": N_("Something about you has changed. The page says what, and who decided it."),
    "request.answered": N_("A request of yours was answered."),
    "permit.verified": N_("A permit was checked by an authority."),
    "permit.ending": N_("A permit runs out soon."),
    "matter.opened": N_("Something new waits in your queue."),
    "matter.due": N_("Something in your queue is due soon, or overdue."),
    "matter.confirm": N_("A decision waits for a second officer."),
    "matter.handed_over": N_("A matter was handed over to your authority."),
    "obligation.due": N_("An obligation falls due soon."),
    "webhook.failing": N_("A webhook has not answered for a day."),
}
"""What happened, in one line that tells nothing about anyone, by kind of mail."""

OTHERWISE = N_("Something has happened that concerns you.")
MAIL_SUBJECT = N_("Riverloop: {what}")
MAIL_SUBJECT_MANY = N_("Riverloop: {count} things to read")
MAIL_CLOSING = N_("Sign in to read it. This mail names nobody, so that it may be read over your shoulder.")

STATE_WORDS = {
    "queued": N_("Waiting"),
    "delivered": N_("Delivered"),
    "failed": N_("Given up"),
    "refused": N_("Refused"),
    "received": N_("Received"),
    "sent": N_("Sent"),
}
