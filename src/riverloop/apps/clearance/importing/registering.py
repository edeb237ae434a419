"""What tables of movements offer to the apps below: their runs, and how they go. Read once, when apps are ready."""

from __future__ import annotations

from django.urls import reverse

from riverloop.apps.clearance.importing import services
from riverloop.apps.clearance.sentences import N_
from riverloop.apps.parties import retention
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run


def _page(run: Run) -> str:
    return reverse("clearance:import", args=[run.params["import"]])


work.register(services.CHECK, services.check_run, title=N_("Checking a table of movements"), page=_page)
work.register(services.FILE, services.file_run, title=N_("Filing a table of movements"), page=_page)
retention.register("imports", services.import_forget)
