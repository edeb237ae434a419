"""Charts and reports of answers: which of them a page shows, and how several answers are told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from riverloop.apps.lab import answers, charts, comparing, opening, turning
from riverloop.apps.lab.draining import counts_all, lacking, lacking_end, worth_of_ends
from riverloop.apps.lab.models import Experiment
from riverloop.apps.lab.words import CHANCE_ALONE, sentences, with_note

Json = Any
MOST_BARS = 12
MOST_STATIONS = 6
"""Drawn one by one; the table has all."""


def of_simulation(results: Sequence[tuple[str, Json]]) -> list[Any]:
    """Return the charts of one simulation, or of several side by side."""
    if len(results) == 1:
        busiest = [(label, _busiest(result)) for label, result in results]
        found = [charts.waits_by_hour(busiest), charts.classes_by_hour(results), charts.queues_by_hour(busiest)]
    else:
        found = [charts.waits_by_hour(results), charts.queues_by_hour(results)]
    found += [charts.pledge_shares(results), charts.staff(results)]
    if len(results) > 1:
        found.append(charts.hall_areas(results))
    return [one for one in found if not one.empty]


def _busiest(result: Json) -> Json:
    """Return a result with only the stations that are drawn: those with the longest waits, in their order."""
    waits = {name: _wait(one) for name, one in result["stations"].items()}
    drawn = set(sorted(waits, key=lambda name: -waits[name])[:MOST_STATIONS])
    return {**result, "stations": {name: one for name, one in result["stations"].items() if name in drawn}}


def _wait(station: Json) -> float:
    wait = station["wait_seconds"]
    return float((wait["p95"] or 0) + (wait["mean"] or 0))


def of_experiment(one: Experiment) -> list[Any]:
    """Return the charts of an answered experiment."""
    answer = _of(one)
    if one.kind == "simulate":
        return of_simulation([(labels([one])[0], answer["result"])])
    return of_kind(one.kind, answer)


def of_compared(found: Sequence[Experiment]) -> list[Any]:
    """Return the charts of simulations side by side."""
    return of_simulation([(label, _of(one)["result"]) for label, one in zip(labels(found), found, strict=True)])


def drawing(found: Sequence[Any], address: Callable[[str], str], *, now: bool) -> list[dict[str, Any]]:
    """Return charts as a page shows them: each whose drawings are not kept yet with where to fetch it.

    Args:
        found: charts.
        address: gives where one is fetched, by its name.
        now: whether all are to be drawn with the page, for those who read it without scripts.
    """
    return [
        {"chart": one, "later": "" if now or not one.picture or one.picture.is_kept() else address(one.name)}
        for one in found
    ]


def of_kind(kind: str, answer: Json) -> list[Any]:
    """Return the charts of an answer that is no simulation."""
    if kind == "least_roster":
        return [charts.roster(answer[kind])]
    if kind == "tornado":
        return [charts.tornado_bars(answer[kind]["bars"], measure=answer[kind]["measure"], most=MOST_BARS)]
    if kind == "break_even":
        one, design = answer[kind], answer["about"]["design"]
        ours, theirs = opening.said(design["title"], design["key"]), opening.said(one["against_title"], one["against"])
        return [charts.break_even_line(one, ours=ours, theirs=theirs, measure=one["measure"])]
    return []


def _titled(answer: Json) -> list[dict[str, Any]]:
    return [
        {**bar, "name": opening.said(bar["label"], bar["name"].replace("_", " "))} for bar in answer["tornado"]["bars"]
    ]


def labels(found: Sequence[Experiment]) -> list[str]:
    """Return what tells experiments apart: the parts of their names that are not the same for all."""
    named = [[opening.said(one.names.get(part)) for part in ("scenario", "design", "case")] for one in found]
    if len(named) == 1:
        return [named[0][1] or named[0][0]]
    differing = [place for place in range(3) if len({names[place] for names in named}) > 1] or [1]
    told = [_(" · ").join(names[place] for place in differing if names[place]) for names in named]
    return [
        with_note(text, str(place)) if told.count(text) > 1 or not text else text for place, text in enumerate(told, 1)
    ]


def found(kind: str, answer: Json) -> dict[str, Any]:
    """Return in words what was found of anything but a simulation."""
    return _FOUND[kind](answer)


def _least_channels(answer: Json) -> dict[str, Any]:
    one = answer["least_channels"]
    said = answers.names(
        _("{station}: {count}").format(station=answers.station_title(answer, name), count=answers.number(count))
        for name, count in one["channels"].items()
    )
    line = _("{share} are within the pledge.").format(share=answers.share(one["share_within"]))
    if not one["met"]:
        begin = _("No number of channels there keeps the pledge: something else holds passengers up.")
        return {"headline": sentences(begin, line), "table": None}
    rows = tuple(
        (answers.station_title(answer, name), answers.number(count)) for name, count in one["channels"].items()
    )
    return {
        "headline": sentences(_("The least that keeps the pledge: {said}.").format(said=said), line),
        "table": answers.Rows((_("Station"), _("Channels")), rows),
        "beside": _stations([(name, then, then["now"]) for name, then in one.get("stations", {}).items()], answer),
    }


def _least_roster(answer: Json) -> dict[str, Any]:
    one = answer["least_roster"]
    station = answers.station_title(answer, one["station"])
    hours, share = answers.number(one["paid_hours"], 1), answers.share(one["share_within"])
    headline = _("{hours} paid hours a day at {station} keep the pledge: {share} are within it.")
    if not one["met"]:
        headline = _("{hours} paid hours a day at {station} do not keep the pledge: {share} are within it.")
    rows = tuple(
        (_clock(shift["from"]), _clock(shift["from"] + shift["hours"]), answers.number(shift["channels"]))
        for shift in one["shifts"]
    )
    outside = ""
    if one.get("outside_hours"):
        outside = _("Shifts are of whole hours: {hours} of the hours lie outside of the opening hours.").format(
            hours=answers.number(one["outside_hours"], 1)
        )
    return {
        "headline": headline.format(hours=hours, station=station, share=share),
        "table": answers.Rows((_("from"), _("until"), _("Channels")), rows),
        "beside": _stations([(one["station"], one, one["now"])] if "now" in one else [], answer),
        "outside": outside,
    }


def _stations(found: Sequence[tuple[str, Json, Json]], answer: Json) -> answers.Rows | None:
    """Return how it goes at each sized station, and how as the scenario stands; older answers do not tell."""
    head = (
        _("Station"),
        _("Mean wait"),
        _("95% wait no longer"),
        _("Of those who pass it, within the pledge"),
        _("The class that fares worst"),
        _("Paid hours"),
        _("of them overtime"),
    )
    rows = tuple(
        (
            with_note(answers.station_title(answer, name), told),
            answers.duration(one["wait_seconds"]["mean"]),
            answers.duration(one["wait_seconds"]["p95"]),
            answers.share(one["share_within_at_station"]),
            with_note(
                answers.class_title(answer, one["worst_class"]["name"]),
                answers.share(one["worst_class"]["share_within"]),
            ),
            answers.number(one["paid_hours"], 1),
            answers.number(one["overtime_hours"], 1),
        )
        for name, then, now in found
        for told, one in ((_("as found"), then), (_("as it stands"), now))
    )
    return answers.Rows(head, rows) if rows else None


def _clock(hour: int) -> str:
    return f"{hour:02}:00"


def _tornado(answer: Json) -> dict[str, Any]:
    one = answer["tornado"]
    named = _titled(answer)
    if not named:
        return {"headline": _("No assumption of this scenario states between what it may lie."), "table": None}
    measure = one["measure"]
    rows = tuple(
        (
            bar["name"],
            answers.parameter_text(bar["low_value"]),
            _moved(measure, bar["low"]),
            answers.parameter_text(bar["high_value"]),
            _moved(measure, bar["high"]),
        )
        for bar in named
    )
    head = (_("Assumption"), _("at the least"), _("moves it by"), _("at the most"), _("moves it by"))
    return {
        "headline": _moves_most(named, measure),
        "table": answers.Rows(head, rows),
        "sure": worth_of_ends(named, measure),
        "measure": answers.measure_title(measure),
    }


def _moves_most(bars: Sequence[Json], measure: str) -> str:
    """Return which assumption moves a measure most, and of which that cannot be told.

    An end that leaves people out says nothing of a time; the other end of its bar says how far it moves at the least.
    """
    told = [[bar[end] for end in ("low", "high") if bar[end] and counts_all(bar[end], measure)] for bar in bars]
    untold = [bar["name"] for bar, ends in zip(bars, told, strict=True) if len(ends) < 2]  # noqa: PLR2004 - low, high
    widths = [max([0.0, *means]) - min([0.0, *means]) for means in ([end["mean"] for end in ends] for ends in told)]
    most = max(range(len(bars)), key=widths.__getitem__)
    if not widths[most]:
        said = "" if untold else _("Nothing moves it.")
    elif any(end["ci95"][0] > 0 or end["ci95"][1] < 0 for end in told[most]):
        said = _('"{name}" moves it most.') if not untold else _('"{name}" moves it most, of what can be told.')
    else:
        said = _('"{name}" moves it most, if by no more than chance might.')
    if not untold:
        return said.format(name=bars[most]["name"])
    text = _("How far {names} may move it cannot be told: not everybody is served there, or as it stands.")
    return sentences(said.format(name=bars[most]["name"]), text.format(names=answers.names(untold)))


def _moved(measure: str, end: Json | None) -> str:
    if end is None:
        return answers.NOT_KNOWN
    why = lacking_end(end, measure)
    return with_note(answers.gap(measure, end["mean"]), why) if why else answers.gap(measure, end["mean"])


def _break_even(answer: Json) -> dict[str, Any]:
    one = answer["break_even"]
    ours = opening.said(answer["about"]["design"]["title"], answer["about"]["design"]["key"])
    theirs = opening.said(one["against_title"], one["against"])
    head = (
        _("Demand"),
        _("{ours} less {theirs}").format(ours=ours, theirs=theirs),
        _("Sure to 95%"),
        _("Better"),
        _("Is it sure?"),
    )
    told = turning.headline(one, ours, theirs)
    if one["finding"] == "turns":
        told = sentences(
            told,
            _("That is {passengers} passengers a day.").format(
                passengers=answers.number(one["factor"] * one["passengers_a_day"])
            ),
        )
    return {
        "headline": told,
        "table": answers.Rows(head, tuple(_tried_row(one["measure"], point, ours, theirs) for point in one["points"])),
        "sure": sentences(*turning.more(one), _(CHANCE_ALONE)),
        "measure": answers.measure_title(one["measure"]),
    }


def _tried_row(measure: str, point: Json, ours: str, theirs: str) -> tuple[str, ...]:
    return (
        _("{factor} times").format(factor=turning.times(point["factor"])),
        answers.gap(measure, point["mean"]),
        answers.between(point["ci95"], lambda value: answers.gap(measure, value)),
        turning.better(point, ours, theirs),
        lacking(point, ours, theirs, measure) or (_("sure") if point["sure"] else _("not sure")),
    )


_FOUND = {
    "least_channels": _least_channels,
    "least_roster": _least_roster,
    "tornado": _tornado,
    "break_even": _break_even,
}


def report(found: Sequence[Experiment], more: Sequence[Experiment] = ()) -> str:
    """Return a report of answers as one self-contained page, in the reader's language.

    Args:
        found: simulations, answered.
        more: what else was asked of the first, answered; of each kind the newest is told.
    """
    from riverloop.apps.lab import reports  # noqa: PLC0415 - only a download needs it

    subjects = [
        reports.Subject(
            label=label,
            file=opening.opened(one.text),
            text=one.text,
            name=f"{one.scenario_key}.yaml",
            design=one.design,
            case=one.case,
            result=_of(one)["result"],
            undisturbed=_of(one).get("without_outages", {}).get("result"),
        )
        for label, one in zip(labels(found), found, strict=True)
    ]
    asked = reports.Found(differences=_differences(found), between=_between(found), **_asked(more))
    return reports.report(subjects, asked, made_on=reports.today())


def _asked(more: Sequence[Experiment]) -> dict[str, Any]:
    """Return what else was asked, by the names that a report has for it."""
    newest: dict[str, Json] = {}
    for one in more:  # the newest first
        newest.setdefault(one.kind, _of(one).get(one.kind))
    told: dict[str, Any] = {kind: newest[kind] for kind in ("least_channels", "least_roster") if kind in newest}
    if "tornado" in newest:
        told |= {"tornado": newest["tornado"]["bars"], "tornado_measure": newest["tornado"]["measure"]}
    if "break_even" in newest:
        one = newest["break_even"]
        theirs = opening.said(one["against_title"], one["against"])
        told |= {"break_even": {theirs: one}, "break_even_measure": one["measure"]}
    return told


def _of(one: Experiment) -> dict[str, Any]:
    answer: Any = one.result
    return dict(answer)


def _differences(found: Sequence[Experiment]) -> dict[str, Any]:
    """Return how the first differs from each of the others that saw the same passengers."""
    (_first, first), *others = zip(labels(found), map(_of, found), strict=True)
    return {
        label: comparing.differences_json(first, answer)
        for label, answer in others
        if comparing.same_passengers(first, answer)
    }


def _between(found: Sequence[Experiment]) -> dict[tuple[str, str], Any]:
    """Return how any two differ that saw the same passengers."""
    named = list(zip(labels(found), map(_of, found), strict=True))
    return {
        (label, other): comparing.differences_json(ours, theirs)
        for label, ours in named
        for other, theirs in named
        if label != other and comparing.same_passengers(ours, theirs)
    }
