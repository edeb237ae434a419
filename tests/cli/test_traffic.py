"""``riverloop traffic``: what is counted, and newer files."""

import gzip
import json
import os
from pathlib import Path

import pytest

from tests.traffic.files import PUBLISHED, row, text_of


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("RIVERLOOP_DATA", str(tmp_path / "data"))
    return tmp_path


def written(folder, *rows, name="new.csv"):
    path = folder / name
    path.write_bytes(text_of(*rows))
    return str(path)


# Show


def test_what_is_counted_is_shown_with_whose_it_is(run, own):
    status, out, err = run("traffic", "show")
    assert (status, err) == (0, "")
    assert "shenzhen_bay                   2021-01-01  2026-03-08" in out
    assert "hung_hom                       2021-01-01  2024-07-30" in out
    assert "Source: Immigration Department, the Government of the Hong Kong" in out
    assert not (own / "data").exists(), "looking leaves nothing behind"


@pytest.mark.parametrize(("lang", "said"), [("en", "Arrivals"), ("zh-Hant", "入境"), ("zh-Hans", "其他访客")])
def test_passengers_of_control_points_are_shown_in_three_languages(run, own, lang, said):
    status, out, _ = run("traffic", "show", "lo_wu", "shenzhen_bay", "--from", "2025-01-01", "--lang", lang)
    assert status == 0
    assert said in out
    assert "2025-04-18" in out


def test_statistics_are_one_json_value(run, own):
    words = ("--from", "2025-01-01", "--until", "2025-12-31", "--json")
    status, out, _ = run("traffic", "show", "lok_ma_chau_spur_line", *words)
    assert status == 0
    answer = json.loads(out)
    assert answer["source"]["url"].startswith("https://data.gov.hk/")
    (point,) = answer["control_points"]
    departures = [
        one for one in point["passengers_per_day"] if (one["direction"], one["class"]) == ("departure", "total")
    ]
    assert departures == [
        {"direction": "departure", "class": "total", "days": 365, "mean": 82010.15, "median": 75604, "p95": 126187,
         "max": 157298, "max_on": "2025-04-18"}
    ]  # fmt: skip
    assert len(json.loads(run("traffic", "show", "--json")[1])["control_points"]) == 16


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("lo_woo",), 1, 'There is no control point "lo_woo". Did you mean "lo_wu"?'),
        (("hung_hom", "--from", "2025-01-01"), 1, "Nothing was counted from 2025-01-01"),
        (("--from", "2026-01-01", "--until", "2025-01-01"), 1, "The span ends before it begins."),
        (("--source", "elsewhere"), 1, 'There is no source "elsewhere".'),
        (("--lang", "fr"), 1, "--lang: There is no language"),
        (("--from", "01-05-2025"), 2, "does not match the format"),
    ],
)
def test_what_cannot_be_shown_is_told(run, own, words, status, said):
    ended, out, err = run("traffic", "show", *words)
    assert (ended, out) == (status, "")
    assert said in err
    assert status == 2 or err.count("\n") == 1


# Import


def test_a_newer_file_is_imported_and_shown(run, own):
    file = written(own, row(), row(way="Departure", counts=(4, 5, 6)))
    status, out, err = run("traffic", "import", file)
    assert (status, err) == (0, "")
    assert out == "new.csv: 2026-03-09 to 2026-03-09\nNew rows: 2; replaced: 0; known before: 0.\n"
    assert "Nothing is new: all 2 rows are known." in run("traffic", "import", file)[1]
    shown = run("traffic", "show", "lo_wu", "--from", "2026-03-09")[1]
    assert "new.csv (new rows: 2; replaced: 0)" in shown
    assert json.loads(run("traffic", "show", "--json")[1])["imports"][0]["file"] == "new.csv"


def test_a_published_file_that_holds_nothing_new_says_so(run, own):
    status, out, _ = run("traffic", "import", str(PUBLISHED))
    assert status == 0
    assert "Nothing is new: all 178 rows are known." in out


def test_wrong_rows_are_told_one_by_one_and_nothing_is_imported(run, own):
    file = written(own, row(), row("10-03-2026", total=7), row("11-03-2026", point="Nowhere"))
    status, out, err = run("traffic", "import", file)
    assert (status, out) == (1, "")
    first, second, last = err.splitlines()
    assert first.startswith("new.csv:3: The row does not add up: 1 + 2 + 3 make 6, and Total says 7.")
    assert second.startswith('new.csv:4: There is no control point "Nowhere".')
    assert last.startswith("new.csv: 2 rows cannot be taken as they are, so nothing was imported;")
    assert not list((own / "data").rglob("*.parquet"))


def test_a_person_may_leave_wrong_rows_out(run, own):
    status, out, err = run("traffic", "import", written(own, row(), row("11-03-2026", total=7)), "--skip-wrong-rows")
    assert status == 0
    assert err.startswith("new.csv:3: ")
    assert "New rows: 1;" in out
    assert "Rows left out, as told above: 1." in out


def test_a_person_may_take_a_contradicting_row_as_the_newer(run, own):
    file = written(own, row("08-03-2026"))
    assert run("traffic", "import", file)[0] == 1
    status, out, _ = run("traffic", "import", file, "--replace", "--json")
    assert status == 0
    answer = json.loads(out)
    assert (answer["imported"], answer["added"], answer["replaced"], answer["problems"]) == (True, 0, 1, [])


def test_problems_are_one_json_value(run, own):
    rows = [row(f"{day:02}-04-2026", total=7) for day in range(1, 31)]
    status, out, err = run("traffic", "import", written(own, *rows), "--json")
    assert status == 1
    assert err.count("\n") == 1
    answer = json.loads(out)
    assert answer["imported"] is False
    assert [one["line"] for one in answer["problems"]] == list(range(2, 32))
    assert "And 10 more; --json lists them all." in run("traffic", "import", written(own, *rows))[2]


def test_days_that_lack_are_told(run, own):
    out = run("traffic", "import", written(own, row("12-03-2026")))[1]
    assert "Nothing is known of 2026-03-09 to 2026-03-11." in out


def test_standard_input_is_a_file_as_well(run, own):
    status, out, _ = run("traffic", "import", "-", stdin=gzip.compress(text_of(row())))
    assert status == 0
    assert out.startswith("standard input: 2026-03-09")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", 'f.csv:1: The column "Date" is lacking.'),
        (b"a,b\n1,2\n", 'f.csv:1: This table has no column "a".'),
        (b"\xff\xfeD", "f.csv:1: This is not UTF-8 text."),
        (text_of(row("09-03-2199")), "f.csv: 1 rows cannot be taken as they are"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(run, own, data, said):
    (own / "f.csv").write_bytes(data)
    status, out, err = run("traffic", "import", str(own / "f.csv"))
    assert (status, out) == (1, "")
    assert said in err
    assert run("traffic", "import", str(own / "none.csv"))[0] == 1


def test_the_rows_of_the_package_are_written_by_the_same_command(run, own):
    status, out, _ = run("traffic", "import", str(PUBLISHED), "--package", str(own))
    assert status == 0
    assert "New rows: 178;" in out
    assert [path.name for path in own.glob("*.parquet")] == ["hk_immd.parquet"]
    assert not (own / "data" / "traffic").exists()
    assert run("traffic", "import", str(PUBLISHED), "--package", str(own), "--replace")[0] == 2


def test_nothing_is_imported_while_a_backup_is_being_restored(run, own, settings):
    from riverloop.web.in_use import alone

    settings.RIVERLOOP_DATA = Path(os.environ["RIVERLOOP_DATA"])
    with alone():
        status, _, err = run("traffic", "import", written(own, row()))
    assert status == 1
    assert "A backup is being restored there." in err
    assert run("traffic", "import", written(own, row()))[0] == 0
