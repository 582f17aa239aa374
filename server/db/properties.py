"""What a database says of itself as a whole."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, String, select
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base
from server.db.upsert import insert_for

SEALING: Final = "sealing_since"
"""The schema from which on code reads what is sealed; there once personal values are."""


class ShopProperty(Base):
    """A property of the whole shop, set once."""

    __tablename__ = "shop_properties"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


def property_of(connection: Connection, name: str) -> str | None:
    """The value of a property; None when it was never set."""
    return connection.scalar(select(ShopProperty.value).where(ShopProperty.name == name))


def set_once(tx: Connection, name: str, value: str) -> None:
    """Set a property unless it is set: of any number of processes, the first one's value stays."""
    tx.execute(insert_for(tx)(ShopProperty).values(name=name, value=value).on_conflict_do_nothing())
