"""What the editor asks in fields: a scenario's assumptions, and the changes that are asked for most.

A field knows the place in the text at which its value stands, so that a change is a change of the text: what a planner
downloads is what was run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from riverloop.apps.lab import opening
from riverloop.apps.lab.answers import outside_text, side_title, unit_title
from riverloop.apps.lab.editing import Path
from riverloop.apps.lab.words import DAY_WORDS, GROUP_WORDS
from riverloop.core.kernel.sources import read_yaml
from riverloop.core.queueing.parameters import Parameter

CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):[0-5][0-9]")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the editor.

    Args:
        name: in the form.
        label: what it is.
        path: where its value stands in the text; where it would stand, if nothing is there yet.
        value: as it is shown.
        form: ``number``, ``whole``, ``share`` (shown in per cent), ``clock``, ``word``, ``roster`` or ``date``.
        unit: of the number, for people.
        help: a sentence more.
        choices: of a select: (value, title).
    """

    name: str
    label: str
    path: Path
    value: str
    form: str = "number"
    unit: str = ""
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Assumption:
    """A parameter as the form shows it: its value and both ends, with where they are from."""

    name: str
    label: str
    unit: str
    source: str
    assumed: bool
    as_of: str
    fields: tuple[Field, ...]
    outside: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A station, with what may be changed of it."""

    name: str
    label: str
    side: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """Everything that the editor asks of one design in one case."""

    groups: tuple[tuple[str, tuple[Assumption, ...]], ...]
    places: tuple[Place, ...]
    whole: tuple[Field, ...]
    outage: tuple[Field, ...]
    traffic: tuple[Field, ...]

    @property
    def assumptions(self) -> Iterator[Assumption]:
        """Every assumption once."""
        for _title, assumptions in self.groups:
            yield from assumptions

    @property
    def fields(self) -> Iterator[Field]:
        """Every field once."""
        for one in self.assumptions:
            yield from one.fields
        for place in self.places:
            yield from place.fields
        yield from (*self.whole, *self.outage, *self.traffic)

    def typed(self, posted: Mapping[str, str]) -> Form:
        """Return the form with what was typed in place of what stands in the text."""

        def kept(fields: tuple[Field, ...]) -> tuple[Field, ...]:
            return tuple(replace(one, value=posted.get(one.name, one.value)) for one in fields)

        return Form(
            tuple(
                (title, tuple(replace(one, fields=kept(one.fields)) for one in group)) for title, group in self.groups
            ),
            tuple(replace(one, fields=kept(one.fields)) for one in self.places),
            kept(self.whole),
            kept(self.outage),
            kept(self.traffic),
        )


# From the text to the form ---------------------------------------------------------------------------------------


def form_of(text: str, design: str, case: str) -> Form:
    """Return what the editor asks.

    Args:
        text: a scenario file that opens.
        design: its key.
        case: likewise.
    """
    raw = read_yaml(text, name="").value
    return Form(
        groups=tuple(_groups(text, raw, design, case)),
        places=tuple(_places(raw, design)),
        whole=tuple(_whole(raw, design)),
        outage=tuple(_outage(raw, design)),
        traffic=tuple(_traffic(raw, design, case)),
    )


def _groups(text: str, raw: dict[str, Any], design: str, case: str) -> Iterator[tuple[str, tuple[Assumption, ...]]]:
    file = opening.opened(text)
    used = set(file.used(design)) - {name for _key, name in days_named(raw, design)}
    grouped: dict[str, list[Assumption]] = {}
    for one in file.parameters_of(case):
        if one.name in used:
            grouped.setdefault(one.group, []).append(_assumption(one, raw, case))
    for group, found in grouped.items():
        title = _(GROUP_WORDS[group]) if group in GROUP_WORDS else group.replace("_", " ").capitalize()
        yield title or _("Assumptions"), tuple(found)


def _assumption(one: Parameter, raw: Mapping[str, Any], case: str) -> Assumption:
    label, unit = opening.said(one.label, one.name.replace("_", " ")), unit_title(one.unit)
    form = "number"
    if isinstance(one.value, str):
        form = "clock" if CLOCK.fullmatch(one.value) else "word"
    place = parameter_path(raw, one.name, case)
    fields = [Field(f"p.{one.name}", label, place, _shown(one.value, form), form, unit)]
    if place[-1] == "value" and one.low is not None:
        titles = (_("at the least"), _("at the most"))
        for key, end, title in zip(("low", "high"), (one.low, one.high), titles, strict=True):
            path = (*place[:-1], key)
            fields.append(Field(f"p.{one.name}.{key}", f"{label}, {title}", path, _shown(end, form), form, unit))
    source = "" if one.assumed else opening.said(one.source)
    outside = outside_text(one.outside) if one.outside else ""
    return Assumption(one.name, label, unit, source, one.assumed, one.as_of, tuple(fields), outside)


def parameter_path(raw: Mapping[str, Any], name: str, case: str) -> Path:
    """Return where the value stands that a parameter has in a case."""
    setting = ((raw.get("cases") or {}).get(case) or {}).get("set") or {}
    if name not in setting:
        return ("parameters", name, "value")
    path = ("cases", case, "set", name)
    return (*path, "value") if isinstance(setting[name], Mapping) else path


def place_of(raw: Mapping[str, Any], design: str, key: str) -> tuple[Path, Any]:
    """Return where a key of the file stands for a design, and what stands there."""
    own = (raw.get("designs") or {}).get(design) or {}
    return (("designs", design, key), own[key]) if key in own else ((key,), raw.get(key))


def _places(raw: Mapping[str, Any], design: str) -> Iterator[Place]:
    path, stations = place_of(raw, design, "stations")
    for number, station in enumerate(stations or ()):
        fields = tuple(_station_fields((*path, number), station))
        if fields:
            sides = ", ".join(map(side_title, sides_of(station)))
            yield Place(station["name"], opening.said(station.get("title"), station["name"]), sides, fields)


def _station_fields(path: Path, station: Mapping[str, Any]) -> Iterator[Field]:
    name = station["name"]
    roster, channels = station.get("roster"), station.get("channels")
    if isinstance(roster, list) and not _refers(roster):
        lines = "\n".join(f"{_clock(one['from'])}-{_clock(one['until'])} {one['channels']}" for one in roster)
        yield Field(
            f"s.{name}.roster",
            _("Roster"),
            (*path, "roster"),
            lines,
            "roster",
            help=_("A line for each time: 06:00-09:00 3 for three channels. No gap between lines; 0 is closed."),
        )
    elif isinstance(channels, int) and not roster:
        yield Field(f"s.{name}.channels", _("Channels"), (*path, "channels"), str(channels), "whole")
    if "shuttle" not in station:
        yield from _service_fields(name, (*path, "service"), station.get("service"))


def _service_fields(name: str, path: Path, service: Any) -> Iterator[Field]:
    stages = service if isinstance(service, list) else [service]
    for number, one in enumerate(stages):
        here = (*path, number) if isinstance(service, list) else path
        key = next((key for key in ("mean_seconds", "seconds") if _is_number((one or {}).get(key))), None)
        if key is None:
            continue
        label = (
            _("Mean service time") if len(stages) == 1 else _("Mean time of stage {number}").format(number=number + 1)
        )
        yield Field(f"s.{name}.seconds.{number}", label, (*here, key), _shown(one[key], "number"), unit=_("seconds"))


def _whole(raw: Mapping[str, Any], design: str) -> Iterator[Field]:
    pledge_path, pledge = place_of(raw, design, "pledge")
    pledge = pledge or {}
    labels = {
        "demand_factor": (_("Demand, times what is stated"), 1, "number", ""),
        "seed": (_("Seed of the random numbers"), 0, "whole", _("The same seed gives the same passengers.")),
        "replications": (_("Replications"), 10, "whole", _("More of them make the answer surer, and take longer.")),
    }
    if not _refers(pledge.get("share")):
        share = pledge.get("share", 0.95)
        yield Field(
            "pledge.share",
            _("Pledge: share of passengers"),
            (*pledge_path, "share"),
            _shown(share, "share"),
            "share",
            "%",
        )
    if not _refers(pledge.get("minutes")):
        yield Field(
            "pledge.minutes",
            _("Pledge: within"),
            (*pledge_path, "minutes"),
            _shown(pledge.get("minutes", 30), "number"),
            unit=_("minutes"),
        )
    for key, (label, otherwise, form, help_text) in labels.items():
        path, value = place_of(raw, design, key)
        value = otherwise if value is None else value
        if not _refers(value):
            yield Field(f"w.{key}", label, path, _shown(value, form), form, help=help_text)


def _outage(raw: Mapping[str, Any], design: str) -> Iterator[Field]:
    path, outages = place_of(raw, design, "side_outages")
    _path, stations = place_of(raw, design, "stations")
    sides = list(
        dict.fromkeys(side for one in stations or () if "channels" in one or "roster" in one for side in sides_of(one))
    )
    if not sides or _refers(outages) or len(outages or ()) > 1:
        return
    first = outages[0] if outages else {}
    if "channels" in first:
        return
    choices = (("", _("None")), *((side, side_title(side)) for side in sides))
    yield Field("o.side", _("Whose system fails"), path, first.get("side", ""), "outage", choices=choices)
    yield Field("o.from", _("from"), path, _clock(first.get("from", "")), "clock")
    yield Field("o.until", _("until"), path, _clock(first.get("until", "")), "clock")


def _traffic(raw: Mapping[str, Any], design: str, case: str) -> Iterator[Field]:
    path, found = counted(raw, design)
    if not found:
        return
    named = dict(days_named(raw, design))
    first = {
        key: _stands(raw, named[key], case) if key in named else str(one) for key, one in found[0]["traffic"].items()
    }
    points = tuple((key, opening.said(point.title)) for key, point in opening.control_points().items())
    day = first.get("day", "median")
    dated = bool(DATE.fullmatch(day))
    days = (*((key, _(word)) for key, word in DAY_WORDS.items()), ("date", _("One date")))
    yield Field("t.control_point", _("Control point"), path, first["control_point"], "point", choices=points)
    yield Field("t.day", _("Which day"), path, "date" if dated else day, "day", choices=days)
    yield Field("t.date", _("The date"), path, day if dated else "", "date", help=_("For one date alone."))
    yield Field("t.from", _("Of the days from"), path, first.get("from", ""), "date")
    yield Field("t.until", _("until"), path, first.get("until", ""), "date")


def days_of(text: str, design: str, case: str) -> dict[str, str]:
    """Return by language which real days a scenario takes; nothing if it takes none, or opens no more."""
    raw = read_yaml(text, name="").value
    if design not in (raw.get("designs") or {"": {}}) or case not in (raw.get("cases") or {"": {}}):
        return {}
    asked = {one.name: one.value for one in _traffic(raw, design, case)}
    point = opening.control_points().get(asked.get("t.control_point", ""))
    if point is None:
        return {}
    span = f" {asked['t.from']}–{asked['t.until']}" if asked["t.from"] or asked["t.until"] else ""
    if asked["t.day"] == "date":
        return {language: f"{title}, {asked['t.date']}" for language, title in point.title.items()}
    return {
        language: f"{title} · {_day_word(asked['t.day'], language)}{span}" for language, title in point.title.items()
    }


def _day_word(day: str, language: str) -> str:
    with translation.override(language.lower()):
        return _(DAY_WORDS[day]) if day in DAY_WORDS else day


def _stands(raw: Mapping[str, Any], name: str, case: str) -> str:
    """Return what stands for a parameter in a case."""
    value: Any = raw
    for step in parameter_path(raw, name, case):
        value = value[step]
    return str(value)


def days_named(raw: Mapping[str, Any], design: str) -> list[tuple[str, str]]:
    """Return which keys of the real days are parameters: (key, its name)."""
    _path, found = counted(raw, design)
    return [
        (key, one.removeprefix("$"))
        for stream in found[:1]
        for key, one in stream["traffic"].items()
        if key != "direction" and _refers(one)
    ]


def counted(raw: Mapping[str, Any], design: str) -> tuple[Path, list[Mapping[str, Any]]]:
    """Return where the arrivals stand, and those of them that are real days."""
    path, arrivals = place_of(raw, design, "arrivals")
    listed = arrivals if isinstance(arrivals, list) else [arrivals]
    return path, [one for one in listed if isinstance(one, Mapping) and "traffic" in one]


def _refers(value: Any) -> bool:
    """Whether a parameter stands in a value: it is asked among the assumptions."""
    if isinstance(value, str):
        return value.startswith("$")
    if isinstance(value, Mapping):
        return any(map(_refers, value.values()))
    return isinstance(value, list) and any(map(_refers, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any, form: str) -> str:
    if form == "share" and _is_number(value):
        value = round(value * 100, 6)
    return f"{value:.15g}" if _is_number(value) else str(value)


def _clock(value: Any) -> str:
    """Return a clock as it is typed; a scenario may say it as a number of hours."""
    if not _is_number(value):
        return str(value)
    minutes = round(value * 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def sides_of(station: Mapping[str, Any]) -> list[str]:
    """Return the sides whose staff a station takes."""
    stated = station.get("side") or []
    return list(stated) if isinstance(stated, list) else [stated]
