"""``field__among=[…]``: one of very many values, given to the database as one parameter.

Django's ``in`` makes a parameter of each value, which takes longer to write down and to read than to answer from thousands
on; SQLite allows 250,000 altogether.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

from yinfeng.core.bulk import array_literal


@models.Field.register_lookup
class Among(Lookup):
    """Keep the rows whose value, a text or a whole number, is among the given ones; none if none are given."""

    lookup_name = "among"
    prepare_rhs = False

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        values = list(self.rhs)
        if not values:
            return "false", []
        kind = "bigint[]" if isinstance(values[0], int) else "text[]"
        return f"{column} = ANY(%s::{kind})", [*params, array_literal(values)]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        given = [*params, json.dumps(list(self.rhs))]
        return f"{column} IN (SELECT value FROM json_each(%s))", given  # noqa: S608 - a column's name
