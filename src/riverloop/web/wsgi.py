"""The WSGI application, for any server; `riverloop serve` gives requests their turns before it: see turns.py."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "riverloop.web.settings")

application = get_wsgi_application()

# The law and the pages are read before the first request, so that a mistake in them stops the start and no reader
# waits for it.
from django.urls import get_resolver  # noqa: E402 - models need Django to be set up

from riverloop.apps.clearance.selectors import rulebook  # noqa: E402

if os.environ.get("RIVERLOOP_SERVED_BY"):
    from django.conf import settings

    from riverloop.web import logs
    from riverloop.web.beside import end_with

    logs.catch_the_rest(with_words=settings.DEBUG)
    end_with(int(os.environ["RIVERLOOP_SERVED_BY"]))
rulebook()
get_resolver().url_patterns  # noqa: B018 - Django reads them when they are first asked for
