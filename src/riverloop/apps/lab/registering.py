"""What the lab offers to the apps below: its run, and how what it keeps goes. Read once, when apps are ready."""

from __future__ import annotations

from django.urls import reverse

from riverloop.apps.lab import services
from riverloop.apps.lab.words import N_
from riverloop.apps.parties import retention
from riverloop.apps.runs import work
from riverloop.apps.runs.models import Run


def _page(run: Run) -> str:
    return reverse("lab:experiment", args=[run.params["experiment"]])


work.register(
    services.EXPERIMENT,
    services.experiment_run,
    title=N_("Experiment in the lab"),
    page=_page,
    followed=True,
    long=True,
)
work.prepare_long(services.simulator_warm)
retention.register("experiments", services.experiments_forget)
