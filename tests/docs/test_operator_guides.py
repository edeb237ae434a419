"""What the guides tell operators to type can be typed: as the service's account, with commands and files that exist."""

import re
import shlex
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

from riverloop.cli import app
from tests import postgres
from tests.installation import Installation

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "docs" / "guides" / f"{name}.md" for name in ("look-after-a-node", "upgrade", "two-nodes")]
SET_UP = GUIDES[0].read_text("utf-8").partition("## Set it up")[2].partition("\n## ")[0]
WRAPPER = "riverloop-admin"


def lines_of(text):
    """Give the lines of the blocks that one types, without what stands behind them."""
    for block in re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL):
        yield from (re.sub(r"\s+# .*", "", line.strip()) for line in block.splitlines() if line.strip())


def commands_of(text):
    """Give the words of every command for the wrapper, in blocks and in sentences."""
    shown = [*lines_of(text), *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]
    for line in shown:
        words = shlex.split(line.replace("…", ""))
        if WRAPPER in words[:2] and (given := words[words.index(WRAPPER) + 1 :]):
            yield given


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_a_command_on_a_node_is_never_typed_as_whoever_one_is(guide):
    text = guide.read_text("utf-8")
    assert [line for line in lines_of(text) if re.match(r"(sudo )?(\S*/)?riverloop ", line)] == []
    assert [
        line for line in lines_of(text) if WRAPPER in line and not re.match(rf"sudo (install|{WRAPPER}) ", line)
    ] == []
    assert list(commands_of(text))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_command_for_the_node_exists_with_its_options(guide):
    for words in commands_of(guide.read_text("utf-8")):
        command, rest = app, words
        while isinstance(command, click.Group):
            assert rest, words
            assert rest[0] in command.commands, words
            command, rest = command.commands[rest[0]], rest[1:]
        options = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
        assert {word for word in rest if word.startswith("--")} <= options, words


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_every_file_that_is_installed_exists(guide):
    named = [word for line in lines_of(guide.read_text("utf-8")) for word in line.split() if word.startswith("deploy/")]
    assert [word for word in named if not list(ROOT.glob(word))] == []


def test_the_wrapper_is_installed_before_it_is_used_and_again_by_an_upgrade():
    install = "sudo install -m 0755 deploy/riverloop-admin /usr/local/sbin/"
    typed = list(lines_of(SET_UP))
    assert typed.index(install) < next(place for place, line in enumerate(typed) if line.startswith(f"sudo {WRAPPER} "))
    assert install in list(lines_of(GUIDES[1].read_text("utf-8")))
    assert install in (ROOT / "deploy" / "riverloop-admin").read_text("utf-8")


def test_the_database_is_there_before_the_service_starts():
    typed = list(lines_of(SET_UP))
    starts = next(place for place, line in enumerate(typed) if "systemctl enable --now" in line)
    for made in ("createuser riverloop", "createdb --owner riverloop riverloop"):
        assert typed.index(f"sudo -u postgres {made}") < starts
    settings = (ROOT / "deploy" / "systemd" / "riverloop.env").read_text("utf-8")
    assert "DATABASE_URL=postgresql:///riverloop\n" in settings
    assert "User=riverloop\n" in (ROOT / "deploy" / "systemd" / "riverloop.service").read_text("utf-8"), (
        "peer: one name"
    )


@pytest.mark.slow
@pytest.mark.skipif(not postgres.binaries(), reason="PostgreSQL is missing")
def test_a_database_made_as_the_guide_says_serves_and_is_backed_up_and_restored(tmp_path):
    """The tests' own server calls its superuser riverloop, so the guide's role has another name here."""
    made = [line.removeprefix("sudo -u postgres ") for line in lines_of(SET_UP) if line.startswith("sudo -u postgres ")]
    assert len(made) == 2
    with postgres.cluster() as url:
        home = unquote(urlsplit(url).netloc.partition("@")[2])
        for line in made:
            program, *words = line.replace("riverloop", "operated").split()
            subprocess.run(
                [postgres.binaries() / program, *words], check=True, env={"PGHOST": home, "PGUSER": "riverloop"}
            )
        node = Installation(tmp_path / "data", url.replace("riverloop@", "operated@").replace("/postgres", "/operated"))
        node.run("work", "--once")
        node.run("backup", tmp_path / "node.tar", "--keys", tmp_path / "keys.tar")
        assert "Restored as of " in node.run("restore", tmp_path / "node.tar", "--replace").stdout
        node.run("work", "--once")
