from __future__ import annotations

from django.urls import path

from riverloop.apps.clearance import pages, views

app_name = "clearance"
urlpatterns = [
    path("decide/", views.decide, name="decide"),
    path("decide/result/", views.result, name="result"),
    path("decide/movement.json", views.download, {"what": "movement"}, name="movement_json"),
    path("decide/decision.json", views.download, {"what": "decision"}, name="decision_json"),
    path("rules/", pages.rules, name="rules"),
    path("rules/<str:rule_id>/", pages.rule, name="rule"),
    path("measures/", pages.measures, name="measures"),
    path("measures/<str:measure_id>/", pages.measure, name="measure"),
    path("facts/", pages.facts, name="facts"),
]
