"""Composes the room of the roles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from sanset.v1.role_pb2_grpc import add_RoleServiceServicer_to_server

from server.core import Core
from server.part import Part
from server.roles.servicer import RoleServicer
from server.roles.table import RoleTable


@dataclass(frozen=True, kw_only=True)
class RolesPart(Part):
    """The roles, and what each may do now."""

    table: RoleTable


def build(core: Core) -> RolesPart:
    """RoleService; the table is filled before the first call comes."""
    table = RoleTable()
    servicer = RoleServicer(core.db, core.pages, core.clock)

    async def start() -> None:
        await asyncio.to_thread(table.load, core.db)

    return RolesPart(
        table=table,
        servicers=[partial(add_RoleServiceServicer_to_server, servicer)],
        listeners=[table.attach],
        start=start,
    )
