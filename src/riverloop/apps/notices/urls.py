from __future__ import annotations

from django.urls import path

from riverloop.apps.notices import views

app_name = "notices"
urlpatterns = [
    path("webhooks/", views.webhook_list, name="webhooks"),
    path("webhooks/calls/<str:delivery_id>/resend/", views.delivery_resend, name="delivery_resend"),
    path("webhooks/<str:webhook_id>/", views.webhook, name="webhook"),
    path("webhooks/<str:webhook_id>/test/", views.webhook_test, name="webhook_test"),
    path("webhooks/<str:webhook_id>/end/", views.webhook_end, name="webhook_end"),
    path("messages/", views.message_list, name="messages"),
    path("messages/<str:message_id>/", views.message, name="message"),
]
