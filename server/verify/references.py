"""The rule of references: no row points at a parent that is gone. Read from the tables' own foreign keys."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ForeignKey, String, Table, cast, select

from server.db.schema import metadata
from server.verify.rule import Rule


def reference_rules() -> Iterator[Rule]:
    """A rule for each foreign key: a database that was restored, or written with its keys off, may break one."""
    for child in metadata.sorted_tables:
        for key in sorted(child.foreign_keys, key=lambda one: one.parent.name):
            yield _rule(child, key)


def _rule(child: Table, key: ForeignKey) -> Rule:
    parent = key.column.table.alias("parent")
    target = parent.c[key.column.name]
    identity = [
        cast(column, String).label(f"key_{position}") for position, column in enumerate(child.primary_key)
    ]
    shown = ", ".join(f"{{{label.name}}}" for label in identity)
    return Rule(
        f"reference-{child.name}-{key.parent.name}",
        f"{child.name} {shown}: its {key.parent.name} {{pointer}} does not exist in {key.column.table.name}",
        select(*identity, key.parent.label("pointer"))
        .outerjoin_from(child, parent, target == key.parent)
        .where(key.parent.is_not(None), target.is_(None))
        .order_by(*child.primary_key),
    )
