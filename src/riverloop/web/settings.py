"""Django's settings, read from the environment by the table in environment.py; docs/guides/settings.md lists them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONE, SELF

from riverloop.web import logs
from riverloop.web.environment import value

HERE = Path(__file__).resolve().parent
DATA: Path = value("RIVERLOOP_DATA") or Path("var").resolve()


def _secret_key() -> str:
    """Return the key of the environment, or one kept in the data folder, made there on the first start."""
    given: str | None = value("RIVERLOOP_SECRET_KEY")
    if given:
        return given
    path = DATA / "secret_key"
    DATA.mkdir(mode=0o700, parents=True, exist_ok=True)  # the database in it names people
    try:
        # O_EXCL: of two processes that start at once, one makes the key and the other reads it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    key = secrets.token_urlsafe(50)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key)
    return key


def _side() -> str:
    """Return the side of the environment, or the one that the data folder was made for; nothing if both live here."""
    given: str = value("RIVERLOOP_SIDE")
    if given:
        return given
    try:
        return (DATA / "side").read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def _database() -> dict[str, Any]:
    own = f"sqlite:///{DATA / 'riverloop.sqlite3'}"
    database: dict[str, Any] = value("DATABASE_URL") or dict(dj_database_url.parse(own, conn_max_age=0))
    if database["ENGINE"].endswith("postgresql"):
        # Each worker serves with one thread, and so keeps one connection, rather than make one for each answer.
        database |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    if database["ENGINE"].endswith("sqlite3"):
        # What was answered must be on disk, and a writer must wait its turn rather than fail half way.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
    return database


DEBUG: bool = value("RIVERLOOP_DEBUG")
SECRET_KEY = _secret_key()
ALLOWED_HOSTS: list[str] = value("RIVERLOOP_ALLOWED_HOSTS") or ["127.0.0.1", "localhost", "[::1]"]
DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

RIVERLOOP_DATA = DATA
RIVERLOOP_URL: str = value("RIVERLOOP_URL") or "http://127.0.0.1:8000"
RIVERLOOP_ZONE: str = value("RIVERLOOP_ZONE")
RIVERLOOP_METRICS_TOKEN: str = value("RIVERLOOP_METRICS_TOKEN")
RIVERLOOP_WORKER_SECONDS: int = value("RIVERLOOP_WORKER_SECONDS")
RIVERLOOP_LAB_WAITING: int = value("RIVERLOOP_LAB_WAITING")
RIVERLOOP_LAB_VISITS: int = value("RIVERLOOP_LAB_VISITS")
RIVERLOOP_SIDE = _side()
RIVERLOOP_PEER_HOST: str = value("RIVERLOOP_PEER_HOST")
RIVERLOOP_PEER_PORT: int = value("RIVERLOOP_PEER_PORT")
RIVERLOOP_PEER_URL: str = value("RIVERLOOP_PEER_URL")
RIVERLOOP_WEBHOOKS_LOCAL: bool = value("RIVERLOOP_WEBHOOKS_LOCAL")

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "csp",
    "django_htmx",
    "riverloop.web",
    "riverloop.apps.nodes",
    "riverloop.apps.record",
    "riverloop.apps.runs",
    "riverloop.apps.parties",  # before allauth, whose pages it writes anew
    "riverloop.apps.notices",
    "riverloop.apps.documents",
    "riverloop.apps.desk",
    "riverloop.apps.clearance",
    "riverloop.apps.place",
    "riverloop.apps.lab",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
]
MIDDLEWARE = [
    "riverloop.web.answered.AnsweredMiddleware",  # around all others, so that it sees what they refuse
    "riverloop.web.probes.ProbesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Compression lets a length be compared with a guess; Django masks the token anew on each page and pads each answer.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "riverloop.web.preferences.PreferencesMiddleware",
    "riverloop.web.refusals.RefusalsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "riverloop.web.access.AccessMiddleware",
    "riverloop.web.api.middleware.ApiMiddleware",  # after the table of access: see there
    "axes.middleware.AxesMiddleware",
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

# Accounts ------------------------------------------------------------------------------------------------------

RIVERLOOP_DEMO: bool = value("RIVERLOOP_DEMO")
RIVERLOOP_HTTPS: bool = value("RIVERLOOP_HTTPS")

AUTH_USER_MODEL = "parties.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first, since it refuses those who are locked out
    "allauth.account.auth_backends.AuthenticationBackend",
]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email", "name"]}},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "parties:account"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds: an invitation outlives a weekend

ACCOUNT_ADAPTER = "riverloop.apps.parties.adapters.AccountAdapter"
ACCOUNT_FORMS = {"login": "riverloop.apps.parties.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation reaches its address or is never used
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_USER_DISPLAY = "riverloop.apps.parties.selectors.account_text"
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if RIVERLOOP_HTTPS else 0  # behind the proxy, its last word on who asks counts
# Codes of a second factor, and passwords tried from many addresses at once; axes counts those from one.
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,10/900s/key"}

MFA_ADAPTER = "riverloop.apps.parties.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Riverloop"
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute wrong
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not RIVERLOOP_HTTPS  # browsers allow passkeys without HTTPS on this computer alone

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # so that nobody can lock another out from elsewhere
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "riverloop.apps.parties.lockout.account_of"
AXES_LOCKOUT_CALLABLE = "riverloop.apps.parties.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["login", "password", "csrfmiddlewaretoken"]
AXES_CLIENT_IP_CALLABLE = "riverloop.apps.parties.lockout.address_of"
AXES_DISABLE_ACCESS_LOG = True  # the sessions page shows who signed in

SOCIALACCOUNT_ADAPTER = "riverloop.apps.parties.adapters.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # the issuer is ours to trust: whoever names it has set RIVERLOOP_OIDC_URL
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
_OIDC_URL: str = value("RIVERLOOP_OIDC_URL")
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "oidc",
                "name": value("RIVERLOOP_OIDC_NAME"),
                "client_id": value("RIVERLOOP_OIDC_CLIENT"),
                "secret": value("RIVERLOOP_OIDC_SECRET"),
                "settings": {"server_url": _OIDC_URL},
            }
        ]
        if _OIDC_URL
        else [],
    }
}

SESSION_COOKIE_AGE = 12 * 3600  # seconds: a shift
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Mail ----------------------------------------------------------------------------------------------------------

_MAIL = value("RIVERLOOP_MAIL")
DEFAULT_FROM_EMAIL: str = value("RIVERLOOP_MAIL_FROM")
if _MAIL:
    EMAIL_HOST, EMAIL_PORT = _MAIL.hostname, _MAIL.port or (465 if _MAIL.scheme == "smtps" else 587)
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
    EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp" and bool(_MAIL.username)
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA / "mail"

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
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "riverloop.apps.lab.bundle.BundleFinder",
]
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
        "form-action": [SELF, *([f"{urlsplit(_OIDC_URL).scheme}://{urlsplit(_OIDC_URL).netloc}"] if _OIDC_URL else [])],
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
if RIVERLOOP_SIDE:  # two nodes on one computer share a host name, and browsers tell no ports apart
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"sessionid_{RIVERLOOP_SIDE}", f"csrftoken_{RIVERLOOP_SIDE}"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"
if RIVERLOOP_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SESSION_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000  # bytes: a movement of many items, and no more
RIVERLOOP_API_A_MINUTE: int = value("RIVERLOOP_API_A_MINUTE")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = ["riverloop.web.uploads.UploadHandler"]  # what a page takes more of, the table of access says

# Logs ------------------------------------------------------------------------------------------------------------

LOGGING = logs.as_django_settings(form=value("RIVERLOOP_LOG"), with_words=DEBUG)
