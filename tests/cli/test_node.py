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
    made.run("node", "show")
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


def test_what_to_do_about_a_wrong_fingerprint_leaves_this_node_knowing_that_there_is_another(node, tmp_path):
    """Without what was trusted, a restored node would not know whose mirror to ask before it signs."""
    other = Installation(tmp_path / "data", RIVERLOOP_SIDE="cn", RIVERLOOP_PEER_PORT="8444")
    (tmp_path / "cn.json").write_text(other.run("node", "show").stdout)
    done = node.run("node", "trust", tmp_path / "cn.json")
    assert "stop Riverloop here at once" in done.stdout
    assert "node trust FILE --replace" in done.stdout
    assert "peers" not in done.stdout
    other.run("node", "show", "--renew")
    (tmp_path / "cn.json").write_text(other.run("node", "show").stdout)
    node.run("node", "trust", tmp_path / "cn.json", "--replace")


@pytest.mark.parametrize(
    ("given", "said"),
    [("9-12", "Nobody waits for messages 9 to 12"), ("all", "all names no messages"), ("3-", "3- names no messages")],
)
def test_what_names_no_missing_messages_is_refused_in_one_line(node, given, said):
    done = node.run("node", "gap", "--agree", given, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr.splitlines()[-1]
