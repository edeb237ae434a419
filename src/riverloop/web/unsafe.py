"""What is unsafe, or does not work, where people other than a developer are served: ``riverloop check`` says it."""

from __future__ import annotations

import ipaddress
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils.translation import to_locale

from riverloop.apps.nodes.here import hosts_both
from riverloop.web import environment

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def found() -> list[str]:
    """Return one line for each: what is unsafe, and how to mend it."""
    flags = {
        "RIVERLOOP_DEBUG is set: tracebacks and logs show what people typed. Unset it.": settings.DEBUG,
        "RIVERLOOP_DEMO is set: anybody may enter as anybody. Unset it, and begin with an empty data folder.": (
            settings.RIVERLOOP_DEMO
        ),
        "RIVERLOOP_HTTPS is not set: passwords and sessions cross the network in the open. Put a proxy that speaks "
        "HTTPS before Riverloop and set RIVERLOOP_HTTPS=1.": not settings.RIVERLOOP_HTTPS,
        "RIVERLOOP_URL begins with http://, and so do the links in mail. Set it to the https:// address.": (
            settings.RIVERLOOP_URL.startswith("http://")
        ),
        "RIVERLOOP_ALLOWED_HOSTS takes any name. List the names that are served.": "*" in settings.ALLOWED_HOSTS,
        "RIVERLOOP_ALLOWED_HOSTS lists only this computer, so that nobody else is answered. List the names that are "
        "served.": all(_is_local(name) for name in settings.ALLOWED_HOSTS),
        "RIVERLOOP_WEBHOOKS_LOCAL is set: webhooks may call this computer's own services. Unset it.": (
            environment.value("RIVERLOOP_WEBHOOKS_LOCAL")
        ),
        "RIVERLOOP_MAIL is not set: invitations and reminders lie in the data folder, and nobody reads them.": (
            environment.value("RIVERLOOP_MAIL") is None
        ),
        "RIVERLOOP_METRICS_TOKEN is not set: behind a proxy nobody can read /metrics. Set it.": (
            settings.RIVERLOOP_HTTPS and not settings.RIVERLOOP_METRICS_TOKEN
        ),
        "RIVERLOOP_SIDE is not set: both sides live on this computer, so that neither proves anything to the other. "
        "Run a node for each.": hosts_both(),
        "SQLite takes one writer at a time, and no second server may use it. Set DATABASE_URL to PostgreSQL for a node "
        "at which many work.": connection.vendor == "sqlite" and not hosts_both(),
        "DATABASE_URL crosses the network without sslmode=require or verify-full. Add ?sslmode=verify-full.": (
            _crosses_in_the_open()
        ),
    }
    told = [line for line, is_so in flags.items() if is_so]
    return [*told, *_untranslated(), *_readable_by_others(), *_keys_of_others(), *environment.unknown()]


def _is_local(name: str) -> bool:
    host = name.strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _crosses_in_the_open() -> bool:
    if connection.vendor != "postgresql":
        return False
    host = str(connection.settings_dict.get("HOST") or "")
    mode = connection.settings_dict.get("OPTIONS", {}).get("sslmode", "")
    return (
        bool(host)
        and not host.startswith("/")
        and not _is_local(host)
        and mode not in ("require", "verify-ca", "verify-full")
    )


def _untranslated() -> list[str]:
    """Say in which languages pages would be English: their catalogues are compiled when Riverloop is built."""
    missing = [name for tag, name in settings.LANGUAGES if tag != settings.LANGUAGE_CODE and not _has_catalogue(tag)]
    line = (
        f"The texts in {' and '.join(missing)} are missing, and their readers get English. Install Riverloop anew from "
        "all that a release holds: pip install --no-deps --no-build-isolation ."
    )
    return [line] if missing else []


def _has_catalogue(tag: str) -> bool:
    folders = [Path(one) / to_locale(tag) / "LC_MESSAGES" for one in settings.LOCALE_PATHS]
    return any((folder / "django.mo").is_file() for folder in folders)


def _readable_by_others() -> list[str]:
    data: Path = settings.RIVERLOOP_DATA
    keys = [path for path in (data / "keys").glob("*") if path.is_dir()]
    secret = [path for path in (data, data / "keys", *keys, data / "secret_key") if path.exists()]
    return [
        f"{path} is open to other accounts of this computer. Run: chmod go= {path}"
        for path in secret
        if path.stat().st_mode & _OTHERS
    ]


def _keys_of_others() -> list[str]:
    """Say which keys the service cannot read: a command was run as root or as another account."""
    data: Path = settings.RIVERLOOP_DATA
    strange = [path for path in sorted((data / "keys").rglob("*")) if path.lstat().st_uid != os.geteuid()]
    return [
        f"{path} belongs to another account, and so is not read. Run: chown -R {os.geteuid()} {data}"
        for path in strange[:1]
    ]


def is_public(host: str) -> bool:
    """Say whether the pages are meant for others: they listen to the network, or stand behind a proxy."""
    return (
        settings.RIVERLOOP_HTTPS
        or not _is_local(host)
        or not _is_local(urlsplit(settings.RIVERLOOP_URL).hostname or "")
    )
