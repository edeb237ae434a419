from __future__ import annotations

from django.db import models
from django.utils.translation import gettext

from riverloop.apps.nodes.models import error_to_read
from riverloop.apps.record.commitments import opens
from riverloop.core.kernel.ids import new_id


class _Record(models.Model):
    """What is kept of something that happened, at the side that owns it.

    Only the commitment is published. Kind, instant, subject, payload and salt stay with that side, so that nobody
    outside learns what was recorded, or that two records are about the same thing.
    """

    owner_side = models.CharField(max_length=8)
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=26, blank=True, default="")  # id of what it is about, to find it by
    payload = models.TextField()  # canonical JSON, letter by letter what was committed to
    salt = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def opens(self) -> bool:
        """Whether the commitment is still that of the payload beside it."""
        return opens(bytes(self.commitment), self.payload.encode(), bytes(self.salt))


class PendingRecord(_Record):
    """Something that happened, which its side's log does not hold yet.

    Rows have an order of arrival that Django does not know: SQLite's own row number, and on PostgreSQL the column
    ``arrived``, which migration 0002 adds. The sequencer takes the rows that are present, in this order. It is all that
    is indexed: whatever happens waits for this row to be written, and an index of random ids would slow that down.
    """

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)

    def __str__(self) -> str:
        return self.id


class Leaf(_Record):
    """An entry of its side's log, in its place for ever. The sequencer alone adds any.

    A leaf whose payload was erased, or that was restored from what was published, holds its commitment alone: the log
    needs no more of it. Nothing here is indexed in random order, which would halve the speed: see ``LeafSubject``.
    """

    RESTORED = "restored"

    index = models.BigIntegerField()  # from 0, without gaps
    record = models.CharField(max_length=26)  # id of the pending record that it was

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_side", "index"], name="record_leaf_in_its_place")]

    def __str__(self) -> str:
        return f"{self.owner_side} {self.index}"


class LeafSubject(models.Model):
    """Where the leaves about something are. It is filled in large, sorted parts, after the leaves: see ``subjects``."""

    owner_side = models.CharField(max_length=8)
    subject = models.CharField(max_length=26)
    index = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["subject"], name="record_leaf_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {self.index}"


class _Inspected(models.Model):
    """What was found when something was last looked through: see ``inspecting``."""

    inspected_at = models.DateTimeField(null=True)
    spoilt = models.BigIntegerField(default=0)  # leaves and files that were not what was signed
    spoilt_mistake = models.TextField(blank=True)  # the first of them, and what came of it: JSON of a RiverloopError

    class Meta:
        abstract = True


class LogState(_Inspected):
    """How far a side's own log is: numbered, published, and countersigned by the other side."""

    owner_side = models.CharField(primary_key=True, max_length=8)
    size = models.BigIntegerField(default=0)  # leaves that are numbered
    indexed_size = models.BigIntegerField(default=0)  # leaves that ``LeafSubject`` finds; later ones are looked through
    erased_size = models.BigIntegerField(default=0)  # leaves from the first on whose payloads were erased
    published_size = models.BigIntegerField(default=0)  # leaves under the newest checkpoint that was signed
    published_root = models.BinaryField(default=b"")  # 32 bytes
    note = models.TextField(blank=True)  # that checkpoint, with its signatures
    published_at = models.DateTimeField(null=True)
    mirrored_size = models.BigIntegerField(default=0)  # what the other side's mirror last said it holds
    mirrored_root = models.BinaryField(default=b"")  # the root of that tree; empty where it was not said
    cosigned_size = models.BigIntegerField(default=0)  # leaves under the newest checkpoint that it countersigned
    cosigned_note = models.TextField(blank=True)  # that checkpoint, with both signatures
    cosigned_at = models.DateTimeField(null=True)
    refusal = models.TextField(blank=True)  # why nothing is signed: JSON of a RiverloopError
    refused_at = models.DateTimeField(null=True)
    mirror_trouble = models.TextField(blank=True)  # why the other side's mirror did not take the newest: the same
    mirror_trouble_since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.owner_side

    def refusal_text(self) -> str:
        """Return why nothing is signed, as one line in the active language; nothing if all is well."""
        return _mistake_text(self.refusal)

    def mirror_trouble_text(self) -> str:
        """Return why the other side's mirror does not keep up, as one line; nothing if it does."""
        return _mistake_text(self.mirror_trouble)

    def refusal_told(self) -> str:
        """Return the same for strangers: without where it was, which may be a folder of this computer."""
        return _mistake_told(self.refusal)

    def mirror_trouble_told(self) -> str:
        """Return why the mirror does not keep up, for strangers."""
        return _mistake_told(self.mirror_trouble)


class Mirror(_Inspected):
    """What one side keeps of the other's log: its newest checkpoint that held, countersigned here."""

    owner_side = models.CharField(max_length=8)
    of_side = models.CharField(max_length=8)
    size = models.BigIntegerField(default=0)
    range = models.BinaryField(default=b"")  # the compact range of that tree
    note = models.TextField(blank=True)  # the log's signature and ours
    cosigned_seconds = models.BigIntegerField(default=0)  # POSIX time of our newest countersignature; it never falls
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_side", "of_side"], name="record_one_mirror_of_a_log")]

    def __str__(self) -> str:
        return f"{self.of_side} at {self.owner_side}"


class MirrorLeaf(models.Model):
    """An entry of the other side's log: a commitment, and nothing else is known of it here."""

    owner_side = models.CharField(max_length=8)
    of_side = models.CharField(max_length=8)
    index = models.BigIntegerField()
    commitment = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner_side", "of_side", "index"], name="record_mirror_leaf_in_its_place")
        ]
        indexes = [models.Index(fields=["commitment"], name="record_mirror_leaf_found")]

    def __str__(self) -> str:
        return f"{self.of_side} {self.index}"


class Evidence(models.Model):
    """What was refused of the other side's log, kept word by word: two checkpoints at odds prove a fork."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    owner_side = models.CharField(max_length=8)
    of_side = models.CharField(max_length=8)
    code = models.CharField(max_length=60)
    mistake = models.TextField()  # JSON of a RiverloopError
    note = models.TextField(blank=True)  # what was refused
    held_note = models.TextField(blank=True)  # the checkpoint that was held then
    digest = models.CharField(max_length=64)  # SHA-256 of code and note: the same thing is kept once
    times = models.PositiveIntegerField(default=1)
    found_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner_side", "of_side", "digest"], name="record_evidence_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.of_side}"

    def text(self) -> str:
        """Return what was wrong, as one line in the active language."""
        return _mistake_text(self.mistake)


def _mistake_text(kept: str) -> str:
    if not kept:
        return ""
    error = error_to_read(kept)
    told = error.told(gettext)
    return f"{error.where}: {told}" if error.where else told


def _mistake_told(kept: str) -> str:
    return error_to_read(kept).told(gettext) if kept else ""
