"""Composes the room of the users."""

from __future__ import annotations

from functools import partial

from sanset.v1.user_pb2_grpc import add_UserServiceServicer_to_server

from server.core import Core
from server.part import Part
from server.user.servicer import DeleteMyAccount, ExportMyData, UserServicer


def build(core: Core, export_my_data: ExportMyData, delete_my_account: DeleteMyAccount) -> Part:
    """UserService."""
    servicer = UserServicer(core.db, core.pages, core.clock, export_my_data, delete_my_account)
    return Part(servicers=[partial(add_UserServiceServicer_to_server, servicer)])
