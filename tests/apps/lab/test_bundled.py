"""The lab over the scenarios that come with Riverloop: every editor opens, every field of it changes what it says."""

import pytest

from riverloop.apps.lab import effort, fields, opening, services
from riverloop.apps.lab.models import Experiment
from riverloop.apps.lab.typed import changed, read
from riverloop.apps.runs import work
from riverloop.core.kernel.sources import read_yaml
from riverloop.scenarios import library

pytestmark = pytest.mark.django_db
KEYS = library.keys()
EVERY = [
    (key, design.key, case.key)
    for key in KEYS
    for file in [library.open_bundled(key)]
    for design in file.designs
    for case in file.cases
]
MOST_VISITS = 300_000_000  # as the settings have it


@pytest.mark.parametrize(("key", "design", "case"), EVERY)
def test_every_field_changes_the_number_that_it_stands_for_and_nothing_else(key, design, case):
    text = library.text_of(key)
    form = fields.form_of(text, design, case)
    numbers = [one for one in form.fields if one.form in ("number", "share", "whole") and not one.choices]
    assert numbers
    typed = {one.name: f"{float(one.value) + 1:g}" for one in numbers}
    before = read_yaml(text, name="").value
    after = read_yaml(changed(text, design, case, form, typed), name="").value
    for one in numbers:
        assert at(after, one.path) == pytest.approx(read(one, typed[one.name]))
        put(after, one.path, None)
        put(before, one.path, None)
    assert after == before


def at(value, path):
    for step in path:
        value = value[step]
    return value


def put(value, path, new):
    for step in path[:-1]:
        value = value.setdefault(step, {}) if isinstance(value, dict) else value[step]
    value[path[-1]] = new


@pytest.mark.parametrize(("key", "design", "case"), EVERY)
def test_each_may_be_run_and_asked_more_here(key, design, case):
    text = library.text_of(key)
    file, scenario = opening.opened(text), opening.scenario_of(text, design, case)
    for kind in Experiment.KINDS:
        effort.check(scenario, kind, swings=len(file.used(design)), most=MOST_VISITS)


@pytest.mark.parametrize("key", KEYS)
def test_each_has_its_page(enter, cast, key):
    response = enter(cast.paul).get(f"/lab/scenarios/{key}/")
    assert response.status_code == 200
    assert 'name="p.' in response.content.decode()


def test_the_default_run_is_answered_with_what_was_claimed_and_what_it_needs(enter, cast):
    client = enter(cast.paul)
    page = client.post("/lab/scenarios/hetao-west-bridge/", {"act": "run", "case": "opening_outage"}).headers[
        "Location"
    ]
    work.work_all([services.EXPERIMENT])
    words = client.get(page).content.decode()
    for heading in ("How sure it is", "What the outage does", "What this design needs besides", "What it rests on"):
        assert heading in words
    claims = client.post("/lab/scenarios/qingmao/", {"act": "run"}).headers["Location"]
    work.work_all([services.EXPERIMENT])
    assert "What was claimed, and what the model says" in client.get(claims).content.decode()


def test_more_designs_than_stand_side_by_side_are_chosen_from(enter, cast):
    client = enter(cast.paul)
    shown = client.get("/lab/scenarios/hetao-west-bridge/").content.decode()
    assert shown.count('name="designs"') == 5
    address = "/lab/scenarios/hetao-west-bridge/"
    everything = [one.key for one in library.open_bundled("hetao-west-bridge").designs]
    refused = client.post(address, {"act": "run_all", "designs": everything})
    assert (refused.status_code, "Designs ticked: 5. Tick two to 4 to be compared." in refused.content.decode()) == (
        400,
        True,
    )
    assert not Experiment.objects.exists()
    assert client.post(address, {"act": "run_all", "designs": everything[1:3]}).status_code == 302
    assert list(Experiment.objects.order_by("created_at").values_list("design", flat=True)) == everything[1:3]
