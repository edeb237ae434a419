"""The engine beside queues that mathematics has solved; seeds are fixed, so that each test is the same every time."""

import numpy as np
import pytest

from riverloop.core.queueing import closed_forms
from riverloop.core.queueing.refusals import ScenarioError
from tests.core.queueing.scenes import CONTRACT, one_station, result
from tests.core.queueing.test_kernels import served_by_roster

LONG = "replications: 6"


def close_to(interval, exact):
    """Say whether an exact value lies within one and a half times the interval; a fixed seed decides once for all."""
    half = (interval.high - interval.low) / 2
    return abs(interval.mean - exact) <= 1.5 * half and half < 0.12 * exact


def test_erlang_c_is_as_printed_in_tables():
    assert closed_forms.erlang_c(1, 0.5) == pytest.approx(0.5)
    assert closed_forms.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert closed_forms.erlang_c(12, 10.0) == pytest.approx(0.4493882, abs=1e-7)
    assert closed_forms.erlang_c(500, 480.0) < 1
    assert closed_forms.erlang_c(3, 3.0) == 1


def test_the_small_form_agrees_with_erlang_c():
    answer = result(CONTRACT)
    assert close_to(answer.wait("counter"), closed_forms.mmc_wait_seconds(600, 60, 12))
    tally = answer.tally("counter")
    assert float(tally.busy.sum() / tally.open.sum()) == pytest.approx(10 / 12, abs=0.004)
    longer = closed_forms.mmc_share_waiting_longer(600, 60, 12, 60)
    assert tally.quantile(1 - longer)[0] == pytest.approx(60, rel=0.03)
    assert answer.journey.mean == pytest.approx(answer.wait("counter").mean + 60, rel=0.01)


@pytest.mark.parametrize(
    ("service", "squared_variation"),
    [
        ("{distribution: exponential, mean_seconds: 45}", 1),
        ("{distribution: deterministic, mean_seconds: 45}", 0),
        ("{distribution: gamma, mean_seconds: 45, shape: 4}", 0.25),
        ("{distribution: lognormal, mean_seconds: 45, cv: 1.5}", 2.25),
        ("{distribution: empirical, seconds: [30, 105], weights: [0.8, 0.2]}", 900 / 45**2),
    ],
)
def test_one_channel_agrees_with_pollaczek_and_khinchine(service, squared_variation):
    answer = result(one_station(f"channels: 1, service: {service}", arrivals="{rate_per_hour: 60, hours: 8000}"))
    assert close_to(answer.wait("one"), closed_forms.mg1_wait_seconds(60, 45, squared_variation))


def test_one_queue_of_markov_and_of_general_service_are_one_form():
    assert closed_forms.mg1_wait_seconds(60, 45, 1) == pytest.approx(closed_forms.mmc_wait_seconds(60, 45, 1))
    assert closed_forms.allen_cunneen_wait_seconds(60, 45, 1, 0.5) == pytest.approx(
        closed_forms.mg1_wait_seconds(60, 45, 0.5)
    )


def test_what_leaves_one_hall_comes_to_the_next_as_poisson_does():
    answer = result("""
arrivals: {rate_per_hour: 300, hours: 3000}
stations:
  - {name: first, channels: 4, service: {distribution: exponential, mean_seconds: 40}}
  - {name: second, channels: 1, service: {distribution: exponential, mean_seconds: 9}}
route: [first, second]
replications: 6
""")  # Burke's theorem
    assert close_to(answer.wait("first"), closed_forms.mmc_wait_seconds(300, 40, 4))
    assert close_to(answer.wait("second"), closed_forms.mmc_wait_seconds(300, 9, 1))


def test_one_long_run_is_as_sure_of_itself_by_batches():
    answer = result(
        one_station(
            "channels: 2, service: {distribution: exponential, mean_seconds: 90}",
            arrivals="{rate_per_hour: 60, hours: 8000}",
            more="replications: 1",
        )
    )
    assert close_to(answer.wait("one"), closed_forms.mmc_wait_seconds(60, 90, 2))
    assert answer.within is None


def test_a_queue_that_drains_in_a_finite_roster_empties_as_a_fluid_does():
    """600 at once, 4 channels of 30 s for 1 h, then 8: 480 are through in the hour, the rest 120 x 30 / 8 s later."""
    count = 600
    _, ends = served_by_roster([0.0] * count, [30.0] * count, [(-np.inf, 4), (3600.0, 8)])
    assert int((ends <= 3600).sum()) == 480
    assert ends.max() == 3600 + 120 * 30 / 8


def test_a_load_that_is_too_much_has_no_mean_wait():
    with pytest.raises(ScenarioError, match=r"needs more than 9: the queue grows for ever"):
        closed_forms.mmc_wait_seconds(600, 60, 9)
