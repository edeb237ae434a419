"""What may be asked of a scenario beside simulating it, read from what was typed, and said in a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from riverloop.apps.lab import answers, opening
from riverloop.apps.lab.words import MEASURE_WORDS, N_, sentences
from riverloop.core.kernel.errors import InputError

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import ScenarioFile
    from riverloop.core.queueing.network import Scenario

Asked = dict[str, Any]
_SHIFT_HOURS = re.compile(r"0?[1-9]|1[0-9]|2[0-4]")


def read_asked(kind: str, posted: QueryDict) -> Asked:
    """Read what is asked, by kind.

    Raises:
        InputError: what was typed cannot be asked.
    """
    return _READERS[kind](posted)


def _least_channels(posted: QueryDict) -> Asked:
    stations = posted.getlist("stations")
    if not stations:
        raise InputError("lab.stations", N_("Choose the stations whose channels are to be found."))
    return {"stations": list(dict.fromkeys(stations)), **_target(posted)}


def _least_roster(posted: QueryDict) -> Asked:
    lengths = [one.strip() for one in posted.get("shift_hours", "8").split(",")]
    if not all(map(_SHIFT_HOURS.fullmatch, lengths)):
        raise InputError("lab.shifts", N_("Lengths of shifts are whole hours from 1 to 24, such as 4, 8. Mend them."))
    return {
        "station": posted.get("station", ""),
        "shift_hours": sorted({int(one) for one in lengths}),
        **_target(posted),
    }


def _target(posted: QueryDict) -> Asked:
    confidence = _number(posted.get("confidence", "95"), 50, 99.9)
    return {"confidence": confidence / 100, "every_hour": bool(posted.get("every_hour"))}


def _tornado(posted: QueryDict) -> Asked:
    return {"measure": _measure(posted)}


def _break_even(posted: QueryDict) -> Asked:
    low, high = (_number(posted.get(key, ""), 0.01, 100) for key in ("low", "high"))
    if low >= high:
        raise InputError("lab.between", N_("The least demand is not below the greatest. Mend one of them."))
    return {"against": posted.get("against", ""), "measure": _measure(posted), "from": low, "to": high}


def _measure(posted: QueryDict) -> str:
    measure = posted.get("measure", "")
    if measure not in MEASURE_WORDS:
        raise InputError("lab.measure", N_("Choose what is to be watched."))
    return measure


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise InputError(
            "lab.range",
            N_('"{text}" is not a number from {low} to {high}. Mend it.'),
            text=text[:40],
            low=low,
            high=high,
        )
    return value


def check_asked(
    kind: str, asked: Mapping[str, Any], file: ScenarioFile, scenario: Scenario, *, design: str, case: str
) -> None:
    """Refuse what cannot be asked of a scenario, before anything is kept or worked out.

    Args:
        kind: of the experiment.
        asked: as it was read.
        file: that holds the scenario.
        scenario: one design of it in a case.
        design: its key.
        case: likewise.

    Raises:
        InputError: it has no such station or other design, too few replications, or nothing of it is uncertain.
    """
    from riverloop.core.queueing import differences, sizing  # noqa: PLC0415 - the simulator is slow to import

    if kind in ("least_channels", "least_roster"):
        sizing.check_sizing(scenario, asked.get("stations") or [asked["station"]])
    elif kind == "break_even":
        if asked["against"] in ("", file.design(design).key):
            raise InputError("lab.against", N_("Choose another design to compare with."))
        other = file.scenario(asked["against"], case, traffic=opening.daily_traffic())
        differences.check_same_passengers(scenario, other)
        differences.check_several(scenario)
    elif kind == "tornado":
        if not file.swings(design, case, traffic=opening.daily_traffic()):
            raise InputError(
                "lab.ends", N_("No parameter says between what it may lie. Give some of them low and high.")
            )
        differences.check_several(scenario)


_READERS: dict[str, Callable[[QueryDict], Asked]] = {
    "least_channels": _least_channels,
    "least_roster": _least_roster,
    "tornado": _tornado,
    "break_even": _break_even,
}
KINDS = tuple(_READERS)


def sentence(kind: str, asked: Mapping[str, Any], about: Mapping[str, Any] | None = None) -> str:
    """Return what was asked, in a line."""

    def station(name: str) -> str:
        return answers.station_title({"about": about}, name) if about else name

    if kind == "least_channels":
        line = _("The least channels at {stations}, open throughout, that keep the pledge.")
        return sentences(line.format(stations=answers.names(map(station, asked["stations"]))), *_sure(asked))
    if kind == "least_roster":
        hours = answers.names(map(str, asked["shift_hours"]))
        line = _("The least roster of {station}, in shifts of {hours} hours, that keeps the pledge.")
        return sentences(line.format(station=station(asked["station"]), hours=hours), *_sure(asked))
    if kind == "tornado":
        return _("How far each assumption moves this: {measure}.").format(
            measure=answers.measure_title(asked["measure"])
        )
    if kind == "break_even":
        return _("From {low} to {high} times the demand: {measure}.").format(
            low=answers.number(asked["from"], 2),
            high=answers.number(asked["to"], 2),
            measure=answers.measure_title(asked["measure"]),
        )
    return ""


def _sure(asked: Mapping[str, Any]) -> Iterator[str]:
    yield _("With {confidence} confidence.").format(confidence=answers.share(asked["confidence"]))
    if asked["every_hour"]:
        yield _("For those of each hour, not only of the day.")


def choices(experiment_text: str, design: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the forms offer: stations with channels, other designs, measures, whether anything is uncertain."""
    file = opening.opened(experiment_text)
    own = file.design(design).key
    return {
        "stations": [
            (name, opening.said(one["title"], name))
            for name, one in about["stations"].items()
            if one["kind"] == "channels"
        ],
        "others": [(one.key, opening.said(one.title, one.key)) for one in file.designs if one.key != own],
        "measures": [(name, _(word)) for name, word in MEASURE_WORDS.items()],
        "uncertain": any(one["low"] is not None for one in about["parameters"]),
    }
