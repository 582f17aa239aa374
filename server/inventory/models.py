"""Tables of the stock, beside the catalogue's locations and levels: where the units of orders came from."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base


class StockAllocation(Base):
    """Units of a variant that an order took elsewhere than from the default location.

    What an order has of a variant beyond its allocations came from the default location: a shop with one location
    has no rows here, and neither have orders from before there were others.
    """

    __tablename__ = "stock_allocations"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"), primary_key=True)
    quantity: Mapped[int] = mapped_column(Integer)
    restocked_quantity: Mapped[int] = mapped_column(Integer, server_default="0")  # of it, back in stock there

    __table_args__ = (
        CheckConstraint(
            "quantity > 0 AND restocked_quantity >= 0 AND restocked_quantity <= quantity", name="units"
        ),
    )
