"""Refreshing: a refresh token for the next, and how many that are none an address may send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import Connection

from server.auth import sessions
from server.auth.errors import RefreshTokenInvalid, TooManyRefreshes
from server.auth.refresh import RefreshPolicy
from server.budgets.budgets import Budgets, Limit
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work

FAILURES: Final = Limit("failed refreshes", 20)
"""Of an address in a minute. They guess nothing, as tokens are random: they only give the database work."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Refreshing:
    """A refresh token that was sent, and where the call comes from."""

    token: str
    address: str
    network: str
    request_id: str


class Refreshes:
    """Carries sessions on."""

    def __init__(
        self,
        work: Work,
        clock: Clock,
        policy: RefreshPolicy,
        budgets: Budgets,
        *,
        limit_addresses: bool = True,
    ) -> None:
        """`limit_addresses` is whether tokens that are none are limited by address."""
        self._work = work
        self._clock = clock
        self._policy = policy
        self._budgets = budgets
        self._limit_addresses = limit_addresses

    async def refresh(self, refreshing: Refreshing, deadline: Deadline) -> sessions.Grant:
        """Exchange a refresh token. Raises RefreshTokenInvalid, and TooManyRefreshes after too many of these.

        The refusal comes after the commit: a theft revokes the session for good.
        """
        if self._limit_addresses and self._budgets.is_spent(FAILURES, refreshing.network):
            raise self._too_many()
        outcome = await self._work.write(self._rotate, refreshing, deadline=deadline)
        if isinstance(outcome, sessions.Grant):
            return outcome
        refusal = RefreshTokenInvalid()
        if isinstance(outcome, sessions.Theft):
            _note_theft(outcome, refreshing)
            refusal.account_id = outcome.user_id
        if self._limit_addresses:
            self._budgets.count(FAILURES, refreshing.network)
        raise refusal

    def _rotate(self, tx: Connection, refreshing: Refreshing) -> sessions.Grant | sessions.Theft | None:
        return sessions.rotate(
            tx, refreshing.token, ip=refreshing.address, now=self._clock(), policy=self._policy
        )

    def _too_many(self) -> TooManyRefreshes:
        seconds = self._budgets.seconds_left
        refusal = TooManyRefreshes(seconds=seconds)
        refusal.retry_after_seconds = float(seconds)
        return refusal


def _note_theft(theft: sessions.Theft, refreshing: Refreshing) -> None:
    log.warning(
        "security_event",
        kind="refresh_token_reused",
        user_id=theft.user_id,
        session_id=theft.session_id,
        address=refreshing.address,
        request_id=refreshing.request_id,
    )
