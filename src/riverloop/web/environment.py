"""What the environment may say: one table, from which values are read, refused and documented.

A value that cannot be read stops the start in one line. docs/guides/settings.md is made from the table; run
`python -m tests.settings` after changing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import dj_database_url

from riverloop.core.kernel.errors import InputError, did_you_mean

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_INTERNAL = {"RIVERLOOP_SERVED_BY", "RIVERLOOP_SOAK"}  # what the program tells its own processes
_LONGEST_SHOWN = 60


class NotReadError(Exception):
    """A value is not of its kind; the text says what it has to be."""


Reader = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Variable:
    """A row of the table.

    Args:
        name: of the variable.
        read: turns its text into a value, or raises ``NotReadError``.
        unset: the value without it; None if the program works it out.
        form: what may stand there, for the documentation.
        otherwise: what holds without it, for the documentation.
        about: what it does.
        secret: whether it opens something, so that it is never shown.
    """

    name: str
    read: Reader
    unset: Any
    form: str
    otherwise: str
    about: str
    secret: bool = False


# Kinds of values ------------------------------------------------------------------------------------------------


def _text(given: str) -> str:
    if any(ord(letter) < ord(" ") for letter in given):
        raise NotReadError("one line without control characters")
    return given


def _flag(given: str) -> bool:
    if given.lower() not in (*_YES, *_NO):
        raise NotReadError("1 or 0")
    return given.lower() in _YES


def _whole(least: int, most: int) -> Reader:
    def read(given: str) -> int:
        if not (given.isascii() and given.isdigit() and least <= int(given) <= most):
            raise NotReadError(f"a whole number from {least} to {most}")
        return int(given)

    return read


def _one_of(*choices: str) -> Reader:
    def read(given: str) -> str:
        if given not in choices:
            raise NotReadError(" or ".join(choices))
        return given

    return read


def _at_least(letters: int) -> Reader:
    def read(given: str) -> str:
        if len(_text(given)) < letters:
            raise NotReadError(
                f"{letters} characters or more: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
            )
        return given

    return read


def _folder(given: str) -> Path:
    path = Path(_text(given)).resolve()
    if path.exists() and not path.is_dir():
        raise NotReadError("a folder, and a file lies there")
    return path


def _hosts(given: str) -> list[str]:
    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names or any("/" in name or " " in name or name.startswith("http") for name in names):
        raise NotReadError("host names with commas between them, without http:// and without a port")
    return names


def _address(*schemes: str) -> Reader:
    def read(given: str) -> str:
        _split(given, schemes)
        return given.rstrip("/")

    return read


def _mail(given: str) -> SplitResult:
    return _split(given, ("smtp", "smtps"))


def _split(given: str, schemes: Iterable[str]) -> SplitResult:
    wanted = " or ".join(f"{scheme}://…" for scheme in schemes)
    try:
        parts = urlsplit(_text(given))
        reached = parts.hostname and (parts.port is None or parts.port > 0)  # .port raises where it is no number
    except ValueError:
        raise NotReadError(f"an address: {wanted}") from None
    if parts.scheme not in schemes or not reached:
        raise NotReadError(f"an address: {wanted}")
    return parts


def _database(given: str) -> dict[str, Any]:
    wanted = "sqlite:////absolute/path or postgresql://user:password@host:port/name"
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(given, conn_max_age=0))
    except (ValueError, KeyError):
        raise NotReadError(wanted) from None
    if not found.get("NAME") or found["ENGINE"].rpartition(".")[2] not in ("sqlite3", "postgresql"):
        raise NotReadError(wanted)
    return found


# The table ------------------------------------------------------------------------------------------------------

_A_FLAG = "`1` or `0`"
_GROUPS: dict[str, tuple[Variable, ...]] = {
    "What is served": (
        Variable("RIVERLOOP_DATA", _folder, None, "a folder", "`./var`", "Where all is written: see ARCHITECTURE.md."),
        Variable(
            "DATABASE_URL", _database, None, "`sqlite:////path` or `postgresql://user:password@host:port/name`",
            "SQLite in the data folder", "The database.", secret=True,
        ),
        Variable("RIVERLOOP_ZONE", _text, "hetao", "a bundled zone or a zone file", "`hetao`", "The zone."),
        Variable(
            "RIVERLOOP_SIDE", _text, "", "a side of the zone file", "both sides",
            "The one side that lives on this node.",
        ),
        Variable(
            "RIVERLOOP_URL", _address("http", "https"), None, "`https://name`", "where `riverloop serve` listens",
            "Where the pages are reached: for links in mail.",
        ),
        Variable(
            "RIVERLOOP_ALLOWED_HOSTS", _hosts, None, "names with commas", "this computer's",
            "Host names that are answered.",
        ),
    ),
    "The other side's node": (
        Variable(
            "RIVERLOOP_PEER_HOST", _text, "127.0.0.1", "an address of this computer", "`127.0.0.1`",
            "Where this node listens to the other, if one side lives on it.",
        ),
        Variable(
            "RIVERLOOP_PEER_PORT", _whole(1, 65_535), 8_443, "a port", "`8443`",
            "The port at which it listens; the other node alone need reach it.",
        ),
        Variable(
            "RIVERLOOP_PEER_URL", _address("https"), "", "`https://host:port`", "where it listens",
            "Where the other node reaches this one; its certificate names that host.",
        ),
    ),
    "Safety": (
        Variable(
            "RIVERLOOP_SECRET_KEY", _at_least(32), None, "32 characters or more", "made once, in the data folder",
            "Signs cookies.", secret=True,
        ),
        Variable(
            "RIVERLOOP_HTTPS", _flag, False, _A_FLAG, "`0`",
            "`1` behind a proxy that speaks HTTPS: cookies and HSTS insist on it, and the proxy says who asks.",
        ),
        Variable(
            "RIVERLOOP_DEMO", _flag, False, _A_FLAG, "`0`",
            "`1` lets anyone enter the demo's accounts; never where real people are kept.",
        ),
        Variable(
            "RIVERLOOP_DEBUG", _flag, False, _A_FLAG, "`0`",
            "`1` shows tracebacks, and logs errors in their own words; never where others can reach it.",
        ),
        Variable(
            "RIVERLOOP_WEBHOOKS_LOCAL", _flag, False, _A_FLAG, "`0`",
            "`1` lets webhooks call this computer; for development and tests alone.",
        ),
        Variable(
            "RIVERLOOP_API_A_MINUTE", _whole(1, 1_000_000), 600, "a whole number", "`600`",
            "Requests that one API token may make in a minute.",
        ),
    ),
    "Watching": (
        Variable(
            "RIVERLOOP_LOG", _one_of("json", "text"), "text", "`json` or `text`", "`text`",
            "How it logs: JSON lines with every request, or lines for people with what went wrong.",
        ),
        Variable(
            "RIVERLOOP_WORKER_SECONDS",
            _whole(10, 7 * 86_400),
            90,
            "a whole number",
            "`90`",
            "How old the worker's last sign of life may be before `/healthz` fails: more where cron starts it.",
        ),
        Variable(
            "RIVERLOOP_METRICS_TOKEN", _at_least(16), "", "16 characters or more", "only this computer may ask",
            "Opens `/metrics` and the details of `/healthz` to whoever sends `Authorization: Bearer …`.", secret=True,
        ),
    ),
    "The lab": (
        Variable(
            "RIVERLOOP_LAB_WAITING", _whole(1, 1_000), 20, "a whole number", "`20`",
            "Experiments of one account that may wait for their answer.",
        ),
        Variable(
            "RIVERLOOP_LAB_VISITS", _whole(1_000, 10**12), 300_000_000, "a whole number", "`300000000`",
            "Visits to stations that one experiment may come to: about four million of them take a second.",
        ),
    ),
    "Mail": (
        Variable(
            "RIVERLOOP_MAIL", _mail, None, "`smtp://user:password@host:port` or `smtps://…`",
            "files in the data folder", "The server that takes mail.", secret=True,
        ),
        Variable(
            "RIVERLOOP_MAIL_FROM", _text, "riverloop@localhost", "an address", "`riverloop@localhost`",
            "The sender of mail.",
        ),
    ),
    "Signing in by OpenID Connect": (
        Variable(
            "RIVERLOOP_OIDC_URL", _address("https", "http"), "", "`https://issuer`", "nobody's",
            "The issuer whose accounts may sign in, if their mail address is known here.",
        ),
        Variable("RIVERLOOP_OIDC_CLIENT", _text, "", "text", "none", "What the issuer calls us."),
        Variable("RIVERLOOP_OIDC_SECRET", _text, "", "text", "none", "What proves it to the issuer.", secret=True),
        Variable(
            "RIVERLOOP_OIDC_NAME", _text, "OpenID Connect", "text", "`OpenID Connect`", "What we call the issuer.",
        ),
    ),
}  # fmt: skip
VARIABLES = {one.name: one for group in _GROUPS.values() for one in group}


def value(name: str, environment: Mapping[str, str] | None = None) -> Any:
    """Return what the environment says, read; what holds without it if it says nothing.

    Raises:
        InputError: the value is not of its kind.
    """
    variable = VARIABLES[name]
    given = (os.environ if environment is None else environment).get(name, "").strip()
    if not given:
        return variable.unset
    try:
        return variable.read(given)
    except NotReadError as wanted:
        _refuse(variable, given, str(wanted))


def _refuse(variable: Variable, given: str, wanted: str) -> NoReturn:
    shown = "has a value that cannot be used" if variable.secret else f'is "{given[:_LONGEST_SHOWN]}"'
    raise InputError(
        "settings.value",
        "{name} {shown}. It has to be {wanted}. See docs/guides/settings.md.",
        where="environment",
        name=variable.name,
        shown=shown,
        wanted=wanted,
    ) from None


def unknown(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each variable that looks like one of ours and is none."""
    given = os.environ if environment is None else environment
    strangers = [
        name for name in sorted(given) if name.startswith("RIVERLOOP_") and name not in {*VARIABLES, *_INTERNAL}
    ]
    return [f"{name} does nothing: there is no such setting.{did_you_mean(name, VARIABLES)}" for name in strangers]


def as_markdown() -> str:
    """Return docs/guides/settings.md."""
    lines = [
        "# Settings",
        "",
        "Everything is set by the environment, and every default suits one computer. Made from the table in",
        "`src/riverloop/web/environment.py` by `python -m tests.settings`; a test compares. A value that cannot be",
        "used stops the start with one line; `riverloop check` says which settings are unsafe where others can reach",
        "the pages. Keep those marked *secret* in a file that their owner alone can read, such as systemd's",
        "`EnvironmentFile=`.",
    ]
    for group, variables in _GROUPS.items():
        lines += ["", f"## {group}", "", "| variable | takes | without it | does |", "|---|---|---|---|"]
        lines += [
            f"| `{one.name}` | {one.form} | {one.otherwise} | {one.about}{' *Secret.*' if one.secret else ''} |"
            for one in variables
        ]
    return "\n".join(lines) + "\n"
