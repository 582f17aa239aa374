"""Rows as dataclasses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from server.db.base import AnyRow

if TYPE_CHECKING:
    from dataclasses import Field


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


D = TypeVar("D", bound=_Dataclass)


def from_row(kind: type[D], row: AnyRow, **others: object) -> D:
    """Build a dataclass whose fields are named like the columns of a row; `others` are those that are not."""
    columns = {name: getattr(row, name) for name in field_names(kind) if name not in others}
    return kind(**columns, **others)


def columns_of(instance: _Dataclass, names: Iterable[str]) -> dict[str, object]:
    """Return the fields of a dataclass that are named like columns, to be written."""
    return {name: getattr(instance, name) for name in names}


@cache
def field_names(kind: type[_Dataclass]) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(field.name for field in fields(kind))
