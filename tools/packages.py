"""The Python side of a clone: uv, the environment and the locked packages in it."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.base import ROOT, TOOLS, VENV, VENV_PYTHON, WINDOWS, CannotContinue, digest, holds, run, say

REQUIREMENTS = ROOT / "requirements"


def has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def pip_settings() -> dict[str, str]:
    """Return pip's own configuration (``index-url``, ``cert`` …), where an intranet's mirror is usually written."""
    if not has_pip():
        return {}
    found = {}
    for line in run(sys.executable, "-m", "pip", "config", "list", errors=False).splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.strip().rpartition(".")
        if section in {"global", "install", ":env:"}:
            found[key] = value.strip().strip("'\"")
    return found


def uv_environment() -> dict[str, str]:
    """Hand pip's index and certificates, and the system's certificates, to uv; what is already said to uv wins.

    Any index may serve a file, because every file is held to its hash in the lock.
    """
    pip = pip_settings()
    # uv stops at a folder that does not exist, pip passes over it
    extra = [
        url
        for url in pip.get("extra-index-url", "").split()
        if not url.startswith("file://") or Path(url[len("file://") :]).is_dir()
    ]
    wanted = {
        "UV_SYSTEM_CERTS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": pip.get("index-url"),
        "UV_INDEX": " ".join(extra),
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": pip.get("trusted-host"),
        "UV_OFFLINE": "1" if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"} else None,
        "UV_HTTP_TIMEOUT": pip.get("timeout") or pip.get("default-timeout"),
        "SSL_CERT_FILE": pip.get("cert"),
        "HTTPS_PROXY": pip.get("proxy"),
    }
    return {name: value for name, value in wanted.items() if value and name not in os.environ}


def find_uv() -> str | None:
    """Return the locked uv in ``.tools/``, fetched by pip if need be; else the machine's uv; else None."""
    lock = REQUIREMENTS / "uv.txt"
    folder = TOOLS / "uv"
    uv = folder / "bin" / ("uv.exe" if WINDOWS else "uv")
    if uv.is_file() and holds(folder / "stamp", digest(lock)):
        return str(uv)
    if has_pip():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            pip_install(sys.executable, "--no-deps", "--target", folder, "-r", lock)
        except CannotContinue:
            say("uv could not be fetched; going on without it, which is slower")
        else:
            (folder / "stamp").write_text(digest(lock), encoding="utf-8")
            return str(uv)
    return shutil.which("uv")


def pip_install(python: str | Path, *arguments: str | Path) -> None:
    """Install with pip, holding every file to its hash."""
    run(
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        *arguments,
    )


def install_into(folder: Path, lock: Path) -> None:
    """Install the locked packages into a folder of their own."""
    uv = find_uv()
    if uv:
        where: list[str | Path] = ["--python", sys.executable, "--target", folder]
        run(uv, "pip", "install", "--quiet", "--require-hashes", *where, "-r", lock, env=uv_environment())
    else:
        pip_install(VENV_PYTHON, "--target", folder, "-r", lock)


def make_venv(uv: str | None) -> None:
    """Create ``.venv`` unless there is one that works."""
    if VENV_PYTHON.exists():
        probe = [str(VENV_PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return
    if VENV.exists():
        say("the environment's Python is gone or too old; making it anew")
        shutil.rmtree(VENV)
    say(f"making the environment .venv with Python {sys.version.split()[0]}")
    if uv:
        run(uv, "venv", "--quiet", "--python", sys.executable, VENV, env=uv_environment())
    elif importlib.util.find_spec("ensurepip"):
        run(sys.executable, "-m", "venv", VENV)
    else:
        raise CannotContinue(
            "This Python comes without pip and without ensurepip, so nothing can be installed with it.\n"
            "On Debian or Ubuntu: apt-get install python3-venv. Elsewhere install Python from python.org, or uv."
        )


def install(*, dev: bool) -> None:
    """Install the locked packages and the project itself, if their lock changed since the last time.

    An environment that has the packages for checks and tests keeps them.
    """
    stamp = VENV / "yinfeng-stamp"
    if stamp.is_file() and stamp.read_text(encoding="utf-8").startswith("dev "):
        dev = True
    name = "dev" if dev else "run-s3" if os.environ.get("YINFENG_MEDIA_URL") else "run"
    lock = REQUIREMENTS / f"{name}.txt"
    current = f"{name} {digest(lock, ROOT / 'pyproject.toml')}"
    if VENV_PYTHON.exists() and holds(stamp, current):
        return
    uv = find_uv()
    make_venv(uv)
    say(f"installing the packages that requirements/{lock.name} locks")
    if uv:
        env = uv_environment()
        run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", VENV_PYTHON, lock, env=env)
        project: list[str | Path] = [uv, "pip", "install", "--quiet", "--offline", "--python", VENV_PYTHON]
    else:
        env = {}
        pip_install(VENV_PYTHON, "-r", lock)
        project = [
            VENV_PYTHON,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-index",
        ]
    run(*project, "--no-build-isolation", "--no-deps", "--editable", ROOT, env=env)
    stamp.write_text(current, encoding="utf-8")
