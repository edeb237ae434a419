"""The cast of the tests: two sides, a tenant and an outsider on each, and an account for each role."""

from dataclasses import dataclass, field

from riverloop.apps.parties import services
from riverloop.apps.parties.models import Organisation, Person, User

HKID = "A123456(3)"  # the specimen of the card
PASSWORD = "seven river crabs"


@dataclass
class Cast:
    """Who is who.

    Delta is a tenant on side hk: Dora coordinates it, Hana works there and holds an account. Egret is her
    neighbour's: Eve coordinates it, Edwin works there. Mei, of side cn, coordinates Banyan, where Min works.
    """

    delta: Organisation = field(init=False)
    egret: Organisation = field(init=False)
    banyan: Organisation = field(init=False)
    hana_herself: Person = field(init=False)
    edwin: Person = field(init=False)
    min_herself: Person = field(init=False)

    def __post_init__(self):
        self.delta = organisation("hk", "hk_park", "三角洲生物科技", "Delta Biolabs")
        self.egret = organisation("hk", "hk_park", "Egret Devices")
        self.banyan = organisation("cn", "sz_park", "榕树数据", "Banyan Data")
        self.hana_herself = person(self.delta, "夏娜", "Ha Na")
        self.edwin = person(self.egret, "Edwin Egret")
        self.min_herself = person(self.banyan, "敏", "Min")
        self.dora = account("dora", "hk", "coordinator", organisation=self.delta)
        self.eve = account("eve", "hk", "coordinator", organisation=self.egret)
        self.mei = account("mei", "cn", "coordinator", organisation=self.banyan)
        self.hana = account("hana", "hk", "holder", person=self.hana_herself)
        self.oscar = account("oscar", "hk", "officer", authority="hk.immd")
        self.otto = account("otto", "cn", "officer", authority="cn.nia")
        self.greta = account("greta", "hk", "gate", control_point="futian")
        self.pat = account("pat", "hk", "operator", park="hk_park")
        self.paul = account("paul", "hk", "planner")
        self.tess = account("tess", "hk", "treasurer")
        self.ada = account("ada", "hk", "auditor")
        self.amy = account("amy", "cn", "auditor")
        self.nobody_yet = with_password(services.user_add(email="new@example.org", name="New", side="hk"))

    def of_role(self, role):
        """Return the account on side hk that holds a role and no other."""
        names = {
            "holder": self.hana, "coordinator": self.dora, "officer": self.oscar, "gate": self.greta,
            "operator": self.pat, "planner": self.paul, "treasurer": self.tess, "auditor": self.ada,
            "signed in": self.nobody_yet,
        }  # fmt: skip
        return names.get(role)


def organisation(side, park, name, latin=""):
    return services.organisation_add(side=side, park=park, name=name, name_latin=latin)


def person(employer, name, latin=""):
    return services.person_add(side=employer.owner_side, name=name, name_latin=latin, organisation=employer)


def account(name, side, role, **held_for) -> User:
    user = with_password(services.user_add(email=f"{name}@example.org", name=name.capitalize(), side=side))
    services.role_grant(user=user, kind=role, **held_for)
    return user


def with_password(user) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def again(user) -> User:
    """Return the account as another request would find it."""
    return User.objects.get(pk=user.pk)
