"""A standing answer counts once it needs nobody more, until it ends, and is told to whoever listens."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from riverloop.apps.desk import services
from riverloop.apps.desk.models import StandingAnswer
from riverloop.apps.desk.signals import standing_answer_changed
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import ConflictError, InputError

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch):
    """Listen alone, and give what was told."""
    monkeypatch.setattr(standing_answer_changed, "receivers", [])
    monkeypatch.setattr(standing_answer_changed, "sender_receivers_cache", {})
    heard = []
    standing_answer_changed.connect(lambda answer, **_: heard.append(answer.id), weak=False)
    return heard


def give(by, **more):
    said = {"authority": "hk.immd", "rule": "hk.one", "rule_version": "v1", "flow": "goods", "allow": True}
    return services.standing_answer_give(by=by, **{**said, "reason": "Seen often.", **more})


def counting(**more):
    return list(services.standing_answers(side="hk", **more))


def test_one_officer_allows_and_it_counts_at_once(cast, told):
    answer = give(cast.oscar)
    assert counting(rule="hk.one", rule_version="v1") == [answer]
    assert counting(rule="hk.one", rule_version="v2") == []
    assert list(services.standing_answers(side="cn")) == []
    assert told == [answer.id]


def test_refusing_people_counts_from_when_another_officer_confirms_it(cast, olga, told):
    answer = give(cast.oscar, flow="person", allow=False)
    assert (counting(), told) == ([], [])
    with pytest.raises(InputError, match="Another officer"):
        services.standing_answer_confirm(by=cast.oscar, answer=answer)
    services.standing_answer_confirm(by=olga, answer=answer)
    assert (counting(), told) == ([answer], [answer.id])
    with pytest.raises(ConflictError):
        services.standing_answer_confirm(by=olga, answer=answer)


def test_what_is_not_confirmed_never_counts(cast, olga, told):
    answer = give(cast.oscar, flow="person", allow=False)
    services.standing_answer_confirm(by=olga, answer=answer, agreed=False)
    assert (counting(), told) == ([], [])


def test_any_officer_of_the_authority_withdraws_it_and_nobody_twice(cast, olga, told):
    answer = give(cast.oscar)
    services.standing_answer_withdraw(by=olga, answer=answer)
    assert (counting(), told) == ([], [answer.id, answer.id])
    with pytest.raises(ConflictError):
        services.standing_answer_withdraw(by=cast.oscar, answer=answer)
    kinds = [record.kind for record in records_of(side="hk")]
    assert kinds[-2:] == ["standing_answer.given", "standing_answer.withdrawn"]


def test_it_ends_by_itself(cast):
    answer = give(cast.oscar, until=timezone.now() + timedelta(days=1))
    assert counting() == [answer]
    assert counting(at=timezone.now() + timedelta(days=2)) == []


def test_an_organisations_own_comes_before_that_for_all_and_the_newest_first(cast):
    old, own, new = give(cast.oscar), give(cast.oscar, organisation=cast.delta), give(cast.oscar)
    assert counting() == [own, new, old]


@pytest.mark.parametrize("name", ["carl", "otto", "ada", "dora"])
def test_nobody_else_gives_or_withdraws_it(cast, carl, name):
    outsider = carl if name == "carl" else getattr(cast, name)
    with pytest.raises(PermissionDenied):
        give(outsider)
    answer = give(cast.oscar)
    with pytest.raises(PermissionDenied):
        services.standing_answer_withdraw(by=outsider, answer=answer)


@pytest.mark.parametrize(
    "wrong", [{"rule": ""}, {"rule_version": ""}, {"reason": " "}, {"until": timezone.now() - timedelta(days=1)}]
)
def test_what_says_too_little_is_refused(cast, wrong):
    with pytest.raises(InputError):
        give(cast.oscar, **wrong)
    assert not StandingAnswer.objects.exists()


def test_an_organisation_of_the_other_side_is_nobodys_business_here(cast):
    with pytest.raises(PermissionDenied):
        give(cast.oscar, organisation=cast.banyan)
