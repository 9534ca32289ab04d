"""Matches mistyped names with a library of a million: quality, time and memory, against splink in the same run.

Exit code 1 when a bound is broken. The library is composed of real parts (``bench.million``), the names mistyped by
``bench.dirt``; each side runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.dirt import Dirty, library_and_dirt

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".tools" / "peers"
F1, RECALL, PRECISION = 0.97, 0.94, 0.99
FROM_NOTHING, STORED, MEMORY = 3.0, 6.0, 2.0  # times as fast as the peer; GiB


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--library", type=int, default=1_000_000)
    parser.add_argument("--names", type=int, default=50_000)
    parser.add_argument(
        "--small", action="store_true", help="few names: shows that it runs, measures nothing"
    )
    parser.add_argument("--without-peer", action="store_true", help="leave splink out")
    given = parser.parse_args(arguments)
    if given.small:
        given.library, given.names = 3_000, 300
    broken = report(given.library, given.names, with_peer=not given.without_peer)
    if given.small:
        print("\ntoo few names to judge by")
        return 0
    if broken:
        print(f"\nBROKEN: {', '.join(broken)}")
    return 1 if broken else 0


def report(size: int, count: int, *, with_peer: bool) -> list[str]:
    """Run every side, print, and return what broke a bound."""
    broken: list[str] = []
    with tempfile.TemporaryDirectory(prefix="yinfeng-bench-") as name:
        folder = Path(name)
        library, dirt = library_and_dirt(size, count)
        (folder / "library.json").write_text(json.dumps(library))
        (folder / "typed.json").write_text(json.dumps([item.typed for item in dirt]))
        print(f"{count:,} mistyped names against {size:,} composed ones\n")
        print(f"{'':28}{'s':>8}{'GiB':>7}{'P':>7}{'R':>7}{'F1':>7}{f'R at P {PRECISION}':>12}")
        made, memory, quality = _side("made of nothing", folder, dirt, "bench.matching", "made")
        kept, _memory, _quality = _side("with the index stored", folder, dirt, "bench.matching", "kept")
        checks = {
            f"F1 below {F1}": quality["f1"] >= F1,
            f"recall at precision {PRECISION} below {RECALL}": quality["recall_at"] >= RECALL,
            f"more than {MEMORY} GiB": memory <= MEMORY,
        }
        if with_peer and PEER.is_dir():
            peer, _memory, _quality = _side("splink, tuned", folder, dirt, "bench.peer_splink", "splink")
            print(
                f"\nfrom names to answers, faster than splink: {peer / made:.1f}× made of nothing, {peer / kept:.1f}× with the index stored"
            )
            checks[f"less than {FROM_NOTHING}× as fast as splink"] = peer / made >= FROM_NOTHING
            checks[f"less than {STORED}× as fast as splink with the index stored"] = peer / kept >= STORED
        elif with_peer:
            print("\nsplink is not there (make bench installs it): not compared")
        broken += [sentence for sentence, is_kept in checks.items() if not is_kept]
    return broken


def _side(
    label: str, folder: Path, dirt: list[Dirty], module: str, kind: str
) -> tuple[float, float, dict[str, float]]:
    """Run one side in a process; print and return its seconds, its GiB and its quality."""
    path = os.pathsep.join([str(ROOT), *([str(PEER)] if kind == "splink" else [])])
    command = [sys.executable, "-m", module, *([] if kind == "splink" else ["--side", kind]), str(folder)]
    # A process of a few megabytes starts the side and reads its peak: a child of this one would begin with ours.
    code = "import os, sys; pid = os.fork()\nif not pid: os.execv(sys.argv[1], sys.argv[1:])\n"
    code += "pid, status, use = os.wait4(pid, 0); print(use.ru_maxrss); sys.exit(status != 0)"
    done = subprocess.run(
        [sys.executable, "-c", code, *command], env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{label} failed:\n{done.stderr}")
    memory = int(done.stdout.split()[-1]) / 2**20
    result: dict[str, Any] = json.loads((folder / f"{kind}.json").read_text())
    quality = measure({typed: (found, score) for typed, found, score in result["best"]}, dirt)
    numbers = "".join(f"{quality[name]:7.3f}" for name in ("precision", "recall", "f1"))
    if result.get("parting"):
        print(f"{'  (taking names apart)':28}{result['parting']:8.1f}")
    print(f"{label:28}{result['took']:8.1f}{memory:7.2f}{numbers}{quality['recall_at']:12.3f}", flush=True)
    return result["took"] + result.get("parting", 0), memory, quality


def measure(best: dict[int, tuple[int, float]], dirt: list[Dirty]) -> dict[str, float]:
    """Return precision, recall and F1 at the score where F1 is best, and the highest recall at precision .99."""
    answers = sorted(((score, dirt[at].truth == found) for at, (found, score) in best.items()), reverse=True)
    there = sum(item.truth is not None for item in dirt)
    top = {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    right, recall_at = 0, 0.0
    for number, (score, is_right) in enumerate(answers, start=1):
        right += is_right
        if number < len(answers) and answers[number][0] == score:
            continue  # no score divides what is equal
        precision, recall = right / number, right / there
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        if f1 > top["f1"]:
            top = {"precision": precision, "recall": recall, "f1": f1}
        if precision >= PRECISION:
            recall_at = max(recall_at, recall)
    return {**top, "recall_at": recall_at}


def run_side(kind: str, folder: Path) -> None:
    """Match the names of the folder with its library; reading the lists is not counted."""
    from django.conf import settings

    from yinfeng.enterprises.matching import Library, Named, match_many

    settings.configure(USE_I18N=False)  # reasons are worded, as in the command's file

    library, typed = (json.loads((folder / f"{name}.json").read_text()) for name in ("library", "typed"))
    began = time.perf_counter()
    known = (
        Library.load(folder / "index")
        if kind == "kept"
        else Library(map(Named, range(len(library)), library))
    )
    answers = list(match_many(known, typed, 5))
    took = time.perf_counter() - began
    if kind == "made":
        known.keep(folder / "index")
    best = [
        (at, found[0].id, found[0].score)
        for at, found in enumerate(answers)
        if found and found[0].decision != "none"
    ]
    (folder / f"{kind}.json").write_text(json.dumps({"took": took, "best": best}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        run_side(sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main())
