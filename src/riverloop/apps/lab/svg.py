"""Draws Altair's charts as SVG that a strict page can hold: no styles, no scripts, the page's own colours and fonts.

A drawing is kept under the hash of what it shows, so that Altair and the renderer are only loaded for one that is new.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

Data = Mapping[str, Any]
"""All that a drawing shows, its words included: what JSON can hold."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on: the room between the axes, and that around it, in CSS pixels.

    Args:
        name: class of the drawing.
        width: between the axes.
        height: likewise.
        left: for the labels of the axis.
        top: for the title of the axis.
        right: for what stands at the end of a line.
        bottom: for the other axis.
    """

    name: str
    width: int
    height: int
    left: int = 44
    top: int = 32
    right: int = 20
    bottom: int = 40


WIDE = Sheet("chart-wide", 656, 240)
NARROW = Sheet("chart-narrow", 276, 200)
PANEL = Sheet("chart-panel-drawing", 276, 150)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is to be drawn, with a title and a description for those who cannot see it.

    Args:
        shape: name of a function of shapes.py.
        data: what it takes.
        sheet: to draw on.
        title: what it shows.
        description: what can be seen there, in words.
    """

    shape: str
    data: Data
    sheet: Sheet
    title: str
    description: str

    def is_kept(self) -> bool:
        """Whether it was drawn before."""
        key = self._key()
        return key in _held or _read(key) is not None

    def svg(self) -> str:
        """Return it as an SVG element, drawn now unless it is kept."""
        key = self._key()
        if key in _held:
            return _held[key]
        with _lock:
            found = _held.get(key) or _read(key)
            if found is None:
                found = _clean(_render(self.shape, self.data, self.sheet), self.sheet, self.title, self.description)
                _write(key, found)
            _held[key] = found
            while len(_held) > _MOST_HELD:
                del _held[next(iter(_held))]
        return found

    def _key(self) -> str:
        wanted = [_version(), self.shape, self.data, astuple(self.sheet), self.title, self.description]
        told = json.dumps(wanted, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def _render(shape: str, data: Data, sheet: Sheet) -> str:
    global _process  # noqa: PLW0603 - which process the renderer's threads live in
    if _process not in {0, os.getpid()}:
        raise RuntimeError("The renderer does not outlive a fork: start the process anew, or draw before it forks.")
    _process = os.getpid()
    import vl_convert  # noqa: PLC0415 - a whole JavaScript engine, for a drawing that is not yet kept
    from altair.utils.schemapi import debug_mode  # noqa: PLC0415 - likewise

    from riverloop.apps.lab import shapes  # noqa: PLC0415 - likewise

    with debug_mode(False):  # Altair checks each part against a large schema; the tests draw every shape
        spec = getattr(shapes, shape)(sheet, data).to_dict(validate=False)
    spec |= {
        "width": sheet.width,
        "height": sheet.height,
        "padding": {"left": sheet.left, "top": sheet.top, "right": sheet.right, "bottom": sheet.bottom},
        "autosize": {"type": "none"},  # no measuring of text: a server has not the reader's fonts
        "background": None,
        "config": CONFIG,
    }
    return str(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE))


VEGA_LITE = "6.1"
_AXIS = {
    "labelColor": "var(--ink-soft)",
    "titleColor": "var(--ink-soft)",
    "domainColor": "var(--line-strong)",
    "tickColor": "var(--line-strong)",
    "gridColor": "var(--line)",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "labelLimit": 0,
    "titleLimit": 0,
}
CONFIG: Data = {
    "aria": False,
    "view": {"stroke": None},
    "axis": _AXIS,
    "title": {
        "anchor": "start",
        "frame": "group",
        "color": "var(--ink-soft)",
        "fontSize": 12,
        "fontWeight": "normal",
        "offset": 10,
        "limit": 0,
    },
    "text": {"fontSize": 12, "fill": "var(--ink)", "limit": 0},
}

# Cleaning --------------------------------------------------------------------------------------------------------

_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset(("g", "path", "line", "rect", "circle", "text", "tspan"))
_ATTRIBUTES = frozenset(
    [
        "d",
        "x",
        "y",
        "x1",
        "x2",
        "y1",
        "y2",
        "dx",
        "dy",
        "cx",
        "cy",
        "r",
        "width",
        "height",
        "transform",
        "opacity",
        "fill",
        "fill-opacity",
        "stroke",
        "stroke-opacity",
        "stroke-width",
        "stroke-dasharray",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "font-size",
        "font-weight",
        "text-anchor",
    ]
)


def _clean(svg: str, sheet: Sheet, title: str, description: str) -> str:
    """Return the drawing with nothing in it but shapes and text."""
    found = ET.fromstring(svg)  # noqa: S314 - the renderer's own output
    width, height = sheet.left + sheet.width + sheet.right, sheet.top + sheet.height + sheet.bottom
    root = ET.Element(
        "svg", {"class": sheet.name, "viewBox": f"0 0 {width} {height}", "role": "img", "font-size": "12"}
    )
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "desc").text = description
    root.extend(_shapes(found))
    return ET.tostring(root, encoding="unicode")


def _shapes(parent: ET.Element) -> list[ET.Element]:
    shapes = []
    for one in parent:
        name = one.tag.removeprefix(_SVG)
        if name not in _ELEMENTS:
            continue
        shape = ET.Element(name, {key: value for key, value in one.items() if key in _ATTRIBUTES})
        shape.text = one.text if name in {"text", "tspan"} else None
        shape.extend(_shapes(one))
        if name != "g" or len(shape):
            shapes.append(shape)
    return shapes


# Keeping ---------------------------------------------------------------------------------------------------------

_MOST_HELD = 256
_MOST_KEPT = 2_000
_held: dict[str, str] = {}
_process = 0
_lock = threading.Lock()  # one drawing at a time: the renderer takes a core, and the same one is often asked for twice


@lru_cache(maxsize=1)
def _version() -> str:
    """Return what changes when anything changes that decides how a drawing looks."""
    from importlib.metadata import version  # noqa: PLC0415

    here = [Path(__file__), Path(__file__).with_name("shapes.py")]
    sources = b"".join(path.read_bytes() for path in here)
    return f"{version('vl-convert-python')} {hashlib.sha256(sources).hexdigest()}"


def _folder() -> Path | None:
    data = getattr(settings, "RIVERLOOP_DATA", None)  # the command line has none
    return Path(data) / "cache" / "charts" if data else None


def _read(key: str) -> str | None:
    folder = _folder()
    try:
        kept = (folder / f"{key}.svg").read_text("utf-8") if folder else ""
    except (OSError, UnicodeDecodeError):
        return None
    return kept if kept.endswith("</svg>") else None  # a power cut may have torn it


def _write(key: str, svg: str) -> None:
    """Keep a drawing; a folder that cannot be written costs time, and nothing else."""
    folder = _folder()
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{key}.{os.getpid()}.new"
        fresh.write_text(svg, "utf-8")
        fresh.replace(folder / f"{key}.svg")
        _forget(folder)
    except OSError:
        return


def _forget(folder: Path) -> None:
    """Keep the folder within bounds: the older half goes when there are too many."""
    kept = list(folder.iterdir())
    if len(kept) > _MOST_KEPT:
        oldest = sorted(kept, key=lambda path: path.stat().st_mtime)
        for path in oldest[: _MOST_KEPT // 2]:
            path.unlink(missing_ok=True)
