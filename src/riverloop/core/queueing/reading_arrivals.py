"""Who comes, as a scenario file says it: rates, passengers of days, platoons, a generator, or real days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.arrivals import DAY_MINUTES, HOUR_SECONDS, PROFILE_PARTS, Arrivals, Platoons
from riverloop.core.queueing.reading import Entry, check_least, check_name, check_sum
from riverloop.core.queueing.reading_demand import read_demand, read_sources, read_traffic

if TYPE_CHECKING:
    from riverloop.core.queueing.real_traffic import Traffic

_CLASS_SHARES = N_("The shares of the classes sum to {total}, not to one. Mend them.")
_PROFILE_SHARES = N_("The shares of the profile sum to {total}, not to one. Mend them.")


def read_arrivals(
    entry: Entry, raw: Any, classes: list[str], factor: float, traffic: Traffic | None
) -> tuple[Arrivals, ...]:
    """Read who comes.

    Args:
        entry: of the arrivals.
        raw: one stream, or a list of them; some are several streams at once.
        classes: of the scenario.
        factor: growth, by which every rate is multiplied.
        traffic: where real days are from; None where there are none.
    """
    many = [(entry.into(place), one) for place, one in enumerate(raw)] if isinstance(raw, list) else [(entry, raw)]
    read = [(here, _read_one(here, one, classes, place, traffic)) for place, (here, one) in enumerate(many)]
    streams = tuple(stream for _, several in read for stream in several)
    days = max(len(stream.factors) for stream in streams)
    for here, several in read:
        for stream in several:
            if stream.horizon_seconds != streams[0].horizon_seconds or len(stream.factors) not in (1, days):
                raise here.refuse(
                    "arrivals",
                    N_("The streams of passengers cover different times. Give all the same hours and the same days."),
                )
    if not any(stream.expected(day) for stream in streams for day in range(days)):
        raise entry.refuse("arrivals", N_("Nobody comes: every rate is zero. Give a rate."))
    if len({stream.name for stream in streams}) < len(streams):
        raise entry.refuse("twice", N_("Two streams of passengers have one name. Rename one."))
    return tuple(replace(stream, factors=tuple(factor * own for own in stream.factors)) for stream in streams)


def _read_one(
    entry: Entry, raw: dict[str, Any], classes: list[str], place: int, traffic: Traffic | None
) -> list[Arrivals]:
    """Read one entry: a stream of its own, or those of a generator or of real days."""
    given = [key for key in ("rate_per_hour", "passengers_per_day", "size", "demand", "traffic") if key in raw]
    if len(given) != 1:
        raise entry.refuse(
            "arrivals",
            N_(
                "Arrivals need one of rate_per_hour, passengers_per_day, demand, traffic and (for platoons) size. "
                "Give exactly one."
            ),
        )
    _check_keys(entry, raw, given[0])
    named = {"name": f"arrivals-{place}" if place else "arrivals"} | raw
    if given[0] == "demand":
        return read_demand(entry, named, classes)
    if given[0] == "traffic":
        return read_traffic(entry, named, classes, traffic)
    return [_read_stream(entry, named, classes, given[0])]


_TAKES = {
    "demand": {"name", "note", "demand", "classes"},
    "traffic": {"name", "note", "traffic", "classes", "profile", "profile_source"},
}
_OWN = {"classes"}


def _check_keys(entry: Entry, raw: dict[str, Any], kind: str) -> None:
    """Refuse what the other ways of saying who comes take."""
    takes = _TAKES.get(kind)
    for key in raw:
        if (key in _OWN) if takes is None else (key not in takes):
            raise entry.into(key).refuse(
                "arrivals", N_("Arrivals given by {kind} take no {key}. Take it out."), kind=kind, key=key
            )


def _hours(entry: Entry, raw: dict[str, Any]) -> float:
    rates = raw.get("rate_per_hour")
    if "passengers_per_day" in raw:
        fixed = 24.0
    elif isinstance(rates, list):
        fixed = float(len(rates))
    else:
        return float(raw.get("hours", 24))
    if raw.get("hours", fixed) != fixed:
        raise entry.into("hours").refuse(
            "hours",
            N_("These arrivals cover {fixed} hours. Take `hours` out."),
            fixed=f"{fixed:g}",
        )
    return fixed


def _read_stream(entry: Entry, raw: dict[str, Any], classes: list[str], given: str) -> Arrivals:
    hours, platoons = _hours(entry, raw), _read_platoons(entry, raw)
    if platoons:
        check_least(entry.into("every_seconds"), platoons.every_seconds, hours * HOUR_SECONDS / _MOST_PLATOONS)
    if "profile" in raw and given != "passengers_per_day":
        raise entry.into("profile").refuse(
            "profile", N_("A profile spreads passengers_per_day. Give that instead of {key}."), key=given
        )
    factors: tuple[float, ...] = (1.0,)
    rates: tuple[float, ...] = (0.0,)
    if given == "rate_per_hour":
        rates = _floats(raw["rate_per_hour"])
    elif given == "passengers_per_day":
        factors = _floats(raw["passengers_per_day"])
        profile = raw.get("profile", [1.0])
        if DAY_MINUTES % max(len(profile), 1):
            raise entry.into("profile").refuse("profile", PROFILE_PARTS, count=len(profile))
        check_sum(entry.into("profile"), profile, _PROFILE_SHARES)
        rates = tuple(share * len(profile) / hours for share in profile)
    return Arrivals(
        name=raw["name"],
        rates_per_hour=rates,
        horizon_seconds=hours * HOUR_SECONDS,
        factors=factors,
        shares=_read_shares(entry, raw, classes),
        platoons=platoons,
        sources=read_sources(raw),
    )


_MOST_PLATOONS = 2_000_000


def _floats(raw: float | list[float]) -> tuple[float, ...]:
    return tuple(map(float, raw if isinstance(raw, list) else [raw]))


def _read_platoons(entry: Entry, raw: dict[str, Any]) -> Platoons | None:
    together = raw.get("process", "poisson") == "platoons"
    for key in ("every_seconds", "spread_seconds", "size"):
        if key in raw and not together:
            raise entry.into(key).refuse(
                "platoons",
                N_("Only platoons have {key}. Write `process: platoons`, or take it out."),
                key=key,
            )
    if not together:
        return None
    if "every_seconds" not in raw:
        raise entry.refuse("platoons", N_("Platoons need every_seconds, the time between two of them. Add it."))
    return Platoons(float(raw["every_seconds"]), float(raw.get("spread_seconds", 0)), int(raw.get("size", 0)))


def _read_shares(entry: Entry, raw: dict[str, Any], classes: list[str]) -> tuple[float, ...]:
    shares = raw.get("shares")
    if shares is not None:
        entry = entry.into("shares")
        for name in shares:
            check_name(entry, name, classes, "class")
    elif len(classes) == 1:
        return (1.0,)
    else:
        stated = entry.source.value["classes"]
        entry = Entry(entry.source, ("classes",))
        for name in classes:
            if "share" not in stated[name]:
                raise entry.into(name).refuse(
                    "shares", N_('Nothing says how many are "{name}". Add a share.'), name=name
                )
        shares = {name: stated[name]["share"] for name in classes}
    check_sum(entry, list(shares.values()), _CLASS_SHARES)
    return tuple(float(shares.get(name, 0)) for name in classes)
