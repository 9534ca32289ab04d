"""The table of the full-text index; ``core.search`` says what goes into it and how it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _

# What is asked of a row's tokens: for every term, all tokens of at least one of its alternatives.
Terms = Sequence[Sequence[Sequence[str]]]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Terms asked of the entries of one kind, whose keys lie between ``low`` and ``high``; of the newest ``limit`` answers."""

    terms: Terms
    low: int
    high: int
    limit: int | None = None


class TokensField(models.Field):
    """The distinct tokens of a row: ``text[]`` on PostgreSQL, compared by their bytes, and words between blanks on SQLite."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return self.cast_db_type(connection) + (' COLLATE "C"' if connection.vendor == "postgresql" else "")

    def cast_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "text[]" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if connection.vendor == "postgresql":
            # As a literal: psycopg takes longer over an array than PostgreSQL. Tokens hold nothing to escape.
            return '{"' + '","'.join(value) + '"}' if value else "{}"
        return f" {' '.join(value)} "

    def from_db_value(self, value: Any, expression: object, connection: BaseDatabaseWrapper) -> list[str]:
        return value.split() if isinstance(value, str) else value


class _Asked(models.Lookup):
    """Keep the rows whose tokens answer a ``Question``."""

    prepare_rhs = False

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        terms: list[str] = []
        sql_params: list[Any] = []
        for alternatives in self.rhs.terms:
            terms.append("(" + " OR ".join([f"{column} @> %s::text[]"] * len(alternatives)) + ")")
            for tokens in alternatives:
                sql_params += [*params, list(tokens)]
        return "(" + " AND ".join(terms) + ")", sql_params


@TokensField.register_lookup
class Answers(_Asked):
    """Find the rows by the GIN index or by the FTS5 table, which gives the newest first without reading the others."""

    lookup_name = "answers"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        assert isinstance(self.lhs, Col)
        question: Question = self.rhs
        found, params = fts_rows(question)
        return f"{compiler.quote_name_unless_alias(self.lhs.alias)}.id IN ({found})", params


@TokensField.register_lookup
class Has(_Asked):
    """Look at each row by itself: where nearly every row answers, that is sooner done than gathering them all."""

    lookup_name = "has"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        terms: list[str] = []
        sql_params: list[Any] = []
        for alternatives in self.rhs.terms:
            ways = []
            for tokens in alternatives:
                ways.append(" AND ".join([f"instr({column}, %s)"] * len(tokens)))
                for token in tokens:
                    sql_params += [*params, f" {token} "]
            terms.append("(" + " OR ".join(ways) + ")")
        return "(" + " AND ".join(terms) + ")", sql_params


def fts_rows(question: Question) -> tuple[str, list[Any]]:
    """Return the query for the keys that answer, out of the FTS5 table, newest first if their number is limited."""
    sql = "SELECT rowid FROM core_search WHERE core_search MATCH %s AND rowid BETWEEN %s AND %s"
    if question.limit is None:
        return sql, fts_params(question)
    return sql + " ORDER BY rowid DESC LIMIT %s", [*fts_params(question), question.limit]


def fts_params(question: Question) -> list[Any]:
    """Return what is to match, and between which keys."""
    return [
        " AND ".join(_either(alternatives) for alternatives in question.terms),
        question.low,
        question.high,
    ]


def _either(alternatives: Sequence[Sequence[str]]) -> str:
    """Write one term for FTS5; tokens hold letters, digits and marks only, so quotes keep its own syntax out."""
    ways = ("(" + " AND ".join(f'"{token}"' for token in tokens) + ")" for tokens in alternatives)
    return "(" + " OR ".join(ways) + ")"


class SearchEntry(models.Model):
    """What one object is found by: its title and the tokens of everything that names it.

    The key is worked out of the object (``core.search.key``): entries of one kind lie together in the order of their
    objects, so the newest come first without sorting, and an object is known by its entry's key alone.

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

    def __str__(self) -> str:
        return self.title
