"""Two who act at the same moment, again and again: exactly one is taken, and the other is told so in one line."""

from decimal import Decimal

import pytest

from riverloop.apps.clearance.models import Movement
from riverloop.apps.clearance.services import movements_declare
from riverloop.apps.desk.models import Matter
from riverloop.apps.desk.services import matter_decide
from riverloop.apps.documents.services import draw, permit_left
from riverloop.core.kernel.errors import ConflictError
from riverloop.core.kernel.ids import new_id
from tests.apps.documents.test_permits import permit_of
from tests.at_once import at_once, in_a_file
from tests.cast import Cast, account
from tests.cast import again as again_user
from tests.movements import EQUIPMENT, copy_of, draft, file, officers

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 200


@pytest.fixture
def everyone(transactional_db, tmp_path):
    with in_a_file(tmp_path):
        yield Cast()


def one_each(outcomes):
    """Say whether one was taken and every other refused in a line, and nothing else went wrong."""
    refused = [one for one in outcomes if isinstance(one, ConflictError)]
    assert len(refused) == len(outcomes) - 1, outcomes
    return all("\n" not in str(one) for one in refused)


def test_of_two_officers_who_decide_at_once_one_wins(everyone, fault_count, tell):
    both = officers("cn", "cn.gacc", "olga", "olaf")
    rounds = fault_count(ROUNDS)
    for number in range(rounds):
        told = copy_of(file(everyone, {**EQUIPMENT, "quantity": number + 1}))
        matter = Matter.objects.filter(subject=told.pk, kind="referral", authority="cn.gacc").first()
        steps = [
            lambda officer=officer, matter=matter: matter_decide(
                by=again_user(officer), matter=matter, act="allow", reason="As the papers show.", seen=matter.version
            )
            for officer in both
        ]
        assert one_each(at_once(*steps))
        assert Matter.objects.get(pk=matter.pk).steps.filter(act="decided").count() == 1
    tell("two officers decide one matter at once", rounds, "one counts, one is told")


def test_of_one_movement_filed_twice_at_once_one_is_kept(everyone, fault_count, tell):
    colleague = account("dan", "hk", "coordinator", organisation=everyone.delta)
    rounds = fault_count(ROUNDS)
    for number in range(rounds):
        filed = draft({**EQUIPMENT, "quantity": number + 1})
        steps = [
            lambda user=user, filed=filed: movements_declare(
                by=again_user(user), organisation=everyone.delta, drafts=[filed]
            )
            for user in (everyone.dora, colleague)
        ]
        assert one_each(at_once(*steps))
    assert Movement.objects.filter(organisation=everyone.delta).count() == rounds
    assert Movement.objects.filter(organisation=None).count() == rounds
    tell("one movement filed twice at once", rounds, "one is kept, one is told")


def test_two_who_draw_at_once_never_draw_more_than_there_is(everyone, fault_count, tell):
    rounds = fault_count(ROUNDS)
    for number in range(rounds):
        permit = permit_of(everyone, f"P-{number}")
        wanted = permit_left(permit) * Decimal("0.6")
        steps = [lambda permit=permit, wanted=wanted: draw(permit=permit, subject=new_id(), quantity=wanted)] * 2
        assert one_each(at_once(*steps))
        assert permit_left(permit) > 0
    tell("two draw more of a permit than is left", rounds, "one draws, one is told")
