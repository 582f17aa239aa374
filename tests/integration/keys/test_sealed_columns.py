"""Every column with sealed values is known to the rotation."""

from __future__ import annotations

from server.db.schema import metadata
from server.rotation.columns import SEALED_COLUMNS


def test_every_sealed_column_is_sealed_anew_by_a_rotation() -> None:
    marked = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("sealed")
    }
    known = {f"{columns.table.name}.{name}" for columns in SEALED_COLUMNS for name in columns.names}
    assert marked == known
