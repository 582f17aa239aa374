"""Changes of the second factor that a code of it proves: each try is counted before it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from server.auth import throttle
from server.auth.second_factor.service import SecondFactors
from server.clock import Clock
from server.db.deadline import Deadline
from server.db.work import Work

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CodeOfUser:
    """A code that a signed-in user sent, and where the call comes from."""

    user_id: int
    code: str
    address: str
    network: str


class SecondFactorChanges:
    """Renews recovery codes, and removes second factors.

    A session that was left open, or stolen, is no place to try codes in: they are counted as passwords are.
    """

    def __init__(self, work: Work, clock: Clock, factors: SecondFactors, *, limit_addresses: bool) -> None:
        """`limit_addresses` is whether wrong codes are limited by address, beside the account's own limit."""
        self._work = work
        self._clock = clock
        self._factors = factors
        self._limit_addresses = limit_addresses

    async def renew_recovery_codes(self, sent: CodeOfUser, deadline: Deadline) -> Sequence[str]:
        """Make recovery codes in place of those that there are.

        Raises SecondFactorMissing, SecondFactorCodeWrong, TooManyCodes and AccountLocked.
        """
        return await self._proven(sent, self._factors.renew_recovery_codes, deadline)

    async def remove(self, sent: CodeOfUser, deadline: Deadline) -> None:
        """Have no second factor any more. Raises as `renew_recovery_codes` does."""
        await self._proven(sent, self._factors.remove, deadline)

    async def count(self, sent: CodeOfUser, deadline: Deadline) -> throttle.Attempt:
        """Count a try of a code that is looked at next. Raises TooManyCodes and AccountLocked."""
        return await self._work.write(self._begin, sent, deadline=deadline)

    async def _proven(self, sent: CodeOfUser, change: Callable[..., T], deadline: Deadline) -> T:
        attempt = await self.count(sent, deadline)

        def apply(tx: Connection) -> T:
            changed = change(tx, sent.user_id, sent.code, self._clock())
            throttle.forgive(tx, attempt)
            return changed

        return await self._work.write(apply, deadline=deadline)

    def _begin(self, tx: Connection, sent: CodeOfUser) -> throttle.Attempt:
        guess = throttle.Guess(user_id=sent.user_id, name="", address=sent.address, network=sent.network)
        return throttle.begin(
            tx,
            guess,
            self._clock(),
            purpose=throttle.GuessKind.CODE,
            count_addresses=self._limit_addresses,
        )
