"""What the desk's tests share: a second officer, a kind of matter whose acts need what the tests need, and matters."""

from __future__ import annotations

import pytest

from riverloop.apps.desk import kinds, services
from riverloop.apps.desk.kinds import Act, Kind
from riverloop.core.kernel.ids import new_id
from tests.cast import account

HEARD: list[tuple] = []


def _describe(matters, user):
    return {matter.id: f"Matter about {matter.flow or 'nothing'}" for matter in matters}


def _two(matter):
    return matter.flow == "person"


@pytest.fixture(autouse=True)
def heard(monkeypatch):
    """Register the kinds that the tests use, and give what the desk told them."""
    monkeypatch.setattr(kinds, "_KINDS", {})
    HEARD.clear()
    acts = {
        "allow": Act("Allow", needs_reason=False, wants_until=True),
        "refuse": Act("Refuse", two_officers=_two),
    }
    for name in ("referral", "refusal", "remedy", "permit"):
        kinds.register(
            Kind(
                name,
                name.capitalize(),
                acts,
                _describe,
                panel=lambda *_: None,
                on_asked=lambda *told: HEARD.append(("asked", *told)),
                on_decided=lambda *told: HEARD.append(("decided", *told)),
                on_withdrawn=lambda *told: HEARD.append(("withdrawn", *told)),
                on_interim=(lambda *told: HEARD.append(("interim", *told))) if name == "remedy" else None,
                askable=lambda *_: [("purpose", "Purpose of travel")],
            )
        )
    return HEARD


@pytest.fixture
def olga(cast):
    """Oscar's colleague at the same authority."""
    return account("olga", "hk", "officer", authority="hk.immd")


@pytest.fixture
def carl(cast):
    """An officer of another authority of the same side."""
    return account("carl", "hk", "officer", authority="hk.ced")


@pytest.fixture
def matter(cast):
    return opened(cast, flow="person", person=cast.hana_herself)


def opened(cast, *, kind="referral", authority="hk.immd", side="hk", subject="", **more):
    new = services.NewMatter(
        authority=authority, kind=kind, subject=subject or new_id(), rule="hk.one", rule_version="v1", **more
    )
    return services.matters_open(side=side, new=[new])[0]
