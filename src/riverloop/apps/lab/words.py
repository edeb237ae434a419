"""Words of the lab that are marked here and translated where they are shown."""

from __future__ import annotations

from django.utils.translation import gettext as _

from riverloop.core.kernel.words import N_ as N_  # noqa: PLC0414 - for those above, beside the words

KIND_WORDS = {
    "simulate": N_("Simulation"),
    "least_channels": N_("Least channels"),
    "least_roster": N_("Least roster"),
    "tornado": N_("What decides it"),
    "break_even": N_("Where the answer turns"),
}
MEASURE_WORDS = {
    "journey_seconds": N_("Mean time from arriving to leaving"),
    "journey_p95_seconds": N_("Time that 95% never exceed"),
    "share_within": N_("Share within the pledge"),
}
NEED_WORDS = {
    "legal": N_("Legal step"),
    "land": N_("Land"),
    "cost": N_("Cost"),
    "staff": N_("Staff"),
    "other": N_("Besides"),
}
DAY_WORDS = {
    "median": N_("The median day"),
    "peak": N_("The busiest day"),
    "mean": N_("The mean of all days"),
    "all": N_("Every day"),
}
GROUP_WORDS = {
    "demand": N_("Who comes"),
    "service": N_("Service times"),
    "staff": N_("Staff"),
    "facility": N_("The hall"),
    "technology": N_("Automated gates"),
    "pledge": N_("The pledge"),
    "channels": N_("Channels"),
    "failures": N_("Failures and outages"),
    "transfer": N_("The way between the halls"),
    "timing": N_("Times of the day"),
    "area": N_("Area of the hall"),
}
UNIT_WORDS = {
    "channels": N_("channels"),
    "clock": N_("time of the day"),
    "day": N_("day"),
    "minutes": N_("minutes"),
    "officers": N_("officers"),
    "persons": N_("persons"),
    "persons a day": N_("persons a day"),
    "ratio": N_("ratio"),
    "seconds": N_("seconds"),
    "share": N_("share, 0 to 1"),
    "trips a day": N_("trips a day"),
}
BY_WORDS = {
    "day": N_("Day by day"),
    "week": N_("Week by week"),
    "month": N_("Month by month"),
    "weekday": N_("By day of the week"),
}
WEEKDAY_WORDS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)


CHANCE_ALONE = N_(
    "How sure this is, is a matter of chance alone, of other days like these; it says nothing of whether the "
    'assumptions hold. "Which assumption decides it?" in the lab, or --tornado of the command, shows which of '
    "them matter."
)
"""What an interval is not: said wherever one is."""


def unit_title(unit: str) -> str:
    """Return a unit in the reader's language, as far as it is known."""
    return _(UNIT_WORDS[unit]) if unit in UNIT_WORDS else unit


def sentences(*said: str) -> str:
    """Return sentences as one text, leaving out what is empty: not every language puts a space between two."""
    told = ""
    for one in said:
        told = _("{said} {more}").format(said=told, more=one) if told and one else told or one
    return told


def with_note(text: str, note: str) -> str:
    """Return a text with a note in parentheses."""
    return _("{text} ({note})").format(text=text, note=note)
