"""Warehouses and stores of a shop, and what lies there."""

from __future__ import annotations

import uuid
from typing import Any

from sanset.v1 import inventory_pb2 as pb
from sanset.v1.location_pb2 import (
    CreateLocationRequest,
    DeleteLocationRequest,
    Location,
    UpdateLocationRequest,
)
from support.running_shop import Account, RunningShop

MAIN = 1
"""The default location."""


def new_location(shop: RunningShop, **fields: Any) -> Location:
    """Create a location."""
    location = Location(**{"name": f"Store {uuid.uuid4().hex[:12]}"} | fields)
    return shop.inventory.CreateLocation(
        CreateLocationRequest(location=location), metadata=shop.admin.metadata
    )


def change_location(shop: RunningShop, location_id: int, **fields: Any) -> Location:
    """Change a location."""
    request = UpdateLocationRequest(location=Location(id=location_id, **fields))
    return shop.inventory.UpdateLocation(request, metadata=shop.admin.metadata)


def delete_location(shop: RunningShop, location_id: int) -> None:
    """Delete a location."""
    shop.inventory.DeleteLocation(
        DeleteLocationRequest(location_id=location_id), metadata=shop.admin.metadata
    )


def count(
    shop: RunningShop, product_id: int, quantity: int, location_id: int = 0, **fields: Any
) -> pb.Inventory:
    """Set what is there of a product."""
    request = pb.SetInventoryRequest(
        product_id=product_id, quantity=quantity, location_id=location_id, **fields
    )
    return shop.inventory.SetInventory(request, metadata=shop.admin.metadata)


def transfer(
    shop: RunningShop, product_id: int, origin: int, target: int, quantity: int, **fields: Any
) -> pb.Inventory:
    """Move units of a product from one location to another."""
    request = pb.TransferStockRequest(
        product_id=product_id, from_location_id=origin, to_location_id=target, quantity=quantity, **fields
    )
    return shop.inventory.TransferStock(request, metadata=shop.admin.metadata)


def stock(shop: RunningShop, product_id: int) -> dict[int, int]:
    """The units of a product that are available, by location, as staff sees them."""
    request = pb.GetInventoryRequest(product_id=product_id)
    shown = shop.inventory.GetInventory(request, metadata=shop.admin.metadata)
    return {level.location_id: level.available for level in shown.levels}


def books(shop: RunningShop, product_id: int) -> dict[int, tuple[int, int, int]]:
    """Available, received and sold of a product, by location."""
    rows = shop.sql(
        "SELECT location_id, available, received, sold FROM inventory_levels WHERE product_id = :id",
        id=product_id,
    )
    return {row.location_id: (row.available, row.received, row.sold) for row in rows}


def buy(
    shop: RunningShop, product_id: int, quantity: int, buyer: Account | None = None, **fields: Any
) -> Any:
    """Buy units of a product, and return the order."""
    buyer = buyer or shop.customer()
    shop.add(buyer, product_id, quantity)
    return shop.checkout(buyer, **fields).order
