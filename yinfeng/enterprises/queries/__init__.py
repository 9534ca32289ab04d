"""What is read of the enterprise library."""

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
    "LookAlike",
    "Person",
    "Related",
    "belongings",
    "industry_label",
    "names_and_codes",
    "search_entries",
    "similar",
    "tag_labels",
    "tagged",
    "tags_of",
]
