"""Django's settings, read from the environment; every default suits one computer.

RIVERLOOP_DATA            folder of all that is written (./var)
DATABASE_URL              database (SQLite in the data folder)
RIVERLOOP_ZONE            zone (hetao)
RIVERLOOP_SECRET_KEY      key that signs cookies (made once, in the data folder)
RIVERLOOP_ALLOWED_HOSTS   host names, with commas (this computer)
RIVERLOOP_DEBUG           1 shows tracebacks; never where others can reach it
RIVERLOOP_HTTPS           1 behind a proxy that speaks HTTPS: cookies and HSTS insist on it
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

HERE = Path(__file__).resolve().parent
DATA = Path(os.environ.get("RIVERLOOP_DATA") or "var").resolve()


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def _secret_key() -> str:
    """Return the key of the environment, or one kept in the data folder, made there on the first start."""
    given = os.environ.get("RIVERLOOP_SECRET_KEY")
    if given:
        return given
    path = DATA / "secret_key"
    DATA.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes that start at once, one makes the key and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    key = secrets.token_urlsafe(50)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key)
    return key


def _database() -> dict[str, Any]:
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{DATA / 'riverloop.sqlite3'}"
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=0))
    if database["ENGINE"].endswith("sqlite3"):
        # What was answered must be on disk, and a writer must wait its turn rather than fail half way.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    return database


DEBUG = _flag("RIVERLOOP_DEBUG")
SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [
    host.strip()
    for host in (os.environ.get("RIVERLOOP_ALLOWED_HOSTS") or "127.0.0.1,localhost,[::1]").split(",")
    if host.strip()
]
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

RIVERLOOP_DATA = DATA
RIVERLOOP_ZONE = os.environ.get("RIVERLOOP_ZONE") or "hetao"

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "riverloop.web",
    "riverloop.apps.clearance",
    "riverloop.apps.place",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Compression lets a length be compared with a guess; Django masks the token anew on each page and pads each answer.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "riverloop.web.preferences.PreferencesMiddleware",
    "riverloop.web.refusals.RefusalsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "riverloop.web.urls"
WSGI_APPLICATION = "riverloop.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "riverloop.web.context.page",
            ],
            "builtins": ["django.templatetags.i18n", "riverloop.web.templatetags.riverloop_text"],
        },
    }
]

# Languages -----------------------------------------------------------------------------------------------------

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hant", "繁體中文"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [HERE / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_TZ = True
TIME_ZONE = "UTC"

# Static files ----------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "riverloop.web.storage.StaticStorage"},
}
WHITENOISE_USE_FINDERS = True  # before `riverloop serve` has gathered the files, as in tests
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

# Safety ----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [NONE],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "riverloop.web.views.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"
if _flag("RIVERLOOP_HTTPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000  # bytes: a movement of many items, and no more
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
