"""Files, checked by their content, and permits, with what was drawn from them."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "riverloop.apps.documents"
    label = "documents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in ("permissions", "forgetting", "sweeping"):  # they register themselves
            import_module(f"{self.name}.{module}")
