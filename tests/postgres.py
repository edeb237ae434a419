"""A PostgreSQL server of the tests' own: made, used once and removed, however the tests end.

A keeper process owns the server. It waits on a pipe whose other end only the tests hold, so it cleans up
even when they are killed. The server listens on a socket in its own folder and on no port.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

HOW_TO_GET = "apt install postgresql (Debian, Ubuntu) or brew install postgresql (macOS)"
SETTINGS = {  # a cluster that lives for minutes need not survive a power cut
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
}


class StartError(Exception):
    """The server did not start."""


def binaries() -> Path | None:
    """Find the folder with initdb and postgres, or None."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    return next(
        (folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()),
        None,
    )


class Server:
    """A running server.

    Args:
        url: its DATABASE_URL.
        keeper: the process that owns it.
    """

    def __init__(self, url: str, keeper: subprocess.Popen[str]) -> None:
        self.url, self._keeper = url, keeper

    def restart(self) -> None:
        """End the server at once, whoever is connected, and start it again over the same data."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        print("restart", file=self._keeper.stdin, flush=True)
        if not self._keeper.stdout.readline():
            raise StartError("PostgreSQL did not start again; what it said stands above.")


@contextlib.contextmanager
def cluster(**settings: str) -> Iterator[str]:
    """Run a fresh server and give its DATABASE_URL; see :func:`serving`."""
    with serving(**settings) as server:
        yield server.url


@contextlib.contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """Run a fresh server.

    Args:
        settings: in place of those of the tests; a benchmark of what is durable sets ``fsync="on"``.

    Raises:
        StartError: the server did not start; what it said went to standard error.
    """
    command = [sys.executable, __file__, *(f"{name}={value}" for name, value in settings.items())]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        try:
            url = keeper.stdout.readline().strip()
            if not url:
                raise StartError("PostgreSQL did not start; what it said stands above.")
            yield Server(url, keeper)
        finally:
            keeper.stdin.close()  # the keeper cleans up, and `with` waits for it


def keep() -> int:
    """Serve until standard input closes: the keeper process."""
    folder = binaries()
    if folder is None:
        print(f"PostgreSQL is missing: {HOW_TO_GET}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    home = Path(tempfile.mkdtemp(prefix="riverloop-pg-"))
    server = None
    try:
        make(folder, home)
        server = start(folder, home)
        url = f"postgresql://riverloop@{quote(str(home), safe='')}/postgres"
        print(url, flush=True)
        for _ in sys.stdin:  # each line asks for a restart
            stop(server)
            server = start(folder, home)
            print(url, flush=True)
    finally:
        if server is not None:
            stop(server)
        shutil.rmtree(home, ignore_errors=True)
    return 0


def make(folder: Path, home: Path) -> None:
    """Make a cluster in ``home``.

    Raises:
        SystemExit: it cannot be made.
    """
    owner = unprivileged()
    if owner:
        os.chown(home, pwd.getpwnam(owner).pw_uid, pwd.getpwnam(owner).pw_gid)
    initdb = [folder / "initdb", "--pgdata", home / "data", "--username=riverloop", "--auth=trust", "--encoding=UTF8"]
    made = subprocess.run(
        [*initdb, "--locale=C", "--no-sync"],
        cwd=home, env=environment(home), capture_output=True, text=True, check=False, **dropped(owner),
    )  # fmt: skip
    if made.returncode != 0:
        sys.exit(f"initdb failed: {made.stderr.strip()}")


def start(folder: Path, home: Path) -> subprocess.Popen[bytes]:
    """Start the server of the cluster in ``home``; return when it answers.

    Raises:
        SystemExit: it does not come up.
    """
    data = home / "data"
    asked = dict(one.split("=", 1) for one in sys.argv[1:]) if __name__ == "__main__" else {}
    options = [option for name, value in (SETTINGS | asked).items() for option in ("-c", f"{name}={value}")]
    log = home / "server.log"
    with log.open("ab") as output:
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, "-k", home, *options],
            cwd=home, env=environment(home), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            **dropped(unprivileged()),
        )  # fmt: skip
    try:
        wait_until_ready(server, data / "postmaster.pid")
    except BaseException:
        stop(server)
        print(log.read_text(errors="replace"), file=sys.stderr)
        raise
    return server


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def dropped(owner: str | None) -> dict[str, Any]:
    """Say as whom to run: the server refuses to run as root, and reads neither root's home nor root's groups."""
    return {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []} if owner else {}


def wait_until_ready(server: subprocess.Popen[bytes], pid_file: Path, patience_seconds: float = 60) -> None:
    """Wait for the line by which the server itself says that it takes connections."""
    until = time.monotonic() + patience_seconds
    while server.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            if pid_file.read_text().split()[-1:] == ["ready"]:
                return
        time.sleep(0.02)
    sys.exit("PostgreSQL did not come up.")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server: at once but in order, or, if it hangs, by force."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def unprivileged() -> str | None:
    """Name the account to drop to when run as root; None otherwise."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


if __name__ == "__main__":
    sys.exit(keep())
