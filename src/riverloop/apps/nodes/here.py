"""The zone that this process serves, and which of its two sides live here."""

from __future__ import annotations

import contextlib
import os
import tempfile
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language

from riverloop.apps.nodes.words import N_
from riverloop.core.kernel.errors import InputError
from riverloop.zones import Zone, load_zone

_LANGUAGES = {"zh-hant": "zh-Hant", "zh-hans": "zh-Hans"}


@cache
def zone() -> Zone:
    """Return the zone that this process serves."""
    return load_zone(settings.RIVERLOOP_ZONE)


def active_language() -> str:
    """Return en, zh-Hant or zh-Hans."""
    return _LANGUAGES.get((get_language() or "en").lower(), "en")


def side_title(side: str) -> str:
    """Return a side's name in the active language, as it stands inside a sentence."""
    title: str = zone().side(side).title[active_language()]
    return f"the {title[4:]}" if title.startswith("The ") else title


def hosted_sides() -> tuple[str, ...]:
    """Return the sides whose rows and keys live here, as the zone orders them: both, or the one of RIVERLOOP_SIDE.

    Raises:
        InputError: the zone has no such side.
    """
    if settings.RIVERLOOP_SIDE:
        return (zone().side(settings.RIVERLOOP_SIDE).id,)
    return tuple(side.id for side in zone().sides)


def hosts(side: str) -> bool:
    """Say whether a side lives here."""
    return side in hosted_sides()


def hosts_both() -> bool:
    """Say whether both sides live on this one computer, as in the demo."""
    return len(hosted_sides()) > 1


def other_side(side: str) -> str:
    """Return the side across the boundary.

    Raises:
        InputError: the zone has no such side.
    """
    own = zone().side(side).id
    return next(one.id for one in zone().sides if one.id != own)


def check_hosted(side: str) -> str:
    """Return a side that lives here.

    Raises:
        InputError: it lives elsewhere, or the zone has no such side.
    """
    if hosts(zone().side(side).id):
        return side
    raise InputError(
        "nodes.not_hosted",
        N_("Side {side} does not live here: this is the node of side {here}. Do it at the other side's node."),
        side=side,
        here=", ".join(hosted_sides()),
    )


def side_settle() -> None:
    """Keep in the data folder which side it is of, so that no later start takes it for another's.

    Raises:
        InputError: it is of the other side, or of both, or the zone has no such side.
    """
    if not settings.RIVERLOOP_SIDE:
        return
    (wanted,) = hosted_sides()
    other = other_side(wanted)
    held = other if _keys_of(other) and not _side_file().exists() else _side_kept(wanted)  # its keys are older
    if held != wanted:
        raise InputError(
            "nodes.other_side",
            N_("The data folder holds what is side {held}'s, and side {wanted} was asked for. Choose another folder."),
            held=held,
            wanted=wanted,
            where=str(settings.RIVERLOOP_DATA),
        )


def _side_file() -> Path:
    path: Path = settings.RIVERLOOP_DATA / "side"
    return path


def _side_kept(wanted: str) -> str:
    """Return of which side the data folder is; of this one if none was kept: of two that say so at once, one wins."""
    kept = _side_file()
    if not kept.exists():
        _side_keep(kept, wanted)
    return kept.read_text("utf-8").strip()


def _side_keep(kept: Path, side: str) -> None:
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, written = tempfile.mkstemp(dir=kept.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{side}\n")
        with contextlib.suppress(FileExistsError):
            os.link(written, kept)  # the file appears whole, and never in place of another
    finally:
        Path(written).unlink()


def _keys_of(side: str) -> bool:
    """Say whether keys of a side were made in the data folder."""
    return (settings.RIVERLOOP_DATA / "keys" / side).exists()
