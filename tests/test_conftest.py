"""How a run behaves when a tool is missing or a database is named: one line, and in CI an error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import pytest

@pytest.mark.browser
def test_a_page():
    pass

@pytest.mark.go
def test_a_log():
    pass

@pytest.mark.django_db
def test_a_row():
    pass

def test_a_sum():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Run the four tests above under the project's conftest.py, with no program to be found but Python."""
    (tmp_path / "test_four.py").write_text(TESTS, encoding="utf-8")

    def run(*arguments, **environment):
        known = {name: os.environ[name] for name in ("HOME", "RIVERLOOP_DATA") if name in os.environ}
        options = ["-p", "conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-q"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, *arguments, str(tmp_path)],
            cwd=ROOT, env={**known, "PATH": str(tmp_path), **environment},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


def test_a_missing_tool_skips_its_own_tests_and_says_so_in_one_line_each(run):
    done = run()
    assert done.returncode == 0, done.stdout
    assert "2 passed, 2 skipped" in done.stdout
    said = [line for line in done.stdout.splitlines() if "is missing" in line]
    assert len(said) == 2
    assert "Chromium is missing, so 1 browser tests did not run. To get it: apt install chromium" in said[0]
    assert "Go is missing, so 1 go tests did not run. To get it: apt install golang-go" in said[1]


def test_in_ci_a_missing_tool_is_an_error(run):
    done = run(CI="true")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Chromium is missing" in done.stderr


def test_what_uses_the_database_is_marked_so_and_browser_tests_are_not(run):
    done = run("-m", "database")
    assert "1 passed, 3 deselected" in done.stdout, done.stdout


@pytest.mark.parametrize(("which", "passed"), [("only", 1), ("never", 3)])
def test_what_opens_pages_runs_apart(run, which, passed):
    done = run("--collect-only", f"--in-browser={which}")
    assert f"{passed}/4 tests collected" in done.stdout, done.stdout
    assert ("test_a_page" in done.stdout) == (which == "only")


def test_a_run_on_postgresql_insists_that_the_settings_name_it(run):
    done = run("--database=postgresql")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "Run: python3 dev.py test --database=postgresql" in done.stderr


def test_browser_tests_come_last_though_the_file_and_the_dice_say_otherwise(run):
    done = run("--collect-only")
    names = [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    assert len(names) == 4
    assert names[-1] == "test_a_page"
