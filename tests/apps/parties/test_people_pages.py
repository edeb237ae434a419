"""Operators add tenants and invite who files for them; coordinators look after their own people; nobody gives more."""

import re

import pytest
from django.core import mail
from django.test import Client

from riverloop.apps.parties import invitations
from riverloop.apps.parties.models import IdentityNumber, Organisation, Person, Role, User, ViewRecord
from riverloop.apps.parties.services import identity_number_add, person_leave, role_end, role_grant
from riverloop.apps.record.selectors import records_of
from tests.cast import HKID, PASSWORD, again

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.RIVERLOOP_DATA = tmp_path
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def edit_path(person):
    return f"/people/{person.id}/edit/"


def act(client, person, name, /, **form):
    prefix = "" if name in ("leave", "remove") else f"{name}-"
    return client.post(edit_path(person), {"act": name, **{f"{prefix}{key}": value for key, value in form.items()}})


# Organisations


def test_an_operator_adds_a_tenant_of_the_own_park(cast, enter):
    client = enter(cast.pat)
    response = client.post("/organisations/new/", {"name": "白鷺", "name_latin": "Heron"})
    added = Organisation.objects.get(name="白鷺")
    assert response.headers["Location"] == f"/organisations/{added.id}/"
    assert (added.owner_side, added.park) == ("hk", "hk_park")
    assert "Heron" in client.get("/organisations/").content.decode()
    assert added.id in records_of(side="hk", kind="organisation.added").last().payload


def test_a_wrong_credit_code_keeps_what_was_typed(cast, enter):
    html = enter(cast.pat).post("/organisations/new/", {"name": "Heron", "uscc": "123"}).content.decode()
    assert 'value="Heron"' in html
    assert 'role="alert"' in html
    assert not Organisation.objects.filter(name="Heron").exists()


def test_an_operator_invites_a_coordinator_who_sets_a_password_by_mail(cast, enter):
    form = {"name": "Cora", "email": "cora@example.org", "language": "zh-hant"}
    enter(cast.pat).post(f"/organisations/{cast.delta.id}/", form)
    role = Role.objects.get(user__email="cora@example.org")
    assert (role.kind, role.organisation, role.granted_by) == ("coordinator", cast.delta, cast.pat)
    assert mail.outbox[0].to == ["cora@example.org"]
    assert "Delta" not in mail.outbox[0].body
    path = re.search(r"http://testserver(/account/password/new/\S+)", mail.outbox[0].body)[1]
    fresh = Client()
    set_up = fresh.get(path).headers["Location"]
    fresh.post(set_up, {"password1": PASSWORD, "password2": PASSWORD})
    assert again(role.user).check_password(PASSWORD)
    assert not invitations.is_open(again(role.user))


@pytest.mark.parametrize("name", ["dora", "tess", "ada", "oscar"])
def test_nobody_but_the_parks_operator_invites_coordinators(cast, enter, name):
    form = {"name": "Cora", "email": "cora@example.org", "language": "en"}
    assert enter(getattr(cast, name)).post(f"/organisations/{cast.delta.id}/", form).status_code == 403
    assert not User.objects.filter(email="cora@example.org").exists()


def test_an_organisation_elsewhere_is_not_there(cast, enter):
    assert enter(cast.dora).get(f"/organisations/{cast.egret.id}/").status_code == 404
    assert enter(cast.pat).get(f"/organisations/{cast.banyan.id}/").status_code == 404


def test_an_operator_ends_a_coordinators_role_after_being_asked_once_more(cast, enter):
    client, path = enter(cast.pat), f"/roles/{cast.dora.roles.get().id}/end/"
    assert "End it" in client.get(path).content.decode()
    assert again(cast.dora).held_roles
    client.post(path, {"act": "end"})
    assert not again(cast.dora).held_roles
    assert client.post(path, {"act": "end"}).status_code == 404


def test_reading_names_of_accounts_is_recorded(cast, enter):
    enter(cast.pat).get(f"/organisations/{cast.delta.id}/")
    record = records_of(side="hk", kind="accounts.viewed").get()
    assert cast.dora.id in record.payload
    assert "Dora" not in record.payload


# People


def test_a_coordinator_adds_a_person_with_a_number(cast, enter):
    client = enter(cast.dora)
    response = client.post("/people/new/", {"name": "陳大文", "name_latin": "Chan", "kind": "hkid", "number": HKID})
    added = Person.objects.get(name="陳大文")
    assert response.headers["Location"] == edit_path(added)
    assert added.organisation == cast.delta
    html = client.get(edit_path(added)).content.decode()
    assert "123456" not in html
    assert added.identity_numbers.get().opened() == "A1234563"
    assert ("own_staff", "parties:person_edit") in ViewRecord.objects.values_list("purpose", "page")


@pytest.mark.parametrize(
    "wrong", [{"kind": "hkid", "number": "A123456(4)"}, {"number": HKID}, {"kind": "hkid"}, {"name": "  "}]
)
def test_a_person_with_a_mistake_is_not_half_added(cast, enter, wrong):
    before = Person.objects.count()
    html = enter(cast.dora).post("/people/new/", {"name": "Chan", "name_latin": "", **wrong}).content.decode()
    assert 'class="error"' in html
    assert Person.objects.count() == before


def test_a_number_that_somebody_holds_is_refused_without_saying_who(cast, enter):
    identity_number_add(person=cast.edwin, kind="hkid", number=HKID)
    html = enter(cast.dora).post("/people/new/", {"name": "Chan", "kind": "hkid", "number": HKID}).content.decode()
    assert "registered already" in html
    assert "Edwin" not in html
    assert IdentityNumber.objects.count() == 1


def test_a_coordinator_of_two_organisations_says_which(cast, enter):
    role_grant(user=cast.dora, kind="coordinator", organisation=cast.egret)
    client = enter(cast.dora)
    client.post("/people/new/", {"name": "Chan", "organisation": cast.egret.id})
    assert Person.objects.get(name="Chan").organisation == cast.egret
    client.post("/people/new/", {"name": "Other", "organisation": cast.banyan.id})
    assert not Person.objects.filter(name="Other").exists()


@pytest.mark.parametrize("names", [{"name": "\u202eChan"}, {"name": "Chan", "name_latin": "Ch\u0007an"}])
def test_a_name_holds_no_character_that_cannot_be_seen(cast, enter, names):
    html = enter(cast.dora).post("/people/new/", names).content.decode()
    assert "cannot be seen" in html
    assert not Person.objects.filter(name__contains="Chan").exists()


def test_names_are_corrected_and_numbers_kept_and_removed(cast, enter):
    client = enter(cast.dora)
    act(client, cast.hana_herself, "name", name="夏娜", name_latin="Ha Nah")
    act(client, cast.hana_herself, "number", kind="passport", number="X1234567")
    person = Person.objects.get(pk=cast.hana_herself.pk)
    assert person.name_latin == "Ha Nah"
    act(client, person, "remove", number_id=person.identity_numbers.get().id)
    assert not person.identity_numbers.exists()


def test_a_number_of_another_person_cannot_be_removed_through_ones_own(cast, enter):
    number = identity_number_add(person=cast.edwin, kind="hkid", number=HKID)
    assert act(enter(cast.dora), cast.hana_herself, "remove", number_id=number.id).status_code == 404
    assert IdentityNumber.objects.filter(pk=number.pk).exists()


@pytest.mark.parametrize("what", ["name", "number", "invite", "leave"])
def test_a_person_elsewhere_cannot_be_changed(cast, enter, what):
    assert act(enter(cast.dora), cast.edwin, what, name="X", sure="1").status_code == 404
    assert again(cast.eve).held_roles
    assert Person.objects.get(pk=cast.edwin.pk).left_at is None


def test_an_auditor_sees_a_person_and_cannot_change_them(cast, enter):
    assert act(enter(cast.ada), cast.edwin, "name", name="X").status_code == 403


# Inviting a person


def invite_edwin(enter, cast, email="edwin@example.org"):
    return act(enter(cast.eve), cast.edwin, "invite", email=email, language="zh-hans")


def test_a_person_is_invited_by_mail_in_their_language_and_becomes_a_holder(cast, enter):
    assert invite_edwin(enter, cast).status_code == 302
    user = User.objects.get(email="edwin@example.org")
    assert (user.language, user.name) == ("zh-hans", "Edwin Egret")
    assert [role.person for role in user.held_roles] == [cast.edwin]
    assert "Edwin" not in mail.outbox[0].body + mail.outbox[0].subject


def test_an_invitation_can_be_sent_again_until_it_was_used(cast, enter):
    invite_edwin(enter, cast)
    user = User.objects.get(email="edwin@example.org")
    path = f"/roles/{user.roles.get().id}/end/"
    enter(cast.eve).post(path, {"act": "again"})
    assert len(mail.outbox) == 2
    assert user.held_roles
    user.set_password(PASSWORD)
    user.save()
    assert "again" not in enter(cast.eve).get(path).content.decode().split("<main")[1]


def test_a_person_has_one_account_at_a_time(cast, enter):
    invite_edwin(enter, cast)
    html = act(enter(cast.eve), cast.edwin, "invite", email="two@example.org", language="en").content.decode()
    assert not User.objects.filter(email="two@example.org").exists()
    role_end(role=Role.objects.get(person=cast.edwin))
    assert invite_edwin(enter, cast, "two@example.org").status_code == 302
    assert html


def test_nobody_makes_themselves_the_holder_of_another(cast, enter):
    html = invite_edwin(enter, cast, " EVE@example.org").content.decode()
    assert "Nobody gives a role to themselves" in html
    assert not Role.objects.filter(person=cast.edwin).exists()


def test_an_account_that_is_here_gets_the_role_and_one_of_the_other_side_does_not(cast, enter):
    assert invite_edwin(enter, cast, "new@example.org").status_code == 302
    assert "/account/sign-in/" in mail.outbox[0].body
    role_end(role=Role.objects.get(person=cast.edwin))
    html = invite_edwin(enter, cast, "mei@example.org").content.decode()
    assert "cannot be invited here" in html
    assert "cn" not in re.findall(r'class="error">(.*?)</p>', html)[0].split()


def test_a_mail_that_fails_is_told_and_the_invitation_stands(cast, enter, monkeypatch):
    def refuse(*arguments, **named):
        raise ConnectionRefusedError

    monkeypatch.setattr(invitations, "send_mail", refuse)
    html = invite_edwin(enter, cast).content.decode()
    assert "The mail could not be sent" in html
    assert Role.objects.filter(person=cast.edwin, ended_at=None).exists()


def test_trying_out_many_addresses_ends_soon(cast, enter, monkeypatch):
    monkeypatch.setattr(invitations, "_MOST_AN_HOUR", 1)
    invite_edwin(enter, cast)
    role_end(role=Role.objects.get(person=cast.edwin))
    assert "Go on in an hour" in invite_edwin(enter, cast, "two@example.org").content.decode()


def test_who_left_is_no_longer_seen_by_the_coordinator_and_keeps_their_own_account(cast, enter):
    client = enter(cast.dora)
    act(client, cast.hana_herself, "leave")
    assert Person.objects.get(pk=cast.hana_herself.pk).left_at is None
    assert act(client, cast.hana_herself, "leave", sure="1").headers["Location"] == "/people/"
    assert client.get(f"/people/{cast.hana_herself.id}/").status_code == 404
    assert "Ha Na" not in client.get("/people/").content.decode()
    assert enter(cast.hana).get(f"/people/{cast.hana_herself.id}/").status_code == 200
    assert enter(cast.ada).get(f"/people/{cast.hana_herself.id}/").status_code == 200


def test_leaving_twice_is_recorded_once(cast):
    person_leave(person=cast.hana_herself)
    person_leave(person=cast.hana_herself)
    assert records_of(side="hk", kind="person.left").count() == 1


# Giving up


def test_a_coordinator_may_give_up_her_own_role_and_not_end_a_colleagues(cast, enter):
    role_grant(user=cast.nobody_yet, kind="coordinator", organisation=cast.delta)
    client = enter(cast.dora)
    assert client.post(f"/roles/{cast.nobody_yet.roles.get().id}/end/").status_code == 403
    assert client.post(f"/roles/{cast.dora.roles.get().id}/end/").headers["Location"] == "/account/"
    assert not again(cast.dora).held_roles


@pytest.mark.parametrize("name", ["oscar", "ada", "pat"])
def test_roles_that_the_node_grants_are_not_given_up_in_a_page(cast, enter, name):
    user = getattr(cast, name)
    assert enter(user).post(f"/roles/{user.roles.get().id}/end/").status_code == 403
    assert again(user).held_roles


def test_the_role_in_which_one_looks_is_that_of_the_persons_own_organisation(cast, enter):
    role_grant(user=cast.dora, kind="coordinator", organisation=cast.egret)
    enter(cast.dora).get("/people/")
    looked = {view.subject_id: view.role.organisation_id for view in ViewRecord.objects.select_related("role")}
    assert looked == {cast.hana_herself.id: cast.delta.id, cast.edwin.id: cast.egret.id}


def test_a_search_that_finds_nobody_leaves_a_trace_without_the_name(cast, enter):
    enter(cast.oscar).post("/people/", {"text": "Nobody Atall", "case": "HK-7"})
    payload = records_of(side="hk", kind="people.searched").get().payload
    assert '"found":0' in payload
    assert "Atall" not in payload


def test_a_long_list_goes_on_after_a_row_and_shows_each_person_once(cast, enter, monkeypatch):
    from riverloop.apps.parties import views

    monkeypatch.setattr(views, "A_PAGE", 2)
    for name in ("Ann", "Bo", "Cy"):
        Person.objects.create(
            owner_side="hk", name=name, name_latin="Same", organisation=cast.delta, created_at=cast.delta.created_at
        )
    client, address, shown = enter(cast.dora), "/people/", []
    for _ in range(5):
        html = client.get(address).content.decode()
        shown += re.findall(r'href="/people/(\w{26})/"', html)
        after = re.search(r'rel="next" href="(\?after=\w+)"', html)
        if not after:
            break
        address = f"/people/{after[1]}"
    assert len(shown) == len(set(shown)) == 4


def test_a_coordinator_comes_from_a_person_to_a_permit_that_names_them(cast, enter):
    client = enter(cast.dora)
    link = f"/permits/new/?person={cast.hana_herself.id}"
    assert link in client.get(f"/people/{cast.hana_herself.id}/").content.decode()
    assert "It names Ha Na" in client.get(link).content.decode()
    for other in (cast.hana, cast.ada):
        assert "/permits/new/" not in enter(other).get(f"/people/{cast.hana_herself.id}/").content.decode()
