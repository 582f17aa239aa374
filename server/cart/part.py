"""Composes the room of the carts."""

from __future__ import annotations

from functools import partial

from sanset.v1.cart_pb2_grpc import add_CartServiceServicer_to_server

from server.cart.servicer import AddedFrom, CartServicer
from server.cart.views import CartSettings
from server.core import Core
from server.part import Part


def build(core: Core, added: AddedFrom) -> Part:
    """CartService. `added` records what comes into carts."""
    servicer = CartServicer(
        core.db, core.pages, core.clock, core.vault, settings=CartSettings.of(core.settings), added=added
    )
    return Part(servicers=[partial(add_CartServiceServicer_to_server, servicer)])
