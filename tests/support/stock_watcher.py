"""A client that watches the stock on a thread, and lets a test wait for what it should see."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
from sanset.v1.inventory_watch_pb2 import StockChange, WatchInventoryRequest, WatchInventoryResponse
from support.running_shop import Account, RunningShop
from support.watcher import PATIENCE


class StockWatcher:
    """An open WatchInventory stream and everything it has brought. It is open once its first heartbeat came."""

    def __init__(self, shop: RunningShop, account: Account | None = None, **fields: Any) -> None:
        self.messages: list[WatchInventoryResponse] = []
        self.error: grpc.RpcError | None = None
        self.ended = False
        self._news = threading.Condition()
        metadata = account.metadata if account else None
        self._stream = shop.inventory.WatchInventory(WatchInventoryRequest(**fields), metadata=metadata)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.until(lambda watcher: watcher.messages or watcher.ended)

    def _read(self) -> None:
        try:
            for message in self._stream:
                with self._news:
                    self.messages.append(message)
                    self._news.notify_all()
        except grpc.RpcError as error:
            self.error = error
        with self._news:
            self.ended = True
            self._news.notify_all()

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

    def kinds(self) -> list[str]:
        """What each message was: changes, heartbeat or reconnect."""
        return [message.WhichOneof("content") or "" for message in self.messages]

    def until(self, seen: Callable[[StockWatcher], object]) -> StockWatcher:
        """Wait until `seen` holds; fail when it does not in time."""
        with self._news:
            assert self._news.wait_for(lambda: seen(self), PATIENCE), (self.messages, self.error)
        return self

    def until_quantities(self, product_id: int, *quantities: tuple[int, int]) -> StockWatcher:
        """Wait for the changes of a product: exactly these."""
        self.until(lambda watcher: len(watcher.quantities(product_id)) >= len(quantities))
        assert self.quantities(product_id) == list(quantities)
        return self

    def until_end(self) -> StockWatcher:
        """Wait until the server has ended the stream."""
        return self.until(lambda watcher: watcher.ended)

    def cancel(self) -> None:
        """Hang up."""
        self._stream.cancel()
        self._thread.join(PATIENCE)
