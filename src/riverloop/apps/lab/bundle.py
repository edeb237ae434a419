"""Vega as one script, for browsers that look closer at a chart: made once a version, and found among static files.

It is kept beside the source, as compiled code is, or in the data folder where that cannot be written. A process of its
own makes it, since servers fork after they have gathered their static files and the engine does not outlive a fork.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

NAME = "vega.js"
PREFIX = "lab"
_SECONDS = 120


def made() -> Path:
    """Return the folder that holds the script; make both where they are missing."""
    folder = f"vega-{version('vl-convert-python')}"
    places = [Path(__file__).parent / "__pycache__" / folder, Path(settings.RIVERLOOP_DATA) / "cache" / folder]
    for place in places:
        if (place / NAME).is_file():
            return place
    place = places[0] if os.access(Path(__file__).parent, os.W_OK) else places[1]
    place.mkdir(parents=True, exist_ok=True)
    fresh = place / f"{NAME}.{os.getpid()}.new"
    code = (
        "import pathlib, sys, vl_convert; pathlib.Path(sys.argv[1]).write_text(vl_convert.javascript_bundle(), 'utf-8')"
    )
    subprocess.run([sys.executable, "-c", code, str(fresh)], check=True, timeout=_SECONDS)  # noqa: S603 - our own words
    fresh.replace(place / NAME)
    return place


class BundleFinder(BaseFinder):
    """Finds ``lab/vega.js`` for Django's collection of static files."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - as Django calls it
        if path != f"{PREFIX}/{NAME}":
            return []
        found = str(made() / NAME)
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        storage = FileSystemStorage(location=made())
        storage.prefix = PREFIX  # type: ignore[attr-defined]  # as Django's own finders do
        yield NAME, storage
