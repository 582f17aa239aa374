"""Composes the room of the stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sanset.v1.inventory_pb2_grpc import add_InventoryServiceServicer_to_server

from server.catalog.product_cache import ProductCache
from server.core import Core
from server.inventory import convert
from server.inventory.servicer import InventoryServicer, OrderAllocations, ReservedUnits
from server.inventory.serving import LocationServing
from server.inventory.watching import StockWatch
from server.jobs.runner import Job
from server.part import Gauge, Part


@dataclass(frozen=True, kw_only=True)
class InventoryPart(Part):
    """The stock, and who watches it."""

    watch: StockWatch[bytes]


def build(
    core: Core,
    products: ProductCache,
    *,
    reserved_units: ReservedUnits,
    order_allocations: OrderAllocations,
) -> InventoryPart:
    """InventoryService."""
    settings = core.settings
    watch = StockWatch(
        core.work,
        convert.changes_to_bytes,
        heartbeat_seconds=settings.heartbeat_seconds,
        lifetime_seconds=settings.stream_lifetime_seconds,
    )
    serving = LocationServing(core.work)
    servicer = InventoryServicer(
        core.db,
        core.work,
        core.pages,
        core.clock,
        cache=products,
        watch=watch,
        serving=serving,
        low_stock=settings.low_stock_threshold,
        reserved_units=reserved_units,
        order_allocations=order_allocations,
    )
    return InventoryPart(
        watch=watch,
        servicers=[partial(add_InventoryServiceServicer_to_server, servicer)],
        listeners=[watch.attach],
        jobs=[Job("serve from locations", serving.run, every=timedelta(minutes=1))],
        gauges=[Gauge("sanset_inventory_streams", "Open WatchInventory streams", lambda: watch.open_streams)],
        drain=watch.drain,
        stop=watch.stop,
    )
