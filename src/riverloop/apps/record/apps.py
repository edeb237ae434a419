from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "riverloop.apps.record"
    label = "record"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module(f"{self.name}.mirrors")  # it registers what the other side's node may call
