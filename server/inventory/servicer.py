"""InventoryService: gRPC in and out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import allocation_pb2, inventory_pb2_grpc
from sanset.v1 import inventory_pb2 as pb
from sanset.v1 import inventory_watch_pb2 as watch_pb
from sanset.v1 import location_pb2 as locations_pb
from sqlalchemy import Connection

from server.catalog.errors import LocationNotFound, ProductNotFound
from server.catalog.product_cache import ProductCache
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.identity import Permission
from server.inventory import convert, location_queries, locations, queries, service
from server.inventory.allocation import AllocatedUnits
from server.inventory.levels import Pair
from server.inventory.serving import LocationServing
from server.inventory.watching import StockWatch
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.access import TokenMissing
from server.rpc.call import Call

ReservedUnits = Callable[[Connection, int], Mapping[Pair, int]]
"""The units of a product that unpaid orders hold, by variant and location: the order domain knows."""


OrderAllocations = Callable[[Connection, int], Sequence[AllocatedUnits]]
"""The units of an order by where they came from; raises when there is no such order."""


class InventoryServicer(inventory_pb2_grpc.InventoryServiceServicer):
    """The stock of products. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        clock: Clock,
        *,
        cache: ProductCache,
        watch: StockWatch[bytes],
        serving: LocationServing,
        low_stock: int,
        reserved_units: ReservedUnits,
        order_allocations: OrderAllocations,
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._cache = cache
        self._watch = watch
        self._serving = serving
        self._low_stock = low_stock
        self._reserved_units = reserved_units
        self._order_allocations = order_allocations

    async def GetInventory(self, request: pb.GetInventoryRequest, call: Call) -> pb.Inventory:
        if await self._cache.product(request.product_id) is None:
            raise ProductNotFound(product_id=request.product_id)
        read = self._read_inventory if _is_staff(call) else self._read_public_inventory
        return await self._work.read(read, request.product_id, deadline=call.deadline)

    @once(pb.Inventory)
    def SetInventory(
        self, tx: Connection, request: pb.SetInventoryRequest, call: Call, now: datetime
    ) -> pb.Inventory:
        service.set_stock(
            tx,
            call.identity,
            convert.stock_from_wire(request),
            quantity=request.quantity,
            expected=request.expected_quantity if request.HasField("expected_quantity") else None,
        )
        return self._read_inventory(tx, request.product_id)

    @once(pb.Inventory)
    def AdjustInventory(
        self, tx: Connection, request: pb.AdjustInventoryRequest, call: Call, now: datetime
    ) -> pb.Inventory:
        service.adjust_stock(tx, call.identity, convert.stock_from_wire(request), delta=request.delta)
        return self._read_inventory(tx, request.product_id)

    @once(pb.Inventory)
    def TransferStock(
        self, tx: Connection, request: pb.TransferStockRequest, call: Call, now: datetime
    ) -> pb.Inventory:
        service.transfer_stock(
            tx,
            call.identity,
            convert.origin_from_wire(request),
            request.to_location_id,
            quantity=request.quantity,
        )
        return self._read_inventory(tx, request.product_id)

    def ListAllocations(
        self, request: allocation_pb2.ListAllocationsRequest, call: Call
    ) -> allocation_pb2.ListAllocationsResponse:
        size, scope = self._pages.size(request.page_size), ("ListAllocations", request.order_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            units = self._order_allocations(connection, request.order_id)
            names = location_queries.names(connection)
        begin = after[0] if after else 0  # an order's allocations stay as many as they are
        numbered = list(enumerate(units[begin : begin + size + 1], start=begin + 1))
        items, token = self._pages.page(
            numbered,
            size,
            lambda one: convert.allocation_to_wire(one[1], names),
            lambda one: [one[0]],
            *scope,
        )
        return allocation_pb2.ListAllocationsResponse(items=items, next_page_token=token)

    def ListLowStock(self, request: pb.ListLowStockRequest, call: Call) -> pb.ListLowStockResponse:
        caller, below = call.identity, request.threshold or self._low_stock
        vendor_id = None if caller.may_for_all(Permission.MANAGE_INVENTORY) else caller.user_id
        size, scope = self._pages.size(request.page_size), ("ListLowStock", vendor_id, below)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.low_stock_page(connection, below, after, size + 1, vendor_id=vendor_id)
        items, token = self._pages.page(
            rows, size, convert.low_stock_to_wire, lambda row: [row.units, row.variant_id], *scope
        )
        return pb.ListLowStockResponse(items=items, next_page_token=token)

    async def WatchInventory(
        self, request: watch_pb.WatchInventoryRequest, call: Call
    ) -> AsyncIterator[watch_pb.WatchInventoryResponse]:
        if request.all and call.caller is None:
            raise TokenMissing()
        products = None if request.all else frozenset(request.product_ids)
        after = convert.resume_point(request, call.headers.get("last-event-id", ""))
        async for message in self._watch.watch(products, after, public_only=not _is_staff(call)):
            yield convert.message_to_wire(message, self._clock())

    def ListLocations(
        self, request: locations_pb.ListLocationsRequest, call: Call
    ) -> locations_pb.ListLocationsResponse:
        is_staff = _is_staff(call)
        size, scope = self._pages.size(request.page_size), ("ListLocations", is_staff)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = location_queries.locations_page(connection, after, size + 1, active_only=not is_staff)
        items, token = self._pages.page(
            rows, size, convert.location_to_wire, lambda row: [row.priority, row.id], *scope
        )
        return locations_pb.ListLocationsResponse(items=items, next_page_token=token)

    def GetLocation(self, request: locations_pb.GetLocationRequest, call: Call) -> locations_pb.Location:
        with self._db.read() as connection:
            row = locations.get(connection, request.location_id)
        if not (row.active or _is_staff(call)):
            raise LocationNotFound(location_id=row.id)
        return convert.location_to_wire(row)

    @once(locations_pb.Location)
    def CreateLocation(
        self, tx: Connection, request: locations_pb.CreateLocationRequest, call: Call, now: datetime
    ) -> locations_pb.Location:
        location_id = locations.create(tx, convert.new_location_from_wire(request.location))
        return convert.location_to_wire(locations.get(tx, location_id))

    async def UpdateLocation(
        self, request: locations_pb.UpdateLocationRequest, call: Call
    ) -> locations_pb.Location:
        location = await self._work.run(self._change_location, request, call, deadline=call.deadline)
        await self._serving.follow(location.id)
        return location

    @once(locations_pb.Location)
    def _change_location(
        self, tx: Connection, request: locations_pb.UpdateLocationRequest, call: Call, now: datetime
    ) -> locations_pb.Location:
        values = convert.location_from_wire(request.location, request.update_mask)
        locations.change(tx, request.location.id, values, request.location.etag)
        return convert.location_to_wire(locations.get(tx, request.location.id))

    @once(Empty)
    def DeleteLocation(
        self, tx: Connection, request: locations_pb.DeleteLocationRequest, call: Call, now: datetime
    ) -> Empty:
        locations.remove(tx, request.location_id, request.etag)
        return Empty()

    def _read_inventory(
        self, connection: Connection, product_id: int, *, public_only: bool = False
    ) -> pb.Inventory:
        levels = queries.levels(connection, product_id)
        reserved = self._reserved_units(connection, product_id)
        shown = [level for level in levels.all() if level.priority is not None or not public_only]
        return convert.inventory_to_wire(product_id, shown, reserved, low_stock=self._low_stock)

    def _read_public_inventory(self, connection: Connection, product_id: int) -> pb.Inventory:
        return self._read_inventory(connection, product_id, public_only=True)


def _is_staff(call: Call) -> bool:
    """Whether the caller has to do with more of the shop than an account and a cart."""
    return call.caller is not None and bool(call.caller.role.permissions)
