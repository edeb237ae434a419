"""A node from the command line: what a restored node asks for and the other keeps no longer is shown, and agreed to."""

import pytest

from tests.installation import Installation

pytestmark = pytest.mark.slow
GAP = """
import django
django.setup()
from django.utils import timezone
from riverloop.apps.notices.models import Gap
Gap.objects.create(owner_side="hk", from_side="hk", to_side="cn", first=3, following=7, found_at=timezone.now())
"""
RECORDED = """
import django
django.setup()
from riverloop.apps.record.selectors import records_of
print(*(one.payload for one in records_of(side="hk", kind="messages.gap_agreed")))
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("node") / "data", RIVERLOOP_SIDE="hk")
    assert made.run("node", "gap").stdout == (
        "Nothing is missing: no messages were asked for that are kept no longer.\n"
    )
    made.python(GAP)
    return made


def test_messages_that_are_missing_are_shown_with_what_to_do_and_left_out_once_that_is_agreed(node):
    shown = node.run("node", "gap").stdout
    assert shown.startswith("hk -> cn: messages 3-6 (4)\n")
    assert "riverloop node gap --agree 3-6" in shown
    assert "left out, as was agreed here at " in node.run("node", "gap", "--agree", "3-6").stdout
    assert node.python(RECORDED) == '{"first":3,"from":"hk","last":6,"to":"cn"}\n'


@pytest.mark.parametrize(
    ("given", "said"),
    [("9-12", "Nobody waits for messages 9 to 12"), ("all", "all names no messages"), ("3-", "3- names no messages")],
)
def test_what_names_no_missing_messages_is_refused_in_one_line(node, given, said):
    done = node.run("node", "gap", "--agree", given, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr.splitlines()[-1]
