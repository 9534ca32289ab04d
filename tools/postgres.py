"""A private PostgreSQL for tests: made in a temporary folder, reached by a socket there, gone at the end."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from tools.base import CannotContinue

FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=2GB"]


def programs() -> Path | None:
    """Return the folder with PostgreSQL's server programs, the newest if there are several; None without any."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(debian, key=lambda path: int(path.parts[-3]), default=None)
    return newest.parent if newest else None


def owner() -> str | None:
    """Return the unprivileged user the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """Run a server for the length of a block and yield the address of its database, for YINFENG_DATABASE_URL."""
    bin_ = programs()
    if bin_ is None:
        raise CannotContinue("PostgreSQL's initdb is not installed.")
    user = owner()
    with tempfile.TemporaryDirectory(prefix="yinfeng-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)

        def call(program: str, *arguments: str) -> None:
            command = [str(bin_ / program), "-D", str(folder / "data"), *arguments]
            with (folder / "output").open("ab") as output:  # no pipe: the server keeps it open
                done = subprocess.run(
                    command,
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    check=False,
                    user=user,
                    group=pwd.getpwnam(user).pw_gid if user else None,
                    extra_groups=[] if user else None,
                )
            if done.returncode:
                said = (folder / "output").read_text(encoding="utf-8", errors="replace")
                raise CannotContinue(f"PostgreSQL's {program} failed:\n{said}")

        call("initdb", "-U", "yinfeng", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        settings = ["listen_addresses=", f"unix_socket_directories={folder}", *FAST]
        call("pg_ctl", "start", "-w", "-s", "-o", " ".join(f"-c {setting}" for setting in settings))
        stopped = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # run what follows
        try:
            yield f"postgresql://yinfeng@/yinfeng?host={quote(str(folder))}"
        finally:
            call("pg_ctl", "stop", "-w", "-s", "-m", "immediate")
            signal.signal(signal.SIGTERM, stopped)
