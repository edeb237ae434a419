"""``riverloop simulate``: what was claimed of a design beside what the model says, and what its journey holds."""

import json

import pytest

from tests.core.queueing.halls import HALLS

CLAIM = "claims: [{text: Ten minutes longer, value: 10, unit: minutes, measure: journey_seconds}]"
LONGER = HALLS.replace(
    CLAIM,
    "note: {en: With a walk, zh-Hant: 連步行, zh-Hans: 含步行}\n    "
    + CLAIM.replace("journey_seconds}", "journey_seconds, against: one_hall, case: opening}"),
)
QUIET = HALLS.replace("channels: $gates,", "channels: 1,").replace("mean_seconds: 15}", "mean_seconds: 150}")


def test_a_claim_is_answered_in_its_own_unit(run):
    _, out, _ = run("simulate", "-", "--design", "two_halls", "--json", stdin=HALLS)
    mean = json.loads(out)["journey_seconds"]["mean"]
    _, out, _ = run("simulate", "-", "--design", "two_halls", stdin=HALLS)
    assert f"  The model: a journey takes {mean / 60:.1f} minutes on average.\n" in out


@pytest.mark.parametrize(
    "words", [("--design", "two_halls", "--against", "design:one_hall"), ("--against", "design:two_halls")]
)
def test_a_claimed_difference_is_answered_by_the_comparison(run, words):
    _, out, _ = run("simulate", "-", *words, "--json", stdin=LONGER)
    answer = json.loads(out)
    sign = 1 if answer["design"] == "two_halls" else -1
    apart = sign * answer["against"][0]["difference"]["journey_seconds"]["mean"] / 60
    _, out, _ = run("simulate", "-", *words, stdin=LONGER)
    assert f'  The model: {apart:+.2f} minutes beside "one_hall" (95% sure: ' in out


def test_alone_it_says_what_to_compare_with(run):
    _, out, _ = run("simulate", "-", "--design", "two_halls", stdin=LONGER)
    assert "  The model: --against design:one_hall tells it.\n" in out


def test_a_claim_of_one_case_is_told_there_alone(run):
    _, out, _ = run("simulate", "-", "--design", "two_halls", "--case", "later", stdin=LONGER)
    assert "Claimed" not in out


def test_of_a_queue_that_does_not_drain_no_number_is_told_as_an_answer(run):
    _, out, _ = run("simulate", "-", "--design", "two_halls", stdin=QUIET)
    assert "  The model: a queue does not drain here, so that no such number counts.\n" in out
    text = QUIET.replace("journey_seconds}", "journey_seconds, against: one_hall}")
    _, out, _ = run("simulate", "-", "--design", "two_halls", "--against", "design:one_hall", stdin=text)
    assert "a queue of one of the two does not drain, so that no difference counts.\n" in out


def test_json_says_what_the_journey_of_each_design_holds(run):
    _, out, _ = run("simulate", "-", "--against", "design:two_halls", "--json", stdin=LONGER)
    answer = json.loads(out)
    assert "design_note" not in answer
    assert answer["against"][0]["design_note"]["en"] == "With a walk"
    assert answer["against"][0]["claims"][0]["against"] == "one_hall"
