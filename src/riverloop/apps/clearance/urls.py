from __future__ import annotations

from django.urls import path

from riverloop.apps.clearance import (
    day,
    earliest_page,
    findings,
    holder,
    movement_acts,
    movement_compare,
    movement_list,
    movement_new,
    movement_pages,
    pages,
    proof_page,
    views,
)
from riverloop.apps.clearance.importing import views as importing

app_name = "clearance"
urlpatterns = [
    path("movements/import/", importing.import_new, name="import_new"),
    path("movements/import/template/<str:flow>.<str:ending>", importing.import_template, name="import_template"),
    path("movements/import/<str:import_id>/", importing.import_shown, name="import"),
    path("movements/import/<str:import_id>/file/", importing.import_filed, name="import_file"),
    path("movements/import/<str:import_id>/discard/", importing.import_discarded, name="import_discard"),
    path("movements/import/<str:import_id>/results.csv", importing.import_results, name="import_results"),
    path("movements/<str:movement_id>/earliest/", earliest_page.movement_earliest, name="movement_earliest"),
    path("decide/", views.decide, name="decide"),
    path("decide/result/", views.result, name="result"),
    path("decide/movement.json", views.download, {"what": "movement"}, name="movement_json"),
    path("decide/decision.json", views.download, {"what": "decision"}, name="decision_json"),
    path("rules/", pages.rules, name="rules"),
    path("rules/<str:rule_id>/", pages.rule, name="rule"),
    path("measures/", pages.measures, name="measures"),
    path("measures/<str:measure_id>/", pages.measure, name="measure"),
    path("facts/", pages.facts, name="facts"),
    path("day/", day.day, name="day"),
    path("me/", holder.me, name="me"),
    path("movements/", movement_list.listed, name="movements"),
    path("movements/table/", movement_list.exported, name="movements_csv"),
    path("movements/new/", movement_new.new, name="movement_new"),
    # What stands under movements/ with a name of its own comes before the movements themselves.
    path("movements/<str:movement_id>/", movement_pages.movement, name="movement"),
    path("movements/<str:movement_id>/changes/", movement_compare.changes, name="movement_changes"),
    path("movements/<str:movement_id>/proof/", proof_page.movement_proof, name="movement_proof"),
    path(
        "movements/<str:movement_id>/proof/<int:index>.json", proof_page.movement_proof_file, name="movement_proof_file"
    ),
    path("movements/<str:movement_id>/restate/", movement_acts.restate, name="movement_restate"),
    path("movements/<str:movement_id>/withdraw/", movement_acts.withdraw, name="movement_withdraw"),
    path("movements/<str:movement_id>/findings/", findings.findings, name="movement_findings"),
    path("movements/<str:movement_id>/cross/", movement_acts.cross, name="movement_cross"),
    path("movements/<str:movement_id>/questions/<str:question_id>/", movement_acts.answer, name="question_answer"),
    path("movements/<str:movement_id>/notices/<str:notice_id>/", movement_acts.remedy, name="remedy_file"),
]
