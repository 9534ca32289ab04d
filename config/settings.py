"""Settings of Yinfeng, read from the environment (see docs/deploy.md for every name).

A local run finds its secrets in ``var/secrets.env``; a deployment sets them itself. Nothing secret has a default.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("YINFENG_VAR_DIR", BASE_DIR / "var"))


def _read_env_file(path: Path) -> None:
    """Put the NAME=value lines of ``path`` into the environment; what is already set wins."""
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r"\s*([A-Z_][A-Z0-9_]*)=(.*)", line):
                os.environ.setdefault(match[1], match[2].strip())


_read_env_file(Path(os.environ.get("YINFENG_ENV_FILE", VAR_DIR / "secrets.env")))


def text(name: str, default: str | None = None) -> str:
    """Return the setting ``YINFENG_<name>``; without a default it must be set."""
    value = os.environ.get(f"YINFENG_{name}", default)
    if value is None:
        raise ImproperlyConfigured(f"Set YINFENG_{name} in the environment (see docs/deploy.md).")
    return value


def flag(name: str, default: bool) -> bool:
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    return int(text(name, str(default)))


def words(name: str, default: str) -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(url: str) -> dict[str, object]:
    """Turn ``sqlite:///path`` or ``postgresql://user:password@host:port/name`` into Django's dictionary."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) if parts.path != "/:memory:" else ":memory:",
            # IMMEDIATE: a writer takes the lock at once and waits, instead of failing half-way (ADR 0004).
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(options.pop("host", parts.hostname or "")),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # Pages ask many small questions: compiling one (jit) takes longer than answering all of them.
            "OPTIONS": {"options": "-c jit=off", **options},
        }
    raise ImproperlyConfigured("YINFENG_DATABASE_URL must begin with sqlite:/// or postgresql://")


def media(url: str) -> dict[str, object]:
    """Turn nothing (a folder) or ``s3://bucket/folder?endpoint=…&region=…&addressing=…`` into Django's dictionary."""
    if not url:
        return {"BACKEND": "yinfeng.core.stores.FolderStorage"}
    parts, options = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    if parts.scheme != "s3" or not parts.netloc or parts.username:
        raise ImproperlyConfigured("YINFENG_MEDIA_URL must begin with s3://bucket, without a key in it")
    if unknown := options.keys() - {"endpoint", "region", "addressing"}:
        raise ImproperlyConfigured(f"YINFENG_MEDIA_URL has no option {', '.join(sorted(unknown))}")
    if not find_spec("storages") or not find_spec("boto3"):
        raise ImproperlyConfigured("YINFENG_MEDIA_URL names a bucket: install requirements/run-s3.txt")
    keys = {"key_id": text("MEDIA_KEY_ID", ""), "secret": text("MEDIA_SECRET", "")}
    place = {"bucket": parts.netloc, "folder": unquote(parts.path.strip("/"))}
    return {"BACKEND": "yinfeng.core.buckets.BucketStorage", "OPTIONS": {**place, **keys, **options}}


SECRET_KEY = text("SECRET_KEY")
# Keys for fields kept encrypted (phones) and for the seals of the event log; several keys, newest first, allow rotation.
FIELD_KEYS = words("FIELD_KEYS", SECRET_KEY)
AUDIT_KEY = text("AUDIT_KEY", SECRET_KEY)
DEBUG = flag("DEBUG", False)
HTTPS = flag("HTTPS", False)
ALLOWED_HOSTS = words("HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_FAILURE_VIEW = "yinfeng.core.views.csrf_failure"
CSRF_TRUSTED_ORIGINS = words("ORIGINS", "")
BASE_URL = text("BASE_URL", "http://127.0.0.1:8000")
PROFILE_DIR = Path(text("PROFILE_DIR", str(BASE_DIR / "profiles")))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "yinfeng.core",  # before allauth: its account pages are ours
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks",
    "django_tasks_db",
    "yinfeng.orgs",
    "yinfeng.duties",
    "yinfeng.enterprises",
    "yinfeng.projects",
    "yinfeng.meetings",
]

BEHIND_PROXY = flag("BEHIND_PROXY", False)
MIDDLEWARE = [
    *(["yinfeng.core.middleware.client_address"] if BEHIND_PROXY else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "yinfeng.core.middleware.request_id",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yinfeng.core.middleware.session_limits",
    "yinfeng.core.middleware.actor",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "yinfeng.core.middleware.DomainErrors",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "yinfeng.core.context.desk",
            ],
        },
    }
]
FORM_RENDERER = "yinfeng.core.forms.Renderer"

DATABASES = {"default": database(text("DATABASE_URL", f"sqlite:///{VAR_DIR / 'yinfeng.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and sign-in -------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
# How a signed-in account becomes the Actor whose permissions and units every service and scope asks for.
YINFENG_ACTOR = "yinfeng.orgs.queries.actor_for"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "yinfeng.core.signin.Backend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": number("PASSWORD_LENGTH", 10)},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "yinfeng.orgs.passwords.ClassesValidator",
        "OPTIONS": {"classes": number("PASSWORD_CLASSES", 0)},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "yinfeng.orgs.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "yinfeng.orgs.forms.SignInForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_RATE_LIMITS = {"login_failed": False}  # django-axes locks out, per account and per address
AXES_FAILURE_LIMIT = number("LOGIN_FAILURES", 5)
AXES_COOLOFF_TIME = timedelta(minutes=number("LOCKOUT_MINUTES", 15))
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "core/lockout.html"
AXES_HTTP_RESPONSE_CODE = 429
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "yinfeng.orgs.accounts.name_to_lock"
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # the event log has it

SESSION_ENGINE = "yinfeng.core.sessions"
SESSION_COOKIE_NAME = "__Host-yinfeng" if HTTPS else "yinfeng"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "yinfeng_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_IDLE = timedelta(minutes=number("SESSION_IDLE_MINUTES", 30))
SESSION_ABSOLUTE = timedelta(hours=number("SESSION_HOURS", 12))
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE.total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# --- transport and browser ----------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS and flag("SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "yinfeng" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = text("TIME_ZONE", "Asia/Shanghai")
LANGUAGE_COOKIE_NAME = "yinfeng_language"
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = HTTPS, True, "Lax"
FILTERS_EMPTY_CHOICE_LABEL = _("全部")  # what a filter offers that nobody has set

# --- files, static and uploaded -----------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = Path(text("MEDIA_DIR", str(VAR_DIR / "media")))
STORAGES = {
    "default": media(text("MEDIA_URL", "")),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ("gz", "br", "zip", "png", "jpg", "ico", "woff2", "map")
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "yinfeng.core.uploads.NamelessFileUploadHandler",
]
UPLOAD_MAX_BYTES = number("UPLOAD_MAX_MB", 50) * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- background work, mail, log -----------------------------------------------------------------------------------
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
EMAIL_BACKEND = text("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = text("EMAIL_HOST", "localhost")
EMAIL_PORT = number("EMAIL_PORT", 25)
EMAIL_HOST_USER = text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = text("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = flag("EMAIL_TLS", False)
EMAIL_TIMEOUT = 30  # seconds; shorter than the lease of core.outbox
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", "yinfeng@localhost")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": "ext://yinfeng.core.logs.renderer",
            "foreign_pre_chain": "ext://yinfeng.core.logs.chain",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", **({} if DEBUG else {"formatter": "json"})}},
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "WARNING")},
}

# --- the API ------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "yinfeng.core.api_access.TokenAuthentication",
        "yinfeng.core.api_access.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["yinfeng.core.api_access.IsSignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "yinfeng.core.api.explain",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Yinfeng 引凤",
    "DESCRIPTION": "Investment promotion of a city: leads, projects, enterprises and who may see them.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["yinfeng.core.api_access.IsSignedIn"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "NameKindEnum": "yinfeng.enterprises.models.NAME_KINDS.items",
        "RelationKindEnum": "yinfeng.enterprises.models.RELATION_KINDS.items",
        "TieKindEnum": "yinfeng.enterprises.models.TIE_KINDS.items",
    },
}
