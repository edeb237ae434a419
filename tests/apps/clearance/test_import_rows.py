"""Headers and rows of tables: what they may say, and how a mistake is told."""

import csv
import io

import openpyxl
import pytest

from riverloop.apps.clearance.importing import writing
from riverloop.apps.clearance.importing.checking import grouped, read_line
from riverloop.apps.clearance.importing.columns import facts_of, head_names, read_header
from riverloop.apps.clearance.importing.reading import Line, read_table
from riverloop.core.kernel.sides import FLOWS
from riverloop.core.rules.facts import NO_END
from riverloop.packs import load_packs
from riverloop.zones import load_zone


@pytest.fixture(scope="module")
def words():
    return load_packs().dictionary


@pytest.fixture(scope="module")
def zone():
    return load_zone()


def rows(words, zone, header, *lines, flow="goods"):
    columns, mistakes = read_header(header, flow, words)
    assert not mistakes
    return [read_line(Line(place, tuple(line)), columns, zone) for place, line in enumerate(lines, 2)]


def told(row):
    return [(mistake.column, str(mistake.error)) for mistake in row.mistakes]


HEAD = ("direction", "crossing_at")
THERE = ("cn-hk", "2026-12-01 09:00")


# Headers


@pytest.mark.parametrize("flow", FLOWS)
def test_the_template_of_each_flow_reads_back_with_every_fact_that_an_applicant_may_state(words, zone, flow):
    names = [*head_names(flow), *(fact.name for fact in facts_of(flow, words))]
    assert "watch_hit" not in names
    for data in (
        writing.template_csv(flow, words, "zh-Hant", str).encode(),
        writing.template_xlsx(flow, words, zone, "en", str),
    ):
        with_row = _with_row(data, names)
        table = read_table(with_row)
        columns, mistakes = read_header(table.header, flow, words)
        assert not mistakes
        assert [column.name for column in columns] == names
        assert len(table.lines) == 1  # the row of labels is a note


def _with_row(data, names):
    if not data.startswith(b"PK"):
        return data + b"x," + b"," * (len(names) - 2) + b"\r\n"
    book = openpyxl.load_workbook(io.BytesIO(data))
    book.worksheets[0].append(["x"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_columns_may_have_any_order_and_the_labels_of_any_language(words):
    columns, mistakes = read_header(["物品类别", "Crossing_At", "", "DIRECTION", "聯合國編號"], "goods", words)
    assert not mistakes
    assert [column and column.name for column in columns] == ["category", "crossing_at", None, "direction", "un_number"]


def test_every_mistake_of_a_header_is_told_with_what_was_probably_meant(words):
    header = ["directon", "crossing_at", "categori", "residence", "category", "category"]
    _, mistakes = read_header(header, "goods", words)
    said = [str(one) for one in mistakes]
    assert said == [
        'There is no column "directon". Did you mean "direction"? The template names them all.',
        'There is no column "categori". Did you mean "category"? The template names them all.',
        'The column "residence" belongs to another kind of movement. Choose that kind, or leave the column out.',
        'The column "category" is there twice. Keep one.',
        'The column "direction" is missing. Add it, or begin with the template.',
    ]


def test_what_only_an_officer_knows_is_no_column(words):
    _, mistakes = read_header([*HEAD, "person", "watch_hit"], "person", words)
    assert [str(one) for one in mistakes] == ['Only an officer may state "watch_hit". Leave the column out.']


def test_people_need_the_column_of_the_person(words):
    _, mistakes = read_header(HEAD, "person", words)
    assert [str(one) for one in mistakes] == ['The column "person" is missing. Add it, or begin with the template.']


# Cells


def test_cells_are_read_as_people_write_them(words, zone):
    header = (
        *HEAD,
        "category",
        "suspected_infectious",
        "quantity",
        "has_dh_import_permit",
        "dh_import_permit_expires_on",
    )
    (row,) = rows(
        words,
        zone,
        header,
        ("CN → HK", "2026/12/1 9:05", "人體血液或血液成分", "是", "1,250.5", "TRUE", "2027年1月2日"),
    )
    assert told(row) == []
    assert row.direction == "cn-hk"
    assert row.crossing_at.isoformat() == "2026-12-01T09:05:00+08:00"
    assert row.facts == {
        "category": "human_blood",
        "suspected_infectious": True,
        "quantity": 1250.5,
        "has_dh_import_permit": True,
        "dh_import_permit_expires_on": "2027-01-02",
    }


def test_an_empty_cell_states_nothing(words, zone):
    (row,) = rows(words, zone, (*HEAD, "category"), (*THERE, ""))
    assert row.facts == {}


def test_each_mistake_names_its_column_and_how_to_mend_it(words, zone):
    header = (
        *HEAD,
        "control_point",
        "reference",
        "category",
        "suspected_infectious",
        "quantity",
        "un_number",
        "primary_ml",
    )
    (row,) = rows(
        words,
        zone,
        header,
        ("north", "1/12/2026", "futan", "r" * 81, "human_blod", "maybe", "many", "3373", "-1"),
    )
    said = dict(told(row))
    assert set(said) == set(header)
    assert said["direction"] == '"north" is no direction here. Write hk-cn / cn-hk.'
    assert said["crossing_at"] == '"1/12/2026" is not a date with a time. Write it as 2026-11-22 09:00.'
    assert 'Did you mean "futian"?' in said["control_point"]
    assert 'Did you mean "human_blood"?' in said["category"]
    assert said["suspected_infectious"] == '"maybe" is neither yes nor no. Write yes or no.'


@pytest.mark.parametrize("text", ["2026-02-30 09:00", "2026-12-01 25:00", "1850-01-01 09:00", "2026-12-01T09:00+08:00"])
def test_a_time_that_does_not_exist_is_a_mistake(words, zone, text):
    (row,) = rows(words, zone, HEAD, ("hk-cn", text))
    assert [column for column, _ in told(row)] == ["crossing_at"]


def test_a_cell_under_no_title_is_a_mistake(words, zone):
    (row,) = rows(words, zone, (*HEAD, "", "category"), (*THERE, "lost", "human_blood"))
    assert told(row) == [("", "A cell stands under no column title. Remove it.")]


def test_a_list_takes_names_or_labels_with_semicolons(words, zone):
    listed = "listing_control_points"
    (row,) = rows(words, zone, (*HEAD, "person", listed), (*THERE, "x", "futian; shenzhen_bay"), flow="person")
    assert row.facts[listed] == ["futian", "shenzhen_bay"]


# Movements


def test_rows_of_the_same_name_are_items_of_one_movement_and_may_leave_out_what_the_first_says(words, zone):
    header = ("movement", *HEAD, "category")
    read = rows(
        words,
        zone,
        header,
        ("a", *THERE, "human_blood"),
        ("", *THERE, "human_dna"),
        ("a", "", "", "human_tissue"),
        ("", *THERE, "human_dna"),
    )
    groups = grouped(read)
    assert [[row.number for row in group] for group in groups] == [[2, 4], [3], [5]]
    assert not any(row.mistakes for row in read)
    assert groups[0][1].crossing_at == groups[0][0].crossing_at


def test_rows_of_one_movement_that_disagree_are_mistakes(words, zone):
    read = rows(words, zone, ("movement", *HEAD), ("a", *THERE), ("a", "hk-cn", "2026-12-01 09:00"))
    grouped(read)
    assert told(read[0]) == []
    assert told(read[1])[0][1].startswith("Row 2 names the same movement with another direction")


def test_a_row_without_direction_or_time_says_so_once(words, zone):
    read = rows(words, zone, HEAD, ("", ""), ("north", ""))
    grouped(read)
    assert told(read[0]) == [
        ("direction", '"direction" is empty. Fill it in.'),
        ("crossing_at", '"crossing_at" is empty. Fill it in.'),
    ]
    assert [column for column, _ in told(read[1])] == ["direction", "crossing_at"]


# What is given out


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_spreadsheet_takes_what_is_given_out_for_a_formula(text):
    assert writing.harmless(text) == f"'{text}"
    assert writing.harmless("plain") == "plain"


def test_the_template_has_lists_to_choose_from_and_a_sheet_that_explains(words, zone):
    book = openpyxl.load_workbook(io.BytesIO(writing.template_xlsx("goods", words, zone, "en", str)))
    lists = {one.formula1 for one in book.worksheets[0].data_validations.dataValidation}
    assert {'"hk-cn,cn-hk"', '"yes,no"', '"road,air,hand"'} <= lists
    explained = {row[0]: row for row in book.worksheets[1].iter_rows(min_row=2, values_only=True)}
    assert explained["transport_mode"][3] == "road = Road; air = Air; hand = Carried by a person"
    assert NO_END.isoformat() not in str(explained)


def test_the_csv_template_opens_with_its_letters_in_a_spreadsheet(words):
    text = writing.template_csv("data", words, "zh-Hans", str)
    assert text.startswith("\ufeff")
    head, labels = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert len(head) == len(labels)
    assert labels[0].startswith("# ")
