"""The peer in matching: splink 5 on DuckDB with names taken apart, tuned, with rare pairs of characters to block on.

Run alone by ``bench.matching`` in a process whose path has splink. Taking names apart and counting their pairs, which it
needs as columns and we do, too, is told apart from its own time.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from yinfeng.core.text import normalise
from yinfeng.enterprises import naming

RARE = 3


def parted(names: list[str], counts: Counter[str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        key: [] for key in ("unique_id", "name", "place", "brand", "core", "form", "rare")
    }
    for at, name in enumerate(names):
        parts, text = naming.parse(name), normalise(name)
        pairs = {text[i : i + 2] for i in range(len(text) - 1)}
        columns["unique_id"].append(at)
        columns["name"].append(parts.words or text)
        columns["place"].append(parts.place or None)
        columns["brand"].append(parts.brand or parts.core or text)
        columns["core"].append(parts.core or text)
        columns["form"].append(parts.form or None)
        columns["rare"].append(sorted(pairs, key=lambda pair: (counts[pair] or 1 << 30, pair))[:RARE])
    return columns


def main(folder: Path) -> None:
    import duckdb
    import pyarrow
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    library, typed = (json.loads((folder / f"{name}.json").read_text()) for name in ("library", "typed"))
    began = time.perf_counter()
    counts: Counter[str] = Counter()
    for name in library:
        text = normalise(name)
        counts.update({text[i : i + 2] for i in range(len(text) - 1)})
    tables = [pyarrow.table(parted(names, counts)) for names in (library, typed)]
    parting = time.perf_counter() - began
    began = time.perf_counter()
    api = DuckDBAPI(duckdb.connect())
    frames = [
        api.register(table, dataset_display_name=name) for table, name in zip(tables, ("a", "b"), strict=True)
    ]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name", [0.95, 0.9, 0.8]),
            cl.LevenshteinAtThresholds("brand", [1]),
            cl.JaroWinklerAtThresholds("core", [0.95, 0.88]),
            cl.ExactMatch("place"),
            cl.ExactMatch("form"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("core"),
            block_on("rare", arrays_to_explode=["rare"]),
        ],
        retain_matching_columns=False,
        probability_two_random_records_match=1 / len(library),
    )
    linker = Linker(frames, settings, log_level="ERROR")
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
    for rule in ("core", "brand"):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(rule))
    found = linker.inference.predict(threshold_match_probability=0.01).as_duckdbpyrelation()
    best = found.query(
        "p",
        """SELECT CASE WHEN source_dataset_l = 'b' THEN unique_id_l ELSE unique_id_r END AS typed,
           arg_max(CASE WHEN source_dataset_l = 'b' THEN unique_id_r ELSE unique_id_l END, match_weight), max(match_weight)
           FROM p GROUP BY 1""",
    ).fetchall()
    took = time.perf_counter() - began
    (folder / "splink.json").write_text(json.dumps({"took": took, "parting": parting, "best": best}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
