"""Rows as dataclasses."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from server.db.base import AnyRow
from server.db.record import current_record
from server.metadata import is_same_json

if TYPE_CHECKING:
    from dataclasses import Field


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Field[object]]]


D = TypeVar("D", bound=_Dataclass)
V = TypeVar("V")


def from_row(kind: type[D], row: AnyRow, **others: object) -> D:
    """Build a dataclass whose fields are named like the columns of a row; `others` are those that are not."""
    names, read = _reader(kind, tuple(others))
    return kind(**dict(zip(names, read(row), strict=True)), **others)


def columns_of(instance: _Dataclass, names: Iterable[str]) -> dict[str, object]:
    """Return the fields of a dataclass that are named like columns, to be written."""
    return {name: getattr(instance, name) for name in names}


def changed_columns(row: object, values: Mapping[str, V]) -> dict[str, V]:
    """Of values by column those that a row does not have yet: writing the others would change nothing.

    The record of a call tells of them.
    """
    changed = {name: value for name, value in values.items() if not is_same_json(value, getattr(row, name))}
    record = current_record()
    if record is not None and changed:
        record.take_change({name: getattr(row, name) for name in changed}, changed)
    return changed


def replaced(row: AnyRow, **values: object) -> AnyRow:
    """A row with other values in some of its columns."""
    columns = row._asdict() | values
    return cast(AnyRow, _maker(tuple(columns))(*columns.values()))


@cache
def _maker(names: tuple[str, ...]) -> Callable[..., object]:
    """What makes rows with columns of these names."""
    return namedtuple("Row", names)


@cache
def _reader(
    kind: type[_Dataclass], others: tuple[str, ...]
) -> tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]]:
    """The columns that a dataclass is built of besides `others`, and what reads them of a row: two at least."""
    names = tuple(name for name in field_names(kind) if name not in others)
    return names, attrgetter(*names)


@cache
def field_names(kind: type[_Dataclass]) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(field.name for field in fields(kind))
