"""`sanset rebuild-analytics`: counts all orders anew, while the shop is served."""

from __future__ import annotations

import argparse
from contextlib import closing

from rich.console import Console

from server import progress
from server.analytics.keeper import rebuild
from server.cli.open_shop import open_shop
from server.db.database import Database
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Empty the roll-ups, and fill them from the orders."""
    with (
        open_shop(settings) as shop,
        closing(Database(shop.url, pool_size=1)) as db,
        progress.bars() as bars,
    ):
        counted = rebuild(db, shop.time_zone, bars)
    Console(highlight=False, markup=False, emoji=False).print(
        f"{counted:,} orders counted, by the days of {settings.time_zone}"
    )
    return 0
