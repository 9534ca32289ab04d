"""What every test shares: a database, a store of files and a password hasher made for tests."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from yinfeng.core import keeping


def pytest_configure(config: pytest.Config) -> None:
    """Make tests independent of the clone they run in, and quick where speed changes nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    # no collected files in tests: names without a hash
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.WHITENOISE_AUTOREFRESH = True
    # a busy machine is no fault of the code: nothing here is judged by the clock
    hypothesis_settings.register_profile("unhurried", deadline=None)
    hypothesis_settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Give SQLite a file, as in production: threads and processes see each other's writes and wait for locks.

    Return the name of the clone's own database, which no test may touch.
    """
    database = settings.DATABASES["default"]
    own = str(database["NAME"])
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    return own


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Let no test see the code tables of another."""
    cache.clear()
    keeping.forget()


@pytest.fixture(autouse=True)
def _no_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test post to WeCom or DingTalk."""
    from yinfeng.core.outbox import NotSent
    from yinfeng.duties import bots

    def post(host: str, path: str, content: bytes) -> bytes:
        raise NotSent("no network in tests")

    monkeypatch.setattr(bots, "post", post)


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    """Keep what a test uploads in the test's own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_modify_db_settings: str, django_db_blocker: DjangoDbBlocker
) -> None:
    """Let test databases be emptied between tests; the tests of the event log put the triggers back.

    A database is made only if one of the tests that are run is marked. A fixture that opens it for unmarked ones (of a
    whole module, say) would meet the clone's own, and take its triggers away.
    """
    from yinfeng.core import appendonly

    if str(connection.settings_dict["NAME"]) == django_db_modify_db_settings:
        pytest.fail("these tests were given no database of their own: mark them with pytest.mark.django_db")
    with django_db_blocker.unblock():
        appendonly.remove(connection)
