from __future__ import annotations

from django.apps import AppConfig


class PlaceConfig(AppConfig):
    name = "riverloop.apps.place"
    label = "place"
    default_auto_field = "django.db.models.BigAutoField"
