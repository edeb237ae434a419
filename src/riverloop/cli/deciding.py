"""``riverloop decide``: a movement of a file, decided by both sides' law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riverloop.cli.inputs import packs_of, read_text, zone_named
from riverloop.cli.options import checked_language, json_option, lang_option, zone_option
from riverloop.cli.printing import print_json
from riverloop.core.kernel.canonical import read_json

if TYPE_CHECKING:
    from riverloop.core.rules.decisions import Movement
    from riverloop.core.rules.earliest import Earliest
    from riverloop.core.rules.packs import PackSet
    from riverloop.core.rules.rulebook import Rulebook
    from riverloop.zones import Zone


@click.command()
@click.argument("file")
@json_option
@lang_option
@click.option("--assume", default="", help="Announced rules to count as law, with commas.")
@zone_option
@click.option("--officer", default="", help="Write for an officer of this side: its own reasons in full.")
@click.option("--packs", "directory", type=click.Path(path_type=Path), help="Decide by the packs of this folder alone.")
@click.option("--earliest", is_flag=True, help="Say as well when it may cross at the earliest, reckoned from its `at`.")
def decide(
    file: str,
    *,
    as_json: bool,
    lang: str,
    assume: str,
    zone_name: str,
    officer: str,
    directory: Path | None,
    earliest: bool,
) -> None:
    """Decide a movement by both sides' law, and say why.

    FILE holds a movement, or a list of them, as JSON; - reads standard input.
    """
    from riverloop.core.rules.decide import decide as decide_movement
    from riverloop.core.rules.decisions import read_movement
    from riverloop.core.rules.rulebook import Rulebook

    checked_language(lang)
    raw = read_json(read_text(file), where="standard input" if file == "-" else file)
    packs, zone = packs_of(directory), zone_named(zone_name)
    extra = _assumed(assume, packs)
    rulebook = Rulebook(packs, replace(zone.boundary, assume=zone.boundary.assume | extra))
    officers = frozenset({zone.boundary.side(officer).id}) if officer else frozenset()
    many = raw if isinstance(raw, list) else [raw]
    where = [f"movement[{place}]" if isinstance(raw, list) else "movement" for place in range(len(many))]
    movements = [
        read_movement(one, zone.boundary, packs.dictionary, where=here) for one, here in zip(many, where, strict=True)
    ]
    decisions = [decide_movement(rulebook, movement) for movement in movements]
    if as_json:
        written = [decision.as_json(authority_of=officers, conceal=bool(officer)) for decision in decisions]
        if earliest:
            for one, movement in zip(written, movements, strict=True):
                one["earliest"] = _earliest(rulebook, movement, zone).as_json(zone.boundary.sides[0].time_zone)
                for step in one["earliest"]["steps"] if officer else ():
                    step.pop("rule", None)  # it may be one that the other side discloses to its authority alone
        print_json(written if isinstance(raw, list) else written[0])
        return
    from riverloop.apps.clearance.sentences import as_text

    gettext = _gettext(lang)
    texts = [as_text(decision, zone, lang, gettext, officers) for decision in decisions]
    if earliest:
        from riverloop.apps.clearance.earliest import as_line

        found = (_earliest(rulebook, movement, zone) for movement in movements)
        texts = [f"{text}\n\n{as_line(one, zone, lang, gettext)}" for text, one in zip(texts, found, strict=True)]
    print("\n\n".join(texts))


def _earliest(rulebook: Rulebook, movement: Movement, zone: Zone) -> Earliest:
    from riverloop.apps.clearance.earliest import find, stated_control_point

    point, wanted = stated_control_point(movement, zone), movement.crossing_at
    return find(rulebook, movement, zone, now=movement.at, wanted=wanted, control_point=point)


def _assumed(text: str, packs: PackSet) -> frozenset[str]:
    from riverloop.core.rules.rulebook import check_assume

    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    check_assume(packs, sorted(names), where="--assume")
    return names


def _gettext(lang: str) -> Callable[[str], str]:
    import gettext

    folder = Path(__file__).parents[1] / "web" / "locale"
    locale = {"zh-Hant": "zh_Hant", "zh-Hans": "zh_Hans"}.get(lang)
    if locale is None:
        return lambda text: text
    return gettext.translation("django", folder, [locale], fallback=True).gettext
