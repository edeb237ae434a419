from __future__ import annotations

from django.urls import path

from riverloop.apps.record import views

app_name = "record"
urlpatterns = [
    path("log/", views.log, name="log"),
    path("log/<str:side>/checkpoint", views.small_file, {"path": "checkpoint"}, name="checkpoint"),
    path("log/<str:side>/vkey", views.small_file, {"path": "vkey"}, name="vkey"),
    path("log/<str:side>/cosigner_vkey", views.cosigner_vkey, name="cosigner_vkey"),
    path("log/<str:side>/tile/<path:rest>", views.tile, name="tile"),
]
