"""A permit is stated by its organisation, verified by an officer, and never drawn beyond what it was given for."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from riverloop.apps.documents import selectors, services
from riverloop.core.kernel.errors import ConflictError
from riverloop.core.kernel.ids import new_id
from tests.cast import account

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 1)


def permit_of(cast, number="DH-1", **more):
    stated = {
        "by": cast.dora, "organisation": cast.delta, "document": "dh_import_permit", "number": number,
        "issuer": "Department of Health", "issued_on": TODAY, "quantity": Decimal(10), "unit": "mL", **more,
    }  # fmt: skip
    return services.permit_add(**stated)


@pytest.fixture
def doctor(cast):
    """An officer whose authority the disclosure table lets see this document."""
    return account("hedy", "hk", "officer", authority="hk.dh")


def test_what_is_drawn_is_no_longer_left(cast):
    permit = permit_of(cast)
    services.draw(permit=permit, subject=new_id(), quantity=Decimal("2.5"))
    assert services.permit_left(permit) == Decimal("7.5")
    assert selectors.permits_usable(cast.delta, "dh_import_permit", timezone.now().date()).get().left == Decimal("7.5")


def test_more_than_is_left_is_never_drawn(cast):
    permit, item = permit_of(cast), new_id()
    services.draw(permit=permit, subject=item, quantity=Decimal(8))
    with pytest.raises(ConflictError, match="2 mL are left on this permit, and 3 are needed"):
        services.draw(permit=permit, subject=new_id(), quantity=Decimal(3))
    services.draw(permit=permit, subject=item, quantity=Decimal(10))  # replaces the eight
    assert services.permit_left(permit) == 0
