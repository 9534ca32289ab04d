"""Make everything a clone needs: environment, front-end assets, translations and the keys of a local run.

``python -m tools.bootstrap`` prepares a run, with ``--dev`` also what checks and tests need; only what changed is
made again. Standard library only.
"""

import argparse
import secrets
import sys
import time

from tools import assets, packages
from tools.base import ROOT, VAR, VENV_PYTHON, CannotContinue, run, say


def compile_translations() -> None:
    """Compile each catalogue that is newer than its compiled form."""
    stale = [
        po
        for po in sorted(ROOT.glob("yinfeng/locale/*/LC_MESSAGES/*.po"))
        if not po.with_suffix(".mo").is_file() or po.with_suffix(".mo").stat().st_mtime < po.stat().st_mtime
    ]
    if stale:
        say("compiling the translations")
        run(VENV_PYTHON, "-m", "tools.messages", "compile", *stale)


def make_secrets() -> None:
    """Give this clone keys of its own, in a file that only its owner can read."""
    path = VAR / "secrets.env"
    if path.exists():
        return
    say("making this installation's keys (var/secrets.env; they belong into its backup)")
    path.parent.mkdir(parents=True, exist_ok=True)
    names = ("YINFENG_SECRET_KEY", "YINFENG_FIELD_KEYS", "YINFENG_AUDIT_KEY")
    path.touch(mode=0o600, exist_ok=False)
    path.write_text("".join(f"{name}={secrets.token_urlsafe(48)}\n" for name in names), encoding="utf-8")


def main() -> int:
    """Make whatever is missing or out of date."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bootstrap", description="Make everything a clone needs."
    )
    parser.add_argument("--dev", action="store_true", help="also what checks and tests need")
    arguments = parser.parse_args()
    started = time.monotonic()
    try:
        packages.install(dev=arguments.dev)
        assets.build()
        compile_translations()
        make_secrets()
    except CannotContinue as error:
        print(error, file=sys.stderr)
        return 1
    taken = time.monotonic() - started
    if taken > 2:
        say(f"ready after {taken:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
