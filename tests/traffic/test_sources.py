"""The names of a table stand in its file: it is checked, and nothing else knows them."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import riverloop.traffic
from riverloop.core.kernel.errors import InputError
from riverloop.core.kernel.sides import LANGUAGES
from riverloop.traffic import TrafficError
from riverloop.traffic.sources import load_source, read_source, source_names, source_schema

FOLDER = Path(riverloop.traffic.__file__).parent
TEXT = (FOLDER / "sources" / f"{source_names()[0]}.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", source_names())
def test_each_bundled_source_loads_and_says_whose_it_is_in_three_languages(name):
    source = load_source(name)
    assert source.id == name
    for text in (source.title, source.publisher, source.attribution, source.licence):
        assert set(text) == set(LANGUAGES)
    assert len(source.directions) == 2


def test_the_schema_is_a_json_schema():
    Draft202012Validator.check_schema(source_schema())


def test_no_code_names_a_control_point_a_class_or_a_column():
    source = load_source()
    names = {*source.classes, *source.classes.values(), *source.control_points, source.id}
    names |= {name for point in source.control_points.values() for name in point.names}
    whole = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    package = FOLDER.parent
    code = [*FOLDER.rglob("*.py"), *(package / "core" / "queueing").rglob("*.py"), package / "cli" / "traffic.py"]
    assert [f"{path.name}: {found.group()}" for path in code for found in whole.finditer(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    names: [Lo Wu]\n", "    names: [Shenzhen Bay]\n", '"Shenzhen Bay" stands for two things.'),
        ("    word: Departure\n", "    word: Arrival\n", '"Arrival" stands for two things.'),
        ("column: Other Visitors", "column: Total", '"Total" stands for two things.'),
        ("  other_visitors:", "  total:", "the file"),
        ('date_format: "%d-%m-%Y"', "date_format: anyhow", "date_format is 'anyhow'."),
        ("url: https:", "url: javascript:", "url: "),
        ("zh-Hans: 罗湖", "fr: Lo Wu", 'control_points.lo_wu.title has no key "fr".'),
    ],
)  # fmt: skip
def test_a_mistake_in_a_source_is_one_line(old, new, said):
    assert TEXT.count(old) == 1
    with pytest.raises(InputError) as refused:
        read_source(TEXT.replace(old, new), name="s.yaml")
    assert str(refused.value).startswith("s.yaml")
    assert said in str(refused.value) or said == "the file"
    assert "\n" not in str(refused.value)


def test_a_source_nobody_has_is_refused_with_the_nearest_name():
    with pytest.raises(TrafficError, match=f'Did you mean "{source_names()[0]}"'):
        load_source(source_names()[0] + "s")


def test_the_package_holds_the_attribution_beside_the_rows():
    import polars as pl

    about = json.loads(pl.read_parquet_metadata(FOLDER / "data" / f"{load_source().id}.parquet")["riverloop"])
    assert about["attribution"] == load_source().attribution["en"]
    assert about["licence"] == load_source().licence["en"]
    (origin,) = about["origins"]
    assert re.fullmatch(r"[0-9a-f]{64}", origin["sha256"])
    assert origin["added"] == 56_424
