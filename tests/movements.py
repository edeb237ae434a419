"""Movements for tests, filed by the cast of tests/cast.py; what it knows of the other side has crossed as a message."""

from datetime import timedelta

from django.utils import timezone

from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.services import Draft, DraftItem, movements_declare
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import matter_ask, matter_confirm, matter_decide, matter_interim
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.record.rounds import logs_round
from tests.cast import account

EQUIPMENT = {
    "category": "equipment",
    "regulated_as_drug_or_device": False,
    "un_number": "none",
    "human_genetic_material": False,
    "suspected_infectious": False,
    "prohibited_article": False,
    "strategic_item": False,
    "controlled_drug": False,
    "quantity": 3,
    "quantity_unit": "1",
}
"""Goods of which both sides know enough to refer at most."""

VISITOR = {
    "document_kind": "hkid_permanent",
    "document_expires_on": "2031-01-01",
    "nationality": "CHN",
    "residence": "hk",
    "purpose": "research",
    "stay_days": 3,
    "listed": False,
}
"""Somebody who shows the side cn the wrong document, so that it proposes to refuse them; an officer has to sign it."""

MENDED = {"document_kind": "home_return_permit"}
"""What takes the refusal away."""


def soon(days=3):
    return (timezone.now() + timedelta(days=days)).replace(microsecond=0)


def draft(facts=EQUIPMENT, *, flow="goods", direction="hk-cn", person=None, days=3, **more):
    return Draft(flow, direction, soon(days), [DraftItem(facts, person)], **more)


def file(cast, facts=EQUIPMENT, *, deliver=True, by=None, organisation=None, **more):
    """File one movement of Delta, by Dora, and let both sides hear of it."""
    (movement,) = movements_declare(
        by=by or cast.dora, organisation=organisation or cast.delta, drafts=[draft(facts, **more)]
    )
    return heard(movement) if deliver else movement


def file_visitor(cast, **changes):
    """File Hana's crossing to the side cn, which proposes to refuse her."""
    return file(cast, {**VISITOR, **changes}, flow="person", person=cast.hana_herself)


def heard(movement):
    """Deliver every message, and return the movement as it is then."""
    messages_deliver()
    return again(movement)


def signed(movement):
    """Have both sides sign what was told of a movement, so that it is in effect, and return it as it is then."""
    logs_round()
    return again(movement)


def again(movement):
    return Movement.objects.get(pk=movement.pk)


def copy_of(movement):
    """Return the other side's copy; only a test may look at both."""
    return Movement.objects.exclude(owner_side=movement.owner_side).get(ref=movement.ref)


def officers(side, authority, *names):
    return [account(f"{name}.{authority}", side, "officer", authority=authority) for name in names]


def open_matter(movement, kind=None, **more):
    found = Matter.objects.filter(owner_side=movement.owner_side, subject=movement.id, closed_at=None, **more)
    return found.get(kind=kind) if kind else found.get()


def decide(matter, by, act, *, second=None, reason="Looked at it.", until=None):
    """Decide a matter, with a second officer where the zone file wants one; then let both sides hear of it."""
    now = Matter.objects.get(pk=matter.pk)
    now = matter_decide(by=by, matter=now, act=act, reason=reason, until=until, seen=now.version)
    if now.state == "proposed" and second:
        now = matter_confirm(by=second, matter=now, agreed=True, seen=now.version)
    messages_deliver()
    return now


def ask(matter, by, text="How cold is it kept?", facts=(), days=5):
    now = Matter.objects.get(pk=matter.pk)
    now = matter_ask(by=by, matter=now, text=text, facts=list(facts), due_at=soon(days), seen=now.version)
    messages_deliver()
    return now


def interim(matter, by, act):
    now = Matter.objects.get(pk=matter.pk)
    now = matter_interim(by=by, matter=now, act=act, reason="Until it is decided.", seen=now.version)
    messages_deliver()
    return now
