"""The command ``riverloop``: the same law and zone as the pages, from files.

Exit status: 0 done; 1 the input was understood and refused, with one line saying what, where and how to mend it;
2 wrong usage. Each module holds a group of commands, which import what they need when they run, so that each starts
quickly.
"""

from __future__ import annotations

import os
import sys

import click

from riverloop import __version__
from riverloop.cli import trouble
from riverloop.cli.accounts import role_app, user_app
from riverloop.cli.backup import backup, restore
from riverloop.cli.check import check
from riverloop.cli.deciding import decide
from riverloop.cli.demo import demo_app
from riverloop.cli.keys import keys_app
from riverloop.cli.log import log_app
from riverloop.cli.node import node_app
from riverloop.cli.retention import retention_app
from riverloop.cli.rules import rules_app
from riverloop.cli.serving import listen_command, serve, work_command
from riverloop.cli.simulating import simulate
from riverloop.cli.traffic import traffic_app
from riverloop.core.kernel.errors import RiverloopError
from riverloop.core.kernel.letters import shown

__all__ = ["app", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="riverloop")
def app() -> None:
    """Riverloop: clear what crosses between two parks under both sides' law."""


for _command in (
    decide,
    simulate,
    traffic_app,
    serve,
    work_command,
    listen_command,
    node_app,
    log_app,
    rules_app,
    user_app,
    role_app,
    keys_app,
    retention_app,
    demo_app,
    backup,
    restore,
    check,
):
    app.add_command(_command)


def main() -> None:
    """Run the command; a mistake in the input ends it with one line and status 1, and so does a disk that refuses."""
    try:
        app(prog_name="riverloop")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        told = error if isinstance(error, RiverloopError) else trouble.told(error)
        if told is None:
            raise
        if told is not error and sys.excepthook is not sys.__excepthook__:  # what serves and works logs where it was
            sys.excepthook(type(error), error, error.__traceback__)
        print(shown(" ".join(str(told).split())), file=sys.stderr)
        raise SystemExit(1) from None
