"""Programs that some tests need and a person may lack, and whether this run is a soak."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GO_SOURCES = Path("/usr/share/gocode/src")
SOAKING = os.environ.get("RIVERLOOP_SOAK") == "1"
FOUND: list[tuple[str, int, str]] = []
"""What each fault test found: the fault, how often it was tried, and what came of it."""


class Tool(NamedTuple):
    """A program that the tests under one marker need."""

    name: str
    find: Callable[[], str | None]
    how_to_get: str


def find_chromium() -> str | None:
    """Find Chromium, or a browser built from it."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def find_go() -> str | None:
    """Find Go, if Debian's package of golang.org/x/mod is there as well: the tests fetch nothing."""
    return shutil.which("go") if (GO_SOURCES / "golang.org/x/mod/sumdb").is_dir() else None


TOOLS = {
    "browser": Tool(
        "Chromium", find_chromium, "To get it: apt install chromium fonts-noto-cjk (Debian), or any Chrome."
    ),
    "go": Tool("Go", find_go, "To get it: apt install golang-go golang-golang-x-mod-dev (Debian)."),
}
