from __future__ import annotations

import json

from django.db import models

from riverloop.apps.parties.models import Organisation, User, random_id_field, side_field


class Message(models.Model):
    """A signed message from one side to the other. Each side keeps its own copy: sent, or received.

    The pair (``owner_side``, ``ref``) is unique, so that a message which comes twice is taken once. A side numbers
    what it tells about one subject, so that what comes out of order waits, and what is missing is missed.
    """

    id = random_id_field()
    owner_side = side_field()  # from_side in the sender's copy, to_side in the receiver's
    ref = models.CharField(max_length=26)  # the message's own id, the same on both sides
    from_side = models.CharField(max_length=8)
    to_side = models.CharField(max_length=8)
    kind = models.CharField(max_length=40)  # such as movement.declared
    subject = models.CharField(max_length=26, blank=True)  # the movement's ref
    number = models.PositiveIntegerField(default=0)  # from 1 within the subject; 0 without one
    body = models.TextField()  # canonical JSON, letter by letter what was signed, under the columns above
    signature = models.BinaryField(max_length=64)
    key_id = models.CharField(max_length=16)
    form = models.PositiveSmallIntegerField(default=1)  # of what was signed: see envelopes.py
    sent_at = models.DateTimeField()
    # Of the record ``message.sent`` in the sender's log; it travels along, so that the receiver finds the commitment.
    salt = models.BinaryField(max_length=32, default=b"")
    # From 0 without gaps among all that one node sends the other; none where both sides live on one.
    place = models.PositiveBigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=10)  # sender: queued, delivered, refused; receiver: received
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)  # delivered, received or refused
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_side", "ref"], name="notices_message_once_a_side"),
            models.UniqueConstraint(
                fields=["owner_side", "subject", "from_side", "number"],
                condition=~models.Q(subject=""),
                name="notices_messages_in_order",
            ),
            models.UniqueConstraint(
                fields=["owner_side", "from_side", "place"],
                condition=models.Q(place__isnull=False),
                name="notices_messages_in_their_places",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="notices_messages_due"),
            models.Index(fields=["owner_side", "subject", "from_side", "number"], name="notices_messages_about"),
            models.Index(fields=["owner_side", "-sent_at", "-id"], name="notices_messages_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def fields(self) -> list[str]:
        """The names of what it tells, each once: keys of the body, of its items and of its permits."""
        body = json.loads(self.body)
        inner = [field for part in ("items", "permits") for one in body.get(part, ()) for field in one]
        return sorted({*body, *inner} - {"items", "permits"})


class Channel(models.Model):
    """How far one node is with what it sends the other, or with what it takes from it.

    The sender's row says which place its next message gets; the receiver's, which one it takes next.
    """

    owner_side = side_field()
    from_side = models.CharField(max_length=8)
    to_side = models.CharField(max_length=8)
    next_place = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_side", "from_side", "to_side"], name="notices_channel_once"),
        ]

    def __str__(self) -> str:
        return f"{self.from_side} → {self.to_side} at {self.owner_side}"

    @classmethod
    def locked(cls, owner: str, from_side: str, to_side: str) -> Channel:
        """Return a channel's row, locked until the transaction ends."""
        cls.objects.get_or_create(owner_side=owner, from_side=from_side, to_side=to_side)
        return cls.objects.select_for_update().get(owner_side=owner, from_side=from_side, to_side=to_side)


class Gap(models.Model):
    """Messages that their receiver asks for again and their sender keeps no longer: see ``gaps``.

    Each node keeps a row of its own, with when its own operator agreed to go on without them.
    """

    owner_side = side_field()
    from_side = models.CharField(max_length=8)
    to_side = models.CharField(max_length=8)
    first = models.PositiveBigIntegerField()  # place of the first message that is missing
    following = models.PositiveBigIntegerField()  # place of the first one after them
    found_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_side", "from_side", "first"], name="notices_gap_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first}-{self.last} {self.from_side} → {self.to_side} at {self.owner_side}"

    @property
    def last(self) -> int:
        """The place of the last message that is missing."""
        return self.following - 1


class Mail(models.Model):
    """A mail to an account: what happened, and where to read it; never what was decided about whom."""

    id = random_id_field()
    owner_side = side_field()
    to = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=40)
    path = models.CharField(max_length=200, blank=True)  # of the page to open
    state = models.CharField(max_length=10, default="queued")  # queued, sent, failed
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "next_try_at"], name="notices_mails_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Webhook(models.Model):
    """An address of a tenant's own system that is told of what happens to the tenant's movements."""

    id = random_id_field()
    owner_side = side_field()
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=300)
    sealed_secret = models.BinaryField()  # signs each delivery
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="webhooks")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.id


class Delivery(models.Model):
    """One call of a webhook: queued with what it is about, tried again until it is taken or given up."""

    id = random_id_field()
    owner_side = side_field()
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=40)
    body = models.TextField()  # canonical JSON
    state = models.CharField(max_length=10, default="queued")  # queued, delivered, failed
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "next_try_at"], name="notices_deliveries_due"),
            models.Index(fields=["webhook", "-created_at", "-id"], name="notices_deliveries_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
