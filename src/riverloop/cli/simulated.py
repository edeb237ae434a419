"""What ``riverloop simulate`` answers: the run itself, and what was asked besides, as text or as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riverloop.cli.printing import print_json, print_table, progress_line
from riverloop.cli.simulated_deciding import print_bars, print_even, told
from riverloop.cli.simulated_text import UNKNOWN, parameters_taken, print_answer
from riverloop.core.queueing.designs import Case, Claim, Design, Need, Parameter, ScenarioFile
from riverloop.core.queueing.differences import MEASURES, compare, passengers_mark
from riverloop.core.queueing.network import Scenario, in_one_language, without_outages
from riverloop.core.queueing.parameters import ASSUMED, Value
from riverloop.core.queueing.real_traffic import Traffic
from riverloop.core.queueing.refusals import ScenarioError
from riverloop.core.queueing.rehearsal import AtStation, Target
from riverloop.core.queueing.results import Result
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sensitivity import Bar, BreakEven, Swing, break_even, tornado
from riverloop.core.queueing.sizing import Channels, Roster, least_channels, least_roster
from riverloop.core.queueing.spreading import Spread, held


@dataclass(frozen=True, slots=True)
class Chosen:
    """One design of one case of a file.

    Args:
        file: the scenario file.
        design: key of the design; empty for the first.
        case: key of the case; empty for the first.
        values: of parameters, instead of the case's.
        traffic: where real days are from.
        name: of the file, as it was given.
        text: of the file.
    """

    file: ScenarioFile
    design: str
    case: str
    values: Mapping[str, Value]
    traffic: Traffic
    name: str
    text: str

    def scenario(self) -> Scenario:
        """Return it with every value in its place."""
        return self.file.scenario(self.design, self.case, values=self.values, traffic=self.traffic)

    def as_json(self) -> dict[str, Any]:
        """Return what was asked for, what the file says of the design, and what was claimed of it elsewhere."""
        asked = self.file.asked(self.design, self.case, values=self.values)
        claims = [_claim_json(one) for one in self.claims()]
        return asked | self._said() | ({"claims": claims} if claims else {})

    def _said(self) -> dict[str, Any]:
        """Return what the file says of itself, of the design and of the case, and which values lie outside of it."""
        design, case = self.file.design(self.design), self.file.case(self.case)
        said: dict[str, Any] = {
            "title": dict(self.file.title),
            "note": dict(self.file.note),
            "design_title": dict(design.title),
            "design_note": dict(design.note),
            "case_title": dict(case.title),
            "case_note": dict(case.note),
            "needs": [_need_json(one) for one in design.needs],
            "outside_stated": {one.name: list(one.outside) for one in parameters_taken(self) if one.outside},
        }
        return {name: one for name, one in said.items() if one}

    def claims(self) -> tuple[Claim, ...]:
        """Return what was claimed of the design, and of the whole."""
        return self.file.claims_of(self.design, self.case)


def swings_of(ours: Chosen) -> list[Swing]:
    """Return what is uncertain, at both of its ends, before anything is run.

    Raises:
        ScenarioError: nothing is, or an end cannot be simulated.
    """
    swings = ours.file.swings(ours.design, ours.case, values=ours.values, traffic=ours.traffic)
    if not swings:
        raise ScenarioError(
            "scenario.ends",
            "No parameter says between what it may lie. Give some of them low and high.",
            where=ours.file.source.where("parameters"),
        )
    return swings


class Answers:
    """The answers about one scenario, and those that stand beside it.

    Args:
        ours: what is asked about.
        spread: how to run a scenario.
    """

    def __init__(self, ours: Chosen, spread: Callable[[Scenario], Spread]) -> None:
        self.ours, self.spread = ours, spread
        self.scenario = ours.scenario()
        self.result = self._run(self.scenario)
        self.others: list[tuple[Chosen, Result]] = []
        self.still: Result | None = None
        self.bars: list[Bar] = []
        self.bars_of = ""
        self.even: BreakEven | None = None
        self.even_of = ""
        self.rival: Chosen | None = None
        self.between = (0.0, 0.0)
        self.channels: Channels | None = None
        self.roster: Roster | None = None

    def _run(self, scenario: Scenario) -> Result:
        with progress_line("Simulating") as progress:
            return run(scenario, spread=self.spread(scenario), progress=progress)

    def compare(self, others: Iterable[Chosen]) -> None:
        """Run other designs on the same passengers."""
        self.others = [(one, self._run(one.scenario())) for one in others]
        for _, theirs in self.others:
            differences(self.result, theirs)

    def compare_without_outages(self) -> None:
        """Run the same hall when nothing is out of order."""
        if not self.scenario.outages:
            raise ScenarioError(
                "scenario.outages",
                "Nothing is ever out of order here. State `outages` of a station, or `side_outages`.",
                where=self.ours.file.source.name,
            )
        self.still = self._run(without_outages(self.scenario))

    def find_tornado(self, swings: list[Swing], measure: str) -> None:
        """Find what moves a measure most."""
        spread = self.spread(self.scenario)
        with progress_line("What moves the answer") as progress:
            self.bars = tornado(self.scenario, swings, MEASURES[measure], spread=spread, progress=progress)
        self.bars_of = measure

    def find_break_even(self, rival: Chosen, measure: str, between: tuple[float, float]) -> None:
        """Find the demand at which another design overtakes."""
        other, watched = rival.scenario(), MEASURES[measure]
        spread = self.spread(self.scenario)
        with progress_line("Where another overtakes") as progress:
            self.even = break_even(self.scenario, other, watched, between=between, spread=spread, progress=progress)
        self.even_of, self.rival, self.between = measure, rival, between

    def size_channels(self, stations: tuple[str, ...], confidence: float, *, every_hour: bool) -> None:
        """Find the least channels that keep the pledge."""
        target = Target(confidence, every_hour)
        with progress_line("Least channels") as progress, held(self.spread(self.scenario)) as spread:
            self.channels = least_channels(self.scenario, stations, target=target, spread=spread, progress=progress)

    def size_roster(self, station: str, hours: tuple[int, ...], confidence: float, *, every_hour: bool) -> None:
        """Find the least roster that keeps the pledge."""
        target = Target(confidence, every_hour)
        with progress_line("Least roster") as progress, held(self.spread(self.scenario)) as spread:
            self.roster = least_roster(
                self.scenario, station, shift_hours=hours, target=target, spread=spread, progress=progress
            )

    @property
    def _rival_name(self) -> str:
        return self.rival.scenario().name if self.rival else ""

    def _parameter(self, name: str) -> Parameter:
        """Return a parameter as the case has it."""
        return next(one for one in parameters_taken(self.ours) if one.name == name)

    def as_json(self) -> dict[str, Any]:
        """Return all of it as one JSON object."""
        answer = self.result.as_json() | self.ours.as_json()
        if self.others:
            answer["against"] = [
                theirs.as_json() | one.as_json() | {"difference": differences(self.result, theirs)}
                for one, theirs in self.others
            ]
        if self.still is not None:
            answer["without_outages"] = self.still.as_json() | {"difference": differences(self.result, self.still)}
        if self.bars:
            answer["tornado"] = {
                "measure": self.bars_of,
                "bars": [_bar_json(bar, self._parameter(bar.name)) for bar in self.bars],
            }
        if self.even is not None:
            asked = {"against": self._rival_name, "measure": self.even_of, "between": list(self.between)}
            answer["break_even"] = asked | self.even.as_json()
        if self.channels is not None:
            answer["least_channels"] = self.channels.as_json()
        if self.roster is not None:
            answer["least_roster"] = self.roster.as_json()
        return answer

    def _beside(self, ours: Chosen) -> dict[str, Result]:
        """Return what other designs of the same scenario in the same case came to, by their keys."""
        every = [(self.ours, self.result), *self.others]
        same = [(one, found) for one, found in every if (one.text, one.case) == (ours.text, ours.case)]
        return {one.file.design(one.design).key: found for one, found in same}

    def show(self, *, by_hour: bool = False) -> None:
        """Print all of it for people, hours only where they are asked for."""
        print_answer(self.ours, self.result, by_hour=by_hour)
        _print_claims(self.ours.claims(), self.result, self._beside(self.ours))
        for one, theirs in self.others:
            print()
            print_answer(one, theirs, by_hour=by_hour, whole=one.file is not self.ours.file)
            _print_claims(one.claims(), theirs, self._beside(one))
            _print_differences(self.result, theirs, _less(self.scenario, theirs.scenario))
        if self.still is not None:
            _print_differences(self.result, self.still, "\nWhat the outages do:", ("with them", "without them"))
        if self.bars:
            print_bars([(bar, self._parameter(bar.name)) for bar in self.bars], self.bars_of)
        if self.even is not None:
            print_even(self.even, self.even_of, self._rival_name, self.between)
        if self.channels is not None:
            _print_channels(self.channels)
        if self.roster is not None:
            _print_roster(self.roster)


def _less(ours: Scenario, theirs: Scenario) -> str:
    same = passengers_mark(ours) == passengers_mark(theirs)
    return f"\nThe first less this one, {'on the same passengers' if same else 'each with its own passengers'}:"


# JSON ------------------------------------------------------------------------------------------------------------


def differences(ours: Result, theirs: Result) -> dict[str, Any]:
    """Return how far two answers differ; of nothing it is sure where a queue of either does not drain."""
    found = {name: compare(ours, theirs, measure) for name, measure in MEASURES.items()}
    return {name: one.as_json() for name, one in found.items() if one is not None}


def _bar_json(bar: Bar, of: Parameter) -> dict[str, Any]:
    low, high = (one and one.as_json() for one in (bar.low, bar.high))
    return {"name": bar.name, "low_value": of.low, "high_value": of.high, "low": low, "high": high}


def _need_json(one: Need) -> dict[str, Any]:
    source = one.source if isinstance(one.source, str) else dict(one.source)
    return {"kind": one.kind, "text": dict(one.text), "as_of": one.as_of, "source": source or ASSUMED}


def _claim_json(one: Claim) -> dict[str, Any]:
    return {
        "text": dict(one.text),
        "value": one.value,
        "unit": one.unit,
        "measure": one.measure,
        **({"against": one.against} if one.against else {}),
        **({"case": one.case} if one.case else {}),
        "as_of": one.as_of,
        "source": one.source if isinstance(one.source, str) else dict(one.source),
    }


# Lists -----------------------------------------------------------------------------------------------------------


def show_list(file: ScenarioFile | None, *, as_json: bool) -> None:
    """Print which scenarios are bundled, or what one file holds."""
    if file is not None:
        _show_file(file, as_json=as_json)
        return
    from riverloop.scenarios import library

    found = library.bundled()
    if as_json:
        print_json([{"name": one.key, "title": dict(one.title), **_choices(one.designs, one.cases)} for one in found])
        return
    rows = [("name", "designs", "cases", "title")]
    rows += [(one.key, _keys(one.designs), _keys(one.cases), in_one_language(one.title)) for one in found]
    print_table(rows)


def _show_file(file: ScenarioFile, *, as_json: bool) -> None:
    if as_json:
        parameters = {one.name: _parameter_json(one) for one in file.parameters}
        print_json({"title": dict(file.title), **_choices(file.designs, file.cases), "parameters": parameters})
        return
    for what, listed in (("design", file.designs), ("case", file.cases)):
        print_table([(what, one.key, in_one_language(one.title)) for one in listed if one.key])
    rows = [("parameter", "value", "between", "unit", "as of", "source")]
    for one in file.parameters:
        source = one.source if isinstance(one.source, str) else in_one_language(one.source)
        ends = "" if one.low is None else f"{one.low} and {one.high}"
        rows.append((one.name, str(one.value), ends, one.unit, one.as_of, source))
    print_table(rows if file.parameters else [])


def _parameter_json(one: Parameter) -> dict[str, Any]:
    return {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "unit": one.unit,
        "as_of": one.as_of,
        "source": one.source if isinstance(one.source, str) else dict(one.source),
    }


def _choices(designs: Sequence[Design], cases: Sequence[Case]) -> dict[str, Any]:
    named = (("designs", designs), ("cases", cases))
    return {what: {one.key: dict(one.title) for one in listed if one.key} for what, listed in named}


def _keys(listed: Sequence[Design | Case]) -> str:
    return ", ".join(one.key for one in listed)


# Text ------------------------------------------------------------------------------------------------------------


def _print_claims(claims: Sequence[Claim], result: Result, beside: Mapping[str, Result]) -> None:
    for place, one in enumerate(claims):
        source = one.source if isinstance(one.source, str) else in_one_language(one.source)
        said = ", ".join(part for part in (source, one.as_of) if part)
        model = _differs(one, result, beside.get(one.against)) if one.against else _modelled(one, result)
        print(f"{'' if place else chr(10)}Claimed: {in_one_language(one.text)}{f' ({said})' if said else ''}")
        print(f"  The model: {model}." if model else "  The model does not tell this.")


def _differs(one: Claim, ours: Result, theirs: Result | None) -> str:
    """Return how far a claimed difference is one."""
    if theirs is None:
        return f"--against design:{one.against} tells it"
    if ours.shortfalls or theirs.shortfalls:
        return "a queue of one of the two does not drain, so that no difference counts"
    found = differences(ours, theirs).get(one.measure)
    if found is None:
        return _not_told(ours)
    unit = "points" if one.measure == "share_within" else one.unit or "seconds"
    scale = 0.01 if unit == "points" else _SECONDS.get(unit, 1)
    low, high = (f"{bound / scale:.2f}" for bound in found["ci95"])
    sure = "" if found["sure"] else ", not sure"
    told = unit if unit in _SECONDS or unit == "points" else "seconds"
    return f'{found["mean"] / scale:+.2f} {told} beside "{one.against}" (95% sure: {low} to {high}){sure}'


_SECONDS = {"seconds": 1, "minutes": 60}


def _modelled(one: Claim, result: Result) -> str:
    """Return what the answer says of what a claim is about, in its unit; nothing where it says nothing."""
    measure, journeys = one.measure, result.tallies.journeys
    unit = one.unit if one.unit in _SECONDS else "seconds"
    scale = _SECONDS[unit]
    if not journeys.served and measure in MEASURES:
        return "nobody comes through here, so that there is no such number"
    if result.shortfalls and measure in MEASURES:
        return "a queue does not drain here, so that no such number counts"
    if measure == "journey_seconds":
        return f"a journey takes {journeys.mean / scale:.1f} {unit} on average"
    if measure == "journey_p95_seconds":
        return f"95% of journeys take no longer than {journeys.quantile(0.95)[0] / scale:.1f} {unit}"
    if measure == "share_within":
        return f"{result.share_within:.1%} are within {result.scenario.pledge.minutes:g} minutes"
    if measure == "passengers_per_day":
        return f"{result.passengers / result.tallies.days:,.0f} a day are simulated"
    return ""


def _print_differences(
    ours: Result, theirs: Result, title: str, called: tuple[str, str] = ("in the first", "in this one")
) -> None:
    print(title)
    found = differences(ours, theirs)
    if lacking := [which for which, one in zip(called, (ours, theirs), strict=True) if one.shortfalls]:
        print(f"  nothing to compare: {' and '.join(lacking)}, a queue does not drain")
        return
    for name in MEASURES:
        print(f"  {name}: {told(found[name]) if name in found else _not_told(ours)}")


def _not_told(result: Result) -> str:
    """Return why there is no difference to tell."""
    if result.scenario.replications == 1:
        return "one replication tells no difference apart"
    return "nothing to compare: hardly anybody came"


def _print_channels(found: Channels) -> None:
    said = ", ".join(f"{name} {count}" for name, count in found.channels.items())
    if found.answer.met:
        print(f"\nLeast channels that keep the pledge: {said} ({found.answer.share:.1%} of all within it).")
    else:
        print(f"\nNo number of channels there keeps the pledge: with {said}, {found.answer.share:.1%} are within it.")
    _print_stations({name: (then, found.now[name]) for name, then in found.then.items()})


def _print_roster(found: Roster) -> None:
    share = f"{found.answer.share:.1%} of all within the pledge"
    kept = "" if found.answer.met else ", which is not kept"
    print(f'\nLeast roster of "{found.station}": {found.paid_hours:,.1f} paid hours a day, {share}{kept}.')
    print_table(
        [("from", "until", "channels")]
        + [(f"{one.begins:02}:00", f"{one.begins + one.hours:02}:00", str(one.channels)) for one in found.duties]
    )
    _print_stations({found.station: (found.then, found.now)})
    if found.outside_hours:
        print(
            f"Shifts are of whole hours: {found.outside_hours:,.1f} of the hours lie outside of those in which the "
            "scenario opens the station."
        )


def _print_stations(stations: Mapping[str, tuple[AtStation, AtStation]]) -> None:
    """Print how it goes at each sized station, and beside it how it goes as the scenario stands."""
    rows: list[tuple[str, ...]] = [
        ("at the station", "mean wait", "p95", "within of who pass", "worst class", "paid hours", "of them overtime")
    ]
    for name, pair in stations.items():
        for label, one in zip((name, f"{name}, as it stands"), pair, strict=True):
            waits = (_wait(one.wait_seconds), _wait(one.wait_p95_seconds))
            worst = f"{one.worst_class} {one.worst_share:.1%}" if one.worst_class else UNKNOWN
            hours = (f"{one.paid_hours:,.1f}", f"{one.overtime_hours:,.1f}")
            rows.append((label, *waits, f"{one.share_within:.1%}", worst, *hours))
    print_table(rows)


def _wait(seconds: float) -> str:
    return f"{seconds:.1f} s" if math.isfinite(seconds) else UNKNOWN
