"""What planners keep: scenarios of their own, and what they asked of them with its answer."""

from __future__ import annotations

from django.db import models

from riverloop.apps.parties.models import User, random_id_field, side_field

TITLE_LENGTH = 200


class SavedScenario(models.Model):
    """A scenario file that a planner wrote, mostly beginning from a bundled one."""

    id = random_id_field()
    owner_side = side_field()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=TITLE_LENGTH)
    text = models.TextField()  # YAML
    based_on = models.CharField(max_length=60, blank=True)  # key of a bundled scenario
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["owner_side", "-changed_at", "id"], name="lab_scenarios_newest")]

    def __str__(self) -> str:
        return self.id


class Experiment(models.Model):
    """Something asked of a scenario, and the answer that was kept.

    It holds the scenario's whole text as it was, so that the answer can be made again whatever becomes of the scenario.
    """

    KINDS = ("simulate", "least_channels", "least_roster", "tornado", "break_even")

    id = random_id_field()
    owner_side = side_field()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    names = models.JSONField(default=dict)  # of scenario, design and case, each by language
    words = models.TextField()  # the same in one text, to be searched
    scenario_key = models.CharField(max_length=60)  # of a bundled scenario, or id of a saved one
    text = models.TextField()  # YAML, with everything that was changed
    design = models.CharField(max_length=80, blank=True)
    case = models.CharField(max_length=80, blank=True)
    values = models.JSONField(default=dict)  # parameters that differ from what the case says, by name
    asked = models.JSONField(default=dict)  # by kind: see asking.py
    asked_of = models.CharField(max_length=26, blank=True)  # id of the simulation whose page asked more
    run_id = models.CharField(max_length=26, blank=True)
    result = models.JSONField(null=True, blank=True)
    summary = models.JSONField(default=dict)  # of the result, for lists
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner_side", "-created_at", "id"], name="lab_experiments_newest"),
            models.Index(fields=["asked_of"], name="lab_experiments_asked_of"),
        ]

    def __str__(self) -> str:
        return self.id
