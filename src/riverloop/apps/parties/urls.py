from __future__ import annotations

from django.urls import path

from riverloop.apps.parties import organisation_views, people_views, token_views, views

app_name = "parties"
urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/demo/", views.demo_sign_in, name="demo_sign_in"),
    path("account/second-factor/needed/", views.second_factor_needed, name="second_factor_needed"),
    path("account/tokens/", token_views.tokens, name="tokens"),
    path("account/tokens/<str:token_id>/end/", token_views.end, name="token_end"),
    path("organisations/", organisation_views.organisations, name="organisations"),
    path("organisations/new/", organisation_views.organisation_new, name="organisation_new"),
    path("organisations/<str:organisation_id>/", organisation_views.organisation, name="organisation"),
    path("roles/<str:role_id>/end/", organisation_views.role_end, name="role_end"),
    path("people/", views.people, name="people"),
    path("people/new/", people_views.person_new, name="person_new"),
    path("people/<str:person_id>/edit/", people_views.person_edit, name="person_edit"),
    path("people/<str:person_id>/", views.person, name="person"),
    path("who-looked/", views.who_looked, name="who_looked"),
    path("retention/", views.retention, name="retention"),
]
