"""The tables of a report: designs side by side, stations, classes, differences, outages and shifts."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from riverloop.apps.lab.figures import duration, number, own, side_name
from riverloop.apps.lab.report_parts import (
    Found,
    Json,
    Row,
    Subject,
    Subjects,
    Titled,
    between,
    finely,
    percent,
    points,
    station_title,
    undrained,
)


def side_by_side(subjects: Subjects) -> Titled:
    """Return what came out of each, one column a subject."""
    results = [one.result for one in subjects]
    sides = sorted({side for one in results for side in one["staff_hours"]})
    rows: list[Row] = [
        (_("Passengers simulated"), *(number(one["passengers"], 0) for one in results)),
        (
            _("Replications × days"),
            *(f"{number(one['replications'], 0)} × {number(one['days'], 0)}" for one in results),
        ),
        (
            _("Share within the pledge"),
            *(_with_bounds(one["pledge"]["share_within"], one["pledge"]) for one in results),
        ),
        (_("Pledge"), *(_pledge(one["pledge"]) for one in results)),
        (_("Mean time from arriving to leaving"), *(_mean(one["journey_seconds"]) for one in results)),
        (_("Time that 95% never exceed"), *(duration(one["journey_seconds"]["p95"]) for one in results)),
        (_("Time that 99% never exceed"), *(duration(one["journey_seconds"]["p99"]) for one in results)),
        (_("Longest queue of all replications (persons), and where"), *(_longest(one) for one in results)),
        (_("Where passengers wait longest in all"), *(_bottleneck(one) for one in results)),
    ]
    if any(one.get("area_m2") is not None for one in results):
        rows.append((_("Area of the hall (square metres)"), *(number(one.get("area_m2"), 0) for one in results)))
    told = _("Hours of staff: {side}")
    rows += [
        (told.format(side=side_name(side)), *(number(one["staff_hours"].get(side)) for one in results))
        for side in sides
    ]
    return Titled("", ("", *(one.label for one in subjects)), rows)


def stations(subject: Subject) -> Titled:
    """Return what came out of each station."""
    head = (
        "",
        _("Passengers simulated"),
        _("Mean wait"),
        _("95% wait no longer"),
        _("Longest queue of all replications (persons)"),
        _("Channels busy"),
    )
    rows = [
        (
            own(one.get("title"), name),
            number(one["passengers"], 0),
            duration(one["wait_seconds"]["mean"]),
            duration(one["wait_seconds"]["p95"]),
            number(one["queue_max"], 0),
            "–" if one["utilisation"] is None else percent(one["utilisation"]),
        )
        for name, one in subject.result["stations"].items()
        if one["queue_max"] or one["utilisation"] is not None  # on a walk nobody waits
    ]
    return Titled(_("Stations: {label}").format(label=subject.label), head, rows)


def classes(subject: Subject) -> Titled | None:
    """Return what came out of each class of passengers, where there are several."""
    found = subject.result.get("classes")
    if not found:
        return None
    head = ("", _("Passengers simulated"), _("Mean"), _("95% need no longer"), _("Within the pledge"))
    rows = [
        (
            own(one.get("title"), name),
            number(one["passengers"], 0),
            duration(one["journey_seconds"]["mean"]),
            duration(one["journey_seconds"]["p95"]),
            "–" if one["share_within"] is None else percent(one["share_within"]),
        )
        for name, one in found.items()
    ]
    return Titled(_("From arriving to leaving, by class: {label}").format(label=subject.label), head, rows)


def differences(subjects: Subjects, found: Found) -> list[Titled]:
    """Return how the first subject differs from each other one."""
    measures_of = {
        "journey_seconds": (_("Mean time from arriving to leaving"), finely),
        "journey_p95_seconds": (_("Time that 95% never exceed"), finely),
        "share_within": (_("Share within the pledge"), points),
    }
    tables = []
    for label, measures in found.differences.items():
        drains = not undrained(subjects, label)
        rows = [
            _difference(told, form, measures.get(measure), drains=drains)
            for measure, (told, form) in measures_of.items()
        ]
        if measures:
            title = _("{ours} less {theirs}").format(ours=subjects[0].label, theirs=label)
            tables.append(Titled(title, ("", _("Difference"), _("Sure to 95%"), _("Is it sure?")), rows))
    return tables


def _difference(title: str, form: Callable[[float], str], one: Json | None, *, drains: bool) -> tuple[str, ...]:
    """Return a row of how two differ in a measure."""
    if one is None:
        return title, "–", "", _("nothing to compare: hardly anybody came")
    bounds = one["ci95"]
    sure = _("yes") if one["sure"] else _("no")
    if not drains:
        sure = _("not sure: a queue does not drain")
    elif not any(bounds):
        sure = _("none at all")
    return title, form(one["mean"]), between(bounds, form), sure


def outages(subjects: Subjects) -> Titled | None:
    """Return what outages do: each subject with them and without, on the same passengers."""
    pairs = [(one, one.undisturbed) for one in subjects if one.undisturbed is not None]
    if not pairs:
        return None
    rows = [
        (
            one.label,
            percent(one.result["pledge"]["share_within"]),
            percent(without["pledge"]["share_within"]),
            duration(one.result["journey_seconds"]["p95"]),
            duration(without["journey_seconds"]["p95"]),
        )
        for one, without in pairs
    ]
    head = (
        "",
        _("Within the pledge, with the outages"),
        _("without them"),
        _("95% need no longer, with them"),
        _("without them"),
    )
    return Titled(_("With the outages of the scenario, and without"), head, rows)


def shifts(one: Json, subject: Subject) -> Titled:
    """Return the shifts of a least roster of a subject's station."""
    rows = [
        (f"{duty['from']:02}:00", f"{duty['from'] + duty['hours']:02}:00", number(duty["channels"], 0))
        for duty in one["shifts"]
    ]
    station = station_title(subject.result, one["station"])
    head = (pgettext("lab", "From"), _("Until"), _("Channels"))
    return Titled(_("Shifts of {station}").format(station=station), head, rows)


def _mean(times: Json) -> str:
    bounds = times.get("ci95")
    told = duration(times["mean"])
    if not bounds or None in bounds:
        return told
    return _("{value} (sure to 95%: {bounds})").format(value=told, bounds=between(bounds, duration))


def _with_bounds(share: float | None, pledge: Json) -> str:
    if share is None or not pledge.get("ci95"):
        return percent(share)
    bounds = between(pledge["ci95"], percent)
    return _("{value} (sure to 95%: {bounds})").format(value=percent(share), bounds=bounds)


def _pledge(pledge: Json) -> str:
    told = _("{share} within {minutes} minutes").format(
        share=percent(pledge["share"]), minutes=number(pledge["minutes"])
    )
    return (_("{told}: kept") if pledge["met"] else _("{told}: not kept")).format(told=told)


def _bottleneck(result: Json) -> str:
    name = result["bottleneck"]
    return station_title(result, name) if name else "–"


def _longest(result: Json) -> str:
    longest = max(result["stations"].items(), key=lambda pair: pair[1]["queue_max"])
    name, one = longest
    return f"{number(one['queue_max'], 0)} · {own(one.get('title'), name)}" if one["queue_max"] else "0"
