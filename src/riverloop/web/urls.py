"""Addresses of every page."""

from __future__ import annotations

from django.urls import include, path

from riverloop.web import probes, views
from riverloop.web.api import pages as api_pages
from riverloop.web.api import root as api

urlpatterns = [
    path("", views.home, name="home"),
    path("api/", api_pages.start, name="api_docs"),
    path("api/v1/", api.urls),
    path("api/<path:rest>", api.unknown, name="api_unknown"),
    path("healthz", probes.healthz, name="healthz"),
    path("metrics", probes.metrics, name="metrics"),
    path("preferences/", views.preferences, name="preferences"),
    path("account/", include("riverloop.apps.parties.sign_in_urls")),
    path("", include("riverloop.apps.record.urls")),
    path("", include("riverloop.apps.parties.urls")),
    path("", include("riverloop.apps.runs.urls")),
    path("", include("riverloop.apps.notices.urls")),
    path("", include("riverloop.apps.desk.urls")),
    path("", include("riverloop.apps.documents.urls")),
    path("", include("riverloop.apps.clearance.urls")),
    path("", include("riverloop.apps.place.urls")),
    path("", include("riverloop.apps.lab.urls")),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
