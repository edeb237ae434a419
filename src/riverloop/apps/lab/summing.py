"""The few numbers of an answer that a list shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def summary(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list says of an answer."""
    if "result" in answer:
        result = answer["result"]
        return {
            "met": result["pledge"]["met"],
            "share_within": result["pledge"]["share_within"],
            "drains": result["drains"],
        }
    for kind in ("least_channels", "least_roster"):
        if kind in answer:
            return {"met": answer[kind]["met"], "share_within": answer[kind]["share_within"]}
    return {}
