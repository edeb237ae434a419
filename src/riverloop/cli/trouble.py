"""What is said of a disk or a database that refuses: one line, and of what was to be kept no word."""

from __future__ import annotations

import os
import sys

from riverloop.core.kernel.errors import ConflictError
from riverloop.core.kernel.words import N_


def told(error: Exception) -> ConflictError | None:
    """Return the line for an error of the operating system or the database; None for any other: a mistake in here.

    With ``RIVERLOOP_DEBUG=1``, on a developer's computer, each keeps its traceback.
    """
    if os.environ.get("RIVERLOOP_DEBUG") == "1":
        return None
    if isinstance(error, OSError):
        return _of_system(error)
    return _of_database(error) if _is_of_database(error) else None


def _of_system(error: OSError) -> ConflictError:
    named = error.filename2 if error.filename is None else error.filename
    where = os.fsdecode(named) if isinstance(named, str | bytes | os.PathLike) else ""
    why = error.strerror or type(error).__name__
    return ConflictError(
        "cli.system",
        N_("The operating system refused that: {why}. Look at the file, its folder and the disk, and run it again."),
        where=where,
        why=why,
    )


def _is_of_database(error: Exception) -> bool:
    """Say whether it comes from Django's database or from SQLite, where either was imported at all."""
    loaded = ((sys.modules.get("django.db.utils"), "Error"), (sys.modules.get("sqlite3"), "Error"))
    return any(module is not None and isinstance(error, getattr(module, name)) for module, name in loaded)


def _of_database(error: Exception) -> ConflictError:
    """Return the line about a database: in its own words only where these speak of no row."""
    cause = error.__cause__ or error
    kind = type(error).__name__
    why = f"{kind}, {_first_line(cause)}" if kind == "OperationalError" else kind
    return ConflictError(
        "cli.database",
        N_("The database refused that ({why}). Look at it and its disk, and run it again."),
        where="",
        why=why,
    )


def _first_line(error: BaseException) -> str:
    """Return what a database says first; what follows in PostgreSQL may quote rows and statements."""
    said = getattr(getattr(error, "diag", None), "message_primary", None) or str(error)
    return next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
