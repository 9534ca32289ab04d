"""The lists of enterprises that are kept as tags with a year."""

from __future__ import annotations

from yinfeng.core import events
from yinfeng.core.actors import Actor
from yinfeng.core.models import Code


def note_list(*, by: Actor, tag: str, year: int, source: str) -> None:
    """Note that a list was put into the library, from where: what the page of lists says of its last import."""
    entry = Code.objects.filter(table="enterprise_tag", code=tag).first()
    if entry is not None:
        data = {"text": f"{year or ''} {source}".strip(), "tag": tag, "year": year, "source": source}
        events.record(by=by, verb="enterprises.list.loaded", obj=entry, data=data)
