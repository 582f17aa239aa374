"""Who counts orders is killed between two steps: each is counted once, as it is, whoever goes on.

`make test` kills it at some steps; `make faults` (SANSET_OUTBOX_STEP=1) at each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import counting_process
import pytest
from support import refund_story as story
from support.forked_command import Conversation
from support.running_shop import RunningShop, test_settings

from server.analytics import rollup
from server.verify import verify

EVERY = max(1, int(os.environ.get("SANSET_OUTBOX_STEP", "37")) // 2)
"""How many steps further on each death is than the one before: there are fewer here."""


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[RunningShop]:
    """A shop whose orders only the test counts."""
    shop = RunningShop(test_settings(database_url, tmp_path))
    yield shop
    shop.stop()


@pytest.fixture
def process() -> Iterator[Conversation]:
    """The process that forks those who die."""
    process = Conversation(counting_process.main, os.environ)
    yield process
    process.end()


def run(process: Conversation, shop: RunningShop, die_at: int) -> str:
    """Have a child count; how it ended."""
    process.say(json.dumps({"url": shop.settings.url, "die_at": die_at}))
    return process.hear()


def test_orders_are_counted_once_whenever_who_counts_is_killed(
    shop: RunningShop, process: Conversation
) -> None:
    buyer, orders, die_at = shop.customer(), [], 1
    while True:
        order = story.bought(shop, buyer, (10, 0, 2))
        orders.append(order)
        if len(orders) % 3 == 0:
            story.refund(shop, orders[-2].id, items=story.units(orders[-2], 1))
        ended = run(process, shop, die_at)
        if ended != "killed":
            break
        die_at += EVERY
    assert int(ended) < die_at
    check(shop, len(orders))
    for first in range(2, die_at, 3 * EVERY):
        with shop.app.db.transaction() as tx:
            rollup.begin_rebuild(tx, "UTC")
        step = first
        while run(process, shop, step) == "killed":
            step += 1  # further each time, or it would die before its first commit for ever
        check(shop, len(orders))


def check(shop: RunningShop, orders: int) -> None:
    """Every order is counted once, and every roll-up is its sum."""
    assert shop.sql("SELECT SUM(orders) AS n FROM sales_days")[0].n == orders
    assert [each for each in verify(shop.app.db.engine) if each.rule.startswith("sales-")] == []
