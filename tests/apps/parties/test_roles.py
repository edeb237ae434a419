"""Roles are held for one thing of the account's own side, granted once, and ended for good."""

import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from riverloop.apps.parties.models import ROLE_SCOPES, Role, User
from riverloop.apps.parties.services import person_add, role_end, role_grant, user_add
from riverloop.apps.record.selectors import records_of
from riverloop.core.kernel.errors import InputError

pytestmark = pytest.mark.django_db


def test_one_account_may_hold_several_roles(cast):
    role_grant(user=cast.dora, kind="operator", park="hk_park")
    assert {role.kind for role in cast.dora.held_roles} == {"coordinator", "operator"}


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        ("officer", {}, "held for authority"),
        ("officer", {"park": "hk_park"}, "held for authority"),
        ("auditor", {"park": "hk_park"}, "held for -"),
        ("ofcer", {"authority": "hk.immd"}, 'Did you mean "officer"?'),
        ("officer", {"authority": "hk.imd"}, 'Did you mean "hk.immd"?'),
        ("officer", {"authority": "cn.nia"}, "This side has no"),
        ("operator", {"park": "sz_park"}, "This side has no"),
        ("gate", {"control_point": "futan"}, 'Did you mean "futian"?'),
    ],
)
def test_a_role_that_does_not_fit_is_refused_in_one_line(cast, kind, given, said):
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        role_grant(user=cast.nobody_yet, kind=kind, **given)
    assert not cast.nobody_yet.roles.exists()


def test_a_role_for_something_of_the_other_side_is_refused(cast):
    with pytest.raises(InputError, match="belongs to side cn"):
        role_grant(user=cast.nobody_yet, kind="coordinator", organisation=cast.banyan)
    with pytest.raises(InputError, match="belongs to side cn"):
        role_grant(user=cast.nobody_yet, kind="auditor", granted_by=cast.amy)
    with pytest.raises(InputError, match="belongs to side cn"):
        person_add(side="hk", name="Nobody", organisation=cast.banyan)


@pytest.mark.parametrize("kind", ROLE_SCOPES)
def test_the_database_too_refuses_a_role_without_its_scope(cast, kind):
    wrong = {"park": "hk_park"} if ROLE_SCOPES[kind] != "park" else {}
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.create(owner_side="hk", user=cast.paul, kind=kind, granted_at=timezone.now(), **wrong)


def test_a_role_is_held_once_and_can_be_granted_again_after_it_ended(cast):
    with pytest.raises(InputError, match="holds this role already"):
        role_grant(user=cast.ada, kind="auditor")
    with pytest.raises(IntegrityError), transaction.atomic():
        Role.objects.create(owner_side="hk", user=cast.ada, kind="auditor", granted_at=timezone.now())
    role_end(role=cast.ada.roles.get())
    assert cast.ada.held_roles == []
    role_grant(user=cast.ada, kind="auditor", granted_by=cast.paul)
    assert len(cast.ada.held_roles) == 1


def test_granting_and_ending_are_recorded_with_ids_and_no_names(cast):
    role = role_grant(user=cast.nobody_yet, kind="treasurer", granted_by=cast.ada)
    role_end(role=role, ended_by=cast.ada)
    for kind in ("role.granted", "role.ended"):
        record = records_of(side="hk", kind=kind).last()
        assert json.loads(record.payload)["role"] == role.id
        assert json.loads(record.payload)["by"] == cast.ada.id
        assert "example.org" not in record.payload
        assert record.opens


@pytest.mark.parametrize("spelt", ["DORA@example.org", "  dora@Example.ORG ", "ｄｏｒａ@example.org"])
def test_addresses_that_look_alike_are_one_account(cast, spelt):
    assert User.objects.get_by_natural_key(spelt) == cast.dora
    with pytest.raises(InputError, match="has an account already"):
        user_add(email=spelt, name="Another", side="hk")


def second(email="oliver@example.org", name="Oliver", side="hk", **more):
    return user_add(email=email, name=name, side=side, **more)


@pytest.mark.parametrize(
    "who",
    [
        {"email": "oscar+2@example.org"},
        {"email": "Oscar+desk@EXAMPLE.org", "name": "Somebody"},
        {"name": "Oscar"},
        {"name": " OSCAR "},
    ],
)
def test_a_second_account_of_one_human_is_no_second_officer(cast, who):
    with pytest.raises(InputError, match="same person is an officer already"):
        role_grant(user=second(**who), kind="officer", authority="hk.immd")
    assert Role.objects.filter(kind="officer", owner_side="hk").get().user == cast.oscar


@pytest.mark.parametrize(
    "who", [{}, {"email": "oscar@example.com"}, {"email": "oscar@example.com", "name": "Oscar"}, {"name": "Oscar 2071"}]
)
def test_another_human_is_a_second_officer(cast, who):
    role_grant(user=second(**who), kind="officer", authority="hk.immd")
    assert Role.objects.filter(kind="officer", owner_side="hk").count() == 2


def test_who_holds_or_held_the_role_of_one_person_is_one_human(cast):
    role_end(role=role_grant(user=cast.oscar, kind="holder", person=cast.edwin))
    other = second()
    held = role_grant(user=other, kind="holder", person=cast.edwin)
    for _ in range(2):
        with pytest.raises(InputError, match="same person is an officer already"):
            role_grant(user=other, kind="officer", authority="hk.dh")
        role_end(role=held)


def test_two_officers_do_not_become_one_human_by_a_persons_role(cast):
    role_end(role=role_grant(user=cast.oscar, kind="holder", person=cast.edwin))
    other = second()
    role_grant(user=other, kind="officer", authority="hk.dh")
    with pytest.raises(InputError, match="same person is an officer already"):
        role_grant(user=other, kind="holder", person=cast.edwin)


def test_who_is_an_officer_no_more_may_come_back_by_another_account(cast):
    role_end(role=cast.oscar.roles.get())
    assert role_grant(user=second(name="Oscar"), kind="officer", authority="hk.immd")


def test_the_demos_officers_are_named_alike():
    for number in (1, 2):
        made = second(f"officer-{number}@demo.invalid", "Officer", is_demo=True)
        assert role_grant(user=made, kind="officer", authority="hk.immd")


@pytest.mark.parametrize("wrong", ["", "dora", "dora@", "a b@example.org"])
def test_what_is_no_address_makes_no_account(wrong):
    with pytest.raises(InputError, match="is not a mail address"):
        user_add(email=wrong, name="Nobody", side="hk")
    assert not User.objects.exists()


def test_an_account_of_a_side_that_the_zone_lacks_is_refused():
    with pytest.raises(InputError, match='has no side "mo"'):
        user_add(email="a@example.org", name="A", side="mo")


def test_neither_logs_nor_tracebacks_show_who_an_account_is(cast):
    assert "dora" not in repr(cast.dora).lower()
    assert "夏娜" not in repr(cast.hana_herself)
