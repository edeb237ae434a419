from __future__ import annotations

from django.urls import path

from riverloop.apps.place import views

app_name = "place"
urlpatterns = [path("zone/", views.zone_page, name="zone")]
