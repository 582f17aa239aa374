"""Stock: plain values to protobuf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sanset.v1 import inventory_pb2 as pb

from server.catalog.convert import stock_status
from server.db.base import AnyRow
from server.rpc.wire import MAX_INT32


def inventory_to_wire(
    product_id: int, levels: Sequence[AnyRow], reserved: Mapping[int, int], *, low_stock: int
) -> pb.Inventory:
    """The stock of a product; `reserved` are the units that unpaid orders hold, by variant."""
    total = sum(level.available for level in levels)
    return pb.Inventory(
        product_id=product_id,
        total_available=min(total, MAX_INT32),
        status=stock_status(total, low_stock),
        levels=[
            pb.Inventory.Level(
                variant_id=variant_id,
                sku=sku,
                location=location,
                on_hand=min(available + reserved.get(variant_id, 0), MAX_INT32),
                reserved=min(reserved.get(variant_id, 0), MAX_INT32),
                available=min(available, MAX_INT32),
            )
            for variant_id, sku, location, available in levels
        ],
    )
