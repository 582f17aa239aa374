"""How many mails may be asked for: those of an address, and those asked for from one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.auth import throttle_queries
from server.auth.recovery.errors import TooManyMails
from server.auth.recovery.proofs import Requester
from server.auth.throttle_queries import Count

MAX_OF_ADDRESS: Final = 5
"""Mails to an address in a WINDOW that strangers ask for; its owner has as many of their own on each device and in
each place where they signed in before. As many are sent for an account to addresses that it is to get."""
MAX_REPEATED: Final = 3
"""Of these, those of networks that have asked before: strangers in one place leave two to who is elsewhere."""
MAX_FROM_NETWORK: Final = 20
WINDOW: Final = timedelta(hours=1)
MAX_KEY: Final = 120
"""As long as its column."""


def count_mail(
    tx: Connection,
    address_key: str,
    user_id: int | None,
    *,
    origin: Requester,
    device_id: str,
    limit_networks: bool,
    now: datetime,
) -> None:
    """Count a mail that is asked for, also where nobody has the address.

    `device_id` is of a device on which its owner signed in before.
    Raises TooManyMails, and counts nothing then.
    """
    of_address = _of_address(address_key)
    signed_in_before = throttle_queries.has_session_from(tx, user_id or 0, origin.address)
    own = device_id or (origin.network if signed_in_before else "")
    if own or not limit_networks:
        _count(tx, {f"{of_address} {own}": MAX_OF_ADDRESS}, origin, limit_networks, now)
        return
    strangers, network = f"{of_address} ", f"{of_address} from {origin.network}"
    limits = {strangers: MAX_OF_ADDRESS, network: MAX_OF_ADDRESS}
    counts = _count(tx, limits, origin, limit_networks, now)
    if counts[network[:MAX_KEY]].attempts > 1 and counts[strangers].attempts > MAX_REPEATED:
        raise _refusal(counts[strangers], now)


def forget_mails(tx: Connection, address_key: str) -> bool:
    """Forget the mails to an address that were asked for; whether there were any."""
    return throttle_queries.forget_beginning(tx, f"{_of_address(address_key)} ")


def _of_address(address_key: str) -> str:
    return f"mails to {address_key[:32]}"


def count_mail_of(
    tx: Connection, user_id: int, *, origin: Requester, limit_networks: bool, now: datetime
) -> None:
    """Count a mail that an account has sent to an address which is not its own yet, wherever it is signed in.

    Raises TooManyMails, and counts nothing then.
    """
    _count(tx, {f"mails of user {user_id}": MAX_OF_ADDRESS}, origin, limit_networks, now)


def _count(
    tx: Connection,
    limits: Mapping[str, int],
    origin: Requester,
    limit_networks: bool,
    now: datetime,
) -> dict[str, Count]:
    """Count a mail under each key, and under the network that asks for it.

    No row names an account: that costs a check of the database, by which accounts could be told from none.
    """
    every = {key[:MAX_KEY]: limit for key, limit in limits.items()}
    if limit_networks:
        every[f"mails from {origin.network}"[:MAX_KEY]] = MAX_FROM_NETWORK
    counts = {}
    for key, limit in sorted(every.items()):  # in this order, so that no two wait for each other
        counts[key] = throttle_queries.count(tx, key, None, now, window=WINDOW, memory=WINDOW)()
        if counts[key].attempts > limit:
            raise _refusal(counts[key], now)
    return counts


def _refusal(count: Count, now: datetime) -> TooManyMails:
    seconds = max(1, math.ceil((count.started_at + WINDOW - now).total_seconds()))
    refusal = TooManyMails(seconds=seconds)
    refusal.retry_after_seconds = float(seconds)
    return refusal
