"""Shows and counts the stock of products.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from sanset.v1 import inventory_pb2

from sanset_client.rpc import Metadata, Prepared, Unary, prepare


def get_inventory(
    *,
    product_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the stock of a product: per variant and location, and in total. Returns NOT_FOUND (PRODUCT_NOT_FOUND)."""
    return prepare(
        inventory_pb2.GetInventoryRequest,
        timeout,
        metadata,
        product_id=product_id,
    )


def set_inventory(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    quantity: int | None = None,
    request_id: str | None = None,
    expected_quantity: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sets the available stock of a variant after a count, and returns the product's inventory.

    With `expected_quantity` a count loses no sale made meanwhile: when another number can be ordered by now, nothing
    is changed, and the call is ABORTED (STOCK_CHANGED) with `available` in its metadata. Count again, or send the
    difference to AdjustInventory. Without it the count is taken as the truth of this moment, whatever was sold since.
    Returns NOT_FOUND (PRODUCT_NOT_FOUND, VARIANT_NOT_FOUND), PERMISSION_DENIED (NOT_THE_OWNER) for another vendor's.
    """
    return prepare(
        inventory_pb2.SetInventoryRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
        quantity=quantity,
        request_id=request_id,
        expected_quantity=expected_quantity,
    )


def adjust_inventory(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    delta: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Adds to or takes from the available stock of a variant, and returns the product's inventory.

    Returns FAILED_PRECONDITION (NEGATIVE_STOCK) when less is left than is taken, else fails as SetInventory.
    """
    return prepare(
        inventory_pb2.AdjustInventoryRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
        delta=delta,
        request_id=request_id,
    )


class InventoryMethods:
    """Shows and counts the stock of products."""

    get_inventory = Unary("GetInventory", get_inventory, inventory_pb2.Inventory)
    set_inventory = Unary("SetInventory", set_inventory, inventory_pb2.Inventory)
    adjust_inventory = Unary("AdjustInventory", adjust_inventory, inventory_pb2.Inventory)
