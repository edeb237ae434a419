"""Steps that several people take at the same moment, each in a thread and over a connection of its own."""

import contextlib
import sqlite3
import threading
from pathlib import Path

from django.db import connection, connections


def at_once(*steps):
    """Run steps in threads that begin together; return what each returned or raised."""
    start, outcomes = threading.Barrier(len(steps)), [None] * len(steps)

    def run(place, step):
        try:
            start.wait(timeout=20)
            outcomes[place] = step()
        except Exception as error:  # noqa: BLE001 - the test reads it
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


@contextlib.contextmanager
def in_a_file(folder: Path):
    """Put SQLite's database into a file, as it is in use: in memory, threads cannot wait for each other."""
    if connection.vendor != "sqlite":
        yield
        return
    in_memory, settings = connections["default"], connections["default"].settings_dict
    name, path = settings["NAME"], folder / "at_once.sqlite3"
    in_memory.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        in_memory.connection.backup(copy)
    settings["NAME"] = str(path)
    connections["default"] = connections.create_connection("default")
    yield
    connections["default"].close()
    settings["NAME"], connections["default"] = name, in_memory
