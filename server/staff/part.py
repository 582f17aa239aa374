"""Composes the room of those who work for the shop."""

from __future__ import annotations

from functools import partial

from sanset.v1.user_admin_pb2_grpc import add_UserAdminServiceServicer_to_server

from server.core import Core
from server.part import Part
from server.staff.servicer import UserAdminServicer


def build(core: Core) -> Part:
    """UserAdminService."""
    servicer = UserAdminServicer(core.db, core.clock)
    return Part(servicers=[partial(add_UserAdminServiceServicer_to_server, servicer)])
