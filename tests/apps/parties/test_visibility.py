"""Each account sees its own, in every list, and the predicates agree with the lists."""

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser

from riverloop.apps.parties import selectors
from riverloop.apps.parties.models import Organisation, Person, Role, User, ViewRecord
from riverloop.apps.parties.services import user_close, view_record
from tests.cast import Cast, again

pytestmark = pytest.mark.django_db

EVERY_SELECTOR = {
    Organisation: ("parties.view_organisation", selectors.organisations),
    Person: ("parties.view_person", selectors.people),
    Role: ("parties.view_role", selectors.roles),
    ViewRecord: ("parties.view_viewrecord", selectors.view_records),
}


def seen(selector, user):
    return set(selector(visible_to=user))


def test_a_coordinator_sees_her_organisation_and_its_people_and_not_the_neighbours(cast):
    assert seen(selectors.organisations, cast.dora) == {cast.delta}
    assert seen(selectors.people, cast.dora) == {cast.hana_herself}
    assert seen(selectors.people, cast.eve) == {cast.edwin}


def test_a_holder_sees_herself_and_nobody_else(cast):
    assert seen(selectors.people, cast.hana) == {cast.hana_herself}
    assert seen(selectors.organisations, cast.hana) == set()


def test_an_officer_and_an_auditor_see_their_side_and_never_the_other(cast):
    for user in (cast.oscar, cast.ada):
        assert seen(selectors.people, user) == {cast.hana_herself, cast.edwin}
    for user in (cast.otto, cast.amy):
        assert seen(selectors.people, user) == {cast.min_herself}


def test_an_operator_sees_the_tenants_of_the_park_and_none_of_their_people(cast):
    assert seen(selectors.organisations, cast.pat) == {cast.delta, cast.egret}
    assert seen(selectors.people, cast.pat) == set()


def test_a_treasurer_sees_the_tenants_of_the_side(cast):
    assert seen(selectors.organisations, cast.tess) == {cast.delta, cast.egret}


@pytest.mark.parametrize("name", ["greta", "paul", "nobody_yet"])
def test_whose_work_is_not_about_people_sees_none(cast, name):
    assert seen(selectors.people, getattr(cast, name)) == set()
    assert seen(selectors.organisations, getattr(cast, name)) == set()


def test_nobody_sees_nothing_and_neither_does_a_closed_account(cast):
    user_close(user=cast.ada)
    for selector in (selectors.organisations, selectors.people, selectors.view_records):
        assert seen(selector, AnonymousUser()) == set()
        assert seen(selector, again(cast.ada)) == set()
    for selector in (selectors.roles, selectors.accounts):
        assert seen(selector, AnonymousUser()) == set()


def test_an_account_reads_of_its_own_roles_and_those_it_looks_after_and_an_auditor_of_those_of_the_side(cast):
    assert {role.user for role in seen(selectors.roles, cast.dora)} == {cast.dora, cast.hana}
    assert {role.user for role in seen(selectors.roles, cast.eve)} == {cast.eve}
    assert {role.user for role in seen(selectors.roles, cast.pat)} == {cast.pat, cast.dora, cast.eve}
    assert {role.user for role in seen(selectors.roles, cast.hana)} == {cast.hana}
    assert {role.owner_side for role in seen(selectors.roles, cast.ada)} == {"hk"}
    assert cast.oscar in seen(selectors.accounts, cast.ada)
    assert cast.oscar not in seen(selectors.accounts, cast.dora)


def test_an_account_of_two_roles_sees_what_either_sees(cast):
    from riverloop.apps.parties.services import role_grant

    role_grant(user=cast.dora, kind="coordinator", organisation=cast.egret)
    assert seen(selectors.organisations, cast.dora) == {cast.delta, cast.egret}


@pytest.mark.parametrize("model", EVERY_SELECTOR)
def test_what_a_list_shows_is_exactly_what_the_predicate_allows(cast: Cast, model):
    view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="parties:people")
    view_record(viewer=cast.otto, subjects=[cast.min_herself], purpose="case", page="parties:people", case="7")
    permission, selector = EVERY_SELECTOR[model]
    for user in User.objects.all():
        allowed = {row for row in model.objects.all() if user.has_perm(permission, row)}
        assert seen(selector, user) == allowed, user.name


def test_no_key_points_from_one_side_to_the_other(cast):
    view_record(viewer=cast.dora, subjects=[cast.hana_herself], purpose="own_staff", page="parties:people")
    crossing = []
    for model in apps.get_app_config("parties").get_models():
        keys = [field for field in model._meta.fields if field.is_relation]
        for row in model.objects.all():
            others = [getattr(row, key.name) for key in keys]
            crossing += [(row, other) for other in others if other and other.owner_side != row.owner_side]
    assert crossing == []


def test_every_row_of_ours_belongs_to_a_side_and_has_a_random_id():
    numbered = {"Leaf", "LeafSubject", "Mirror", "MirrorLeaf"}  # named by their log and their place in it
    one_a_side = {"LogState"}
    for label in ("parties", "record"):
        for model in apps.get_app_config(label).get_models():
            assert model._meta.get_field("owner_side") is not None
            assert model._meta.pk.max_length == 26 or model.__name__ in numbered | one_a_side
