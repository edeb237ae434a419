"""Reports: one file that holds everything, in every language, and can be repeated."""

import hashlib
import re
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser

import pytest
from django.utils import translation

from riverloop.apps.lab import report_basis, reports
from riverloop.apps.lab.reports import Found, Subject, report
from riverloop.core.queueing.designs import open_scenario_file
from riverloop.core.queueing.network import without_outages
from riverloop.core.queueing.running import run
from riverloop.core.queueing.sensitivity import BreakEven
from riverloop.scenarios import library
from tests.apps.lab import samples

LANGUAGES = ["en", "zh-hant", "zh-hans"]
VOID = {"meta", "br", "hr", "img", "link", "input"}
STATED = (
    samples.DAY.replace("passengers_per_day: 3000", "passengers_per_day: $people")
    + """
parameters:
  people: {value: 3000, low: 2500, high: 3500, unit: persons, as_of: 2025-12, source: "Statement <i>of</i> December",
           label: {en: People a day, zh-Hant: 每日人數, zh-Hans: 每日人数}}
  area: {value: 1.2, source: assumed, label: {en: Area for each who waits, zh-Hant: 每人面積, zh-Hans: 每人面积}}
area: {per_waiting_m2: $area}
designs:
  plain:
    title: {en: As it is, zh-Hant: 現狀, zh-Hans: 现状}
    note: {en: Two queues., zh-Hant: 兩條隊。, zh-Hans: 两条队。}
    needs:
      - {kind: legal, text: {en: An act, zh-Hant: 一項法例, zh-Hans: 一项法规}, as_of: 2026, source: assumed}
    claims:
      - {text: {en: It takes 9 minutes, zh-Hant: 需時9分鐘, zh-Hans: 需9分钟}, value: 9, unit: minutes,
         measure: journey_seconds, as_of: 2024, source: A newspaper}
  more:
    title: {en: '<script>alert("x")</script>', zh-Hant: 更多, zh-Hans: 更多}
    pledge: {minutes: 10, share: 0.95}
cases:
  now: {title: {en: Now, zh-Hant: 現在, zh-Hans: 现在}}
  later: {title: {en: Later, zh-Hant: 日後, zh-Hans: 日后}, set: {people: 5000}}
"""
)
FOUND = Found(
    differences={
        "B": {
            "journey_seconds": {"mean": -90.0, "ci95": [-100.0, -80.0], "sure": True},
            "share_within": {"mean": 0.012, "ci95": [-0.001, 0.025], "sure": False},
        }
    },
    least_channels={"channels": {"customs": 5}, "met": True, "share_within": 0.97},
    least_roster=samples.ROSTER,
    tornado=samples.tornado(),
    tornado_measure="journey_seconds",
    break_even={"B": samples.turning()},
    break_even_measure="journey_seconds",
)


def subject(label, design, text=STATED, *, case="", values=None, still=False):
    file = open_scenario_file(text, name="day.yaml")
    scenario = file.scenario(design, case, values=values or {})
    return Subject(
        label=label,
        file=file,
        text=text,
        name="day.yaml",
        design=design,
        case=case,
        values=values or {},
        result=run(scenario).as_json(),
        undisturbed=run(without_outages(scenario)).as_json() if still else None,
    )


@pytest.fixture(scope="module")
def subjects():
    return [subject("A", "plain", still=True), subject("B", "more")]


def written(language, *arguments, **options):
    with translation.override(language):
        return report(*arguments, **options)


class Checked(HTMLParser):
    """Reads HTML strictly: every element is closed, in order, and no id stands twice."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.elements, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_is_well_formed_and_asks_for_nothing(subjects, language):
    text = written(language, subjects, FOUND)
    found = Checked(text)
    assert text.startswith("<!doctype html>")
    assert {tag for tag, _ in found.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    assert not re.search(r"https?://(?!www\.w3\.org)|url\(|@import", text)
    for tag, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "src"}], tag
        assert attributes.get("href", "#").startswith("#")


def test_the_links_of_a_report_lead_somewhere(subjects):
    found = Checked(written("en", subjects, FOUND))
    wanted = {value[1:] for _, attributes in found.elements for name, value in attributes.items() if name == "href"}
    named = {
        one
        for _, attributes in found.elements
        for name, value in attributes.items()
        if name == "aria-labelledby"
        for one in value.split()
    }
    assert wanted | named <= set(found.ids)


def test_a_report_says_what_was_asked_answered_and_assumed(subjects):
    found = Checked(written("en", subjects, FOUND, made_on=date(2026, 11, 22))).text
    for said in (
        "A day at the river",
        "22 November 2026",
        "As it is · Now",
        "within 15 minutes",
        "Quickest on average:",
        "People a day",
        "2,500 – 3,500",
        "Statement <i>of</i> December",
        "Area for each who waits",
        "assumed",
        "How passengers spread over the day was not counted. synthetic: two peaks",
        "An act",
        "It takes 9 minutes",
        "A newspaper",
        "A is quicker than B by 90 s on average; that is sure.",
        "Up to 1.125 times the demand A is better; above it, B.",
        "40.5 paid hours",
        "of those who pass it, 95.7% are within the pledge, and 95.3% of the class that fares worst",
        "0.5 are overtime; as it stands, 144 are paid.",
        "Without".lower(),
        "Simulated, not observed",
        "Jobs <i>",
    ):
        assert said in found, said


def test_a_report_holds_the_scenario_with_its_hash_seed_versions_and_command(subjects):
    text = written("en", subjects, FOUND)
    found = Checked(text).text
    assert hashlib.sha256(STATED.encode()).hexdigest() in found
    assert " ".join(STATED.split()) in found
    assert "riverloop simulate day.yaml --design plain --json" in found
    for name in ("Riverloop", "Python", "numpy", "numba", "scipy"):
        assert re.search(rf"{name} \d+\.\d+", found), name
    assert "Seed: A 5" in found


def test_what_a_report_repeats_gives_the_same_numbers(subjects):
    again = subject("A", "plain")
    assert again.result == subjects[0].result
    assert written("en", subjects, FOUND) == written("en", subjects, FOUND)


def test_a_value_that_was_set_is_told_beside_what_the_file_says():
    one = subject("A", "plain", case="later", values={"people": 4000})
    found = Checked(written("en", [one])).text
    assert "People a day = 4,000" in found
    assert "5,000; A: 4,000" in found
    assert "--case later --set people=4000" in found


def test_what_people_write_stays_text_in_a_report(subjects):
    text = written("en", [subject('"><img src=x onerror=alert(1)>', "more")], title="<b>&amp;")
    found = Checked(text)
    assert not {tag for tag, _ in found.elements} & {"script", "img"}
    assert "&lt;b&gt;&amp;amp;" in text


def test_a_queue_that_cannot_drain_is_told_with_what_is_lacking():
    text = STATED.replace("channels: 4", "channels: 1")
    found = Checked(written("en", [subject("A", "plain", text)])).text
    assert re.search(r"the queue of customs cannot drain\. [\d,]+ passengers are left", found)


def test_a_scenario_without_hours_or_several_of_anything_has_a_report():
    file = open_scenario_file(samples.QUIET, name="small.yaml")
    one = Subject(
        label="small", file=file, text=samples.QUIET, name="small.yaml", result=samples.answered(samples.QUIET)
    )
    found = Checked(written("en", [one])).text
    assert "small.yaml" in found
    assert "are through within 30 minutes" in found


def test_what_else_was_asked_names_stations_by_their_titles():
    hall = "- name: customs\n    title: {en: Customs hall, zh-Hant: 海關大堂, zh-Hans: 海关大厅}"
    one = subject("A", "plain", STATED.replace("- name: customs", hall))
    told = Checked(written("zh-hant", [one], FOUND)).text
    assert "「海關大堂」5條" in told
    assert "更次：海關大堂" in told


def test_the_note_of_each_design_stands_before_the_answer(subjects):
    found = Checked(written("en", subjects, FOUND)).text
    assert found.index("Two queues.") < found.index("The answer")


@pytest.mark.parametrize("key", library.keys())
def test_units_are_told_in_the_readers_language(key):
    file = library.open_bundled(key)
    one = Subject(label="A", file=file, text=library.text_of(key), name=key, result=samples.answered())
    units = {parameter.unit for parameter in file.parameters} - {"m²"}
    for language in ("zh-hant", "zh-hans"):
        with translation.override(language):
            told = {row[2] for table in report_basis.assumptions([one]) for row in table.rows}
        assert told
        assert not told & units
        assert not {unit for unit in told if re.search(r"[A-Za-z]{3}", unit)}


def test_a_report_is_dated_by_the_zone_and_not_by_utc(monkeypatch):
    class Late(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 22, 17, 30, tzinfo=tz)  # half past one in the morning of the 23rd there

    monkeypatch.setattr(reports, "datetime", Late)
    assert reports.today() == date(2026, 11, 23)


def reported(subjects, *tried, measure="journey_seconds"):
    even = BreakEven(tuple(tried)).as_json()
    return Checked(written("en", subjects, replace(FOUND, break_even={"B": even}, break_even_measure=measure))).text


def test_each_demand_that_was_tried_is_told_and_no_other(subjects):
    found = reported(subjects, (0.5, samples.difference(-40, 15)), (1, samples.difference(-30, 15)))
    assert (
        "Of the demands that were tried, A is better at 0.5 and 1 times. A less B, at each demand that was tried: "
        "-40 s at 0.5 times and -30 s at 1 times. Nothing is said of any other demand."
    ) in found
    found = Checked(written("en", subjects, FOUND)).text
    assert (
        "Up to 1.125 times the demand A is better; above it, B. A less B, at each demand that was tried: "
        "-40 s at 0.5 times, -18 s at 1 times, 2 s at 1.25 times (not sure), "
    ) in found
    assert "Nearest to that the first is sure at 1 times, and the other at 1.5 times. It is taken to turn once" in found


def test_a_report_tells_what_a_difference_lacks_and_that_an_answer_turns_again(subjects):
    grows, leaves = {"theirs_drains": False}, {"theirs_drains": False, "theirs_serves_all": False}
    turns = (
        (0.5, samples.difference(-40, 5)),
        (1, samples.difference(40, 5)),
        (2, samples.difference(-40, 5, **grows)),
    )
    found = reported(subjects, *turns)
    assert "-40 s at 2 times (the queues of B do not drain)" in found
    assert "Further up it turns again" in found
    assert "turn once" not in found
    found = reported(subjects, turns[0], (2, samples.difference(40, 5, **leaves)))
    assert "40 s at 2 times (not everybody is served in B)" in found
    assert "It cannot be told which is better at 2 times." in found
    share = samples.difference(-0.4, 0.1, of_share=True, **leaves)
    found = reported(subjects, (0.5, samples.difference(0.4, 0.1, of_share=True)), (2, share), measure="share_within")
    assert "Up to 1.25 times the demand A is better; above it, B." in found
    assert "-40 points at 2 times (the queues of B do not drain)" in found
    assert "leaves people out" not in found


@pytest.mark.browser
@pytest.mark.parametrize(("language", "tag", "dark"), [("en", "en", False), ("zh-hant", "zh-Hant", True)])
def test_a_report_opens_from_a_file_without_a_request_and_is_accessible(  # noqa: PLR0917 - fixtures
    subjects, browser, assert_accessible, tmp_path, language, tag, dark
):
    path = tmp_path / "report.html"
    path.write_text(written(language, subjects, FOUND), "utf-8")
    size = {"width": 390, "height": 844} if dark else {"width": 1280, "height": 900}
    context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light")
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    assert asked == [path.as_uri()]
    assert said == []
    assert page.evaluate("document.documentElement.lang") == tag
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown = "() => [...document.querySelectorAll('svg[role=img]')].filter((one) => one.checkVisibility()).length"
    assert page.evaluate(shown) >= 6
    fills = "() => new Set([...document.querySelectorAll('.chart text')].map((one) => getComputedStyle(one).fill)).size"
    assert page.evaluate(fills) >= 2
    page.evaluate("() => document.querySelector('meta[http-equiv]').remove()")  # axe is a script, after all
    assert_accessible(page)
    context.close()


@pytest.mark.browser
def test_a_report_prints_with_every_table_and_light(subjects, browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(written("en", subjects, FOUND), "utf-8")
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 34, 37)"
    assert len(page.pdf()) > 50_000
    context.close()
