from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "riverloop.apps.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in (
            "permissions",
            "requests",
            "copies",
            "reminders",
            "forgetting",
        ):  # they register rules, kinds and periodic work
            import_module(f"{self.name}.{module}")
