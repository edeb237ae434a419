from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class ClearanceConfig(AppConfig):
    name = "riverloop.apps.clearance"
    label = "clearance"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module(f"{self.name}.permissions")
        from riverloop.apps.clearance import papers, providers, receiving  # noqa: PLC0415 - models are read first

        receiving.listen()
        providers.provide("permits", papers.permits_facts)
