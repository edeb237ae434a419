"""The numbered scripts of examples/ run in their order against a server, as whoever copies them would run them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from riverloop.apps.parties.tokens import token_make
from riverloop.apps.parties.words import TOKEN_SCOPES
from tests.cast import Cast, account

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def run(live_server):
    cast = Cast()
    customs = account("gao", "cn", "officer", authority="cn.gacc")
    environment = {**os.environ, "RIVERLOOP_URL": live_server.url}
    for name, user in (("RIVERLOOP_TOKEN", cast.dora), ("RIVERLOOP_OFFICER_TOKEN", customs)):
        made = token_make(user=user, name="example", scopes=TOKEN_SCOPES, days=1, with_second_factor=True)
        environment[name] = made[1]

    def one(script, *arguments):
        command = [sys.executable, str(EXAMPLES / script), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().splitlines()

    return one


@pytest.mark.slow
def test_the_examples_lead_a_movement_from_its_facts_to_its_clearance(run):
    decided = run("01_decide_without_keeping.py")
    assert decided[0].startswith("Knowing only {'category': 'human_blood'}: undetermined.")
    assert any("papers missing: ['gacc_special_article_approval']" in line for line in decided)

    filed = run("02_file_a_movement.py")
    number = filed[-1]
    assert filed[0].endswith("for 100 mL, 100 left.")
    assert run("04_follow_and_answer.py", number)[-1] == "undetermined"

    asked = run("03_ask_as_an_officer.py", number)
    assert any(number in line for line in asked)
    assert asked[-1] == "Asked; the matter is waiting now."

    answered = run("04_follow_and_answer.py", number)
    assert answered[0] == "cn.gacc asks: Which tier of risk is it in, and is it new?"
    assert answered[-1] == "referred"

    decided = run("05_decide_as_an_officer.py", number)
    assert decided[0] == "Before: referred"
    assert "Twice is refused: 409 desk.changed" in decided
    assert decided[-1] == "cleared"
    assert run("04_follow_and_answer.py", number)[-1] == "cleared"


def test_every_script_is_run_above():
    text = Path(__file__).read_text("utf-8")
    assert [path.name for path in sorted(EXAMPLES.glob("0*.py")) if path.name not in text] == []
