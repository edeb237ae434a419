"""What a page says of an answer: its sentence, its numbers with their units, and how sure they are.

It reads the JSON that was kept, so that an answer reads the same for as long as it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from riverloop.apps.clearance.formats import list_text, number_text, share_text
from riverloop.apps.lab.claimed import Beside, model_says
from riverloop.apps.lab.opening import said
from riverloop.apps.lab.words import CHANCE_ALONE, MEASURE_WORDS, N_, NEED_WORDS, sentences
from riverloop.apps.lab.words import unit_title as unit_title  # noqa: PLC0414 - the words of a page, at one door
from riverloop.apps.parties.here import active_language, zone

Json = Mapping[str, Any]

_SHORT_SECONDS = 120
NOT_KNOWN = "–"


# Numbers ---------------------------------------------------------------------------------------------------------


def number(value: float | None, digits: int = 0) -> str:
    """Return a number, rounded; of what is not known, a dash."""
    return NOT_KNOWN if value is None else number_text(round(value, digits) + 0, active_language())


def share(value: float | None, digits: int = 1) -> str:
    """Return a share in per cent."""
    return NOT_KNOWN if value is None else share_text(round(value, digits + 2) + 0, active_language())


def duration(seconds: float | None) -> str:
    """Return a time in seconds while it is short, and in minutes after."""
    if seconds is None:
        return NOT_KNOWN
    if abs(seconds) < _SHORT_SECONDS:
        return _("{number} s").format(number=number(seconds, 1 if abs(seconds) < 10 else 0))  # noqa: PLR2004 - digits
    return _("{number} min").format(number=number(seconds / 60, 1))


def time_bounds(bounds: Any) -> str:
    """Return the bounds of a time, which is never below nothing."""
    return between([max(one, 0) for one in bounds] if bounds and None not in bounds else bounds)


def between(bounds: Any, form: Any = duration) -> str:
    """Return the bounds of an interval; nothing where there is none."""
    if not bounds:
        return ""
    return _("{low} to {high}").format(low=form(bounds[0]), high=form(bounds[1]))


def measured(name: str, value: float | None) -> str:
    """Return a value of one of the measures."""
    return share(value) if name == "share_within" else duration(value)


def gap(name: str, value: float | None) -> str:
    """Return a difference of one of the measures, with its sign; of shares in percentage points."""
    if value is None:
        return NOT_KNOWN
    sign = "+" if value > 0 else "−" if value < 0 else ""
    if name == "share_within":
        return _("{number} points").format(number=sign + number(abs(value) * 100, 2))
    return sign + duration(abs(value))


def names(parts: Iterable[str]) -> str:
    """Return names, or numbers, one after the other."""
    return list_text(list(parts), active_language())


def side_title(side: str) -> str:
    """Return what a side is called; a scenario may name one that the zone has not."""
    found = next((one for one in zone().sides if one.id == side), None)
    if found is not None:
        return said(dict(found.side.title))
    return _("side not named") if side in ("", "unnamed") else side


def clock(seconds: float) -> str:
    """Return a time of the day."""
    minutes = round(seconds / 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


# Names -----------------------------------------------------------------------------------------------------------


def title(names: Json) -> str:
    """Return what an experiment is called: scenario, design, case."""
    parts = [said(names.get(part)) for part in ("scenario", "design", "case")]
    return _(" · ").join(part for part in parts if part)


def station_title(answer: Json, name: str) -> str:
    """Return what a station is called."""
    return said(answer["about"]["stations"].get(name, {}).get("title"), name)


def class_title(answer: Json, name: str) -> str:
    """Return what a class is called."""
    return said(answer["about"]["classes"].get(name, {}).get("title"), name)


# A simulation ----------------------------------------------------------------------------------------------------


def headline(answer: Json) -> str:
    """Return the answer in one or two sentences: whether the pledge is kept, and where passengers wait longest."""
    result = answer["result"]
    return sentences(pledge_sentence(result), *shortfall_sentences(answer), *bottleneck_sentence(answer))


def pledge_sentence(result: Json) -> str:
    """Return whether the pledge is kept."""
    pledge = result["pledge"]
    said_of = _KEPT[pledge["of"], bool(pledge["met"]), pledge.get("met_with_95_confidence") is not False]
    return _(said_of).format(
        share=share(pledge["share_within"]), minutes=number(pledge["minutes"], 1), pledged=share(pledge["share"])
    )


_KEPT = {
    ("journey", True, True): N_(
        "The pledge is kept: {share} are through within {minutes} minutes (pledged: {pledged})."
    ),
    ("journey", True, False): N_(
        "The pledge is kept on average, but not surely: {share} are through within {minutes} minutes (pledged: "
        "{pledged})."
    ),
    ("waiting", True, True): N_(
        "The pledge is kept: {share} wait no longer than {minutes} minutes in all (pledged: {pledged})."
    ),
    ("waiting", True, False): N_(
        "The pledge is kept on average, but not surely: {share} wait no longer than {minutes} minutes in all (pledged: "
        "{pledged})."
    ),
}
_LATE = {
    "journey": N_("The pledge is not kept: {share} are through within {minutes} minutes (pledged: {pledged})."),
    "waiting": N_("The pledge is not kept: {share} wait no longer than {minutes} minutes in all (pledged: {pledged})."),
}
_KEPT |= {(of, False, sure): text for of, text in _LATE.items() for sure in (True, False)}


def shortfall_sentences(answer: Json) -> Iterator[str]:
    """Yield a sentence for each queue that cannot drain."""
    for one in answer["result"]["shortfalls"]:
        if "places_lacking" in one:
            yield _(
                'The shuttle "{station}" does not take everybody: {places} a day find no place in it, and {late} come '
                "after its last departure."
            ).format(
                station=station_title(answer, one["station"]),
                places=number(one["places_lacking"]),
                late=number(one["after_the_last"]),
            )
            continue
        yield ngettext(
            'The queue at "{station}" cannot drain: {left} are left in it, and {hours} channel-hours are lacking; '
            "{channels} channel would be needed throughout.",
            'The queue at "{station}" cannot drain: {left} are left in it, and {hours} channel-hours are lacking; '
            "{channels} channels would be needed throughout.",
            one["channels_needed"],
        ).format(
            station=station_title(answer, one["station"]),
            left=number(one["passengers_left"]),
            hours=number(one["channel_hours"], 1),
            channels=number(one["channels_needed"]),
        )


def bottleneck_sentence(answer: Json) -> Iterator[str]:
    """Yield where passengers wait longest in all, if they wait at all."""
    result = answer["result"]
    name = result["bottleneck"]
    if name and result["drains"]:
        wait = result["stations"][name]["wait_seconds"]
        yield _('They wait longest at "{station}": {mean} on average, and 95% no longer than {most}.').format(
            station=station_title(answer, name), mean=duration(wait["mean"]), most=duration(wait["p95"])
        )


def sureness(result: Json) -> str:
    """Return how sure the share within the pledge is."""
    pledge, count = result["pledge"], result["replications"]
    if not pledge["ci95"]:
        return _("One replication says nothing of how sure this is. Ask for ten or more.")
    return sentences(_sureness(pledge, count), _(CHANCE_ALONE))


def _sureness(pledge: Json, count: int) -> str:
    many = ngettext("{count} replication", "{count} replications", count).format(count=number(count))
    return _(
        "{many}: with a confidence of 95%, the share lies between {bounds}; the pledge is kept in {kept} of them."
    ).format(
        many=many,
        bounds=_("{low} and {high}").format(low=share(pledge["ci95"][0]), high=share(pledge["ci95"][1])),
        kept=number(pledge["replications_that_meet_it"]),
    )


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a page shows large."""

    label: str
    value: str
    note: str = ""


def figures(answer: Json) -> list[Figure]:
    """Return the numbers that matter most."""
    result = answer["result"]
    journey, longest = result["journey_seconds"], _longest(result)
    found = [
        Figure(
            _("Within the pledge"), share(result["pledge"]["share_within"]), between(result["pledge"]["ci95"], share)
        ),
        Figure(_("Mean time to get through"), duration(journey["mean"]), time_bounds(journey["ci95"])),
        Figure(_("95% are through within"), duration(journey["p95"])),
        Figure(
            _("Longest queue of all replications"),
            _persons(longest[1]),
            station_title(answer, longest[0]) if longest[0] else "",
        ),
        Figure(_("Passengers a day"), number(answer["about"]["passengers_a_day"])),
    ]
    if result.get("area_m2") is not None:
        found.append(Figure(_("Area of the hall"), _("{number} m²").format(number=number(result["area_m2"]))))
    found += [
        Figure(_("Staff hours a day: {side}").format(side=side_title(side)), number(hours, 1))
        for side, hours in result["staff_hours"].items()
    ]
    return found


def _longest(result: Json) -> tuple[str, int]:
    queues = {name: one["queue_max"] for name, one in result["stations"].items()}
    name = max(queues, key=lambda one: queues[one], default="")
    return name, queues.get(name, 0)


def _persons(count: int) -> str:
    return ngettext("{number} person", "{number} persons", count).format(number=number(count))


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: its head, and rows whose first cell names them."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def stations(answer: Json) -> Rows:
    """Return the table of the stations where anybody can wait."""
    result = answer["result"]
    with_area = any(one.get("area_m2") for one in result["stations"].values())
    head = [
        _("Station"),
        _("Staff of"),
        _("Passengers simulated"),
        _("Mean wait"),
        _("Sure to 95%"),
        _("95% wait no longer"),
    ]
    head += [_("Longest queue of all replications"), _("Channels busy"), *([_("Area, m²")] if with_area else [])]
    rows = []
    for name, one in result["stations"].items():
        about = answer["about"]["stations"].get(name, {})
        if about.get("kind") == "walk":
            continue
        wait = one["wait_seconds"]
        cells = [station_title(answer, name), names(map(side_title, about.get("sides", ())))]
        cells += [number(one["passengers"]), duration(wait["mean"]), time_bounds(wait["ci95"]), duration(wait["p95"])]
        cells += [number(one["queue_max"]), share(one["utilisation"]) if one["utilisation"] is not None else ""]
        cells += [number(one.get("area_m2"))] if with_area else []
        rows.append(tuple(cells))
    return Rows(tuple(head), tuple(rows))


def classes(answer: Json) -> Rows | None:
    """Return the table of the classes of passengers; None where there is one alone."""
    found = answer["result"].get("classes")
    if not found:
        return None
    head = (
        _("Class"),
        _("Passengers simulated"),
        _("Mean time to get through"),
        _("95% are through within"),
        _("Within the pledge"),
    )
    rows = tuple(
        (
            class_title(answer, name),
            number(one["passengers"]),
            duration(one["journey_seconds"]["mean"]),
            duration(one["journey_seconds"]["p95"]),
            share(one["share_within"]),
        )
        for name, one in found.items()
    )
    return Rows(head, rows)


# What it is about ------------------------------------------------------------------------------------------------


def needs(answer: Json) -> list[dict[str, str]]:
    """Return what the design needs besides, as stated."""
    return [
        {
            "kind": _(NEED_WORDS.get(one["kind"], NEED_WORDS["other"])),
            "text": said(one["text"]),
            "as_of": one["as_of"],
            "source": "" if one["source"] == "assumed" else said(one["source"]),
            "assumed": "yes" if one["source"] in ("", "assumed") else "",
        }
        for one in answer["about"]["needs"]
    ]


def assumptions(answer: Json, values: Json) -> list[dict[str, Any]]:
    """Return every parameter with its value and source.

    Args:
        answer: what was kept.
        values: parameters that were changed for this experiment.
    """
    return [
        {
            "label": said(one["label"], one["name"].replace("_", " ")),
            "value": parameter_text(one["value"]),
            "unit": unit_title(one["unit"]),
            "ends": between((one["low"], one["high"]), parameter_text) if one["low"] is not None else "",
            "as_of": one["as_of"],
            "source": "" if one["source"] == "assumed" else said(one["source"]),
            "changed": one["name"] in values,
            "outside": outside_text(one["outside"]) if one.get("outside") else "",
        }
        for one in answer["about"]["parameters"]
    ]


def outside_text(stated: Sequence[Any]) -> str:
    """Return that a value lies outside of what was stated: from the least to the most."""
    low, high = map(parameter_text, stated)
    return _("outside the stated range, {low} to {high}").format(low=low, high=high)


def parameter_text(value: Any) -> str:
    """Return the value of a parameter: a number, or a time of the day."""
    return value if isinstance(value, str) else number(value, 6)


def claims(answer: Json, beside: Callable[[str], Beside | None] = lambda _design: None) -> list[dict[str, str]]:
    """Return what was claimed elsewhere, with what the model says beside it.

    Args:
        answer: what was kept.
        beside: gives how the answer differs from that of a design, by the key of this; None of one not simulated.
    """
    return [
        {
            "text": said(one["text"]),
            "model": model_says(
                one, answer["result"], answer["about"]["passengers_a_day"], beside(one.get("against", ""))
            ),
            "as_of": one["as_of"],
            "source": said(one["source"]),
        }
        for one in answer["about"].get("claims", ())
    ]


def outages(answer: Json) -> list[str]:
    """Return each outage in words, once where it is of a whole side."""
    told: dict[tuple[float, float, Any], list[str]] = {}
    for one in answer["about"]["outages"]:
        told.setdefault((one["from"], one["until"], one["channels"]), []).append(station_title(answer, one["station"]))
    return [
        (
            _("{stations}: out of order from {begin} until {end}.")
            if channels is None
            else ngettext(
                "{stations}: {channels} channel fewer from {begin} until {end}.",
                "{stations}: {channels} channels fewer from {begin} until {end}.",
                channels,
            )
        ).format(stations=names(stations), begin=clock(begin), end=clock(end), channels=channels)
        for (begin, end, channels), stations in told.items()
    ]


def measure_title(name: str) -> str:
    """Return what a measure is called."""
    return _(MEASURE_WORDS[name])
