"""Lead times and opening hours of zone files: the packs know what they name, and mistakes say where."""

import pytest

from riverloop import zones
from riverloop.core.kernel.errors import InputError, ZoneError
from riverloop.packs import load_packs

NAME, TEXT = zones.zone_source("hetao")


@pytest.fixture(scope="module")
def packs():
    return load_packs()


@pytest.mark.parametrize("name", zones.zone_names())
def test_each_lead_time_is_of_a_document_and_stands_on_a_known_measure_a_reference_or_nothing(packs, name):
    for document, lead in zones.load_zone(name).lead_times.items():
        assert document in packs.dictionary.documents
        assert "." not in lead.basis or lead.basis in packs.measures


def test_in_the_default_zone_each_paper_that_an_authority_gives_has_a_lead_time_by_that_authority(packs):
    stated = zones.load_zone().lead_times
    for name, document in packs.dictionary.documents.items():
        if name in stated and document.issuer:
            assert stated[name].by == document.issuer
    # the Gazette notice is nobody's to ask for: there are other papers that do
    assert set(packs.dictionary.documents) - set(stated) == {"s33_specified_place"}


def test_a_schedule_joins_lead_times_answers_and_the_hours_of_one_control_point():
    zone = zones.load_zone()
    schedule = zone.schedule("futian")
    assert schedule.answers["hk.immd"].working_days == zone.due_days("referral", "hk.immd")
    assert [hours.flows for hours in schedule.hours] == [("person",)]
    assert zone.schedule().hours is None
    assert zone.schedule("west_bridge").hours == ()  # it is not open yet


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("document: dh_import_permit, by: hk.dh", "document: dh_import_permit, by: hk.dhh", "There is no authority"),
        ("dh_import_permit, by: hk.dh, ", "dh_import_permit, ", "Nobody's working days count for dh_import_permit"),
        ("document: tid_licence", "document: dh_import_permit", "is declared twice"),
        ("working_days: 3, basis: assumed", "working_days: 3, basis: hearsay", 'There is no reference "hearsay"'),
        ("control_point: futian, flows", "control_point: futan, flows", 'Did you mean "futian"?'),
        ('opens: "06:30", closes: "22:30"', 'opens: "22:30", closes: "06:30"', "Give two rows"),
        ('opens: "06:30", closes: "22:30"', 'opens: "6:30", closes: "22:30"', "opens"),
        ("working_days: 3", "working_days: -3", "working_days"),
    ],
)
def test_a_mistake_in_times_is_one_line_that_says_where(before, after, said):
    assert before in TEXT
    with pytest.raises((ZoneError, InputError), match=r"^own\.yaml:\d+: ") as caught:
        zones.read_zone(TEXT.replace(before, after, 1), name="own.yaml")
    assert said in str(caught.value)
