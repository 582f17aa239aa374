"""Composes the room of the stock."""

from __future__ import annotations

from functools import partial

from sanset.v1.inventory_pb2_grpc import add_InventoryServiceServicer_to_server

from server.catalog.product_cache import ProductCache
from server.core import Core
from server.inventory.servicer import InventoryServicer, ReservedUnits
from server.part import Part


def build(core: Core, products: ProductCache, reserved_units: ReservedUnits) -> Part:
    """InventoryService."""
    servicer = InventoryServicer(
        core.db, core.work, core.clock, products, core.settings.low_stock_threshold, reserved_units
    )
    return Part(servicers=[partial(add_InventoryServiceServicer_to_server, servicer)])
