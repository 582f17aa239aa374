"""A client that watches the stock on a thread, and lets a test wait for what it should see."""

from __future__ import annotations

from typing import Any

from sanset.v1.inventory_watch_pb2 import StockChange, WatchInventoryRequest, WatchInventoryResponse
from support.running_shop import Account, RunningShop
from support.stream_reader import StreamReader


class StockWatcher(StreamReader[WatchInventoryResponse]):
    """An open WatchInventory stream and everything it has brought. It is open once its first heartbeat came."""

    def __init__(self, shop: RunningShop, account: Account | None = None, **fields: Any) -> None:
        metadata = account.metadata if account else None
        super().__init__(shop.inventory.WatchInventory(WatchInventoryRequest(**fields), metadata=metadata))
        self.until(lambda watcher: watcher.messages or watcher.ended)

    @property
    def changes(self) -> list[StockChange]:
        """The changes so far."""
        return [change for message in self.messages for change in message.changes.changes]

    def quantities(self, product_id: int) -> list[tuple[int, int]]:
        """The location and the new quantity of each change of a product so far."""
        return [
            (change.location_id, change.new_quantity)
            for change in self.changes
            if change.product_id == product_id
        ]

    @property
    def sequence(self) -> int:
        """What to resume after."""
        last = self.messages[-1]
        return max(last.changes.sequence, last.heartbeat.sequence, last.reconnect.after_sequence)

    def until_quantities(self, product_id: int, *quantities: tuple[int, int]) -> StockWatcher:
        """Wait for the changes of a product: exactly these."""
        self.until(lambda watcher: len(watcher.quantities(product_id)) >= len(quantities))
        assert self.quantities(product_id) == list(quantities)
        return self

    def until_end(self) -> StockWatcher:
        """Wait until the server has ended the stream."""
        return self.until(lambda watcher: watcher.ended)
