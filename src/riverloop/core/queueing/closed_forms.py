"""Queues that mathematics has solved: what a simulation must agree with, and where sizing begins."""

from __future__ import annotations

import math

from riverloop.core.kernel.words import N_
from riverloop.core.queueing.refusals import ScenarioError


def erlang_c(channels: int, load: float) -> float:
    """Return the probability that a passenger has to wait, in M/M/c.

    Args:
        channels: how many, >= 1.
        load: arrivals times mean service, in channels, >= 0.

    Returns:
        Between 0 and 1; 1 if the load is too much.

    Source: Erlang (1917); by the recursion of Erlang B, which neither overflows nor cancels.
    """
    if load >= channels:
        return 1.0
    blocked = 1.0
    for count in range(1, channels + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1 - load / channels * (1 - blocked))


def mmc_wait_seconds(rate_per_hour: float, mean_seconds: float, channels: int) -> float:
    """Return the mean wait of M/M/c, in seconds.

    Args:
        rate_per_hour: passengers/hour.
        mean_seconds: seconds of service.
        channels: how many.
    """
    load = rate_per_hour * mean_seconds / 3600
    _refuse_overload(load, channels)
    return erlang_c(channels, load) * mean_seconds / (channels - load)


def mmc_share_waiting_longer(rate_per_hour: float, mean_seconds: float, channels: int, seconds: float) -> float:
    """Return the share of passengers of M/M/c who wait longer than ``seconds``."""
    load = rate_per_hour * mean_seconds / 3600
    _refuse_overload(load, channels)
    return erlang_c(channels, load) * math.exp(-(channels - load) * seconds / mean_seconds)


def mg1_wait_seconds(rate_per_hour: float, mean_seconds: float, squared_variation: float) -> float:
    """Return the mean wait of M/G/1, in seconds.

    Args:
        rate_per_hour: passengers/hour.
        mean_seconds: seconds of service.
        squared_variation: variance of the service over its squared mean; 0 is M/D/1, 1 is M/M/1.

    Source: Pollaczek (1930), Khinchine (1932).
    """
    load = rate_per_hour * mean_seconds / 3600
    _refuse_overload(load, 1)
    return load * mean_seconds * (1 + squared_variation) / (2 * (1 - load))


def allen_cunneen_wait_seconds(
    rate_per_hour: float, mean_seconds: float, channels: int, squared_variation: float
) -> float:
    """Return about how long the mean wait of M/G/c is, in seconds: good enough to begin a search.

    Source: Allen (1990), Probability, Statistics and Queueing Theory, 2nd ed., section 5.4.
    """
    return mmc_wait_seconds(rate_per_hour, mean_seconds, channels) * (1 + squared_variation) / 2


def _refuse_overload(load: float, channels: int) -> None:
    if load >= channels:
        raise ScenarioError(
            "scenario.overload",
            N_("A load of {load} channels needs more than {channels}: the queue grows for ever. Add channels."),
            load=f"{load:.3g}",
            channels=channels,
        )
