"""``riverloop simulate … --report``: one file, whole or not at all, and no Django where none is asked for."""

import subprocess
import sys

import pytest

from tests.apps.lab import samples

ASKED = ["--against", "design:more", "--without-outages", "--tornado", "--least-roster", "customs", "--lang"]
STATED = (
    samples.DAY.replace("passengers_per_day: 3000", "passengers_per_day: $people")
    + """
parameters: {people: {value: 3000, low: 2500, high: 3500, label: {en: People, zh-Hant: 人數, zh-Hans: 人数}}}
designs: {plain: {title: As it is}, more: {title: Slower, pledge: {minutes: 10, share: 0.95}}}
"""
)


@pytest.fixture
def day(tmp_path):
    path = tmp_path / "day.yaml"
    path.write_text(STATED, "utf-8")
    return path


@pytest.mark.parametrize(("language", "said"), [("en", "As it is"), ("zh-Hant", "人數"), ("zh-Hans", "人数")])
def test_a_report_is_written_in_the_language_that_was_asked_for(run, day, tmp_path, language, said):
    path = tmp_path / "report.html"
    status, _, error = run("simulate", str(day), *ASKED, language, "--report", str(path), "--json")
    assert (status, error) == (0, "")
    text = path.read_text("utf-8")
    assert text.startswith(f'<!doctype html>\n<html lang="{language}">')
    assert text.endswith("</html>\n")
    assert said in text
    assert "--design more --json" in text
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_value_outside_its_stated_range_says_so_in_the_report(run, day, tmp_path):
    path = tmp_path / "report.html"
    assert run("simulate", str(day), "--set", "people=5000", "--report", str(path))[0] == 0
    assert "outside the stated range, 2,500 to 3,500" in path.read_text("utf-8")


def test_a_bundled_scenario_is_reported_under_the_name_that_repeats_it(run, tmp_path):
    path = tmp_path / "report.html"
    assert run("simulate", "hetao-west-bridge", "--report", str(path))[0] == 0
    assert "riverloop simulate hetao-west-bridge --json" in path.read_text("utf-8")


@pytest.mark.parametrize("place", ["", "nowhere/report.html"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_worked_out(run, day, tmp_path, place):
    status, out, error = run("simulate", str(day), "--report", str(tmp_path / place))
    assert (status, out) == (1, "")
    assert "Name another FILE." in error
    assert len(error.splitlines()) == 1


def test_an_unknown_language_is_refused(run, day, tmp_path):
    status, _, error = run("simulate", str(day), "--report", str(tmp_path / "r.html"), "--lang", "zh-Hanz")
    assert status == 1
    assert "zh-Hans" in error


def test_a_report_takes_no_database_no_keys_and_no_data_folder(day, tmp_path):
    folder = tmp_path / "var"
    command = [sys.executable, "-m", "riverloop", "simulate", str(day), "--report", str(tmp_path / "r.html")]
    done = subprocess.run(
        command, env={"RIVERLOOP_DATA": str(folder), "PATH": "/usr/bin"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.html").stat().st_size > 20_000
    assert not folder.exists()


def test_without_a_report_neither_django_nor_the_renderer_is_loaded(day):
    code = (
        "import sys; from riverloop.cli import main; sys.argv = ['riverloop', 'simulate', sys.argv[1], '--json']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'django', 'altair', 'vl_convert'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(day)], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("more", [(), ("--report", "report.html"), ("--list",)])
def test_a_zone_that_is_not_there_is_refused_whatever_is_asked(run, tmp_path, monkeypatch, more):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quiet.yaml").write_text(samples.QUIET, "utf-8")
    status, out, error = run("simulate", "quiet.yaml", "--zone", "nonsense", *more)
    assert (status, out) == (1, "")
    assert 'There is no zone "nonsense".' in error
    assert not (tmp_path / "report.html").exists()
