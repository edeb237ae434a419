"""The sections of a report: what was asked and answered, what it rests on, and how to get it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from riverloop.apps.clearance.formats import list_text, share_text
from riverloop.apps.lab import turning
from riverloop.apps.lab.draining import lacking
from riverloop.apps.lab.figures import duration, language, number, own, side_name
from riverloop.apps.lab.words import sentences

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import ScenarioFile  # its simulator is slow to import

Json = Mapping[str, Any]
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One design of one case, and what came out of it.

    Args:
        label: what it is called beside the others.
        file: the scenario file that was read from ``text``.
        text: of the scenario file, as it was run.
        name: of the file, for the command that repeats it.
        design: key of the design; empty for the first.
        case: likewise.
        values: of parameters that were set otherwise than the case does.
        result: the JSON of its answer.
        undisturbed: the JSON of its answer without outages, where that was asked.
    """

    label: str
    file: ScenarioFile
    text: str
    name: str
    result: Json
    design: str = ""
    case: str = ""
    values: Mapping[str, float | str] = field(default_factory=dict)
    undisturbed: Json | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What else was asked, as the JSON of its answers; all of it is of the first subject.

    Args:
        differences: label of another subject to, by measure, ``mean``, ``ci95`` and ``sure``: the first less that one.
        between: labels of any two subjects that saw the same passengers to likewise: the one less the other.
        least_channels: ``channels`` by station, ``met``, ``share_within``.
        least_roster: ``station``, ``met``, ``share_within``, ``paid_hours``, ``needed``, ``channels``, ``shifts``.
        tornado: bars of ``tornado_measure``; None if it was not asked for.
        tornado_measure: which measure they are of.
        break_even: what the other design is called to the demand at which the answer changes.
        break_even_measure: which measure that is of.
    """

    differences: Mapping[str, Json] = field(default_factory=dict)
    between: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    least_channels: Json | None = None
    least_roster: Json | None = None
    tornado: Sequence[Json] | None = None
    tornado_measure: str = ""
    break_even: Mapping[str, Json] = field(default_factory=dict)
    break_even_measure: str = ""


@dataclass(frozen=True, slots=True)
class Titled:
    """A table with what it is called."""

    title: str
    head: Row
    rows: Sequence[Row]


Subjects = Sequence[Subject]


# What was asked and answered -------------------------------------------------------------------------------------


def asked(subjects: Subjects, found: Found) -> Iterator[str]:
    """Say what was asked, line by line."""
    for one in subjects:
        yield _full_name(one)
        if one.values:
            changed = [f"{_label(one.file, name)} = {value_text(value)}" for name, value in one.values.items()]
            yield _("There, set otherwise than the scenario says: {values}").format(
                values=list_text(changed, language())
            )
    yield _("How long do passengers wait, and is the pledge kept?")
    if len(subjects) > 1:
        yield _("How do they differ, and how sure is that?")
    if found.least_channels is not None:
        yield _("How few channels keep the pledge?")
    if found.least_roster is not None:
        yield _("What is the least roster that keeps the pledge?")
    if found.tornado is not None:
        yield _("Which assumption moves the answer most?")
    if found.break_even:
        yield _("At what demand does the answer change?")


def _full_name(one: Subject) -> str:
    design, case = one.file.design(one.design), one.file.case(one.case)
    parts = (own(one.file.title, one.name), own(design.title, design.key), own(case.title, case.key))
    return " · ".join(part for part in parts if part)


def answers(subjects: Subjects, found: Found) -> Iterator[str]:
    """Say the answer in sentences."""
    if len(subjects) > 1:
        yield sentences(_all_kept(subjects), _quickest(subjects))
    for one in subjects:
        yield _kept(one, name=len(subjects) > 1)
    for label, measures in found.differences.items():
        yield _compared(subjects[0].label, label, measures, _undrained(subjects, label))
    if found.least_roster is not None:
        yield _least_roster(found.least_roster, subjects[0])
    if found.least_channels is not None:
        yield _least_channels(found.least_channels, subjects[0])
    for label, even in found.break_even.items():
        yield _turns(subjects[0].label, label, even, found.break_even_measure)


def _all_kept(subjects: Subjects) -> str:
    kept = [one.label for one in subjects if one.result["pledge"]["met"]]
    if len(kept) == len(subjects):
        return _("All of them keep the pledge.")
    if not kept:
        return _("None of them keeps the pledge.")
    return _("The pledge is kept by {kept}, and not by the others.").format(kept=list_text(kept, language()))


def _quickest(subjects: Subjects) -> str:
    served = [one for one in subjects if one.result["journey_seconds"]["mean"] is not None and one.result["drains"]]
    if not served:
        return ""
    best = min(served, key=lambda one: one.result["journey_seconds"]["mean"])
    time = duration(best.result["journey_seconds"]["mean"])
    return _("Quickest on average: {label}, {time} from arriving to leaving.").format(label=best.label, time=time)


def _kept(one: Subject, *, name: bool) -> str:
    pledge = one.result["pledge"]
    share = pledge["share_within"]
    if share is None:
        return _("{label}: nobody came.").format(label=one.label)
    texts = {
        ("journey", True): _("{share} are through within {minutes} minutes. The pledge of {pledged} is kept."),
        ("journey", False): _("{share} are through within {minutes} minutes. The pledge of {pledged} is not kept."),
        ("waiting", True): _("{share} wait no longer than {minutes} minutes. The pledge of {pledged} is kept."),
        ("waiting", False): _("{share} wait no longer than {minutes} minutes. The pledge of {pledged} is not kept."),
    }
    said = texts[pledge["of"], bool(pledge["met"])].format(
        share=percent(share), minutes=number(pledge["minutes"]), pledged=percent(pledge["share"])
    )
    if pledge.get("ci95"):
        said = sentences(said, _("Sure to 95%: {bounds}.").format(bounds=between(pledge["ci95"], percent)))
    return _("{label}: {said}").format(label=one.label, said=said) if name else said


def _undrained(subjects: Subjects, label: str) -> list[str]:
    """Return what those are called whose queues do not drain, of the first subject and another."""
    return [
        one.label
        for place, one in enumerate(subjects)
        if (not place or one.label == label) and not one.result["drains"]
    ]


def _compared(ours: str, theirs: str, measures: Json, undrained: Sequence[str]) -> str:
    if undrained:
        text = _("Whether {ours} or {theirs} is quicker cannot be told: the queues of {undrained} do not drain.")
        return text.format(ours=ours, theirs=theirs, undrained=list_text(list(undrained), language()))
    one = measures.get("journey_seconds")
    if one is None:
        text = _("Of {ours} and {theirs} nothing is sure: one replication tells no difference.")
        if measures:
            text = _("Neither {ours} nor {theirs} is quicker: hardly anybody came.")
        return text.format(ours=ours, theirs=theirs)
    apart = duration(abs(one["mean"]))
    if not one["sure"]:
        text = _("Whether {ours} or {theirs} is quicker is not sure: they differ by {time} on average.")
    elif one["mean"] < 0:
        text = _("{ours} is quicker than {theirs} by {time} on average; that is sure.")
    else:
        text = _("{theirs} is quicker than {ours} by {time} on average; that is sure.")
    return text.format(ours=ours, theirs=theirs, time=apart)


def _least_roster(one: Json, subject: Subject) -> str:
    text = (
        _("The least roster of {station} takes {hours} paid hours; {share} are then within the pledge.")
        if one["met"]
        else _("No roster of {station} keeps the pledge: with {hours} paid hours, {share} are within it.")
    )
    said = text.format(
        station=station_title(subject.result, one["station"]),
        hours=number(one["paid_hours"]),
        share=percent(one["share_within"]),
    )
    return sentences(said, *_at_station(one["station"], one, subject))


def _at_station(name: str, one: Json, subject: Subject) -> Iterator[str]:
    """Yield how it goes at a station that was sized; older answers do not tell."""
    if "now" not in one:
        return
    wait, worst = one["wait_seconds"], one["worst_class"]
    yield _(
        "At {station} they then wait {mean} on average, and 95% no longer than {most}; of those who pass it, {share} "
        "are within the pledge, and {worst} of the class that fares worst."
    ).format(
        station=station_title(subject.result, name),
        mean=duration(wait["mean"]),
        most=duration(wait["p95"]),
        share=percent(one["share_within_at_station"]),
        worst=percent(worst["share_within"]),
    )
    yield _("Of {hours} paid hours {overtime} are overtime; as it stands, {now} are paid.").format(
        hours=number(one["paid_hours"]), overtime=number(one["overtime_hours"]), now=number(one["now"]["paid_hours"])
    )


def _least_channels(one: Json, subject: Subject) -> str:
    said = list_text(
        [
            _("{station}: {count}").format(station=station_title(subject.result, name), count=number(count))
            for name, count in one["channels"].items()
        ],
        language(),
    )
    text = (
        _("The least channels that keep the pledge: {channels}; {share} are then within it.")
        if one["met"]
        else _("No number of channels there keeps the pledge: with {channels}, {share} are within it.")
    )
    told = [line for name, at in one.get("stations", {}).items() for line in _at_station(name, at, subject)]
    return sentences(text.format(channels=said, share=percent(one["share_within"])), *told)


def _turns(ours: str, theirs: str, one: Json, measure: str) -> str:
    one = {**one, "measure": measure}
    tried = list_text([_tried(point, measure, ours, theirs) for point in one["points"]], language())
    said = _("{ours} less {theirs}, at each demand that was tried: {tried}.").format(
        ours=ours, theirs=theirs, tried=tried
    )
    return sentences(turning.headline(one, ours, theirs), said, *turning.more(one))


def _tried(point: Json, measure: str, ours: str, theirs: str) -> str:
    """Return a demand that was tried, with the difference there and whether it is sure."""
    form = _points if measure == "share_within" else _finely
    words = {"difference": form(point["mean"]), "factor": turning.times(point["factor"])}
    if why := lacking(point, ours, theirs, measure):
        return _("{difference} at {factor} times ({lacking})").format(**words, lacking=why)
    text = _("{difference} at {factor} times") if point["sure"] else _("{difference} at {factor} times (not sure)")
    return text.format(**words)


def warnings(subjects: Subjects) -> Iterator[str]:
    """Say where a queue cannot drain, and what is lacking."""
    for one in subjects:
        for lack in one.result["shortfalls"]:
            if "places_lacking" in lack:
                yield _(
                    "{label}: the shuttle {station} does not take everybody: {places} a day find no place in it, and "
                    "{late} come after its last departure."
                ).format(
                    label=one.label,
                    station=station_title(one.result, lack["station"]),
                    places=number(lack["places_lacking"], 0),
                    late=number(lack["after_the_last"], 0),
                )
                continue
            yield _(
                "{label}: the queue of {station} cannot drain. {left} passengers are left, {never} of them never "
                "served; {hours} channel-hours are lacking, and at least {channels} channels are needed throughout."
            ).format(
                label=one.label,
                station=station_title(one.result, lack["station"]),
                left=number(lack["passengers_left"], 0),
                never=number(lack["never_served"], 0),
                hours=number(lack["channel_hours"]),
                channels=number(lack["channels_needed"], 0),
            )


# In numbers ------------------------------------------------------------------------------------------------------


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
        "journey_seconds": (_("Mean time from arriving to leaving"), _finely),
        "journey_p95_seconds": (_("Time that 95% never exceed"), _finely),
        "share_within": (_("Share within the pledge"), _points),
    }
    tables = []
    for label, measures in found.differences.items():
        drains = not _undrained(subjects, label)
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


# Words -----------------------------------------------------------------------------------------------------------


def title_of(one: Subject) -> str:
    """Return what a subject's scenario is called."""
    return own(one.file.title, one.name)


def _label(file: ScenarioFile, name: str) -> str:
    return own(next((one.label for one in file.parameters if one.name == name), {}), name)


def station_title(result: Json, name: str) -> str:
    """Return what a station is called."""
    return own(result["stations"].get(name, {}).get("title"), name)


def value_text(value: float | str | None) -> str:
    """Return the value of a parameter."""
    return value if isinstance(value, str) else number(value, 4)


def percent(share: float | None) -> str:
    """Return a share as a percentage."""
    return "–" if share is None else share_text(round(share, 4), language())


def between(bounds: Sequence[float], form: Callable[[float], str]) -> str:
    """Return two bounds."""
    low, high = map(form, bounds)
    return _("{low} to {high}").format(low=low, high=high)


def _mean(times: Json) -> str:
    bounds = times.get("ci95")
    told = duration(times["mean"])
    if not bounds or None in bounds:
        return told
    return _("{value} (sure to 95%: {bounds})").format(value=told, bounds=between(bounds, duration))


def _finely(seconds: float) -> str:
    return duration(seconds, 2)


def _points(share: float) -> str:
    return _("{number} points").format(number=number(share * 100, 2))


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
