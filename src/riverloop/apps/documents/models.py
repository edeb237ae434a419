from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from riverloop.apps.parties.models import Organisation, Person, User, random_id_field, side_field


class File(models.Model):
    """A file that was handed in, sealed outside the web root under a random name."""

    id = random_id_field()
    owner_side = side_field()
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="files"
    )
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=120)  # as given, made harmless
    media_type = models.CharField(max_length=80)  # by its content, not its name
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)  # of the content
    sealed_key = models.BinaryField(max_length=200)  # the file's own key, sealed; without it nobody reads the file
    subject = models.CharField(max_length=26, blank=True, db_index=True)  # what it is attached to: a movement's id
    uploaded_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner_side", "organisation", "-uploaded_at"], name="documents_files_of")]

    def __str__(self) -> str:
        return self.id


class Permit(models.Model):
    """A paper that the law asks for: a document of the dictionary with its number, issuer, dates and quantity."""

    id = random_id_field()
    owner_side = side_field()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="permits")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="permits")
    document = models.CharField(max_length=60)  # name in the dictionary, such as dh_import_permit
    number = models.CharField(max_length=60)
    issuer = models.CharField(max_length=120)
    issued_on = models.DateField()
    expires_on = models.DateField(null=True, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)  # None: without limit
    unit = models.CharField(max_length=20, blank=True)  # UCUM
    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True, blank=True, related_name="permits")
    state = models.CharField(max_length=10, default="stated")  # stated, verified, rejected, ended
    verified_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="verified_permits"
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    remark = models.CharField(max_length=300, blank=True)  # why it was rejected or ended
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="added_permits")
    added_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-added_at", "-id"], name="documents_permits_of_tenant"),
            models.Index(fields=["owner_side", "-added_at", "-id"], name="documents_permits_of_side"),
            models.Index(fields=["owner_side", "number"], name="documents_permits_by_number"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner_side", "document", "number"],
                condition=~Q(state__in=["rejected", "ended"]),
                name="documents_permit_once",
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(expires_on__gte=F("issued_on")), name="documents_permit_dates"
            ),
            models.CheckConstraint(condition=Q(quantity=None) | Q(quantity__gt=0), name="documents_permit_quantity"),
        ]

    def __str__(self) -> str:
        return self.id


class Draw(models.Model):
    """A quantity taken from a permit for one item of a movement; given back if the movement does not happen."""

    id = random_id_field()
    owner_side = side_field()
    permit = models.ForeignKey(Permit, on_delete=models.PROTECT, related_name="draws")
    subject = models.CharField(max_length=26)  # the item's id
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    drawn_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject"], name="documents_draws_for")]
        constraints = [
            models.UniqueConstraint(
                fields=["permit", "subject"], condition=Q(released_at=None), name="documents_one_draw_an_item"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="documents_draw_quantity"),
        ]

    def __str__(self) -> str:
        return self.id
