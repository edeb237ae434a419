"""The check on translations: what it finds in code and templates, and what it says of a catalogue."""

import re

import pytest

from tests import catalogues

TEMPLATE = """{% load i18n %}<p title="it's">
{% translate "Declare" %} {{ _("Decide") }} {% translate "May" context "month" %}
{% blocktranslate count n=items|length trimmed %}
  {{ n }} item crosses
{% plural %}
  {{ n }} items cross
{% endblocktranslate %}</p>"""
CODE = """
label = gettext_lazy("Refer")
raise InputError("movement.day", N_("There is no "
                 "day {day}."), day=day)
raise PackError("packs.id", "For those who write packs.")
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "views.py").write_text(CODE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def wanted(source):
    return catalogues.extract(source)


def test_texts_are_found_in_templates_and_where_code_marks_them(wanted):
    found = {(message.id, message.context) for message in catalogues.texts(wanted)}
    assert found == {
        ("Declare", None),
        ("Decide", None),
        ("May", "month"),
        (("%(n)s item crosses", "%(n)s items cross"), None),
        ("Refer", None),
        ("There is no day {day}.", None),
    }


def test_without_a_catalogue_every_text_is_reported(wanted, tmp_path):
    assert len(list(catalogues.problems("zh_Hant", wanted, tmp_path / "locale"))) == 6


ENTRIES = {
    'msgid "Declare"': "申報",
    'msgid "Decide"': "決定",
    'msgctxt "month"\nmsgid "May"': "五月",
    'msgid "%(n)s item crosses"\nmsgid_plural "%(n)s items cross"': "%(n)s 件過境",
    'msgid "Refer"': "轉介",
    'msgid "There is no day {day}."': "沒有 {day} 這一天。",
}


def write(locale, entries, extra=""):
    path = catalogues.path_of("zh_Hant", locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    text += '"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    for key, value in entries.items():
        text += f'{key}\n{"msgstr[0]" if "msgid_plural" in key else "msgstr"} "{value}"\n\n'
    path.write_text(text + extra, encoding="utf-8")
    return path


def test_a_complete_catalogue_has_no_problems(wanted, tmp_path):
    write(tmp_path, ENTRIES)
    assert list(catalogues.problems("zh_Hant", wanted, tmp_path)) == []


@pytest.mark.parametrize(
    ("change", "extra", "problem"),
    [
        ({'msgid "Refer"': ""}, "", 'not translated: "Refer"'),
        (
            {'msgid "There is no day {day}."': "沒有這一天。"},
            "",
            '"There is no day {day}.": differs in {day}',
        ),
        ({'msgid "Refer"': "轉介 {rule}"}, "", '"Refer": differs in {rule}'),
        ({}, 'msgid "Old"\nmsgstr "舊"\n', 'no longer used: "Old"'),
    ],
)
def test_each_kind_of_problem_is_named(wanted, tmp_path, change, extra, problem):
    write(tmp_path, ENTRIES | change, extra)
    assert list(catalogues.problems("zh_Hant", wanted, tmp_path)) == [problem]


def test_a_fuzzy_entry_does_not_count_as_translated(wanted, tmp_path):
    entries = {key: value for key, value in ENTRIES.items() if "Refer" not in key}
    write(tmp_path, entries, '#, fuzzy\nmsgid "Refer"\nmsgstr "轉介"\n')
    assert list(catalogues.problems("zh_Hant", wanted, tmp_path)) == ['fuzzy, so not used: "Refer"']


def test_an_update_keeps_translations_adds_new_texts_and_drops_old_ones(wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "extract", lambda: wanted)
    entries = {key: value for key, value in ENTRIES.items() if "Decide" not in key}
    path = write(tmp_path, entries, 'msgid "Old"\nmsgstr "舊"\n')
    catalogues.update(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "申報" in text
    assert 'msgid "Decide"\nmsgstr ""' in text
    assert "Old" not in text
    assert list(catalogues.problems("zh_Hant", wanted, tmp_path)) == ['not translated: "Decide"']
    catalogues.update(tmp_path)
    assert path.read_text(encoding="utf-8") == text


def test_a_percentage_in_english_is_written_as_numbers_are_there():
    texts = [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogues.texts(catalogues.extract())
    ]
    assert [text for text in texts if re.search(r"[0-9] %+(?![a-z(])", text)] == []
