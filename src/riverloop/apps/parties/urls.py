from __future__ import annotations

from django.urls import path

from riverloop.apps.parties import views

app_name = "parties"
urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/demo/", views.demo_sign_in, name="demo_sign_in"),
    path("account/second-factor/needed/", views.second_factor_needed, name="second_factor_needed"),
    path("people/", views.people, name="people"),
    path("people/<str:person_id>/", views.person, name="person"),
    path("who-looked/", views.who_looked, name="who_looked"),
]
