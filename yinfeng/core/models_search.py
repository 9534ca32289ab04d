"""The table of the full-text index; ``core.search`` says what goes into it and how it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _

# What is asked of a row's tokens: for every term, all tokens of at least one of its alternatives.
Question = Sequence[Sequence[Sequence[str]]]


class TokensField(models.Field):
    """The distinct tokens of a row: ``text[]`` on PostgreSQL, words between blanks on SQLite."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "text[]" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if connection.vendor == "postgresql":
            # As a literal: psycopg takes longer over an array than PostgreSQL. Tokens hold nothing to escape.
            return "{" + ",".join(f'"{token}"' for token in value) + "}"
        return " ".join(value)

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> list[str]:
        return value.split() if isinstance(value, str) else value


@TokensField.register_lookup
class Answers(models.Lookup):
    """Keep the rows whose tokens answer a ``Question``, by the GIN index or by the FTS5 table."""

    lookup_name = "answers"
    prepare_rhs = False

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        terms: list[str] = []
        sql_params: list[Any] = []
        for alternatives in self.rhs:
            terms.append("(" + " OR ".join([f"{column} @> %s::text[]"] * len(alternatives)) + ")")
            for tokens in alternatives:
                sql_params += [*params, list(tokens)]
        return " AND ".join(terms), sql_params

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        assert isinstance(self.lhs, Col)
        rows = "IN (SELECT rowid FROM core_search WHERE core_search MATCH %s)"
        sql = f"{compiler.quote_name_unless_alias(self.lhs.alias)}.id {rows}"
        return sql, [" AND ".join(_either(alternatives) for alternatives in self.rhs)]


def _either(alternatives: Sequence[Sequence[str]]) -> str:
    """Write one term for FTS5; tokens hold letters, digits and marks only, so quotes keep its own syntax out."""
    return (
        "("
        + " OR ".join("(" + " AND ".join(f'"{token}"' for token in tokens) + ")" for tokens in alternatives)
        + ")"
    )


class SearchEntry(models.Model):
    """What one object is found by: its title and the tokens of everything that names it.

    On SQLite triggers copy ``tokens`` into the FTS5 table. SQLite loses them when a later migration alters this table:
    such a migration makes the triggers of 0003_search again.
    """

    object_type = models.CharField(_("对象类型"), max_length=60)
    object_id = models.BigIntegerField(_("对象编号"))
    title = models.CharField(_("标题"), max_length=300)
    tokens = TokensField(_("检索词"))

    class Meta:
        verbose_name = _("检索条目")
        verbose_name_plural = _("检索条目")
        constraints = [
            models.UniqueConstraint(fields=["object_type", "object_id"], name="core_searchentry_unique")
        ]

    def __str__(self) -> str:
        return self.title
