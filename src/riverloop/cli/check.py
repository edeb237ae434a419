"""``riverloop check``: what is unsafe in how it is set up."""

from __future__ import annotations

import click

from riverloop.cli.options import json_option
from riverloop.cli.printing import print_json


@click.command()
@json_option
def check(*, as_json: bool) -> None:
    """Say what is unsafe where others than a developer are served; status 1 if anything is."""
    from riverloop.web.data_folder import is_named
    from riverloop.web.server import set_up

    set_up(node=not is_named())
    from riverloop.web import unsafe

    lines = unsafe.found()
    if as_json:
        print_json({"unsafe": lines})
    else:
        for line in lines:
            print(line)
        print("Nothing unsafe was found." if not lines else f"{len(lines)} to mend. See docs/guides/settings.md.")
    raise SystemExit(1 if lines else 0)
