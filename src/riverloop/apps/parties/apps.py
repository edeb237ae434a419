from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "riverloop.apps.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in ("permissions", "second_factor"):  # they register rules and listeners
            import_module(f"{self.name}.{module}")
