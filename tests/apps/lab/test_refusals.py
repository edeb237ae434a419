"""What the lab refuses, when, and in which words."""

import pytest

from riverloop.apps.lab import services
from riverloop.apps.lab.models import Experiment
from riverloop.apps.runs import work
from riverloop.apps.runs.services import run_start
from tests.apps.lab.test_pages import answered, page_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def paul(enter, cast, scenarios):
    """Paul, a planner of side hk, at his browser."""
    return enter(cast.paul)


# At work


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("en", 'Line 6: There is no class "nobody". Did you mean "anybody"?'),
        ("zh-hant", "第6行：沒有「nobody」這個旅客類別。你是否想輸入「anybody」？"),
        ("zh-hans", "第6行：没有“nobody”这一旅客类别。您是否想输入“anybody”？"),
    ],
)
def test_a_mistake_that_shows_only_at_work_is_told_with_its_line_in_every_language(paul, scenarios, tag, told):
    experiment = answered(paul, "/lab/scenarios/minimal/")
    text = scenarios["minimal"].replace("channels: 12", "channels: 12, eligible: [nobody]")
    Experiment.objects.update(text="classes: {anybody: {share: 1}}\n\n\n" + text, result=None, answered_at=None)
    again_run = run_start(side="hk", kind=services.EXPERIMENT, params={"experiment": experiment.id}, by=None)
    Experiment.objects.update(run_id=again_run.id)
    work.work_all([services.EXPERIMENT])
    paul.cookies.load({"language": tag})
    assert told in page_of(paul, experiment)
