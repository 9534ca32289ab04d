"""The processes of ``yinfeng serve``: one that dies is started again, and none outlives the one that started it.

A killed server must not leave behind an old worker, or an old web process that goes on answering at the same address.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from importlib import import_module
from typing import Any

PARENT = "YINFENG_PARENT"
# Pauses in seconds: before a process that died is started again (longer each time that it dies soon), and between
# two looks at the parent.
AGAIN_AFTER, LONGEST_PAUSE, LOOK_EVERY = 1.0, 60.0, 1.0
# Seconds for what a process is at when it is asked to end; work in chunks loses nothing after that either.
PATIENCE = 10.0


class Companion:
    """A command of ours that runs beside the web server and is started again when it dies."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.stopping = threading.Event()
        self.child = self._start()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "yinfeng", *self.words]
        return subprocess.Popen(command, env=os.environ | {PARENT: str(os.getpid())})  # noqa: S603 - our own words

    def _watch(self) -> None:
        pause = AGAIN_AFTER
        while True:
            began = time.monotonic()
            status = self.child.wait()
            lived = time.monotonic() - began
            pause = AGAIN_AFTER if lived > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            if self.stopping.wait(pause):
                return
            print(f"{self.words[0]} ended with {status} and is started again", file=sys.stderr)  # noqa: T201
            self.child = self._start()
            if self.stopping.is_set():
                self.child.terminate()

    def stop(self) -> None:
        """Ask the process to end, and end it if it takes too long."""
        self.stopping.set()
        self.child.terminate()
        self.watch.join(PATIENCE)
        if self.watch.is_alive():
            self.child.kill()
            self.watch.join()


def end_with(parent: int) -> None:
    """End this process soon after the process that started it is gone."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


def end_with_parent() -> None:
    """Do so if the process was started as a Companion."""
    if parent := os.environ.pop(PARENT, ""):
        end_with(int(parent))


def load_application(target: str) -> Any:
    """Return the WSGI application ``module:name`` for a web process, which ends with the server."""
    end_with(os.getppid())
    module, _colon, name = target.partition(":")
    return getattr(import_module(module), name)
