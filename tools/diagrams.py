"""Draw the lifecycles as the product has them: ``python -m tools.diagrams`` writes docs/lifecycles.md.

A test compares the document with the tables, so that it never tells of another life than the code's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinfeng.core.lifecycle import Lifecycle

TARGET = Path(__file__).resolve().parent.parent / "docs" / "lifecycles.md"
HEAD = """# Lifecycles

Drawn from the tables in the code by `python -m tools.diagrams`; do not edit. A move marked ⋯ follows from another act (the
verification of a claim, the approval of a step back) and is offered to nobody by itself.
"""


def lifecycles() -> list[Lifecycle]:
    """Return every lifecycle of the loaded product, by the name of what it is about and of its field."""
    from yinfeng.core.lifecycle import Lifecycle

    modules = [module for name, module in list(sys.modules.items()) if name.startswith("yinfeng.")]
    found = {
        id(table): table
        for module in modules
        for table in vars(module).values()
        if isinstance(table, Lifecycle)
    }
    return sorted(found.values(), key=lambda table: (table.name, table.state_field))


def diagram(table: Lifecycle) -> str:
    """Return a lifecycle as a Mermaid state diagram; moves back from any later state stand in a sentence below it."""
    back = [move for move in table.moves if move.within and move.asks_reason]
    lines = ["```mermaid", "stateDiagram-v2", "  direction LR"]
    lines += [f'  state "{label}" as {state}' for state, label in table.states.items()]
    lines.append(f"  [*] --> {table.initial}")
    for move in table.moves:
        if move not in back:
            mark = " ⋯" if move.within else ""
            lines += [f"  {source} --> {move.target}: {move.label}{mark}" for source in move.sources]
    lines.append("```")
    if back:
        targets = "、".join(str(table.states[move.target]) for move in back)
        lines += ["", f"Back to {targets} from any later one: when somebody else than asked for it agrees."]
    return "\n".join(lines)


def document() -> str:
    """Return the whole document, in Chinese as the labels are."""
    from django.utils import translation

    with translation.override("zh-hans"):
        parts = [f"## {table.name} · {table.state_field}\n\n{diagram(table)}\n" for table in lifecycles()]
    return "\n".join([HEAD, *parts])


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django
    from django.urls import get_resolver

    django.setup()
    _ = get_resolver().url_patterns  # loads the pages, and with them every table
    TARGET.write_text(document(), "utf-8")


if __name__ == "__main__":
    main()
