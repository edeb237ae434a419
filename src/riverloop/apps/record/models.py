from __future__ import annotations

from django.db import models

from riverloop.apps.record.commitments import opens
from riverloop.core.kernel.ids import new_id


class PendingRecord(models.Model):
    """Something that happened, which its side's log does not hold yet.

    Only the commitment is for the log. Kind, instant, payload and salt stay with the side that owns them, so that
    nobody outside learns what was recorded, or that two records are about the same thing.
    """

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    owner_side = models.CharField(max_length=8)
    kind = models.CharField(max_length=40)
    payload = models.TextField()  # canonical JSON, letter by letter what was committed to
    salt = models.BinaryField(max_length=32)
    commitment = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["owner_side", "created_at"], name="record_pending_by_side")]

    def __str__(self) -> str:
        return self.id

    @property
    def opens(self) -> bool:
        """Whether the commitment is still that of the payload beside it."""
        return opens(bytes(self.commitment), self.payload.encode(), bytes(self.salt))
