"""InventoryService: gRPC in and out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sanset.v1 import inventory_pb2 as pb
from sanset.v1 import inventory_pb2_grpc
from sqlalchemy import Connection

from server.catalog.errors import ProductNotFound
from server.catalog.product_cache import ProductCache
from server.clock import Clock
from server.db.database import Database
from server.db.work import Work
from server.inventory import convert, queries, service
from server.repeats.short_call import once
from server.rpc.call import Call

ReservedUnits = Callable[[Connection, int], Mapping[int, int]]
"""The units of a product that unpaid orders hold, by variant: the order domain knows."""


class InventoryServicer(inventory_pb2_grpc.InventoryServiceServicer):
    """The stock of products. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        clock: Clock,
        cache: ProductCache,
        low_stock: int,
        reserved_units: ReservedUnits,
    ) -> None:
        self._db = db
        self._work = work
        self._clock = clock
        self._cache = cache
        self._low_stock = low_stock
        self._reserved_units = reserved_units

    async def GetInventory(self, request: pb.GetInventoryRequest, call: Call) -> pb.Inventory:
        if await self._cache.product(request.product_id) is None:
            raise ProductNotFound(product_id=request.product_id)
        return await self._work.read(self._read_inventory, request.product_id, deadline=call.deadline)

    @once(pb.Inventory)
    def SetInventory(
        self, tx: Connection, request: pb.SetInventoryRequest, call: Call, now: datetime
    ) -> pb.Inventory:
        service.set_stock(
            tx,
            call.identity,
            request.product_id,
            request.variant_id or None,
            quantity=request.quantity,
            expected=request.expected_quantity if request.HasField("expected_quantity") else None,
        )
        return self._read_inventory(tx, request.product_id)

    @once(pb.Inventory)
    def AdjustInventory(
        self, tx: Connection, request: pb.AdjustInventoryRequest, call: Call, now: datetime
    ) -> pb.Inventory:
        service.adjust_stock(
            tx, call.identity, request.product_id, request.variant_id or None, delta=request.delta
        )
        return self._read_inventory(tx, request.product_id)

    def _read_inventory(self, connection: Connection, product_id: int) -> pb.Inventory:
        return convert.inventory_to_wire(
            product_id,
            queries.levels(connection, product_id),
            self._reserved_units(connection, product_id),
            low_stock=self._low_stock,
        )
