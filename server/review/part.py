"""Composes the room of reviews."""

from __future__ import annotations

from functools import partial

from sanset.v1.review_pb2_grpc import add_ReviewServiceServicer_to_server

from server.catalog.product_cache import ProductCache
from server.core import Core
from server.part import Part
from server.review.servicer import ReviewServicer


def build(core: Core, products: ProductCache) -> Part:
    """ReviewService."""
    servicer = ReviewServicer(
        core.db,
        core.work,
        core.pages,
        core.clock,
        cache=products,
        moderation=core.settings.review_moderation,
    )
    return Part(servicers=[partial(add_ReviewServiceServicer_to_server, servicer)])
