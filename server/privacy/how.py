"""The ways in which personal columns of a table are erased."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import JSON, ColumnElement, Select, String, Table, or_, select, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import InstrumentedAttribute

from server.auth.models import Session
from server.db.base import AnyRow, Base, Values
from server.order.models import Order

Column: TypeAlias = InstrumentedAttribute[Any]
Condition: TypeAlias = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Parent:
    """A table by which rows of others belong to a user: its key, and the column that names the user."""

    entity: Any
    key: ColumnElement[Any]
    user: Column


OF_ORDER: Final = Parent(Order, Order.__table__.c.id, cast(Column, Order.user_id))
OF_SESSION: Final = Parent(Session, Session.__table__.c.id, cast(Column, Session.user_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableErasure:
    """How the rows of a user in a table are erased: they are deleted, unless columns are emptied or rewritten.

    `owner` names the user, or the row of a `parent` that does. `emptied` has what stands in a column afterwards.
    `rewritten` are columns of which `rewrite` makes what stays. `left` tells the rows in which something is left,
    where that does not follow from the emptied columns; rows that `waits` describes are still needed. `stays` are
    personal columns that stay, and why.
    """

    mapped: type[Base]
    owner: Column
    parent: Parent | None = None
    emptied: Mapping[str, object] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    rewrite: Callable[[AnyRow], Values] | None = None
    left: Condition | None = None
    waits: Condition | None = None
    stays: Mapping[str, str] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        """The table."""
        return cast(Table, self.mapped.__table__)

    @property
    def deletes(self) -> bool:
        """Whether the rows go."""
        return not (self.emptied or self.rewritten)

    @property
    def erases(self) -> frozenset[str]:
        """The personal columns that it says something about."""
        if self.deletes:
            return frozenset(self.table.c.keys())
        return frozenset((*self.emptied, *self.rewritten, *self.stays))

    def owned(self, user_id: int) -> Condition:
        """The rows that are a user's."""
        if self.parent is None:
            return self.owner == user_id
        return self.owner.in_(select(self.parent.key).where(self.parent.user == user_id))

    def owners(self) -> tuple[Select[Any], Column]:
        """The rows as a query that has the user whose each is, and the column that names them."""
        if self.parent is None:
            return select(self.owner).select_from(self.mapped), self.owner
        parent = self.parent
        return select(parent.user).join_from(
            self.mapped, parent.entity, parent.key == self.owner
        ), parent.user

    def is_left(self) -> Condition:
        """Whether something personal is left in a row."""
        if self.left is not None:
            return self.left
        if self.deletes:
            return true()
        return or_(*(_is_other(self.table.c[name], value) for name, value in self.emptied.items()))


def _is_other(column: ColumnElement[Any], value: object) -> Condition:
    if value is None:
        return column.is_not(None)
    if isinstance(column.type, JSON):  # of an empty object
        return sql_cast(column, String) != "{}"
    return column.is_distinct_from(value)
