"""The database in a backup: SQLite copied while others write, PostgreSQL by its own programs."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from riverloop.core.kernel.errors import ConflictError, InputError

SQLITE, POSTGRESQL = "database.sqlite3", "database.pgdump"
NAMES = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def copy_into(target: Path) -> None:
    """Copy the database as it is at one moment.

    Raises:
        InputError: PostgreSQL's programs are missing, or they fail.
    """
    if connection.vendor == "sqlite":
        _copy_sqlite(Path(connection.settings_dict["NAME"]), target)
    else:
        _pg("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--schema={_schema()}", f"--file={target}")


def check(path: Path) -> None:
    """Look through a copy for damage, where that is quick.

    Raises:
        InputError: it is damaged.
    """
    if path.name != SQLITE:
        return
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
        try:
            said = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        raise InputError(
            "backup.database",
            "The database in it is damaged: {said}.",
            where=path.name,
            said=" ".join(str(said).split()),
        )


def is_empty() -> bool:
    """Say whether nothing has been made in PostgreSQL's database yet."""
    return not connection.introspection.table_names()


def load_postgresql(path: Path, aside: str) -> bool:
    """Load a copy into PostgreSQL, all or nothing.

    Args:
        path: the copy.
        aside: the schema that what is there now is renamed to.

    Returns:
        whether there was anything to put aside.
    """
    schema, full = _schema(), not is_empty()
    if full:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'ALTER SCHEMA "{schema}" RENAME TO "{aside}"')
            cursor.execute(f'CREATE SCHEMA "{schema}"')
    try:
        _pg("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
            f"--schema={schema}", f"--dbname={connection.settings_dict['NAME']}", str(path))  # fmt: skip
    except InputError:
        if full:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA "{schema}" CASCADE')
                cursor.execute(f'ALTER SCHEMA "{aside}" RENAME TO "{schema}"')
        raise
    finally:
        connection.close()
    return full


def check_same_kind(listed: dict[str, Any], where: Path) -> None:
    """Refuse a copy of another kind of database than the one that is set."""
    if listed["database"] != connection.vendor:
        raise ConflictError(
            "restore.kind",
            "It holds a database of {kind}, and DATABASE_URL names one of {here}. Set DATABASE_URL to {kind}.",
            where=str(where),
            kind=listed["database"],
            here=connection.vendor,
        )


def _copy_sqlite(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=60)) as live,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)  # in one step: a moment's state, while WAL lets others write


def _schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0] or "public")


def _pg(program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise InputError(
            "backup.pg",
            "{program} is missing. Install PostgreSQL's client programs (Debian: apt install postgresql-client).",
            where="PostgreSQL",
            program=program,
        )
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, with our own arguments
        [found, "--no-password", *arguments], env=_pg_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        if "server version mismatch" in done.stderr:
            raise InputError(
                "backup.pg_older",
                "{program} is older than the server ({said}). Install PostgreSQL's client programs of its version.",
                where="PostgreSQL",
                program=program,
                said=lines[-1].partition("detail: ")[2] or lines[-1],
            )
        raise InputError(
            "backup.pg_failed", "{program} failed: {said}", where="PostgreSQL", program=program, said=lines[-1]
        )


def _pg_environment() -> dict[str, str]:
    """Return where the database is, in the environment: on a command line others could read the password."""
    named = {"NAME": "PGDATABASE", "HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    given = {variable: str(connection.settings_dict.get(key) or "") for key, variable in named.items()}
    options = connection.settings_dict.get("OPTIONS", {})
    given |= {
        f"PG{key.upper()}": str(options[key])
        for key in ("sslmode", "sslrootcert", "sslcert", "sslkey")
        if key in options
    }
    return {**os.environ, **{key: text for key, text in given.items() if text}}
