"""A table handed in, and its rows as they were read."""

from __future__ import annotations

from django.db import models

from riverloop.apps.parties.models import Organisation, Person, User, random_id_field, side_field


class Import(models.Model):
    """A table of movements: checked, then filed as a whole, or its good rows alone.

    The file itself is sealed, and goes when it has been filed or discarded.
    """

    STATES = ("checking", "unreadable", "checked", "filing", "filed", "discarded")

    id = random_id_field()
    owner_side = side_field()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="imports")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    flow = models.CharField(max_length=8)
    name = models.CharField(max_length=120)  # of the file
    sha256 = models.CharField(max_length=64)  # of the file, to notice that it is handed in twice
    sealed = models.BinaryField()
    kind = models.CharField(max_length=4, blank=True)
    encoding = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=10, default="checking")
    mistakes = models.JSONField(default=list)  # of the file itself
    rows_count = models.PositiveIntegerField(default=0)
    wrong_count = models.PositiveIntegerField(default=0)  # rows
    twice_count = models.PositiveIntegerField(default=0)  # movements that were filed already
    movements_count = models.PositiveIntegerField(default=0)  # that can be filed
    outcomes = models.JSONField(default=dict)  # of those: how many by outcome
    run = models.CharField(max_length=26, blank=True)  # the work that goes on, or the last
    only_good = models.BooleanField(default=False)
    twice = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    filed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-created_at", "id"], name="clearance_imports_by_tenant"),
            models.Index(fields=["organisation", "sha256"], name="clearance_imports_twice"),
        ]

    def __str__(self) -> str:
        return self.id


class ImportRow(models.Model):
    """One row of a table: an item of a movement, with its mistakes."""

    id = random_id_field()
    owner_side = side_field()
    batch = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()  # as a spreadsheet shows it
    group = models.PositiveIntegerField()  # number of its movement's first row
    direction = models.CharField(max_length=20, blank=True)
    crossing_at = models.DateTimeField(null=True, blank=True)
    control_point = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    facts = models.JSONField(default=dict)
    mistakes = models.JSONField(default=list)
    is_wrong = models.BooleanField(default=False)  # it, or another row of its movement
    filed_before = models.CharField(max_length=26, blank=True)  # id of a movement like it
    outcome = models.CharField(max_length=12, blank=True)
    movement = models.ForeignKey(
        "clearance.Movement", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="clearance_import_rows_once")]
        indexes = [models.Index(fields=["batch", "is_wrong", "number"], name="clearance_import_rows_wrong")]

    def __str__(self) -> str:
        return self.id
