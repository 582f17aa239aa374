"""Composes the room of the inventory sync."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from server.core import Core
from server.inventory_sync.sources import source_of
from server.inventory_sync.sync import InventorySync
from server.jobs.runner import Job
from server.part import Part

EVERY = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class InventorySyncPart(Part):
    """The sync, where the shop has a source for it."""

    sync: InventorySync | None


def build(core: Core) -> InventorySyncPart:
    """The job that brings the stock up to INVENTORY_SOURCE; nothing without one."""
    settings = core.settings
    if not settings.inventory_source:
        return InventorySyncPart(sync=None)
    source = source_of(settings.inventory_source, allow_private=settings.inventory_source_allow_private)
    sync = InventorySync(core.work, source)
    return InventorySyncPart(sync=sync, jobs=[Job("sync inventory", sync.run, every=EVERY)])
