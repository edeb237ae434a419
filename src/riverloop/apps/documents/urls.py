from __future__ import annotations

from django.urls import path

from riverloop.apps.documents import views

app_name = "documents"
urlpatterns = [
    path("permits/", views.permits, name="permits"),
    path("permits/table/", views.permits_csv, name="permits_csv"),
    path("permits/new/", views.permit_add, name="permit_add"),
    path("permits/<str:permit_id>/", views.permit, name="permit"),
    path("permits/<str:permit_id>/verify/", views.permit_verify, name="permit_verify"),
    path("permits/<str:permit_id>/end/", views.permit_end, name="permit_end"),
    path("files/", views.files, name="files"),
    path("files/new/", views.upload, name="upload"),
    path("files/<str:file_id>/", views.file, name="file"),
    path("files/<str:file_id>/erase/", views.file_erase, name="file_erase"),
]
