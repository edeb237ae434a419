"""A decision as plain text, for a terminal or a letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from riverloop.apps.clearance.explain import RuleView, SideView, explain
from riverloop.apps.clearance.sentences import Gettext
from riverloop.core.rules.decisions import Decision

if TYPE_CHECKING:
    from riverloop.zones import Zone


def write(decision: Decision, zone: Zone, language: str, _: Gettext, authority_of: frozenset[str]) -> str:
    """Return the sentence, then each side's reasons, papers and duties."""
    explained = explain(decision, zone, language, _, authority_of=authority_of)
    lines = [explained.sentence]
    for side in explained.sides:
        lines += ["", *_side(side, _)]
    if explained.valid_until:
        lines += ["", _("Valid until {instant}; decide again after that.").format(instant=explained.valid_until)]
    return "\n".join(lines)


def _side(side: SideView, _: Gettext) -> Iterator[str]:
    yield _("{name}: {text}").format(name=side.title, text=side.word)
    if side.route:
        yield "  " + _("Route: {route}").format(route=side.route)
    for rule in side.rules:
        yield from _rule(rule, _)
    for paper in side.papers:
        state = (
            _("held")
            if paper.held
            else _("held; not known yet whether it covers this")
            if paper.unsettled
            else _("missing")
        )
        yield f"  [{state}] {paper.label}"
    for duty in side.duties:
        yield "  " + _("{name}: {text}").format(name=duty.act, text=duty.due)
    if side.missing:
        yield "  " + _("Still to answer:")
        yield from (f"    {label}" for label in side.missing)


def _rule(rule: RuleView, _: Gettext) -> Iterator[str]:
    yield f"  - {rule.reason}"
    if rule.law is not None:
        pilot = [_("pilot, not law")] if rule.pilot else []
        yield "    " + " · ".join([rule.law.title, rule.verified_words, *pilot, rule.id])
        if rule.law.url:
            yield f"    {rule.law.url}"
    if rule.next_step:
        yield f"    {rule.next_step}"
    if rule.remedy is not None:
        yield f"    {rule.remedy.text} ({rule.remedy.body})"
