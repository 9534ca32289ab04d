"""The running product with its demonstration, and a browser to use it: what the journeys start from."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("YINFENG_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@dataclass(frozen=True)
class Product:
    """Where the product is served, and the demonstration's sign-ins by their key (role, or role@unit)."""

    url: str
    sign_ins: dict[str, dict[str, str]]
    command: Callable[..., str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url(folder: Path) -> str:
    """Return a database of the journeys' own, beside the one that the tests are run on."""
    url = os.environ.get("YINFENG_DATABASE_URL", "")
    if not url.startswith("postgres"):
        return f"sqlite:///{folder / 'journeys.sqlite3'}"
    import psycopg

    name = f"journeys_{secrets.token_hex(4)}"
    with psycopg.connect(urlsplit(url)._replace(path="/postgres").geturl(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Serve the product with the Xiamen profile and the demonstration, as ``make demo`` and ``make run`` do."""
    folder = tmp_path_factory.mktemp("product")
    environment = os.environ | {
        "YINFENG_SECRET_KEY": secrets.token_urlsafe(40),
        "YINFENG_DATABASE_URL": database_url(folder),
        "YINFENG_VAR_DIR": str(folder),  # two workers that collect into one folder trip each other up
        "YINFENG_DEBUG": "0",
    }

    def command(*words: str) -> str:
        answer = subprocess.run(
            [sys.executable, "-m", "yinfeng", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, f"yinfeng {' '.join(words)}:\n{answer.stdout}\n{answer.stderr}"
        return answer.stdout

    command(
        "collectstatic", "--no-input", "--verbosity", "0", "--ignore", "rest_framework", "--ignore", "redoc"
    )
    command("migrate", "--no-input", "--verbosity", "0")
    command("profile", "load", "xiamen")
    command("demo", "--out", str(folder / "sign-ins.json"))
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "yinfeng", "serve", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/accounts/login/")
        yield Product(url, json.loads((folder / "sign-ins.json").read_text()), command)
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(url: str, seconds: float = 40) -> None:
    """Wait until the address answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            assert time.monotonic() < until, f"{url} does not answer"
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys."""
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed (apt-get install chromium)")
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(product: Product, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens the product in a fresh browser, signed in as one of the demonstration's people.

    Whatever the browser's console reports as an error, a violation of the content security policy among it, fails the test.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_as(key: str = "", *, width: int = 1440, locale: str = "zh-CN", path: str = "/") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale=locale,
            base_url=product.url,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Content Security" in message.text else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if key:
            sign_in(page, product, key)
        if path != "/" or not key:
            page.goto(path)
        return page

    yield open_as
    for context in contexts:
        context.close()
    assert complaints == []


def sign_in(page: Page, product: Product, key: str) -> None:
    """Sign in by the form, as a person does."""
    person = product.sign_ins[key]
    page.goto("/accounts/login/")
    page.fill("[name=login]", person["username"])
    page.fill("[name=password]", person["password"])
    page.click("form.yf-form [type=submit]")
    page.wait_for_url(product.url + "/")
