"""SQL of the synonyms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, text, update

from server.db.base import AnySelect
from server.db.rows import from_row
from server.db.upsert import insert_for
from server.etags import etag_of_content
from server.search.synonyms.models import SynonymRow, SynonymTerm

_LOCK: Final = 7_312_058_114
"""PostgreSQL's advisory lock that lets one transaction at a time change synonyms; SQLite has one writer."""


@dataclass(frozen=True, slots=True)
class SynonymRule:
    """Terms that are equal; with an `input`, what is searched for beside it, but not the other way round."""

    id: int
    input: str
    terms: Sequence[str]
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return etag_of_content(self.version, self.input, list(self.terms))


_SYNONYMS = select(
    SynonymRow.id,
    SynonymRow.input,
    SynonymRow.terms,
    SynonymRow.created_at,
    SynonymRow.updated_at,
    SynonymRow.version,
)


def hold_all(tx: Connection) -> None:
    """Let nobody else change synonyms until the transaction ends: what they count and compare stays true."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def count(connection: Connection) -> int:
    """How many synonyms there are."""
    return connection.execute(select(func.count()).select_from(SynonymRow)).scalar_one()


def synonym(connection: Connection, synonym_id: int) -> SynonymRule | None:
    """A synonym; None when there is no such one."""
    rows = _read(connection, _SYNONYMS.where(SynonymRow.id == synonym_id))
    return rows[0] if rows else None


def page(connection: Connection, after: int, limit: int) -> list[SynonymRule]:
    """The synonyms by id, those after the id `after`."""
    return _read(connection, _SYNONYMS.where(SynonymRow.id > after).order_by(SynonymRow.id).limit(limit))


def all_synonyms(connection: Connection) -> list[SynonymRule]:
    """Every synonym, by id."""
    return _read(connection, _SYNONYMS.order_by(SynonymRow.id))


def _read(connection: Connection, query: AnySelect) -> list[SynonymRule]:
    return [from_row(SynonymRule, row) for row in connection.execute(query)]


def insert_synonym(tx: Connection, values: Mapping[str, object]) -> int:
    """Insert a synonym, and return its id."""
    return tx.execute(insert(SynonymRow).values(**values).returning(SynonymRow.id)).scalar_one()


def update_synonym(tx: Connection, synonym_id: int, values: Mapping[str, object]) -> None:
    """Change a synonym, and count its version up."""
    statement = update(SynonymRow).where(SynonymRow.id == synonym_id)
    tx.execute(statement.values(**values, version=SynonymRow.version + 1))


def delete_synonym(tx: Connection, synonym_id: int) -> None:
    """Delete a synonym with its terms."""
    tx.execute(delete(SynonymRow).where(SynonymRow.id == synonym_id))


def replace_terms(tx: Connection, synonym_id: int, one_way: bool, keys: Collection[str]) -> str | None:
    """Have a synonym go by these keys; returns one that another goes by already, None when there is none."""
    tx.execute(delete(SynonymTerm).where(SynonymTerm.synonym_id == synonym_id))
    rows = [{"one_way": one_way, "term_key": key, "synonym_id": synonym_id} for key in keys]
    statement = insert_for(tx)(SynonymTerm).values(rows).on_conflict_do_nothing()
    inserted = set(tx.execute(statement.returning(SynonymTerm.term_key)).scalars())
    return next((key for key in keys if key not in inserted), None)
