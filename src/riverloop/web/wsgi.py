"""The WSGI application, for any server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riverloop.web.settings")

application = get_wsgi_application()

# The law is read before the first request, so that a mistake in it stops the start and no reader waits for it.
from riverloop.apps.clearance.selectors import rulebook  # noqa: E402 - models need Django to be set up

rulebook()
