"""A permit is stated by its organisation, verified by an officer, and never drawn beyond what it was given for."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from riverloop.apps.documents import selectors, services
from riverloop.apps.documents.forgetting import permits_go
from riverloop.apps.documents.models import Draw, Permit
from riverloop.apps.documents.signals import permit_changed
from riverloop.apps.parties import services as parties
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import ConflictError, InputError
from riverloop.core.kernel.ids import new_id
from tests.cast import account, again

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 1)
needs_own_connections = pytest.mark.skipif(
    "connection.vendor == 'sqlite' and connection.is_in_memory_db()",
    reason="one connection to a database in memory cannot do two things at once",
)


def permit_of(cast, number="DH-1", **more):
    stated = {
        "by": cast.dora, "organisation": cast.delta, "document": "dh_import_permit", "number": number,
        "issuer": "Department of Health", "issued_on": TODAY, "quantity": Decimal(10), "unit": "mL", **more,
    }  # fmt: skip
    return services.permit_add(**stated)


@pytest.fixture
def hedy(cast):
    """An officer whose authority the disclosure table lets see this document."""
    return account("hedy", "hk", "officer", authority="hk.dh")


@pytest.fixture
def told():
    """What the signal told, in order."""
    heard = []

    def hear(sender, permit, **named):
        heard.append((permit.pk, permit.state))

    permit_changed.connect(hear)
    yield heard
    permit_changed.disconnect(hear)


# Stating


def test_a_number_is_kept_in_one_form_and_once_a_side(cast):
    assert permit_of(cast, "  dh １２\u3000a ").number == "DH 12 A"
    with pytest.raises(ConflictError, match="registered already"):
        permit_of(cast, "DH 12 A", by=cast.eve, organisation=cast.egret)
    permit_of(cast, "DH 12 A", by=cast.mei, organisation=cast.banyan)  # the other side keeps its own


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"document": "dh_import_permt"}, 'Did you mean "dh_import_permit"'),
        ({"document": "cac_assessment"}, "not given for a quantity"),
        ({"number": " "}, "as it is printed"),
        ({"number": "1" * 61}, "up to 60 characters"),
        ({"issuer": ""}, "who gave it"),
        ({"issuer": "a\0b"}, "who gave it"),
        ({"issued_on": date(2199, 1, 1)}, "dated in the future"),
        ({"expires_on": date(2026, 10, 31)}, "end before it began"),
        ({"quantity": Decimal(0)}, "greater than 0"),
        ({"quantity": Decimal(-1)}, "greater than 0"),
        ({"quantity": Decimal("NaN")}, "greater than 0"),
        ({"quantity": Decimal("Infinity")}, "greater than 0"),
        ({"quantity": Decimal("0.0000001")}, "six decimals"),
        ({"quantity": Decimal(10) ** 12}, "greater than 0"),
        ({"unit": ""}, "the unit"),
        ({"unit": "Liter Wasser"}, "the unit"),
    ],
)
def test_what_does_not_hold_together_is_refused_in_one_line(cast, stated, said):
    with pytest.raises(InputError, match=said):
        permit_of(cast, **stated)
    assert not Permit.objects.exists()


def test_only_the_organisations_own_coordinator_adds_for_it(cast, hedy):
    for by in (cast.eve, cast.mei, cast.hana, cast.oscar, hedy, cast.ada):
        with pytest.raises(PermissionDenied):
            permit_of(cast, by=by)
    with pytest.raises(PermissionDenied):
        permit_of(cast, person=cast.edwin)


def test_the_database_too_refuses_what_makes_no_sense(cast):
    permit = permit_of(cast)
    for wrong in ({"quantity": Decimal(-1)}, {"expires_on": TODAY - timedelta(days=1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Permit.objects.filter(pk=permit.pk).update(**wrong)


# Verifying


def test_an_officer_of_the_right_authority_verifies_and_it_is_kept_who_and_when(cast, hedy, told):
    permit = services.permit_verify(by=hedy, permit=permit_of(cast), accepted=True)
    assert (permit.state, permit.verified_by) == ("verified", hedy)
    assert permit.verified_at <= timezone.now()
    assert told == [(permit.id, "stated"), (permit.id, "verified")]
    assert hedy.id in records_of(side="hk", kind="permit.verified").get().payload


@pytest.mark.parametrize("who", ["dora", "eve", "hana", "oscar", "otto", "ada", "greta", "nobody_yet"])
def test_nobody_else_verifies(cast, who):
    permit = permit_of(cast)
    with pytest.raises(PermissionDenied):
        services.permit_verify(by=getattr(cast, who), permit=permit, accepted=True)


def test_nobody_verifies_what_they_added(cast):
    parties.role_grant(user=cast.dora, kind="officer", authority="hk.dh")
    dora = again(cast.dora)
    with pytest.raises(PermissionDenied):
        services.permit_verify(by=dora, permit=permit_of(cast, by=dora), accepted=True)


def test_rejecting_needs_a_reason_and_one_answer_is_enough(cast, hedy):
    permit = permit_of(cast)
    with pytest.raises(InputError, match="Give a reason"):
        services.permit_verify(by=hedy, permit=permit, accepted=False, reason="  ")
    services.permit_verify(by=hedy, permit=permit, accepted=True)
    with pytest.raises(ConflictError, match="answered already"):
        services.permit_verify(by=hedy, permit=permit, accepted=True)
    rejected = services.permit_verify(by=hedy, permit=permit, accepted=False, reason="Taken back")
    assert (rejected.state, rejected.remark) == ("rejected", "Taken back")
    with pytest.raises(ConflictError, match="answered already"):
        services.permit_end(by=cast.dora, permit=permit)
    permit_of(cast)  # the number is free again


def test_its_coordinator_or_officer_ends_it(cast, hedy):
    for number, by in enumerate((cast.dora, hedy)):
        assert services.permit_end(by=by, permit=permit_of(cast, f"E-{number}")).ended_at
    with pytest.raises(PermissionDenied):
        services.permit_end(by=cast.eve, permit=permit_of(cast))


# Drawing


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
    with pytest.raises(ConflictError, match="10 mL are left"):
        services.draw(permit=permit, subject=item, quantity=Decimal(11))
    assert services.permit_left(permit) == 2  # the eight are still drawn
    services.draw(permit=permit, subject=item, quantity=Decimal(10))  # replaces the eight
    assert services.permit_left(permit) == 0


def test_drawing_twice_for_one_item_draws_once(cast):
    permit, item = permit_of(cast), new_id()
    one = services.draw(permit=permit, subject=item, quantity=Decimal(3))
    assert services.draw(permit=permit, subject=item, quantity=Decimal("3.000")) == one
    assert records_of(side="hk", kind="permit.drawn").count() == 1


def test_what_is_given_back_can_be_drawn_again_and_stays_known(cast, told):
    permit, item = permit_of(cast), new_id()
    services.draw(permit=permit, subject=item, quantity=Decimal(10))
    assert services.draw_release(subject=item) == 1
    assert services.draw_release(subject=item) == 0
    assert services.permit_left(permit) == 10
    assert Draw.objects.get().released_at
    assert len(told) == 2
    services.draw(permit=permit, subject=item, quantity=Decimal(10))


def test_a_permit_without_a_limit_is_never_used_up(cast):
    permit = permit_of(cast, quantity=None, unit="")
    services.draw(permit=permit, subject=new_id(), quantity=Decimal(10) ** 9)
    assert services.permit_left(permit) is None
    assert selectors.permits_usable(cast.delta, "dh_import_permit", TODAY).get().left is None


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "0.0000001", "1e12"])
def test_no_quantity_that_makes_no_sense_is_drawn(cast, quantity):
    with pytest.raises(InputError, match="greater than 0"):
        services.draw(permit=permit_of(cast), subject=new_id(), quantity=Decimal(quantity))


def test_a_permit_that_is_over_is_not_drawn_from(cast):
    ended = services.permit_end(by=cast.dora, permit=permit_of(cast))
    expired = permit_of(cast, "X-1", issued_on=date(2020, 1, 1), expires_on=date(2020, 12, 31))
    for permit in (ended, expired):
        with pytest.raises(ConflictError, match="no longer counts"):
            services.draw(permit=permit, subject=new_id(), quantity=Decimal(1))


def test_amounts_add_up_exactly(cast):
    permit = permit_of(cast, quantity=Decimal("0.3"))
    for _ in range(3):
        services.draw(permit=permit, subject=new_id(), quantity=Decimal("0.1"))
    assert services.permit_left(permit) == 0


@needs_own_connections
@pytest.mark.django_db(transaction=True)
def test_draws_at_the_same_time_never_take_more_than_there_is(cast):
    permit, threads, taken, refused = permit_of(cast), 12, [], []
    begin = Barrier(threads)

    def take():
        try:
            begin.wait()
            taken.append(services.draw(permit=permit, subject=new_id(), quantity=Decimal(3)))
        except ConflictError as error:
            refused.append(error.code)
        finally:
            connection.close()

    workers = [Thread(target=take) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(taken), set(refused), len(refused)) == (3, {"documents.permit_short"}, threads - 3)
    assert services.permit_left(permit) == 1


@needs_own_connections
@pytest.mark.django_db(transaction=True)
def test_two_officers_at_the_same_time_answer_once(cast, hedy):
    permit, said = permit_of(cast), []
    begin = Barrier(2)

    def answer(accepted):
        try:
            begin.wait()
            services.permit_verify(by=again(hedy), permit=permit, accepted=accepted, reason="Not in the register")
            said.append(accepted)
        except ConflictError:
            said.append(None)
        finally:
            connection.close()

    workers = [Thread(target=answer, args=(True,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(said, key=str) == [None, True]


# Which count, and who sees them


def test_the_best_permit_comes_first(cast, hedy):
    soon = permit_of(cast, "SOON", expires_on=TODAY + timedelta(days=9))
    permit_of(cast, "OPEN")
    verified = services.permit_verify(by=hedy, permit=permit_of(cast, "VERIFIED"), accepted=True)
    services.permit_end(by=cast.dora, permit=permit_of(cast, "ENDED"))
    used = permit_of(cast, "USED")
    services.draw(permit=used, subject=new_id(), quantity=Decimal(10))
    found = [one.number for one in selectors.permits_usable(cast.delta, "dh_import_permit", TODAY)]
    assert found == [verified.number, soon.number, "OPEN"]
    after = TODAY + timedelta(days=10)
    assert "SOON" not in [one.number for one in selectors.permits_usable(cast.delta, "dh_import_permit", after)]
    before = TODAY - timedelta(days=1)
    assert not selectors.permits_usable(cast.delta, "dh_import_permit", before).exists()


def test_each_sees_only_what_the_predicate_allows(cast, hedy):
    own, of_egret = permit_of(cast), permit_of(cast, "E-1", by=cast.eve, organisation=cast.egret)
    hers = permit_of(cast, "P-1", document="afcd_permit", person=cast.hana_herself)
    gacc = permit_of(cast, "G-1", document="gacc_entry_admission", quantity=None)
    everyone = [own, of_egret, hers, gacc]
    for name in ("dora", "eve", "mei", "hana", "oscar", "otto", "greta", "pat", "ada", "amy", "nobody_yet"):
        user = getattr(cast, name)
        assert set(selectors.permits(visible_to=user)) == {
            one for one in everyone if user.has_perm("documents.view_permit", one)
        }, name
    assert set(selectors.permits(visible_to=hedy)) == {own, of_egret}
    assert set(selectors.permits(visible_to=cast.hana)) == {hers}
    assert set(selectors.permits(visible_to=cast.ada)) == set(everyone)
    assert not selectors.permits(visible_to=cast.otto).exists()


def test_a_list_costs_as_many_queries_for_many_as_for_one(cast, django_assert_num_queries):
    wanted = selectors.Wanted()
    for number in range(60):
        permit = permit_of(cast, f"N-{number:03}")
        services.draw(permit=permit, subject=new_id(), quantity=Decimal(1))
    with django_assert_num_queries(2):
        page, following, count = selectors.permits_page(visible_to=cast.dora, wanted=wanted)
    assert (len(page), count, page[-1].pk) == (50, 60, following)
    rest, end, _ = selectors.permits_page(visible_to=cast.dora, wanted=selectors.Wanted(after=following))
    assert (len(rest), end) == (10, "")
    assert not {one.pk for one in page} & {one.pk for one in rest}


def test_permits_go_when_they_are_kept_no_longer(cast):
    long_ago = permit_of(cast, "OLD", issued_on=date(2019, 1, 1), expires_on=date(2020, 1, 1))
    Draw.objects.create(
        owner_side="hk", permit=long_ago, subject=new_id(), quantity=1, drawn_at=timezone.now() - timedelta(days=2000)
    )
    permit_of(cast, "NEW")
    ended = services.permit_end(by=cast.dora, permit=permit_of(cast, "ENDED"))
    before = timezone.now() - timedelta(days=1000)
    assert [permits_go(before, "hk"), permits_go(before, "hk")] == [1, 0]
    Permit.objects.filter(pk=ended.pk).update(ended_at=timezone.now() - timedelta(days=1001))
    assert permits_go(before, "hk") == 1
    assert [one.number for one in Permit.objects.all()] == ["NEW"]
