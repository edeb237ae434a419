"""Coordinators who change one movement at once: what one stated, the other does not overwrite unread."""

import pytest

from riverloop.apps.clearance.models import Movement, Statement
from riverloop.apps.clearance.movement_parts import stated_of
from riverloop.apps.clearance.services import movement_restate
from riverloop.core.kernel.errors import ConflictError
from tests.at_once import at_once, in_a_file
from tests.cast import Cast, account
from tests.movements import file

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _database_in_a_file(transactional_db, tmp_path):
    with in_a_file(tmp_path):
        yield


def test_of_four_coordinators_who_restate_what_they_read_at_once_one_wins():
    cast = Cast()
    movement = file(cast)
    seen = stated_of(movement)[1]
    four = [cast.dora, *(account(f"dan{n}", "hk", "coordinator", organisation=cast.delta) for n in range(3))]
    outcomes = at_once(
        *(
            lambda by=by, category=category: movement_restate(
                by=by, movement=movement, items={0: {"category": category}}, seen=seen
            )
            for by, category in zip(four, ("document", "human_dna", "human_blood", "document"), strict=True)
        )
    )
    assert sum(isinstance(one, Movement) for one in outcomes) == 1, outcomes
    assert {str(one) for one in outcomes if isinstance(one, ConflictError)} == {
        "Somebody stated something else meanwhile. Open the movement, read it, and change it again."
    }
    assert Statement.objects.filter(item__movement=movement).count() == 2
