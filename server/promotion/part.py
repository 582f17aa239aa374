"""Composes the room of coupons, tiers and points."""

from __future__ import annotations

from functools import partial

from sanset.v1.promotion_pb2_grpc import add_PromotionServiceServicer_to_server

from server.core import Core
from server.part import Part
from server.pricing.prices import PriceRules
from server.promotion.loyalty import ReadWaiting
from server.promotion.servicer import PromotionServicer


def build(core: Core, waiting: ReadWaiting) -> Part:
    """PromotionService. `waiting` reads the points of a user's orders that do not count yet."""
    servicer = PromotionServicer(
        core.db,
        core.pages,
        core.clock,
        tiers=PriceRules.of(core.settings).tiers,
        currency=core.settings.currency,
        waiting=waiting,
    )
    return Part(servicers=[partial(add_PromotionServiceServicer_to_server, servicer)])
