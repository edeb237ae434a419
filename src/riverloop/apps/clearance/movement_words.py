"""Words of the pages of movements that are marked here and translated where they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from riverloop.apps.clearance.sentences import N_, Gettext
from riverloop.apps.clearance.sentences import outcome_word as word_of

if TYPE_CHECKING:
    from riverloop.apps.clearance.models import Movement, Notice

CAUSE_WORDS = {
    "declared": N_("when it was filed"),
    "restated": N_("when it was stated anew"),
    "answered": N_("when a question was answered"),
    "authority": N_("when an authority had answered"),
    "permit": N_("when a paper changed"),
    "law": N_("when the law changed"),
    "remedy": N_("when an objection was decided"),
    "officer": N_("when an officer had stated something"),
    "expired": N_("when the earlier answer no longer held"),
    "crossed": N_("when it crossed"),
    "told": N_("as the other side told"),
}
"""What led to a decision, by ``SideDecision.cause``."""

ASSERTED_WORDS = {
    "applicant": N_("whoever filed"),
    "officer": N_("an officer"),
    "register": N_("a register"),
    "computed": N_("worked out"),
}
"""Who asserted a fact, by ``Statement.asserted_as``."""

NOTICE_WORDS = {
    "refused": N_("Refused by an officer"),
    "refused_by_law": N_("Refused by law"),
    "refused_once": N_("Refused"),
    "allowed": N_("Allowed by an officer"),
    "remedy_allowed": N_("The objection succeeded"),
    "remedy_refused": N_("The objection was dismissed"),
    "interim": N_("Released until the objection is decided"),
    "interim_release": N_("Released until the objection is decided"),
    "interim_end": N_("The release has ended"),
}
"""What an authority tells, by ``act_told``."""

STATE_WORDS = {
    "speaks": N_("speaks"),
    "displaced": N_("displaced by a special rule"),
    "open": N_("not known yet"),
    "announced": N_("announced only"),
    "": N_("does not speak"),
}
"""What a rule does in a decision."""

CHANGE_CAUSES = {
    "fact": N_("other facts"),
    "paper": N_("a paper"),
    "answer": N_("an authority's answer"),
    "law": N_("another version of the rule"),
    "time": N_("the time, or the law in force then"),
}
"""What made a rule turn."""

SAID = {
    "filed": N_("Filed. Both sides have been asked."),
    "stated": N_("Changed. Both sides decide again."),
    "answered": N_("Sent. The authority has your answer."),
    "objected": N_("Sent. The authority has your objection."),
}
"""What was just done, as the page of a movement says it."""


def act_told(notice: Notice) -> str:
    """Return what a notice tells, as its words name it: an officer who refuses says why, and a rule has its own reason.

    Args:
        notice: with its movement; once that was erased, who had refused is known only where it was decided.
    """
    if notice.act != "refused" or notice.matter or notice.reason:
        return notice.act
    return "refused_by_law" if notice.movement.erased_at is None else "refused_once"


def outcome_word(movement: Movement, outcome: str, _: Gettext) -> str:
    """Return where a movement stands, in two or three words."""
    if movement.withdrawn_at is not None:
        return _("Withdrawn")
    if movement.crossed_at is not None:
        return _("Crossed")
    return word_of(outcome, _)


def shown_outcome(movement: Movement, outcome: str) -> str:
    """Return the symbol of where a movement stands."""
    return "crossed" if movement.crossed_at else "withdrawn" if movement.withdrawn_at else outcome
