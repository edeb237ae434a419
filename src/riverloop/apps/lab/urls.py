from __future__ import annotations

from django.urls import path

from riverloop.apps.lab import compare_views, experiment_views, scenario_views, traffic_views

app_name = "lab"
_one = "lab/experiments/<str:experiment_id>/"
urlpatterns = [
    path("lab/", scenario_views.home, name="home"),
    path("lab/traffic/", traffic_views.traffic, name="traffic"),
    path("lab/traffic/table.csv", traffic_views.traffic_csv, name="traffic_csv"),
    path("lab/scenarios/<str:key>/", scenario_views.scenario, name="scenario"),
    path("lab/scenarios/<str:key>/delete/", scenario_views.scenario_delete, name="scenario_delete"),
    path("lab/scenarios/<str:key>/restore/", scenario_views.scenario_restore, name="scenario_restore"),
    path("lab/experiments/", experiment_views.experiments, name="experiments"),
    path(_one, experiment_views.experiment, name="experiment"),
    path(f"{_one}ask/", experiment_views.experiment_ask, name="experiment_ask"),
    path(f"{_one}again/", experiment_views.experiment_again, name="experiment_again"),
    path(f"{_one}cancel/", experiment_views.experiment_cancel, name="experiment_cancel"),
    path(f"{_one}delete/", experiment_views.experiment_delete, name="experiment_delete"),
    path(f"{_one}scenario.yaml", experiment_views.experiment_yaml, name="experiment_yaml"),
    path(f"{_one}result.json", experiment_views.experiment_json, name="experiment_json"),
    path(f"{_one}report.html", experiment_views.experiment_report, name="experiment_report"),
    path(f"{_one}charts/<slug:name>/", experiment_views.experiment_chart, name="experiment_chart"),
    path("lab/compare/", compare_views.compare, name="compare"),
    path("lab/compare/charts/<slug:name>/", compare_views.compare_chart, name="compare_chart"),
    path("lab/compare/report.html", compare_views.compare_report, name="compare_report"),
]
