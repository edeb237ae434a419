from __future__ import annotations

from django.apps import AppConfig


class NodesConfig(AppConfig):
    name = "riverloop.apps.nodes"
    label = "nodes"
    default_auto_field = "django.db.models.BigAutoField"
