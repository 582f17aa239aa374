"""Refused calls beside one that is answered: a refusal is to cost no more."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from bench import comparisons
from bench.calls import PreparedCall
from bench.report import Figure, cost_row
from bench.rounds import Costs, Side
from bench.shops import sanset_calls
from bench.shops.sanset import SansetShop

ANSWERED = "answered"

Pick = Callable[[SansetShop, random.Random], PreparedCall]


def _answered(shop: SansetShop, draw: random.Random) -> PreparedCall:
    return shop.get_product(draw.randint(1, len(shop.products)))


def _without_token(shop: SansetShop, draw: random.Random) -> PreparedCall:
    return replace(sanset_calls.list_orders("", 20), refused=True)


def _bad_token(shop: SansetShop, draw: random.Random) -> PreparedCall:
    return replace(_answered(shop, draw), token=f"no-token-{draw.random()}", refused=True)


def _bad_field(shop: SansetShop, draw: random.Random) -> PreparedCall:
    return replace(sanset_calls.get_product(shop.buyer(1).token, -draw.randint(1, 1_000)), refused=True)


def _missing(shop: SansetShop, draw: random.Random) -> PreparedCall:
    absent = 10**9 + draw.randint(1, 1_000)
    return replace(sanset_calls.get_product(shop.buyer(1).token, absent), refused=True)


KINDS: Mapping[str, Pick] = {
    ANSWERED: _answered,
    "no_token": _without_token,
    "bad_token": _bad_token,
    "bad_field": _bad_field,
    "not_found": _missing,
}
"""The kinds of call by the name in their rows."""


def sides(shop: SansetShop) -> list[Side]:
    """Each kind of call to one shop."""
    return [
        comparisons.reads(kind, shop.target, shop.processes, partial(pick, shop), comparisons.PRODUCT_TIMES)
        for kind, pick in KINDS.items()
    ]


def rows(costs: Mapping[str, Costs], suffix: str) -> list[Figure]:
    """A row for each refusal, against the call that is answered."""
    answered = costs[ANSWERED]
    return [
        cost_row(f"refused_{kind}{suffix}", each, against=ANSWERED, ratio=each.against(answered))
        for kind, each in costs.items()
        if kind != ANSWERED
    ]
