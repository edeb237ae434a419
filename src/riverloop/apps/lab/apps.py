from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class LabConfig(AppConfig):
    name = "riverloop.apps.lab"
    label = "lab"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in ("permissions", "registering"):  # they register rules, runs and how things go
            import_module(f"{self.name}.{module}")
