"""Shows and counts the stock of products, at each warehouse and store.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import allocation_pb2, inventory_pb2, inventory_watch_pb2, location_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, prepare


def get_inventory(
    *,
    product_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets the stock of a product: per variant and location, and in total what can be ordered. Locations that are not
    active are shown to staff alone. Returns NOT_FOUND (PRODUCT_NOT_FOUND).
    """
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
    location_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Sets the available stock of a variant at a location after a count, and returns the product's inventory.

    With `expected_quantity` a count loses no sale made meanwhile: when another number can be ordered by now, nothing
    is changed, and the call is ABORTED (STOCK_CHANGED) with `available` in its metadata. Count again, or send the
    difference to AdjustInventory. Without it the count is taken as the truth of this moment, whatever was sold since.
    Returns NOT_FOUND (PRODUCT_NOT_FOUND, VARIANT_NOT_FOUND, LOCATION_NOT_FOUND), PERMISSION_DENIED (NOT_THE_OWNER) for
    another vendor's.
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
        location_id=location_id,
    )


def adjust_inventory(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    delta: int | None = None,
    request_id: str | None = None,
    location_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Adds to or takes from the available stock of a variant at a location, and returns the product's inventory.

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
        location_id=location_id,
    )


def transfer_stock(
    *,
    product_id: int | None = None,
    variant_id: int | None = None,
    from_location_id: int | None = None,
    to_location_id: int | None = None,
    quantity: int | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Moves available units of a variant from one location to another, in one step, and returns the product's inventory.

    Returns FAILED_PRECONDITION (NEGATIVE_STOCK) when less is left than is to be moved, else fails as SetInventory.
    """
    return prepare(
        inventory_pb2.TransferStockRequest,
        timeout,
        metadata,
        product_id=product_id,
        variant_id=variant_id,
        from_location_id=from_location_id,
        to_location_id=to_location_id,
        quantity=quantity,
        request_id=request_id,
    )


def list_allocations(
    *,
    order_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the locations that an order is served from: what is to be sent from where, by the lines of the order. Returns
    NOT_FOUND (ORDER_NOT_FOUND).
    """
    return prepare(
        allocation_pb2.ListAllocationsRequest,
        timeout,
        metadata,
        order_id=order_id,
        page_size=page_size,
        page_token=page_token,
    )


def list_low_stock(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    threshold: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the variants that are on sale and of which few units can be ordered, over all locations: the scarcest first.
    Vendors see their own.
    """
    return prepare(
        inventory_pb2.ListLowStockRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
        threshold=threshold,
    )


def watch_inventory(
    *,
    product_ids: Iterable[int] | None = None,
    all: bool | None = None,
    after_sequence: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams the changes of the stock of some products, or of all, as they happen, whoever makes them.

    The first message is a heartbeat, which says from where on the stream tells of changes: read the stock after it, and
    nothing is missed. Each change says what is there now; of one variant at one location none is told before an
    earlier one. To resume, repeat the call with `after_sequence` set to the last `sequence` seen: changes are kept
    for seven days, after which it is FAILED_PRECONDITION (SEQUENCE_FORGOTTEN). A heartbeat comes at least every 30
    seconds. `reconnect` asks to call again from where it says: a stream whose client reads too slowly ends so, and one
    that meets an import, after which all stock is to be read anew. Over HTTP the reply is JSON lines, or server-sent
    events when asked with `Accept: text/event-stream`: an event's `id:` is its sequence, and `Last-Event-ID` counts as
    `after_sequence` when it is the later one. Anyone may watch products, as anyone may read their stock; `all` needs a
    signed-in caller (TOKEN_MISSING), as it costs the most and shows how the whole shop sells. Of locations that are not
    active staff alone are told.
    """
    return prepare(
        inventory_watch_pb2.WatchInventoryRequest,
        timeout,
        metadata,
        product_ids=product_ids,
        all=all,
        after_sequence=after_sequence,
    )


def list_locations(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the warehouses and stores, in the order in which orders are served from them. Those that are not active are
    shown to staff only.
    """
    return prepare(
        location_pb2.ListLocationsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def get_location(
    *,
    location_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a location. Returns NOT_FOUND (LOCATION_NOT_FOUND); so is one that is not active, but to staff."""
    return prepare(
        location_pb2.GetLocationRequest,
        timeout,
        metadata,
        location_id=location_id,
    )


def create_location(
    *,
    location: location_pb2.Location | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a location, without stock, and returns it.

    Returns ALREADY_EXISTS (LOCATION_TAKEN), FAILED_PRECONDITION (TOO_MANY) beyond 100 locations.
    """
    return prepare(
        location_pb2.CreateLocationRequest,
        timeout,
        metadata,
        location=location,
        request_id=request_id,
    )


def update_location(
    *,
    location: location_pb2.Location | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a location, and returns it.

    With `active` or `priority` the orders that come next are served accordingly; of a location with much stock meanwhile
    variant by variant. Over HTTP PUT replaces the location, PATCH changes what is sent, null clears. Returns NOT_FOUND (LOCATION_NOT_FOUND), ALREADY_EXISTS (LOCATION_TAKEN),
    ABORTED (STALE_ETAG).
    """
    return prepare(
        location_pb2.UpdateLocationRequest,
        timeout,
        metadata,
        location=location,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_location(
    *,
    location_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a location that never served an order and holds no stock.

    Returns NOT_FOUND (LOCATION_NOT_FOUND), ABORTED (STALE_ETAG), FAILED_PRECONDITION (LOCATION_IN_USE) while stock is
    there, for one that orders were served from, as what comes back goes there, and for the default location.
    """
    return prepare(
        location_pb2.DeleteLocationRequest,
        timeout,
        metadata,
        location_id=location_id,
        etag=etag,
        request_id=request_id,
    )


class InventoryMethods:
    """Shows and counts the stock of products, at each warehouse and store."""

    get_inventory = Unary("GetInventory", get_inventory, inventory_pb2.Inventory)
    set_inventory = Unary("SetInventory", set_inventory, inventory_pb2.Inventory)
    adjust_inventory = Unary("AdjustInventory", adjust_inventory, inventory_pb2.Inventory)
    transfer_stock = Unary("TransferStock", transfer_stock, inventory_pb2.Inventory)
    list_allocations = Unary("ListAllocations", list_allocations, allocation_pb2.ListAllocationsResponse)
    iter_allocations = Items("ListAllocations", list_allocations.request, allocation_pb2.Allocation)
    list_low_stock = Unary("ListLowStock", list_low_stock, inventory_pb2.ListLowStockResponse)
    iter_low_stock = Items("ListLowStock", list_low_stock.request, inventory_pb2.ListLowStockResponse.Item)
    watch_inventory = Stream("WatchInventory", watch_inventory, inventory_watch_pb2.WatchInventoryResponse)
    list_locations = Unary("ListLocations", list_locations, location_pb2.ListLocationsResponse)
    iter_locations = Items("ListLocations", list_locations.request, location_pb2.Location)
    get_location = Unary("GetLocation", get_location, location_pb2.Location)
    create_location = Unary("CreateLocation", create_location, location_pb2.Location)
    update_location = Unary("UpdateLocation", update_location, location_pb2.Location)
    delete_location = Unary("DeleteLocation", delete_location, empty_pb2.Empty)
