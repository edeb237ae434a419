"""Does what the guide "add a rule pack" says, in order, and compares what is printed with what it shows.

A comment above a block says what the reader does with it:

    <!-- write: FILE -->        the block is the whole file
    <!-- add: FILE KEY -->      the block goes to the end of the list KEY of the file
    <!-- edit: FILE -->         the block is a diff; it stays
    <!-- mistake: FILE -->      the block is a diff; it is taken back after the next command

A console block holds commands after `$ ` and what they print; `…` stands for anything.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/guides/add-a-rule-pack.md"
BLOCK = re.compile(r"^(?:<!-- (?P<what>\w+): (?P<file>\S+)(?: (?P<key>\w+))? -->\n)?```(?P<kind>\w*)\n", re.MULTILINE)
STEPS = {"write", "add", "edit", "mistake"}


class Block(NamedTuple):
    """A fenced block, with the comment above it."""

    line: int
    kind: str
    what: str
    file: str
    key: str
    text: str


def blocks():
    guide = GUIDE.read_text(encoding="utf-8")
    for found in BLOCK.finditer(guide):
        if found["kind"]:
            text = guide[found.end() : guide.index("```", found.end())]
            named = (found[name] or "" for name in ("kind", "what", "file", "key"))
            yield Block(guide.count("\n", 0, found.end()), *named, text)


@pytest.fixture
def checkout(tmp_path):
    """Make a folder that looks like the top of a checkout to the commands of the guide."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/riverloop").symlink_to(Path(sys.executable).parent / "riverloop")
    (tmp_path / "src").symlink_to(ROOT / "src")
    return tmp_path


@pytest.mark.slow
def test_the_guide_does_what_it_says(checkout):
    taken_back = {}
    for block in blocks():
        if block.kind == "console":
            for command, shown in commands(block.text):
                printed = run(command, checkout)
                assert matches(shown, printed), f"line {block.line}: $ {command}\n{printed}"
            for path, text in taken_back.items():
                path.write_text(text, encoding="utf-8")
            taken_back = {}
        elif block.what:
            assert block.what in STEPS, f"line {block.line}: nobody knows how to {block.what}"
            path = checkout / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            path.write_text(changed(before, block), encoding="utf-8")
            if block.what == "mistake":
                taken_back[path] = before
    assert not taken_back


def test_the_guide_shows_every_step():
    seen = list(blocks())
    assert {block.what for block in seen} - {""} == STEPS
    told = "".join(block.text for block in seen if block.kind == "console")
    for command in ("rules check", "rules test", "rules list", "rules facts", "decide"):
        assert f"riverloop {command}" in told


def commands(text):
    """Give each command with what is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


def run(command, folder):
    # Whoever reads the guide has a clean environment and a data folder below the checkout.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RIVERLOOP_")}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout


def matches(shown, printed):
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), flags=re.DOTALL) is not None


def changed(before, block):
    if block.what == "write":
        return block.text
    if block.what == "add":
        return added(before, block)
    lines = block.text.splitlines()
    old = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    new = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    assert before.count(old) == 1, f"line {block.line}: {block.file} holds this {before.count(old)} times:\n{old}"
    return before.replace(old, new)


def added(before, block):
    """Put the block behind the last entry of a list, before the next key of the file."""
    start = re.search(rf"^{block.key}:\n", before, flags=re.MULTILINE)
    assert start, f"line {block.line}: {block.file} has no {block.key}"
    following = re.compile(r"^\w+:", flags=re.MULTILINE).search(before, start.end())
    end = following.start() if following else len(before)
    return before[:end].rstrip("\n") + "\n" + block.text + "\n" + before[end:]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("3 cases\n", "3 cases\n", True),
        ("3 cases", "4 cases", False),
        ("3 … passed", "3 cases\nall passed", True),
        ("a.b", "axb", False),
    ],
)
def test_what_is_shown_may_leave_out_what_the_reader_need_not_see(shown, printed, same):
    assert matches(shown, printed) is same
