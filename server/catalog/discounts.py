"""Discounts of products: what one unit costs at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.money import share_bp

Phase = tuple[datetime | None, datetime | None, int]
"""From when, until when (exclusive) a unit costs so much; None is unbounded."""


def price_at(minor: int, product: Any, now: datetime) -> int:
    """Return the price at `now` of a unit whose list price is `minor`, by its product's discount columns."""
    if product.discount_bp is None and product.discount_minor is None:
        return minor
    if not _lasts(product, now):
        return minor
    return _reduced(minor, product)


def phases(product: Any, now: datetime) -> list[Phase]:
    """Return what a unit costs from `now` on, one phase after the other."""
    if product.discount_bp is None and product.discount_minor is None:
        return [(None, None, product.price_minor)]
    begins, ends = product.discount_from, product.discount_until
    spans = [(begins, ends, _reduced(product.price_minor, product))]
    if begins is not None:
        spans.insert(0, (None, begins, product.price_minor))
    if ends is not None:
        spans.append((ends, None, product.price_minor))
    return [span for span in spans if span[1] is None or span[1] > now]


def next_turn(product: Any, now: datetime) -> datetime | None:
    """Return when the price of a product next changes by the clock alone; None: never."""
    if product.discount_bp is None and product.discount_minor is None:
        return None
    turns = (product.discount_from, product.discount_until)
    return min((turn for turn in turns if turn is not None and turn > now), default=None)


def _lasts(product: Any, now: datetime) -> bool:
    begins, ends = product.discount_from, product.discount_until
    return (begins is None or begins <= now) and (ends is None or now < ends)


def _reduced(minor: int, product: Any) -> int:
    off = product.discount_minor if product.discount_bp is None else share_bp(minor, product.discount_bp)
    return max(0, minor - int(off))
