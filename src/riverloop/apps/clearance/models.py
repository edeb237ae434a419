"""Movements as each side keeps them: its own copy, its own decisions, and what the other side told it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from riverloop.apps.parties.models import Organisation, Person, User, random_id_field, side_field


class PackText(models.Model):
    """The whole text of the packs that a decision was made by, under its hash, so that it re-runs for ever."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    files = models.JSONField()  # {path: text}
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sha256


# What lists are ordered and narrowed by: an index that holds all of it answers without reading the rows.
_LEVELS = ("own_low", "own_high", "other_low", "other_high")
_LISTED = ("-crossing_at", "id", "flow", "direction", *_LEVELS, "withdrawn_at", "crossed_at", "reference")


class Movement(models.Model):
    """One declared crossing, in the copy of one side.

    ``ref`` is the same on both sides; the other columns are this side's. Who filed it and whom it is about, only the
    side where it was filed knows. The levels are those of each side's newest decision; the outcome is derived from
    them and never stored.
    """

    id = random_id_field()
    owner_side = side_field()
    ref = models.CharField(max_length=26)
    filed_side = models.CharField(max_length=8)
    flow = models.CharField(max_length=8)
    direction = models.CharField(max_length=20)
    crossing_at = models.DateTimeField()  # when it is to cross
    control_point = models.CharField(max_length=40, blank=True)  # id in the zone file
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="movements"
    )
    filed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="movements")
    reference = models.CharField(max_length=80, blank=True)  # the tenant's own
    fingerprint = models.CharField(max_length=64, blank=True)  # of what was filed, to find it filed twice
    declared_at = models.DateTimeField()
    facts_at = models.DateTimeField()  # when the applicant's facts last changed: an answer given before is void
    own_low = models.PositiveSmallIntegerField(null=True, blank=True)
    own_high = models.PositiveSmallIntegerField(null=True, blank=True)
    other_low = models.PositiveSmallIntegerField(null=True, blank=True)
    other_high = models.PositiveSmallIntegerField(null=True, blank=True)
    own_packs = models.CharField(max_length=64, blank=True)  # law of this side's newest decision
    own_valid_until = models.DateTimeField(null=True, blank=True)  # and how long it holds
    papers = models.JSONField(default=list)  # permits as the other side told of them; empty where it was filed
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    crossed_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)  # facts and names gone, by the retention table

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_side", "ref"], name="clearance_movement_once_a_side")]
        indexes = [
            models.Index(fields=["owner_side", *_LISTED], name="clearance_movements_of_side"),
            models.Index(fields=["organisation", "owner_side", *_LISTED], name="clearance_movements_of_tenant"),
            models.Index(fields=["organisation", "fingerprint"], name="clearance_movements_twice"),
            models.Index(
                fields=["owner_side", "own_packs"],
                condition=Q(withdrawn_at=None, crossed_at=None, erased_at=None),
                name="clearance_movements_open",
            ),
        ]

    crossing_concealed = False  # of a row that is shown to whom its crossing is not told; see ``whose``

    def __str__(self) -> str:
        return self.id

    @property
    def number(self) -> str:
        """The number that people say to each other: the beginning of ``ref``."""
        return f"{self.ref[:5]}-{self.ref[5:10]}"


class Item(models.Model):
    """A person, a lot of samples or a data set in a movement."""

    id = random_id_field()
    owner_side = side_field()
    movement = models.ForeignKey(Movement, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveIntegerField()  # from 0
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="items")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["movement", "place"], name="clearance_items_in_order")]

    def __str__(self) -> str:
        return self.id


class Statement(models.Model):
    """Facts of an item as somebody stated them at one time; later statements replace earlier ones fact by fact."""

    id = random_id_field()
    owner_side = side_field()
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="statements")
    number = models.PositiveIntegerField()  # version of the item's facts, from 1
    facts = models.JSONField()  # {fact: value}; null takes a fact back
    asserted_as = models.CharField(max_length=10)  # applicant, officer, register, computed
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    authority = models.CharField(max_length=40, blank=True)  # an officer's
    reason = models.TextField(blank=True)  # an officer's; for that authority and auditors alone
    side = models.CharField(max_length=8)  # where it was stated
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="clearance_statements_in_order")]

    def __str__(self) -> str:
        return self.id


class SideDecision(models.Model):
    """What one side's rules said of a movement: decided here, or told by the other side.

    Decided here, it holds all that it was decided from, so that it can be run again. Told, it holds what the
    disclosure table lets through, and the other side's signature.
    """

    id = random_id_field()
    owner_side = side_field()  # who keeps this copy
    movement = models.ForeignKey(Movement, on_delete=models.CASCADE, related_name="decisions")
    side = models.CharField(max_length=8)  # who decided
    number = models.PositiveIntegerField()  # from 1
    cause = models.CharField(max_length=20)  # declared, restated, answered, permit, law, remedy, told …
    at = models.DateTimeField()  # the instant decided for
    decided_at = models.DateTimeField()
    packs_sha256 = models.CharField(max_length=64)
    low = models.PositiveSmallIntegerField()
    high = models.PositiveSmallIntegerField()
    route = models.CharField(max_length=60, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    inputs = models.JSONField(default=dict)  # zone, assumed rules, movement as stated, and apart what officers found
    result = models.JSONField(default=dict)  # rules, papers, facts lacking … in short form
    said_number = models.PositiveIntegerField(default=1)  # counts what said something new to whoever filed
    said_at = models.DateTimeField(null=True, blank=True)  # since when that is said
    said_hash = models.CharField(max_length=64, blank=True)  # of what whoever filed may read of it
    told = models.TextField()  # canonical JSON that was signed
    signature = models.BinaryField(max_length=64)
    key_id = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["movement", "side", "number"], name="clearance_decisions_in_order")
        ]

    def __str__(self) -> str:
        return self.id


class Question(models.Model):
    """What an authority of either side asks whoever filed, and the answer."""

    id = random_id_field()
    owner_side = side_field()
    ref = models.CharField(max_length=26, db_index=True)  # the same on both sides
    movement = models.ForeignKey(Movement, on_delete=models.CASCADE, related_name="questions")
    side = models.CharField(max_length=8)  # who asks
    authority = models.CharField(max_length=40)
    place = models.PositiveIntegerField(null=True, blank=True)  # of the one item that it is about
    matter = models.CharField(max_length=26, blank=True)  # id at the asking side
    facts = models.JSONField(default=list)  # names of facts and documents asked for
    text = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)  # no longer asked

    def __str__(self) -> str:
        return self.id


class Notice(models.Model):
    """What an authority of either side tells whoever filed: a refusal with its remedy, a remedy's end, a release."""

    id = random_id_field()
    owner_side = side_field()
    ref = models.CharField(max_length=26, db_index=True)  # the same on both sides
    movement = models.ForeignKey(Movement, on_delete=models.CASCADE, related_name="notices")
    side = models.CharField(max_length=8)  # who tells
    authority = models.CharField(max_length=40)
    act = models.CharField(max_length=20)  # refused, remedy_allowed, remedy_refused, interim_release, interim_end
    rule = models.CharField(max_length=80, blank=True)  # whose refusal it is, where the applicant may know it
    untold_rule = models.CharField(max_length=80, blank=True)  # at the telling side: the rule, where they may not
    reason = models.TextField(blank=True)
    remedy_body = models.CharField(max_length=40, blank=True)
    remedy_until = models.DateTimeField(null=True, blank=True)
    place = models.PositiveIntegerField(null=True, blank=True)  # of the one item that it is about
    matter = models.CharField(max_length=26, blank=True)  # id at the telling side
    remedy = models.CharField(max_length=26, blank=True)  # id of the matter that objects to it, at the telling side
    at = models.DateTimeField()
    remedy_filed_at = models.DateTimeField(null=True, blank=True)
    remedy_text = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.id


# Tables of movements are a package of their own.
from riverloop.apps.clearance.importing.models import Import, ImportRow  # noqa: E402, F401
