"""Composes the room of the service accounts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from sanset.v1.service_account_pb2_grpc import add_ServiceAccountServiceServicer_to_server

from server.background import BackgroundLoop
from server.core import Core
from server.part import Part
from server.roles.table import RoleTable
from server.service_accounts import queries
from server.service_accounts.servicer import ServiceAccountServicer
from server.service_accounts.table import ApiKeys

NOTE_EVERY: Final = timedelta(minutes=1)
"""How often it is noted which keys were used: once for all of their calls."""


@dataclass(frozen=True, kw_only=True)
class ServiceAccountsPart(Part):
    """The accounts of back ends, and whose a key is."""

    keys: ApiKeys


def build(core: Core, roles: RoleTable) -> ServiceAccountsPart:
    """ServiceAccountService; the keys are known before the first call comes."""
    keys = ApiKeys(roles, core.db.clock.seconds)
    servicer = ServiceAccountServicer(core.db, core.pages, core.clock, core.vault)

    async def note_uses() -> None:
        uses = keys.take_uses()
        try:
            if uses:
                await core.work.write(queries.note_uses, uses, vital=True)
        except Exception:
            keys.put_back(uses)
            raise

    noting = BackgroundLoop("note_key_uses", note_uses, every=NOTE_EVERY)

    async def start() -> None:
        await asyncio.to_thread(keys.load, core.db)
        noting.start()

    async def drain() -> None:
        with suppress(Exception):  # a worker ends whether or not it can still say when keys were used
            await note_uses()

    async def stop() -> None:
        await noting.stop()

    return ServiceAccountsPart(
        keys=keys,
        servicers=[partial(add_ServiceAccountServiceServicer_to_server, servicer)],
        listeners=[keys.attach],
        start=start,
        drain=drain,
        stop=stop,
    )
