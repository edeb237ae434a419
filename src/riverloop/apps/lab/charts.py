"""Charts of what was simulated and of real traffic, each with the table behind it.

They read the JSON of answers, so that one that was kept for years draws as it did. Every chart comes in the active
language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from riverloop.apps.clearance.formats import list_text, share_text
from riverloop.apps.lab.decision_charts import break_even_line as break_even_line  # noqa: PLC0414 - one door to all charts
from riverloop.apps.lab.decision_charts import tornado_bars as tornado_bars  # noqa: PLC0414 - likewise
from riverloop.apps.lab.figures import (
    LETTERS,
    Chart,
    Table,
    Values,
    both_sizes,
    clock,
    distinct,
    divided,
    hour_text,
    in_unit,
    key,
    known,
    language,
    line,
    nothing,
    number,
    open_hours,
    own,
    panels,
    scale,
    side_name,
)
from riverloop.apps.lab.traffic_charts import traffic_series as traffic_series  # noqa: PLC0414 - likewise
from riverloop.apps.lab.words import sentences, with_note

Json = Mapping[str, Any]
Labelled = Sequence[tuple[str, Json]]
"""Answers to show together, each with what it is called; four at the most."""


def simulated(results: Labelled) -> str:
    """Return where the numbers of answers come from."""
    if not results:
        return ""
    seeds = list_text(sorted({str(result["seed"]) for _label, result in results}), language())
    count = max(result["replications"] for _label, result in results)
    return ngettext(
        "Simulated, not observed: {count} replication, seed {seed}.",
        "Simulated, not observed: {count} replications, seed {seed}.",
        count,
    ).format(count=number(count), seed=seeds)


# By the hour -----------------------------------------------------------------------------------------------------


def waits_by_hour(results: Labelled) -> Chart:
    """Return how long passengers wait, by the hour in which they come.

    Of one answer: station by station, the mean and how far it spreads. Of several: what 95% of each one's journeys
    do not exceed.
    """
    return _journeys(_apart(results)) if len(results) > 1 else _waits(results)


def _apart(results: Labelled) -> Labelled:
    """Return answers under names of which none is another's."""
    return list(zip(distinct([label for label, _result in results]), (one for _label, one in results), strict=True))


def _waits(results: Labelled) -> Chart:
    title, source = _("Waiting time by hour and station"), simulated(results)
    stations = _stations(results[0][1]) if results else {}
    hours = open_hours(stations.values())
    if not hours:
        return nothing("waits", title, source, _by_no_hour())
    waits = _most(
        {
            name: [_times(rows[hour]["wait_seconds"], "mean", "p50", "p95") for hour in hours]
            for name, rows in stations.items()
        },
        lambda rows: max(known(value for row in rows for value in row), default=0.0),
    )
    unit, told = in_unit(value for rows in waits.values() for row in rows for value in row)
    scaled = {name: [divided(row, unit) for row in rows] for name, rows in waits.items()}
    y = scale(0, max(known(value for rows in scaled.values() for row in rows for value in row), default=0), told)
    drawn = [(name, {"x": clock(hours), "y": y, "series": [_fan(hours, rows)]}) for name, rows in scaled.items()]
    head = (_("Station"), _("Hour"), _("mean"), _("half wait no longer"), _("95% wait no longer"))
    cells = [
        (name, hour_text(hour), *map(number, row))
        for name, rows in scaled.items()
        for hour, row in zip(hours, rows, strict=True)
    ]
    title = with_note(title, told)
    about = _("The line is the mean; the band lies between what half and what 95% never exceed.")
    picture = panels("lines", drawn, title, about)
    return Chart(
        "waits", title, picture, Table(head, tuple(cells)), sentences(about, _chosen(scaled, stations), source)
    )


def _most(stations: Mapping[str, Any], size: Callable[[Any], float]) -> dict[str, Any]:
    """Return the stations that matter most, as many as can be taken in, in the order of the file."""
    chosen = sorted(stations, key=lambda name: -size(stations[name]))[:_PANELS]
    return {name: one for name, one in stations.items() if name in chosen}


_PANELS = 6


def _chosen(shown: Mapping[str, Any], stations: Mapping[str, Any]) -> str:
    if len(shown) == len(stations):
        return ""
    return _("Of {all} stations, the {count} where it is most.").format(
        all=number(len(stations)), count=number(len(shown))
    )


def _times(wait: Json, *names: str) -> list[float | None]:
    return [wait[name] for name in names]


def _fan(hours: Sequence[int], rows: Sequence[Values]) -> dict[str, Any]:
    middle = [(hour + 0.5, mean) for hour, (mean, _half, _most) in zip(hours, rows, strict=True)]
    band = [[hour + 0.5, half, most] for hour, (_mean, half, most) in zip(hours, rows, strict=True)]
    return line(0, middle, band=band) | {"letter": ""}


def _journeys(results: Labelled) -> Chart:
    name, title = "journeys", _("Time that 95% need from arriving to leaving, by hour of arrival")
    hourly = {label: result.get("by_hour") or [] for label, result in results}
    hours = open_hours(hourly.values()) if all(hourly.values()) else []
    if not hours:
        return nothing(name, title, simulated(results), _by_no_hour())
    values = {label: [rows[hour]["journey_seconds"]["p95"] for hour in hours] for label, rows in hourly.items()}
    unit, told = in_unit(value for rows in values.values() for value in rows)
    return _over_the_day(
        name,
        with_note(title, told),
        told,
        hours,
        {label: divided(rows, unit) for label, rows in values.items()},
        source=simulated(results),
        rules=_pledged(results, unit),
    )


def classes_by_hour(results: Labelled) -> Chart:
    """Return how long passengers of each class need, by their hour of arrival; of the first answer."""
    name, title = "classes", _("Time that 95% need in each class, by hour of arrival")
    classes = results[0][1].get("classes", {}) if results else {}
    largest = sorted(classes, key=lambda one: -classes[one]["passengers"])[: len(LETTERS)]
    hourly = {
        own(classes[one].get("title"), one): classes[one].get("by_hour") or [] for one in classes if one in largest
    }
    hours = open_hours(hourly.values()) if hourly and all(hourly.values()) else []
    if not hours:
        return nothing(name, title, simulated(results), _by_no_hour())
    values = {label: [rows[hour]["journey_seconds"]["p95"] for hour in hours] for label, rows in hourly.items()}
    unit, told = in_unit(value for rows in values.values() for value in rows)
    scaled = {label: divided(rows, unit) for label, rows in values.items()}
    rules = _pledged(results[:1], unit)
    return _over_the_day(name, with_note(title, told), told, hours, scaled, source=simulated(results[:1]), rules=rules)


def queues_by_hour(results: Labelled) -> Chart:
    """Return the longest queue of each hour: of one answer by station, of several the longest of any station."""
    name, title = "queues", _("Longest queue of each hour (persons)")
    stations = [_stations(result) for _label, result in results]
    hours = open_hours(rows for one in stations for rows in one.values()) if all(stations) else []
    if not hours:
        return nothing(name, title, simulated(results), _by_no_hour())
    if len(results) > 1:
        longest = {
            label: [float(max(rows[hour]["queue_max"] for rows in one.values())) for hour in hours]
            for (label, _result), one in zip(_apart(results), stations, strict=True)
        }
        title = _("Longest queue of any station, by hour (persons)")
        return _over_the_day(name, title, _("persons"), hours, longest, source=simulated(results), step=True)
    queues = _most({one: [float(rows[hour]["queue_max"]) for hour in hours] for one, rows in stations[0].items()}, max)
    y = scale(0, max(value for rows in queues.values() for value in rows), _("persons"))
    drawn = [
        (one, {"x": clock(hours), "y": y, "series": [line(0, _steps(hours, rows)) | {"letter": ""}], "step": True})
        for one, rows in queues.items()
    ]
    about = _("The most who waited at once, in any replication.")
    source = sentences(about, _chosen(queues, stations[0]), simulated(results))
    return Chart(name, title, panels("lines", drawn, title, about), _hour_table(hours, queues), source)


def roster(answer: Json) -> Chart:
    """Return the least roster of a station: what each hour needs and what shifts open."""
    title = _("Least roster: channels by hour")
    counts = {_("Open by shifts"): answer["channels"], _("Needed at the least"): answer["needed"]}
    hours = [hour for hour in range(len(answer["channels"])) if any(rows[hour] for rows in counts.values())]
    if not hours:
        return nothing("roster", title, "", _by_no_hour())
    span = list(range(hours[0], hours[-1] + 1))
    values = {label: [float(rows[hour]) for hour in span] for label, rows in counts.items()}
    return _over_the_day("roster", title, _("channels"), span, values, source=_("Found by simulation."), step=True)


def _over_the_day(
    name: str,
    title: str,
    told: str,
    hours: Sequence[int],
    values: Mapping[str, Values],
    *,
    source: str,
    rules: Sequence[Json] = (),
    step: bool = False,
) -> Chart:
    """Return a chart of one line for each label, on one pair of axes."""
    top = max([*known(value for rows in values.values() for value in rows), *(rule["y"] for rule in rules)], default=0)
    points = [
        _steps(hours, rows) if step else [(hour + 0.5, value) for hour, value in zip(hours, rows, strict=True)]
        for rows in values.values()
    ]
    series = [line(place, one) for place, one in enumerate(points)]
    data = {"x": clock(hours), "y": scale(0, top, told), "series": series, "rules": list(rules), "step": step}
    named = key(list(values), points=not step)
    picture = both_sizes("lines", data, title, _peaks(hours, values), key=named)
    return Chart(name, title, picture, _hour_table(hours, values), source)


def _steps(hours: Sequence[int], values: Values) -> list[tuple[float, float | None]]:
    """Return points of a line that keeps each hour's value to its end."""
    return [*zip(map(float, hours), values, strict=True), (hours[-1] + 1.0, values[-1])]


def _hour_table(hours: Sequence[int], values: Mapping[str, Values]) -> Table:
    rows = tuple(
        (hour_text(hour), *(number(one[place]) for one in values.values())) for place, hour in enumerate(hours)
    )
    return Table((_("Hour"), *values), rows)


def _peaks(hours: Sequence[int], values: Mapping[str, Values]) -> str:
    """Return what a chart shows in a sentence for each line, for those who cannot see it."""
    said = []
    for label, rows in values.items():
        if not known(rows):
            continue
        most = max(known(rows))
        at = hour_text(hours[list(rows).index(most)])
        said.append(_("{label}: greatest {value}, at {time}.").format(label=label, value=number(most), time=at))
    return sentences(*said)


def _pledged(results: Labelled, unit: float) -> list[dict[str, Any]]:
    minutes = {result["pledge"]["minutes"] for _label, result in results if result["pledge"]["of"] == "journey"}
    return [
        {"y": one * 60 / unit, "label": _("pledged: {minutes} minutes").format(minutes=number(one))} for one in minutes
    ]


def _stations(result: Json) -> dict[str, Sequence[Json]]:
    """Return the hours of each station where anybody can wait."""
    stations = result["stations"]
    titles = distinct([own(one.get("title"), name) for name, one in stations.items()])
    hourly = zip(titles, (one.get("by_hour") or [] for one in stations.values()), strict=True)
    return {title: rows for title, rows in hourly if any(row["queue_max"] or row["channels"] for row in rows)}


def _by_no_hour() -> str:
    return _("Nothing here changes with the time of day, or nobody came.")


# All in all ------------------------------------------------------------------------------------------------------


def pledge_shares(results: Labelled) -> Chart:
    """Return which share of passengers is within the pledge, by answer; and by class where there is one answer."""
    title, source = _("Share of passengers within the pledge"), simulated(results)
    shares = [(label, result["pledge"]["share_within"], result["pledge"].get("ci95")) for label, result in results]
    if len(results) == 1:
        for name, one in results[0][1].get("classes", {}).items():
            shares.append((own(one.get("title"), name), one["share_within"], None))
    shown = [(label, share, bounds or (None, None)) for label, share, bounds in shares if share is not None]
    if not shown:
        return nothing("pledge", title, source, _("Nobody came."))
    pledged = sorted({result["pledge"]["share"] for _label, result in results})
    lowest = min(
        [share for _label, share, _bounds in shown] + [low for *_rest, (low, _high) in shown if low is not None]
    )
    axis = _percent_axis(min(lowest, *pledged))
    rows = [
        {"name": label, "style": place % 4 if len(results) > 1 else 0, "value": share, "low": low, "high": high}
        | {"told": _share(share)}
        for place, (label, share, (low, high)) in enumerate(shown)
    ]
    rules = [{"x": one, "label": _("pledged: {share}").format(share=_share(one))} for one in pledged]
    cells = tuple((label, _share(share), _bounds(low, high)) for label, share, (low, high) in shown)
    data = {"x": axis, "rows": rows, "rules": rules}
    description = sentences(
        *(_("{label}: {value}.").format(label=label, value=_share(share)) for label, share, _bounds_ in shown)
    )
    picture = both_sizes("dots", data, title, description, rows=len(rows))
    return Chart("pledge", title, picture, Table(("", _("Share within"), _("Sure to 95%")), cells), source)


def _percent_axis(lowest: float) -> dict[str, Any]:
    axis = scale(max(0.0, lowest - 0.01), 1.0)
    ticks = [[value, _share(value)] for value, _label in axis["ticks"] if value <= 1 + 1e-9]
    return {"domain": [ticks[0][0], 1.0], "ticks": ticks}


def staff(results: Labelled) -> Chart:
    """Return the hours of staff a day that each side provides, by answer."""
    title = _("Hours of staff, by side")
    hours = [(label, side, value) for label, result in results for side, value in result["staff_hours"].items()]
    return _bars("staff", title, _("Side"), hours, simulated(results))


def hall_areas(results: Labelled) -> Chart:
    """Return the area of the hall that each answer needs, in square metres."""
    title = _("Area of the hall (square metres)")
    areas = [(label, "", result["area_m2"]) for label, result in results if result.get("area_m2") is not None]
    return _bars("areas", title, "", areas, simulated(results))


def _bars(name: str, title: str, of: str, values: Sequence[tuple[str, str, float]], source: str) -> Chart:
    if not values:
        return nothing(name, title, source, _("The scenario states none."))
    labels = list(dict.fromkeys(label for label, _side, _value in values))
    several = len(labels) > 1
    rows = [
        {"name": label if several or not of else side_name(side), "told": side_name(side) if several and of else ""}
        | {"style": labels.index(label) % 4, "value": value, "text": number(value)}
        for label, side, value in values
    ]
    description = sentences(
        *(
            _("{label}: {value}.").format(label=f"{row['name']} {row['told']}".strip(), value=row["text"])
            for row in rows
        )
    )
    picture = both_sizes("bars", {"rows": rows}, title, description, rows=len(rows))
    head = ("", of, title) if of else ("", title)
    cells = tuple(
        (label, side_name(side), number(value)) if of else (label, number(value)) for label, side, value in values
    )
    return Chart(name, title, picture, Table(head, cells), source)


def _share(value: float) -> str:
    return share_text(round(value, 4), language())


def _bounds(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else _("{low} to {high}").format(low=_share(low), high=_share(high))
