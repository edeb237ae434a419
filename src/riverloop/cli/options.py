"""Options and arguments that several commands take."""

from __future__ import annotations

import os
from pathlib import Path

import click

from riverloop.core.kernel.errors import InputError, did_you_mean
from riverloop.core.kernel.sides import LANGUAGES

zone_option = click.option(
    "--zone",
    "zone_name",
    envvar="RIVERLOOP_ZONE",
    default="hetao",
    show_default=True,
    help="A bundled zone, or a zone file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value and nothing else.")
lang_option = click.option("--lang", default="en", show_default=True, help="en, zh-Hant or zh-Hans.")


def _host(_context: click.Context, _parameter: click.Parameter, side: str | None) -> None:
    """Say it to the settings, which are read later, and to the processes that this one starts."""
    if side:
        os.environ["RIVERLOOP_SIDE"] = side


side_here_option = click.option(
    "--side",
    callback=_host,
    expose_value=False,
    is_eager=True,
    help="The one side that lives on this node; without it, both, or the one that the data folder is of.",
)
packs_argument = click.argument("directory", required=False, type=click.Path(path_type=Path))


def checked_language(lang: str) -> str:
    """Return the language, or say which ones there are."""
    if lang not in LANGUAGES:
        raise InputError(
            "cli.language",
            'There is no language "{lang}".{hint} Choose {known}.',
            where="--lang",
            lang=lang,
            hint=did_you_mean(lang, LANGUAGES),
            known=", ".join(LANGUAGES),
        )
    return lang
