from __future__ import annotations

from django.urls import path

from riverloop.apps.runs import views

app_name = "runs"
urlpatterns = [
    path("runs/", views.run_list, name="runs"),
    path("runs/<str:run_id>/", views.run, name="run"),
    path("runs/<str:run_id>/cancel/", views.cancel, name="cancel"),
]
