"""Officers who act at once: exactly one step counts, and the other is told in one clear line."""

import pytest
from django.utils import timezone

from riverloop.apps.desk import services
from riverloop.apps.desk.models import Matter, Obligation
from riverloop.core.kernel.errors import ConflictError
from tests.apps.desk.conftest import opened
from tests.at_once import at_once, in_a_file
from tests.cast import Cast, account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _database_in_a_file(transactional_db, tmp_path):
    with in_a_file(tmp_path):
        yield


def decided_by(officers, matter, act):
    return [
        lambda officer=officer: services.matter_decide(
            by=officer, matter=matter, act=act, reason="As the papers show.", seen=matter.version
        )
        for officer in officers
    ]


@pytest.fixture
def officers(_database_in_a_file):
    cast = Cast()
    return cast, [cast.oscar, *(account(f"olga{n}", "hk", "officer", authority="hk.immd") for n in range(5))]


def test_of_six_officers_who_decide_at_once_one_wins(officers):
    cast, six = officers
    matter = opened(cast, flow="goods")
    outcomes = at_once(*decided_by(six, matter, "allow"))
    winners = [one for one in outcomes if isinstance(one, Matter)]
    losers = [one for one in outcomes if isinstance(one, ConflictError)]
    assert (len(winners), len(losers)) == (1, 5), outcomes
    assert {str(one) for one in losers} == {
        "Somebody changed this matter after you opened it, so nothing was done. Read it again, then act."
    }
    now = Matter.objects.get(pk=matter.pk)
    assert (now.version, now.steps.count(), now.decided_by_id) == (2, 2, winners[0].decided_by_id)


def test_of_two_who_confirm_and_send_back_at_once_one_wins(officers):
    cast, six = officers
    matter = opened(cast, flow="person", person=cast.hana_herself)
    proposed = services.matter_decide(by=cast.oscar, matter=matter, act="refuse", reason="x", seen=1)
    outcomes = at_once(
        *(
            lambda officer=officer, agreed=agreed: services.matter_confirm(
                by=officer, matter=proposed, agreed=agreed, reason="x", seen=proposed.version
            )
            for officer, agreed in zip(six[1:5], (True, False, True, False), strict=True)
        )
    )
    assert sum(isinstance(one, Matter) for one in outcomes) == 1, outcomes
    assert sum(isinstance(one, ConflictError) for one in outcomes) == 3
    assert Matter.objects.get(pk=matter.pk).steps.count() == 3


def test_officers_who_take_the_next_at_once_each_get_another(officers):
    from django.test import Client

    cast, six = officers
    for _ in range(4):
        opened(cast)

    def take(officer):
        client = Client()
        client.force_login(officer, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        session["second_factor_set_up_by"] = officer.pk
        session.save()
        return client.post("/queue/next/").headers["Location"]

    outcomes = at_once(*(lambda officer=officer: take(officer) for officer in six))
    taken = [one for one in outcomes if "said" not in str(one)]
    assert len(taken) == len(set(taken)) == 4, outcomes
    assert Matter.objects.filter(claimed_by__isnull=False).count() == 4


def test_the_system_and_an_officer_who_close_at_once_close_it_once(officers, heard):
    cast, _ = officers
    matter = opened(cast)
    at_once(
        *decided_by([cast.oscar], matter, "allow"),
        lambda: services.matters_close(matters=[matter], act="superseded"),
    )
    now = Matter.objects.get(pk=matter.pk)
    assert now.act in {"allow", "superseded"}
    assert now.steps.count() == 2
    assert len(heard) == (now.act == "allow")


def test_an_obligation_that_two_say_is_done_is_done_once(officers):
    cast, _ = officers
    wanted = [services.Wanted("hk", "hk.one", "declare", due_at=timezone.now(), organisation=cast.delta)]
    obligation = services.obligations_set(side="hk", subject="S" * 26, wanted=wanted)[0]
    done = [lambda: services.obligation_done(by=cast.dora, obligation=obligation) for _ in range(4)]
    assert all(isinstance(one, Obligation) for one in at_once(*done))
    from riverloop.apps.record.selectors import records_of

    assert records_of(side="hk", kind="obligation.done").count() == 1
