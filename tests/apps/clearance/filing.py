"""Movements as the tests of the pages file them."""

from datetime import timedelta

from django.utils import timezone

from riverloop.apps.clearance.services import Draft, DraftItem, movements_declare
from riverloop.apps.notices.messages import messages_deliver

EQUIPMENT = {"category": "equipment"}
BLOOD = {"category": "human_blood", "suspected_infectious": False}


def file_goods(cast, facts=EQUIPMENT, *, by=None, organisation=None, delivered=True, **more):
    """File a lot of goods for Delta, and let the other side answer."""
    return _file(cast, "goods", DraftItem(facts), by, organisation, delivered=delivered, **more)


def file_person(cast, facts=None, *, person=None, delivered=True, **more):
    """File a crossing of Hana's, and let the other side answer."""
    item = DraftItem(facts or {}, person or cast.hana_herself)
    return _file(cast, "person", item, None, None, delivered=delivered, **more)


def _file(cast, flow, item, by, organisation, *, delivered, direction="hk-cn", days=1, reference="", point="futian"):
    draft = Draft(flow, direction, timezone.now() + timedelta(days=days), [item], point, reference)
    (filed,) = movements_declare(
        by=by or cast.dora, organisation=organisation or cast.delta, drafts=[draft], twice=True
    )
    if delivered:
        messages_deliver()
        filed.refresh_from_db()
    return filed
