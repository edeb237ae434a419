"""Charts: drawn in every language, equal to their tables, and fit for a strict page."""

import math
import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from django.utils import translation

from riverloop.apps.lab import charts, figures, svg
from tests.apps.lab import samples

DAYS = [date(2021, 1, 1) + timedelta(days=place) for place in range(1826)]
LANGUAGES = ["en", "zh-hant", "zh-hans"]


def passengers(count):
    return [round(60_000 + 20_000 * math.sin(place / 58) + 3_000 * (place % 7)) for place in range(count)]


CHARTS = {
    "waits of one": lambda: charts.waits_by_hour(samples.four()[:1]),
    "waits of four": lambda: charts.waits_by_hour(samples.four()),
    "classes": lambda: charts.classes_by_hour(samples.four()[:1]),
    "queues of one": lambda: charts.queues_by_hour(samples.four()[:1]),
    "queues of four": lambda: charts.queues_by_hour(samples.four()),
    "pledge of one": lambda: charts.pledge_shares(samples.four()[:1]),
    "pledge of four": lambda: charts.pledge_shares(samples.four()),
    "staff of one": lambda: charts.staff(samples.four()[:1]),
    "staff of four": lambda: charts.staff(samples.four()),
    "areas": lambda: charts.hall_areas([(name, one | {"area_m2": 410.5}) for name, one in samples.four()]),
    "roster": lambda: charts.roster(samples.ROSTER),
    "tornado": lambda: charts.tornado_bars(samples.tornado(), measure="journey_seconds"),
    "break even": lambda: charts.break_even_line(samples.turning(), ours="<One>", theirs="Two", measure="share_within"),
    "days": lambda: charts.traffic_series(DAYS[:60], {"A <b>": passengers(60)}, source="Counted."),
    "weeks": lambda: charts.traffic_series(DAYS[:400], {"A": passengers(400), "B": [None] * 400}, source="Counted."),
    "five years": lambda: charts.traffic_series(
        DAYS, {"A": passengers(1826), "B": passengers(1826)}, source="Counted."
    ),
}
NOTHING = {
    "nobody asked": lambda: charts.waits_by_hour([]),
    "steady": lambda: charts.waits_by_hour([("A", samples.answered(samples.QUIET))]),
    "steady, two": lambda: charts.waits_by_hour([("A", samples.answered(samples.QUIET))] * 2),
    "steady queues": lambda: charts.queues_by_hour([("A", samples.answered(samples.QUIET))]),
    "no classes": lambda: charts.classes_by_hour([("A", samples.answered(samples.QUIET))]),
    "no areas": lambda: charts.hall_areas([("A", samples.answered())]),
    "no pledge": lambda: charts.pledge_shares([]),
    "nothing uncertain": lambda: charts.tornado_bars([]),
    "nothing tried": lambda: charts.break_even_line({"factor": None}, ours="A", theirs="B"),
    "closed": lambda: charts.roster({"channels": [0] * 24, "needed": [0] * 24}),
    "no days": lambda: charts.traffic_series([], {"A": []}, source="Counted."),
    "nothing published": lambda: charts.traffic_series(DAYS[:9], {"A": [None] * 9}, source="Counted."),
}


def data_of(chart):
    """Give the data of each drawing of a chart."""
    return [one.data for one in chart.picture.drawings]


def elements(html):
    """Read the HTML of a chart, which is well-formed XML as well."""
    return list(ET.fromstring(f"<div>{html.replace('xmlns=', 'was=')}</div>").iter())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_drawn_in_every_language_with_nothing_that_a_strict_page_refuses(name, language):
    with translation.override(language):
        chart = CHARTS[name]()
    found = elements(chart.svg)
    assert chart.title
    assert chart.table.rows
    assert not chart.empty
    assert {len(row) for row in chart.table.rows} == {len(chart.table.head)}
    assert not {one.tag for one in found} & {"style", "script", "image", "use", "foreignObject", "a"}
    attributes = {key for one in found for key in one.keys()}  # noqa: SIM118 - elements are no dicts
    assert not attributes & {"style", "id", "href", "font-family", "aria-roledescription"}
    assert not [key for key in attributes if key.startswith("on")]
    colours = {one.get(key) for one in found for key in ("fill", "stroke")} - {None}
    assert all(one in {"none", "transparent"} or one.startswith("var(--") for one in colours), colours


@pytest.mark.parametrize("name", CHARTS)
def test_every_drawing_has_a_title_and_a_description(name):
    drawings = [one for one in elements(CHARTS[name]().svg) if one.get("role") == "img"]
    assert drawings
    for one in drawings:
        assert [child.tag for child in one[:2]] == ["title", "desc"]
        assert all(child.text for child in one[:2])


@pytest.mark.parametrize("name", NOTHING)
def test_what_cannot_be_drawn_says_why(name):
    chart = NOTHING[name]()
    assert chart.svg == ""
    assert chart.table.rows == ()
    assert chart.empty.endswith(".")


def test_what_people_write_stays_text():
    chart = charts.waits_by_hour(samples.four())
    assert "<b onload" not in chart.svg
    assert '&lt;b onload="x"&gt;' in chart.svg.replace("&quot;", '"')
    assert any("<b onload" in (one.text or "") for one in elements(chart.svg))


def test_the_table_of_a_chart_of_hours_holds_what_is_drawn():
    chart = charts.waits_by_hour(samples.four())
    for data in data_of(chart):
        for column, series in enumerate(data["series"], 1):
            told = [row[column] for row in chart.table.rows]
            assert told == [figures.number(value) for _at, value in series["points"]]
        assert [f"{math.floor(at):02}:00" for at, _value in data["series"][0]["points"]] == [
            row[0] for row in chart.table.rows
        ]


def test_the_table_of_panels_holds_what_is_drawn():
    chart = charts.waits_by_hour(samples.four()[:1])
    series = [one for data in data_of(chart) for one in data["series"]]
    middle = [figures.number(value) for one in series for _at, value in one["points"]]
    bands = [(figures.number(low), figures.number(high)) for one in series for _at, low, high in one["band"]]
    assert [row[2] for row in chart.table.rows] == middle
    assert [row[3:] for row in chart.table.rows] == bands


def test_of_many_stations_those_are_drawn_that_matter():
    result = samples.answered()
    customs = result["stations"]["customs"]
    busy = customs | {"by_hour": [one | {"queue_max": one["queue_max"] + 9} for one in customs["by_hour"]]}
    many = {f"s{place}": customs for place in range(9)} | {"busiest": busy}
    chart = charts.queues_by_hour([("A", result | {"stations": many})])
    assert len(data_of(chart)) == 6
    assert chart.table.head == ("Hour", "s0", "s1", "s2", "s3", "s4", "busiest")
    assert "Of 10 stations, the 6 where it is most." in chart.source


def test_what_has_the_same_name_stays_apart():
    (_name, result) = samples.four()[0]
    chart = charts.waits_by_hour([("A", result), ("A", result), ("B", result)])
    assert chart.table.head == ("Hour", "A (1)", "A (2)", "B")


def test_a_process_that_forked_is_told_so_and_does_not_wait_for_ever(fresh, monkeypatch):
    assert CHARTS["roster"]().svg
    monkeypatch.setattr("os.getpid", lambda: 1)
    with pytest.raises(RuntimeError, match="does not outlive a fork"):
        _ = CHARTS["days"]().svg


@pytest.mark.parametrize(("name", "column"), [("pledge of four", 1), ("staff of four", 2), ("areas", 1)])
def test_the_table_of_rows_holds_what_is_drawn(name, column):
    chart = CHARTS[name]()
    told = [row[column] for row in chart.table.rows]
    for data in data_of(chart):
        assert told == [row["text"] if "text" in row else row["told"] for row in data["rows"]]


def test_the_table_of_a_tornado_holds_what_is_drawn_and_what_had_no_room():
    bars = samples.tornado()
    chart = charts.tornado_bars(bars, measure="journey_seconds", most=1)
    assert [row[0] for row in chart.table.rows] == ["Jobs <i>", "start", "unknown"]
    for data in data_of(chart):
        (row,) = data["rows"]
        assert [row["low"]["value"], row["high"]["value"]] == pytest.approx([-140 / 60, 260 / 60])
    assert chart.table.rows[0][2:] == ("-2.33", "-2.67 to -2", "+4.33", "4 to 4.67")
    assert chart.table.rows[2][2:] == ("–", "–", "–", "–")


@pytest.mark.parametrize(("measure", "drawn"), [("journey_seconds", 4), ("share_within", 5)])
def test_times_that_leave_people_out_are_told_and_not_drawn(measure, drawn):
    turning = samples.turning()
    turning["points"][-1] |= {"ours_drains": False, "ours_serves_all": False}
    chart = charts.break_even_line(turning, ours="A", theirs="B", measure=measure)
    assert chart.table.rows[-1][2] == ("not everybody is served in A" if drawn == 4 else "the queues of A do not drain")
    assert "Where queues do not drain" in chart.source
    assert ("Where not everybody is served" in chart.source) == (drawn == 4)
    for data in data_of(chart):
        (series,) = data["series"]
        assert [point[0] for point in series["points"]] == [0.5, 1.0, 1.25, 1.5, 2.0][:drawn]


def test_a_line_of_times_needs_two_demands_at_which_everybody_is_served():
    turning = samples.turning()
    for point in turning["points"][1:]:
        point |= {"theirs_drains": False, "theirs_serves_all": False}
    chart = charts.break_even_line(turning, ours="A", theirs="B", measure="journey_seconds")
    assert chart.picture is None
    assert "fewer than two" in chart.empty
    assert len(chart.table.rows) == 5


@pytest.mark.parametrize(("measure", "drawn"), [("journey_seconds", False), ("share_within", True)])
def test_an_end_that_leaves_people_out_is_told_and_its_time_is_not_drawn(measure, drawn):
    bars = samples.tornado()
    bars[0]["high"] |= {"ours_drains": False, "ours_serves_all": False}
    chart = charts.tornado_bars(bars, measure=measure)
    assert chart.table.rows[0][5] == ("queues do not drain there" if drawn else "not everybody is served there")
    assert "none is called sure" in chart.source
    for data in data_of(chart):
        assert (data["rows"][0]["high"] is not None) == drawn


def test_a_tornado_of_which_nothing_can_be_told_says_so():
    bars = samples.tornado()
    for bar in bars[:2]:
        for end in ("low", "high"):
            bar[end] |= {"theirs_drains": False, "theirs_serves_all": False}
    chart = charts.tornado_bars(bars, measure="journey_seconds")
    assert (chart.picture, chart.empty) == (
        None,
        "Nowhere everybody is served, so that no change of times can be told.",
    )
    assert chart.table.rows[0][1:] == (
        "1,000 – 2,000",
        "-2.33",
        "not everybody is served as it stands",
        "+4.33",
        "not everybody is served as it stands",
    )


def test_five_years_of_days_are_told_by_month_with_their_least_and_greatest_day():
    numbers = passengers(1826)
    chart = charts.traffic_series(DAYS, {"A": numbers}, source="Counted.")
    assert len(chart.table.rows) == 60
    january = numbers[:31]
    assert chart.table.rows[0][1:] == tuple(
        figures.number(value, 0) for value in (sum(january) / 31, min(january), max(january))
    )
    data, _narrow = data_of(chart)
    assert [value * 1000 for value in data["series"][0]["band"][0][1:]] == pytest.approx([min(january), max(january)])
    assert len(chart.svg) < 60_000


def test_points_stand_where_their_numbers_say():
    points = [[6.5, 10.0], [7.5, 40.0], [8.5, 25.0]]
    data = {
        "x": {"domain": [6, 9], "ticks": [[6, "06:00"], [9, "09:00"]]},
        "y": {"domain": [0, 50], "ticks": [[0, "0"], [50, "50"]], "title": "minutes"},
        "series": [{"style": 0, "letter": "A", "points": points}],
    }
    drawing = svg.Drawing("lines", data, svg.WIDE, title="T", description="D").svg()
    sheet = svg.WIDE
    expected = [((x - 6) / 3 * sheet.width, (50 - y) / 50 * sheet.height) for x, y in points]
    marks = re.findall(r'<path transform="translate\(([\d.]+),([\d.]+)\)"[^>]*fill="var\(--chart-1\)"', drawing)
    found = sorted((float(x), float(y)) for x, y in marks)
    assert found == [pytest.approx(one, abs=0.6) for one in expected]


def test_an_hour_in_which_nobody_is_served_is_a_gap_and_not_a_zero():
    result = samples.answered()
    by_hour = [dict(one) for one in result["by_hour"]]
    by_hour[12] = by_hour[12] | {"journey_seconds": by_hour[12]["journey_seconds"] | {"p95": None}}
    chart = charts.waits_by_hour([("A", result | {"by_hour": by_hour}), ("B", result)])
    data, _narrow = data_of(chart)
    hour = next(place for place, row in enumerate(chart.table.rows) if row[0] == "12:00")
    assert data["series"][0]["points"][hour][1] is None
    assert chart.table.rows[hour][1] == "–"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 0, ["0", "0.25", "0.5", "0.75", "1"]),
        (0, 7, ["0", "2", "4", "6", "8"]),
        (0, 12.4, ["0", "5", "10", "15"]),
        (-3.2, 9.9, ["-5", "0", "5", "10"]),
        (0, 1_234_567, ["0", "500,000", "1,000,000", "1,500,000"]),
    ],
)
def test_an_axis_has_round_ticks_that_hold_every_value(low, high, ticks):
    axis = figures.scale(low, high)
    assert [label for _value, label in axis["ticks"]] == ticks
    assert axis["domain"][0] <= low
    assert axis["domain"][1] >= high


# Keeping


@pytest.fixture
def fresh(monkeypatch, settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    monkeypatch.setattr(svg, "_held", {})
    return tmp_path / "cache" / "charts"


def test_a_drawing_is_made_once_and_kept(fresh, monkeypatch):
    chart = CHARTS["roster"]()
    assert not chart.picture.is_kept()
    first = chart.svg
    monkeypatch.setattr(svg, "_render", lambda *_: pytest.fail("drawn again"))
    assert chart.picture.is_kept()
    assert chart.svg == first
    monkeypatch.setattr(svg, "_held", {})  # as after a new start
    assert chart.picture.is_kept()
    assert CHARTS["roster"]().svg == first
    assert len(list(fresh.iterdir())) == 2


def test_another_number_is_another_drawing(fresh):
    assert CHARTS["roster"]().svg != charts.roster(samples.ROSTER | {"channels": [3] * 24}).svg


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(fresh):
    fresh.parent.mkdir(parents=True)
    fresh.write_text("in the way")
    assert CHARTS["roster"]().svg


def test_the_folder_of_drawings_stays_within_bounds(fresh, monkeypatch):
    monkeypatch.setattr(svg, "_MOST_KEPT", 10)
    for count in range(12):
        assert charts.staff([("A", samples.answered() | {"staff_hours": {"east": count + 1}})]).svg
    assert len(list(fresh.iterdir())) <= 10


def test_a_kept_drawing_that_was_torn_is_made_again(fresh, monkeypatch):
    first = CHARTS["roster"]().svg
    for path in fresh.iterdir():
        path.write_text("<svg")
    monkeypatch.setattr(svg, "_held", {})
    assert not CHARTS["roster"]().picture.is_kept()
    assert CHARTS["roster"]().svg == first
