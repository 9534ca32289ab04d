"""What is read of the enterprise library."""

from yinfeng.enterprises.queries.importing import (
    Firm,
    Known,
    all_names,
    known,
    last_event,
    load,
    named_since,
    tags_of_year,
)
from yinfeng.enterprises.queries.records import (
    LookAlike,
    Person,
    Related,
    belongings,
    industry_label,
    names_and_codes,
    search_entries,
    similar,
    tag_labels,
    tagged,
    tags_of,
)

__all__ = [
    "Firm",
    "Known",
    "LookAlike",
    "Person",
    "Related",
    "all_names",
    "belongings",
    "industry_label",
    "known",
    "last_event",
    "load",
    "named_since",
    "names_and_codes",
    "search_entries",
    "similar",
    "tag_labels",
    "tagged",
    "tags_of",
    "tags_of_year",
]
