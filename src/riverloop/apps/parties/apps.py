from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "riverloop.apps.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        for module in ("permissions", "second_factor", "forgetting"):  # they register rules, listeners and kinds
            import_module(f"{self.name}.{module}")
        from riverloop.apps.parties import retention  # noqa: PLC0415 - its models are there only now
        from riverloop.apps.runs import work  # noqa: PLC0415

        work.register("retention", retention.work)
        work.timetable("retention", timedelta(days=1))
