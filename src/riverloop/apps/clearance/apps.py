from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ClearanceConfig(AppConfig):
    name = "riverloop.apps.clearance"
    label = "clearance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in ("permissions", "forgetting", "joining", "importing.registering"):  # they register themselves
            import_module(f"{self.name}.{module}")
