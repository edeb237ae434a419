"""Matters as pages show them: words in the reader's language, and whether something is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.desk import ages
from riverloop.apps.desk.kinds import kind_of, titles
from riverloop.apps.desk.models import Matter, Step
from riverloop.apps.desk.words import FLOW_WORDS, OUTSIDE_ACT_WORDS, STATE_WORDS, STEP_WORDS
from riverloop.apps.parties.here import told, zone
from riverloop.apps.parties.models import User


def authority_text(side: str, authority: str) -> str:
    """Return the name of an authority in the active language; its id if the zone file lacks it."""
    for one in zone().side(side).side.authorities:
        if one.id == authority:
            return told(one.title)
    return authority


def act_text(matter: Matter, act: str) -> str:
    """Return an act of a matter in the active language."""
    known = kind_of(matter).acts.get(act)
    return _(known.label) if known else _(OUTSIDE_ACT_WORDS.get(act, act))


def clock(side: str) -> str:
    """Return the time zone of a side."""
    return zone().side(side).side.time_zone


def rows(matters: Sequence[Matter], user: User, now: datetime) -> list[dict[str, Any]]:
    """Return a page of the queue; no row names a person."""
    named = titles(list(matters), user)
    return [{**_row(matter, now), "title": named.get(matter.id) or _(kind_of(matter).label)} for matter in matters]


def _row(matter: Matter, now: datetime) -> dict[str, Any]:
    due, zone_name = matter.due_at, clock(matter.owner_side)
    return {
        "matter": matter,
        "kind": _(kind_of(matter).label),
        "flow": _(FLOW_WORDS[matter.flow]) if matter.flow in FLOW_WORDS else "",
        "state": _(STATE_WORDS[matter.state]),
        "authority": authority_text(matter.owner_side, matter.authority),
        "age": ages.age_text(matter.opened_at, now, zone_name),
        "due": ages.due_text(due, now, zone_name) if matter.closed_at is None else "",
        "due_at": due,
        "late": matter.closed_at is None and ages.is_late(due, now),
        "act": act_text(matter, matter.act) if matter.act else "",
    }


def matter_shown(matter: Matter, user: User, now: datetime) -> dict[str, Any]:
    """Return one matter as its page shows it."""
    return {
        **rows([matter], user, now)[0],
        "proposed": act_text(matter, matter.proposed_act) if matter.proposed_act else "",
        "sent_here": authority_text(matter.owner_side, matter.opened_for)
        if matter.opened_for != matter.authority
        else "",
    }


def step_shown(matter: Matter, step: Step, labels: dict[str, str]) -> dict[str, Any]:
    """Return one step as the page of its matter shows it."""
    details = step.details
    lines = []
    if "act" in details:
        lines.append(act_text(matter, details["act"]))
    if "to" in details:
        lines.append(
            _("from {one} to {other}").format(
                one=authority_text(matter.owner_side, details["from"]),
                other=authority_text(matter.owner_side, details["to"]),
            )
        )
    lines += [labels.get(name, name) for name in details.get("facts", ())]
    return {"step": step, "word": _(STEP_WORDS.get(step.act, step.act)), "lines": lines}
