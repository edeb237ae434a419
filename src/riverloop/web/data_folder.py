"""Whose the data folder is, and whether there is a node in it: looked at before anything is made there.

What a node writes is readable by its own account alone. So a command of another account, root above all, would leave
keys that the service cannot read; and one that was not told where the node is would make a second, empty one.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.web.environment import value

_MADE = ("in_use", "secret_key", "keys", "static", "riverloop.sqlite3")  # by the first account that ran there
_OF_A_NODE = ("static", "keys", "log", "restore_unfinished")


def data_folder() -> Path:
    """Return the data folder that is set; ``./var`` if none is."""
    folder: Path | None = value("RIVERLOOP_DATA")
    return folder or Path("var").resolve()


def is_named() -> bool:
    """Say whether somebody said where the data folder is, rather than ``./var`` being taken."""
    return value("RIVERLOOP_DATA") is not None


def check_owner() -> None:
    """Refuse to write into the data folder of another account.

    Who owns what lies in it counts. While it is empty, whoever may write there may begin, so that the volume of a
    container may be anybody's; but root may write everywhere, so that for root its owner counts.

    Raises:
        ConflictError: it belongs to another account.
    """
    folder = data_folder()
    made = next((folder / name for name in _MADE if os.path.lexists(folder / name)), None)
    try:
        owner = (made or folder).lstat().st_uid
    except FileNotFoundError:
        return  # it will be made by whoever runs this
    except OSError as error:
        raise InputError("data.closed", "It cannot be read: {why}.", where=str(folder), why=error.strerror) from None
    own = os.geteuid()
    if own == owner or (made is None and own != 0 and os.access(folder, os.W_OK | os.X_OK)):
        return
    if made is not None and folder.lstat().st_uid == own != 0:
        raise ConflictError(
            "data.foreign",
            "It belongs to the account {owner}, and the data folder to {own}. Give it back: chown -R {own} {folder}",
            where=str(made), owner=_account(owner), own=_account(own), folder=folder,
        )  # fmt: skip
    raise ConflictError(
        "data.owner",
        "The data folder belongs to the account {owner}, and this is {own}: what one writes there, the other cannot "
        "read. Run it as {owner}; where deploy/riverloop-admin is installed: sudo riverloop-admin …",
        where=str(folder), owner=_account(owner), own=_account(own),
    )  # fmt: skip


def check_node() -> None:
    """Refuse to go on where there is no node yet.

    Raises:
        InputError: there is none in the data folder.
    """
    folder = data_folder()
    database = value("DATABASE_URL")
    if (folder / "restore_unfinished").exists():
        return  # what is needed then, in_use.py says
    if database and not database["ENGINE"].endswith("sqlite3"):
        there = any((folder / name).exists() for name in _OF_A_NODE)
    else:
        there = Path(database["NAME"] if database else folder / "riverloop.sqlite3").exists()
    if there:
        return
    if is_named():
        raise InputError(
            "data.no_node",
            "There is no node in the data folder: its first start makes one. If it lies elsewhere, set RIVERLOOP_DATA "
            "and DATABASE_URL as where it is served; where deploy/riverloop-admin is installed: sudo riverloop-admin …",
            where=str(folder),
        )
    raise InputError(
        "data.no_node_named",
        "There is no node here. Set RIVERLOOP_DATA, and DATABASE_URL if that is set, as where it is served; "
        "where deploy/riverloop-admin is installed: sudo riverloop-admin …",
        where=str(folder),
    )


def _account(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
