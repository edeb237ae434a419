from __future__ import annotations

from django.apps import AppConfig


class ClearanceConfig(AppConfig):
    name = "riverloop.apps.clearance"
    label = "clearance"
    default_auto_field = "django.db.models.BigAutoField"
