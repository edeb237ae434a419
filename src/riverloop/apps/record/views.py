"""The logs as anyone reads them: a page that says what they are, and their files as C2SP tlog-tiles serves them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from riverloop.apps.nodes import keys
from riverloop.apps.nodes.here import hosts, other_side, zone
from riverloop.apps.record.folders import folder_of, is_in_log, reader_of
from riverloop.apps.record.published import key_of
from riverloop.apps.record.selectors import log_state, mirrors_of
from riverloop.core.kernel.errors import RiverloopError
from riverloop.core.tlog import CHECKPOINT, VerifierKey, parse_note, vkey_file

_TEXT, _BYTES = "text/plain; charset=utf-8", "application/octet-stream"
_FOR_EVER = "public, max-age=31536000, immutable"  # a tile never changes: it only grows into another
_MOST_PATH = 64  # characters


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Say what the logs are, how far each is, and how anyone checks them."""
    sides = [_own(side.id) if hosts(side.id) else _mirrored(side.id) for side in zone().sides]
    context = {"logs": sides, "first": next(one for one in sides if one["is_here"])}
    return render(request, "record/log.html", context)


@require_safe
def small_file(request: HttpRequest, side: str, path: str) -> HttpResponse:
    """Give the checkpoint, or the line of the verifier key: both change, and are asked for anew each time."""
    return _file(side, path, _TEXT, "no-cache")


@require_safe
def tile(request: HttpRequest, side: str, rest: str) -> HttpResponse:
    """Give a tile or a bundle of entries; what is no path of one is not there."""
    return _file(side, f"tile/{rest}", _BYTES, _FOR_EVER)


@require_safe
def cosigner_vkey(request: HttpRequest, side: str) -> HttpResponse:
    """Give the verifier key of who countersigned the newest checkpoint, or is to; it is no file of the folder.

    There it would say that every checkpoint is countersigned, which each is a little later than it is signed.
    """
    note = _content(side, CHECKPOINT)
    try:
        key = key_of(note, keys.cosigner_verifiers(other_side(side)))
    except RiverloopError:  # the other side's node is not known here
        raise Http404 from None
    return _given(vkey_file(key), _TEXT, "no-cache")


def _file(side: str, path: str, kind: str, caching: str) -> HttpResponse:
    return _given(_content(side, path), kind, caching)


def _content(side: str, path: str) -> bytes:
    if not any(one.id == side and hosts(side) for one in zone().sides):
        raise Http404
    content = reader_of(folder_of(side))(path) if len(path) <= _MOST_PATH and is_in_log(path) else None
    if content is None:
        raise Http404
    return content


def _given(content: bytes, kind: str, caching: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Cache-Control"] = caching
    response["Access-Control-Allow-Origin"] = "*"  # anyone's page may check it
    return response


def _own(side: str) -> dict[str, Any]:
    """Return what the page says of the log of a side that lives here."""
    state, address = log_state(side), settings.RIVERLOOP_URL + reverse("record:log") + side
    return {
        "is_here": True,
        "size": state.published_size,
        "waiting": max(0, state.size - state.published_size),
        "published_at": state.published_at,
        "checkpoint": state.note,
        "countersigned": state.cosigned_size,
        "countersigned_at": state.cosigned_at,
        "refusal": state.refusal_told(),
        "trouble": state.mirror_trouble_told(),
        "address": address,
        **_named(side, state.note),
    }


def _mirrored(side: str) -> dict[str, Any]:
    """Return what the page says of the other side's log, which lives at that side's node and is mirrored here."""
    mirror = mirrors_of(other_side(side)).filter(of_side=side).first()
    return {
        "is_here": False,
        "size": mirror.size if mirror else 0,
        "published_at": mirror.taken_at if mirror else None,
        "checkpoint": mirror.note if mirror else "",
        "countersigned": mirror.size if mirror else 0,
        "countersigned_at": mirror.taken_at if mirror else None,
        **_named(side, mirror.note if mirror else ""),
    }


def _named(side: str, note: str) -> dict[str, Any]:
    other = other_side(side)
    signed = {(one.name, one.key_id) for one in parse_note(note.encode()).signatures} if note else set()
    return {
        "side": side,
        "title": zone().side(side).title,
        "other_title": zone().side(other).title,
        "vkeys": _lines(keys.log_verifiers, side),
        "cosigner_vkeys": _lines(keys.cosigner_verifiers, other),
        "signatures": len(signed),
    }


def _lines(verifiers: Any, side: str) -> list[str]:
    """Return the lines of a side's keys, today's first; none while its node is not trusted here."""
    try:
        found: tuple[VerifierKey, ...] = verifiers(side)
    except RiverloopError:
        return []
    return [key.line for key in found]
