from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "riverloop.apps.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in (
            "forgetting",
            "channel",
            "arriving",
            "rounds",
        ):  # they register how things go, and what the worker sends
            import_module(f"{self.name}.{module}")
