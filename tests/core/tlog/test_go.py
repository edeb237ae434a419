"""A Go program on golang.org/x/mod/sumdb verifies what Python wrote: nothing of it is ours but the reading of files."""

import os
import subprocess
from pathlib import Path

import pytest

from riverloop.core.tlog import Tree
from riverloop.core.tlog.keys import to_base64
from tests.core.tlog.leaves import entries
from tests.tools import GO_SOURCES

pytestmark = pytest.mark.go
PROGRAM = Path(__file__).parent / "go/verify_log.go"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Build the program from Debian's packages alone: no module, no network."""
    built = tmp_path_factory.mktemp("go") / "verify_log"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": str(GO_SOURCES.parent),
        "GOPROXY": "off",
        "GOCACHE": str(built.parent / "cache"),
        "CGO_ENABLED": "0",
    }
    command = ["go", "build", "-o", str(built), str(PROGRAM)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture
def judge(program, tmp_path):
    """Write a log as files and let the program judge it."""

    def judge(files, *earlier):
        folder = tmp_path / "east"
        for path, content in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        command = [str(program), str(folder)]
        for note in earlier:
            place = tmp_path / "earlier"
            place.write_bytes(note)
            command.append(str(place))
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout.strip()

    return judge


def accepted(size):
    return f"verified: {size} {to_base64(Tree(entries(size)).root())}"


@pytest.mark.parametrize("size", [1, 256, 1000, 66_000])
def test_go_verifies_a_log_that_python_wrote(size, published, judge):
    assert judge(published(entries(size))) == accepted(size)


def test_go_sees_that_a_log_only_grew(published, judge):
    earlier = published(entries(300))["checkpoint"]
    assert judge(published(entries(1000)), earlier) == accepted(1000)


def test_go_refuses_what_python_refuses(published, judge):
    files = published(entries(1000))
    other = published(entries(300, "other"))["checkpoint"]
    assert judge(files, other).startswith("refused:")
    for path, content in files.items():
        changed = content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]
        if path == "checkpoint":  # its last line is the other side's, which this program does not know
            changed = content.replace(b"1000", b"1001")
        assert judge({**files, path: changed}).startswith("refused:"), path
