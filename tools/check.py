"""Check everything: style, types, layers, templates, translations, tests on both databases, journeys in a browser.

``python -m tools.check``                        every step
``python -m tools.check lint unit-sqlite``       only these; ``lint`` means all steps that run no test
``python -m tools.check unit-sqlite -- -k scope``  what follows ``--`` goes to pytest

What a step needs from the system (PostgreSQL, Chromium, Chinese fonts, LibreOffice) is installed where that can be done
without asking: as root on Debian. Elsewhere the step is left out and said to be; with ``CI`` set that is a failure.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tools import postgres
from tools.base import ROOT, VENV_BIN, CannotContinue, run, say

CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}


# --- what the system has to offer ---------------------------------------------------------------------------------
def chromium() -> str | None:
    """Return the path of a Chromium or Chrome."""
    named = os.environ.get("YINFENG_CHROMIUM")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "chrome"))
    return named or next(filter(None, found), None)


def chinese_fonts() -> bool:
    """Tell whether there is a font with Chinese characters; systems other than Linux bring theirs."""
    if sys.platform != "linux":
        return True
    return bool(shutil.which("fc-list") and run("fc-list", ":lang=zh", "family", errors=False).strip())


@dataclass(frozen=True)
class Need:
    """Something of the system: how it is called, the Debian packages that bring it, how to tell that it is there."""

    name: str
    packages: tuple[str, ...]
    there: Callable[[], object]


POSTGRESQL = Need("PostgreSQL", ("postgresql",), postgres.programs)
CHROMIUM = Need("Chromium", ("chromium",), chromium)
FONTS = Need("a Chinese font", ("fontconfig", "fonts-noto-cjk"), chinese_fonts)
LIBREOFFICE = Need(
    "LibreOffice", ("libreoffice-calc-nogui", "libreoffice-writer-nogui"), lambda: shutil.which("soffice")
)


def install(needs: Iterable[Need]) -> None:
    """Install what is missing, where that can be done without asking."""
    packages = [package for need in needs if not need.there() for package in need.packages]
    if not packages or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    say(f"installing {', '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run("apt-get", "update", "-qq", env=quiet)
        run("apt-get", "install", "-qq", "--yes", "--no-install-recommends", *packages, env=quiet)
    except CannotContinue as error:
        print(error, file=sys.stderr)


# --- the steps ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Step:
    """A named part of the whole: its commands, what it needs, and the database that its tests use."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    needs: tuple[Need, ...] = ()
    database: str | None = None

    @property
    def tests(self) -> bool:
        return self.database is not None


UNIT = ("pytest", "-n", "2", "--ignore=tests/journeys", "tests")
JOURNEYS = ("pytest", "-n", "2", "tests/journeys")
BROWSER = (CHROMIUM, FONTS, LIBREOFFICE)
STEPS = (
    Step("style", (("ruff", "format", "--check", "."), ("ruff", "check", "."))),
    Step("types", (("mypy",),)),
    Step("layers", (("lint-imports",),)),
    Step("templates", (("djlint", "--lint", "--quiet", "yinfeng"),)),
    Step("translations", (("python", "-m", "tools.messages", "check"),)),
    Step(
        "django",
        (
            ("yinfeng", "check", "--fail-level", "WARNING"),
            ("yinfeng", "makemigrations", "--check", "--dry-run", "--verbosity", "1"),
        ),
    ),
    Step("unit-sqlite", (UNIT,), database="sqlite"),
    Step("unit-postgres", (UNIT,), needs=(POSTGRESQL,), database="postgres"),
    Step("journeys-sqlite", (JOURNEYS,), needs=BROWSER, database="sqlite"),
    Step("journeys-postgres", (JOURNEYS,), needs=(POSTGRESQL, *BROWSER), database="postgres"),
)


@dataclass
class Outcome:
    step: Step
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)
    left_out: list[Need] = field(default_factory=list)


def with_arguments(command: tuple[str, ...], arguments: list[str]) -> list[str]:
    """Add arguments to a pytest command; a path among them takes the place of the command's own, its last."""
    narrowed = any((ROOT / argument.split("::")[0]).exists() for argument in arguments if "/" in argument)
    return [*(command[:-1] if narrowed else command), *arguments]


def perform(step: Step, pytest_arguments: list[str]) -> Outcome:
    """Run a step's commands one after the other, all of them even if one fails."""
    outcome = Outcome(step, left_out=[need for need in step.needs if not need.there()])
    if outcome.left_out:
        return outcome
    print(f"\n━━ {step.name} " + "━" * (100 - len(step.name)), flush=True)
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        env = {
            **os.environ,
            "PATH": os.pathsep.join([str(VENV_BIN), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
        }
        if step.database == "sqlite":
            env["YINFENG_DATABASE_URL"] = (
                "sqlite:///:memory:"  # tests make a file of their own (tests/conftest.py)
            )
        if step.database == "postgres":
            env["YINFENG_DATABASE_URL"] = stack.enter_context(postgres.cluster())
        if found := chromium():
            env["YINFENG_CHROMIUM"] = found
        for command in step.commands:
            program, *arguments = with_arguments(command, pytest_arguments) if step.tests else command
            done = subprocess.run(
                [str(VENV_BIN / program), *arguments],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            if done.returncode:
                outcome.failed.append(" ".join(command))
    outcome.seconds = time.monotonic() - started
    return outcome


def summarise(outcomes: list[Outcome]) -> bool:
    """Print a line for each step and tell whether all is well."""
    print("\n━━ summary " + "━" * 93)
    for outcome in outcomes:
        name = f"{outcome.step.name:<20}"
        if outcome.left_out:
            missing = " and ".join(need.name for need in outcome.left_out)
            print(f"–  {name} left out for want of {missing}")
        else:
            print(
                f"{'✗' if outcome.failed else '✓'}  {name}{outcome.seconds:6.1f} s   {', '.join(outcome.failed)}"
            )
    if packages := {
        package: None for outcome in outcomes for need in outcome.left_out for package in need.packages
    }:
        print("\nTo check what was left out, install it; on Debian and Ubuntu:")
        print(f"  sudo apt-get install --no-install-recommends {' '.join(packages)}")
        if CI:
            print("CI leaves nothing out: this is a failure.")
    return not any(outcome.failed or (CI and outcome.left_out) for outcome in outcomes)


def chosen(names: list[str]) -> list[Step]:
    """Return the named steps in their order; all of them without a name."""
    known = {step.name for step in STEPS}
    wanted = {step.name for step in STEPS if not step.tests} if "lint" in names else set()
    wanted |= set(names) - {"lint"}
    if unknown := wanted - known:
        raise CannotContinue(
            f"No step is called {', '.join(sorted(unknown))}. There are: lint, {', '.join(sorted(known))}."
        )
    return [step for step in STEPS if not names or step.name in wanted]


def main() -> int:
    own, pytest_arguments = sys.argv[1:], []
    if "--" in own:
        cut = own.index("--")
        own, pytest_arguments = own[:cut], own[cut + 1 :]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "steps", nargs="*", metavar="STEP", help=", ".join(["lint", *(step.name for step in STEPS)])
    )
    try:
        steps = chosen(parser.parse_args(own).steps)
        install({need.name: need for step in steps for need in step.needs}.values())
        return 0 if summarise([perform(step, pytest_arguments) for step in steps]) else 1
    except CannotContinue as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
