"""Which accounts are new: thirty of them, made in a minute by one person, must not decide what trends."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.recommend.feedback import behavior_queries as queries

NEW: Final = timedelta(days=7)
LOOK_AGAIN: Final = timedelta(minutes=10)


class NewAccounts:
    """Knows the accounts of the last week by their ids, which grow: all from the first of them on are new.

    It looks for that one every ten minutes, so that no event costs a query. An old account among them, as imports
    make them, counts as new for a week. Safe for threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first = 0
        self._looked_at: datetime | None = None

    def holds(self, connection: Connection, user_id: int, now: datetime) -> bool:
        """Whether an account is new."""
        with self._lock:
            looked = self._looked_at
            if looked is None or not timedelta() <= now - looked < LOOK_AGAIN:
                self._first = queries.first_account(connection, now - NEW)
                self._looked_at = now
        return self.may_be(user_id)

    def may_be(self, user_id: int) -> bool:
        """The same, as of the last look; before the first one everybody is new."""
        return user_id >= self._first
