"""Install what the benchmarks compare the product with, into a folder of its own: ``python -m tools.peers``."""

from __future__ import annotations

import shutil
import sys

from tools.base import TOOLS, CannotContinue, digest, holds, say
from tools.packages import REQUIREMENTS, install_into


def main() -> int:
    """Install the locked peers unless they are there; without a network the benchmarks go on without them."""
    folder, lock = TOOLS / "peers", REQUIREMENTS / "peers.txt"
    if holds(folder / "stamp", digest(lock)):
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    say("installing the peers of the benchmarks that requirements/peers.txt locks")
    try:
        install_into(folder, lock)
    except CannotContinue as error:
        say(f"the peers could not be fetched, so nothing is compared with them: {error}")
        return 0
    (folder / "stamp").write_text(digest(lock), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
