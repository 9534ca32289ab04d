"""What every tool shares: where things are, how commands are run and how a newcomer is told what to do."""

import hashlib
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VAR = Path(os.environ.get("YINFENG_VAR_DIR", ROOT / "var"))
WINDOWS = os.name == "nt"
VENV = ROOT / ".venv"
VENV_BIN = VENV / ("Scripts" if WINDOWS else "bin")
VENV_PYTHON = VENV_BIN / ("python.exe" if WINDOWS else "python")


class CannotContinue(Exception):
    """Carry the sentence that says what is wrong and what to do."""


def say(text: str) -> None:
    print("· " + text, flush=True)


def run(
    *command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT, errors: bool = True
) -> str:
    """Run a command without input and return what it printed; a failure raises what it printed.

    ``errors=False`` leaves out what the command writes to its error output.
    """
    done = subprocess.run(
        [str(part) for part in command],
        cwd=str(cwd),
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors else subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        shown = " ".join(str(part) for part in command)
        raise CannotContinue(
            f"{done.stdout.strip()}\n\nThis command failed (exit {done.returncode}): {shown}"
        )
    return done.stdout


def digest(*paths: Path) -> str:
    """Return one hash of the contents of ``paths``."""
    hashed = hashlib.sha256()
    for path in paths:
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def holds(stamp: Path, text: str) -> bool:
    """Tell whether the stamp exists and says ``text``."""
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == text
