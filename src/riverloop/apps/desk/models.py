"""Matters that wait for an officer, their steps, standing answers, and obligations with their days."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from riverloop.apps.parties.models import Organisation, Person, User, random_id_field, side_field

OPEN_ONCE = ["referral", "refusal", "permit"]
"""Kinds of which one thing has one open matter for each rule, or one for each of its items."""


class Matter(models.Model):
    """Something that waits for an officer of one authority: the entry of a queue.

    What it is about, a higher app knows by ``kind`` and ``subject``; see ``desk.kinds``.
    """

    STATES = ("open", "waiting", "proposed", "closed")  # waiting: for more; proposed: for a second officer

    id = random_id_field()
    owner_side = side_field()
    authority = models.CharField(max_length=40)  # id in the zone file: in whose queue it is
    opened_for = models.CharField(max_length=40)  # the authority it was opened for, before it was handed over
    kind = models.CharField(max_length=20)  # referral, refusal, remedy, permit, request
    topic = models.CharField(max_length=20, blank=True)  # within its kind: a request's correction, withdrawal
    subject = models.CharField(max_length=26)  # id of what it is about, at this side
    item = models.PositiveIntegerField(null=True, blank=True)  # place of the one item of it; null: all of it
    rule = models.CharField(max_length=80, blank=True)
    rule_version = models.CharField(max_length=64, blank=True)
    flow = models.CharField(max_length=8, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="matters")
    of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="remedies")
    text = models.TextField(blank=True)  # what the one who asks has to say: a remedy's grounds, a correction
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()  # by when somebody has to do something: while it waits, whoever was asked
    answer_due_at = models.DateTimeField(null=True, blank=True)  # while it waits, the same
    state = models.CharField(max_length=8, default="open")
    version = models.PositiveIntegerField(default=0)  # counts steps: whoever acts names the one they saw
    claimed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="claimed_matters"
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    proposed_act = models.CharField(max_length=20, blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    act = models.CharField(max_length=20, blank=True)  # how it was closed: allow, refuse, …, superseded, withdrawn
    reason = models.TextField(blank=True)
    until = models.DateTimeField(null=True, blank=True)  # last instant at which the answer stands
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    interim_at = models.DateTimeField(null=True, blank=True)  # a remedy: released since, until it is decided
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner_side", "kind", "subject", "rule", "opened_for"],
                condition=Q(closed_at=None, kind__in=OPEN_ONCE, item=None),
                name="desk_matter_open_once",
            ),
            models.UniqueConstraint(
                fields=["owner_side", "kind", "subject", "rule", "opened_for", "item"],
                condition=Q(closed_at=None, kind__in=OPEN_ONCE, item__isnull=False),
                name="desk_matter_open_once_an_item",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner_side", "authority", "due_at", "id"], condition=Q(closed_at=None), name="desk_queue"
            ),
            models.Index(fields=["owner_side", "due_at", "id"], condition=Q(closed_at=None), name="desk_queue_of_side"),
            models.Index(fields=["owner_side", "kind", "subject"], name="desk_matters_about"),
            models.Index(fields=["owner_side", "authority", "-closed_at", "id"], name="desk_matters_closed"),
            models.Index(fields=["owner_side", "-closed_at", "id"], name="desk_matters_closed_of_side"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def number(self) -> str:
        """The number that people say to each other: the beginning of ``id``."""
        return f"{self.id[:5]}-{self.id[5:10]}"


class Step(models.Model):
    """What was done with a matter, by whom and why; nothing of it is ever changed."""

    id = random_id_field()
    owner_side = side_field()
    matter = models.ForeignKey(Matter, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=20)  # opened, claimed, released, asked, answered, handed_over, proposed, …
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["matter", "number"], name="desk_steps_in_order")]

    def __str__(self) -> str:
        return f"{self.act} {self.id}"


class StandingAnswer(models.Model):
    """An authority's answer to every referral of one version of one rule, until it ends or is withdrawn."""

    id = random_id_field()
    owner_side = side_field()
    authority = models.CharField(max_length=40)
    rule = models.CharField(max_length=80)
    rule_version = models.CharField(max_length=64)
    flow = models.CharField(max_length=8)
    allow = models.BooleanField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    until = models.DateTimeField(null=True, blank=True)
    reason = models.TextField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True, blank=True)  # it counts from here on
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner_side", "rule"], name="desk_standing_answers")]

    def __str__(self) -> str:
        return f"{self.rule} {self.id}"


class Obligation(models.Model):
    """Something that the law asks to be done by a day, as a task of whoever filed."""

    id = random_id_field()
    owner_side = side_field()  # of whoever has to do it
    law_side = models.CharField(max_length=8)  # whose law asks it
    subject = models.CharField(max_length=26)  # the movement's id
    item = models.PositiveIntegerField(default=0)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="obligations"
    )
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="obligations")
    rule = models.CharField(max_length=80)
    act = models.CharField(max_length=60)  # name in the dictionary of acts
    due_on = models.DateField(null=True, blank=True)  # the last day, at law_side
    due_at = models.DateTimeField(null=True, blank=True)  # for one counted in minutes; else the end of that day
    provisional = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    dropped_at = models.DateTimeField(null=True, blank=True)  # the movement changed, and the law asks it no longer
    reminded_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner_side", "subject", "law_side", "rule", "act", "item"], name="desk_obligation_once"
            )
        ]
        indexes = [
            models.Index(fields=["organisation", "due_at", "id"], name="desk_obligations_due"),
            models.Index(
                fields=["due_at", "id"],
                condition=Q(done_at=None, dropped_at=None, reminded_at=None),
                name="desk_obligations_unreminded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.id}"


class Feed(models.Model):
    """An address at which a calendar program reads an account's obligations; it holds a secret, and can be ended."""

    id = random_id_field()
    owner_side = side_field()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="feeds")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    last_read_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="desk_one_feed_an_account")
        ]

    def __str__(self) -> str:
        return self.id
