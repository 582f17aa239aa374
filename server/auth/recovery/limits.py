"""How many mails may be asked for: those of an address, and those asked for from one."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from server.auth import throttle_queries
from server.auth.recovery.errors import TooManyMails
from server.auth.recovery.proofs import Requester

MAX_OF_ADDRESS: Final = 5
"""Mails to an address in a WINDOW that strangers ask for; its owner has as many of their own on each device and in
each place where they signed in before. As many are sent for an account to addresses that it is to get."""
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
    signed_in_before = throttle_queries.has_session_from(tx, user_id or 0, origin.address)
    own = device_id or (origin.network if signed_in_before else "")
    _count(tx, f"mails to {address_key[:32]} {own}", origin, limit_networks, now)


def count_mail_of(
    tx: Connection, user_id: int, *, origin: Requester, limit_networks: bool, now: datetime
) -> None:
    """Count a mail that an account has sent to an address which is not its own yet, wherever it is signed in.

    Raises TooManyMails, and counts nothing then.
    """
    _count(tx, f"mails of user {user_id}", origin, limit_networks, now)


def _count(tx: Connection, key: str, origin: Requester, limit_networks: bool, now: datetime) -> None:
    limits = {key[:MAX_KEY]: MAX_OF_ADDRESS}
    if limit_networks:
        limits[f"mails from {origin.network}"[:MAX_KEY]] = MAX_FROM_NETWORK
    for key, limit in sorted(limits.items()):
        count = throttle_queries.count(tx, key, None, now, window=WINDOW, memory=WINDOW)
        if count.attempts > limit:
            raise _refusal(count.started_at + WINDOW - now)


def _refusal(wait: timedelta) -> TooManyMails:
    seconds = max(1, math.ceil(wait.total_seconds()))
    refusal = TooManyMails(seconds=seconds)
    refusal.retry_after_seconds = float(seconds)
    return refusal
