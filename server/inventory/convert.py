"""Stock and locations: plain values to protobuf and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import allocation_pb2, location_pb2
from sanset.v1 import inventory_pb2 as pb
from sanset.v1 import inventory_watch_pb2 as watch_pb

from server.catalog.convert import stock_status
from server.catalog.models import DEFAULT_LOCATION_ID
from server.db.base import AnyRow, Values
from server.errors import InvalidField
from server.etags import etag_of
from server.events.streams import Reconnect
from server.inventory.allocation import AllocatedUnits
from server.inventory.feed import StockChange
from server.inventory.levels import Pair
from server.inventory.service import Stock
from server.inventory.watching import StockHeartbeat
from server.rpc.answers import packed
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import MAX_INT32, time_to_wire
from server.text.languages import said

_Kind = location_pb2.Location.Kind
MAX_LEVELS: Final = 1000
_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")
_NEW: Final = {"kind": _Kind.Name(location_pb2.Location.WAREHOUSE), "active": True}


def inventory_to_wire(
    product_id: int, levels: Sequence[AnyRow], reserved: Mapping[Pair, int], *, low_stock: int
) -> pb.Inventory:
    """The stock of a product; `reserved` are the units that unpaid orders hold, by variant and location.

    Of more than MAX_LEVELS those are left out first where nothing is.
    """
    shown = levels
    if len(levels) > MAX_LEVELS:
        filled = [one for one in levels if one.available or (one.variant_id, one.location_id) in reserved]
        shown = filled[:MAX_LEVELS]
    total = sum(level.available for level in levels if level.priority is not None)
    return pb.Inventory(
        product_id=product_id,
        total_available=min(total, MAX_INT32),
        status=stock_status(total, low_stock),
        levels=[
            _level_to_wire(level, reserved.get((level.variant_id, level.location_id), 0)) for level in shown
        ],
    )


def _level_to_wire(level: AnyRow, reserved: int) -> pb.Inventory.Level:
    return pb.Inventory.Level(
        variant_id=level.variant_id,
        sku=level.sku,
        location=level.location,
        on_hand=min(level.available + reserved, MAX_INT32),
        reserved=min(reserved, MAX_INT32),
        available=min(level.available, MAX_INT32),
        location_id=level.location_id,
        location_kind=_Kind.Value(level.kind),
        active=level.priority is not None,
    )


def stock_from_wire(request: pb.SetInventoryRequest | pb.AdjustInventoryRequest) -> Stock:
    """The stock that a call counts."""
    return Stock(request.product_id, request.variant_id or None, request.location_id or DEFAULT_LOCATION_ID)


def origin_from_wire(request: pb.TransferStockRequest) -> Stock:
    """The stock that gives the units of a transfer."""
    return Stock(request.product_id, request.variant_id or None, request.from_location_id)


def allocation_to_wire(part: AllocatedUnits, names: Mapping[int, str]) -> allocation_pb2.Allocation:
    """Units of an order that came from a location, with that one's name."""
    return allocation_pb2.Allocation(
        product_id=part.product_id,
        variant_id=part.variant_id,
        sku=part.sku,
        location_id=part.location_id,
        location=names.get(part.location_id, ""),
        quantity=part.quantity,
        restocked_quantity=part.restocked,
    )


def low_stock_to_wire(row: AnyRow) -> pb.ListLowStockResponse.Item:
    """A variant that is about to sell out."""
    return pb.ListLowStockResponse.Item(
        product_id=row.product_id,
        variant_id=row.variant_id,
        sku=row.sku,
        name=row.name,
        available=row.units,
    )


def changes_to_bytes(changes: Sequence[StockChange], sequence: int) -> bytes:
    """The message of changes, serialized: a thousand streams may send it."""
    message = watch_pb.WatchInventoryResponse.Changes(
        sequence=sequence, changes=[_change_to_wire(change) for change in changes]
    )
    return watch_pb.WatchInventoryResponse(changes=message).SerializeToString()


def _change_to_wire(change: StockChange) -> watch_pb.StockChange:
    return watch_pb.StockChange(
        product_id=change.product_id,
        variant_id=change.variant_id,
        location_id=change.location_id,
        location=change.location,
        new_quantity=min(change.available, MAX_INT32),
        time=time_to_wire(change.time),
        sequence=change.sequence,
    )


def resume_point(request: watch_pb.WatchInventoryRequest, last_event_id: str | bytes) -> int:
    """The event after which a stream goes on: a browser connects again with the first request, and its last id."""
    if not last_event_id:
        return request.after_sequence
    if not _SEQUENCE.fullmatch(str(last_event_id)):
        raise InvalidField(("last-event-id", "must be the id of an event of this stream"))
    return max(request.after_sequence, int(last_event_id))


def message_to_wire(
    message: bytes | StockHeartbeat | Reconnect, now: datetime
) -> watch_pb.WatchInventoryResponse:
    """One message of a stream of the stock."""
    match message:
        case bytes():
            return packed(watch_pb.WatchInventoryResponse, message)
        case StockHeartbeat():
            heartbeat = watch_pb.WatchInventoryResponse.Heartbeat(
                sequence=message.sequence, time=time_to_wire(now)
            )
            return watch_pb.WatchInventoryResponse(heartbeat=heartbeat)
        case Reconnect():
            reconnect = watch_pb.WatchInventoryResponse.Reconnect(
                after_sequence=message.sequence, message=said(message.message)
            )
            return watch_pb.WatchInventoryResponse(reconnect=reconnect)


def location_to_wire(row: AnyRow) -> location_pb2.Location:
    """A location."""
    return location_pb2.Location(
        id=row.id,
        name=row.name,
        kind=_Kind.Value(row.kind),
        line1=row.line1,
        line2=row.line2,
        city=row.city,
        state=row.state,
        postal_code=row.postal_code,
        country=row.country,
        active=row.active,
        priority=row.priority,
        etag=etag_of(row.version),
    )


def new_location_from_wire(location: location_pb2.Location) -> Values:
    """The columns of a location to create."""
    return _NEW | location_from_wire(location, EVERYTHING)


def location_from_wire(location: location_pb2.Location, mask: FieldMask | None) -> Values:
    """The columns of a location to change. Raises InvalidUpdateMask and InvalidField."""
    return masked_values(
        location,
        mask,
        "location",
        stays=("kind", "active"),
        kind=lambda sent: _Kind.Name(sent.kind or location_pb2.Location.WAREHOUSE),
        active=lambda sent: sent.active or not sent.HasField("active"),
    )
