"""What a city's profile says about lists of enterprises; ``yinfeng enterprises lists`` puts them into the library."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from yinfeng.core.profile_format import Field, Problem, Profile, Row, Section


def _files_are_there(profile: Profile, rows: list[Row]) -> Iterator[Problem]:
    for row in rows:
        if row["file"] and not (profile.folder / row["file"]).is_file():
            yield row.problem(_("找不到文件 %(file)s") % {"file": row["file"]}, "file")


SECTIONS = (
    Section(
        "list", "lists.toml",
        (
            Field("tag", "code", refers="code:enterprise_tag", most=40), Field("year", "whole", least=1900),
            Field("name"), Field("file"), Field("complete", "flag", required=False, default=False), Field("source"),
        ),
        key=("tag", "year"), check=_files_are_there,
    ),
)  # fmt: skip
