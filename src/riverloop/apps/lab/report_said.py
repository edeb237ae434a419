"""What a report says in sentences: what was asked, what the answer is, and where a queue cannot drain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from riverloop.apps.clearance.formats import list_text
from riverloop.apps.lab import turning
from riverloop.apps.lab.draining import lacking
from riverloop.apps.lab.figures import duration, language, number, own
from riverloop.apps.lab.report_parts import (
    Found,
    Json,
    Subject,
    Subjects,
    between,
    finely,
    percent,
    points,
    station_title,
    undrained,
    value_text,
)
from riverloop.apps.lab.words import sentences

if TYPE_CHECKING:
    from riverloop.core.queueing.designs import ScenarioFile  # its simulator is slow to import


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
        yield _compared(subjects[0].label, label, measures, undrained(subjects, label))
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
    form = points if measure == "share_within" else finely
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


def _label(file: ScenarioFile, name: str) -> str:
    return own(next((one.label for one in file.parameters if one.name == name), {}), name)
