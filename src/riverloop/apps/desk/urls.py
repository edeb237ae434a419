from __future__ import annotations

from django.urls import path

from riverloop.apps.desk import holder_views, obligation_views, standing_views, views

app_name = "desk"
urlpatterns = [
    path("queue/", views.queue, name="queue"),
    path("queue/next/", views.take_next, name="next"),
    path("queue/standing/", standing_views.standing, name="standing"),
    path("queue/<str:matter_id>/", views.matter, name="matter"),
    path("obligations/", obligation_views.obligations, name="obligations"),
    path("obligations.ics", obligation_views.obligations_ics, name="obligations_ics"),
    path("obligations/calendar/", obligation_views.feed, name="feed"),
    path("calendar/<str:secret>.ics", obligation_views.feed_ics, name="feed_ics"),
    path("me/requests/", holder_views.requests, name="requests"),
    path("me/requests/copy/", holder_views.copy, name="copy"),
]
