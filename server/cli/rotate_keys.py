"""`sanset rotate-keys`: has the shop use SECRET_KEY for everything, while it is served."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import timedelta

from rich.console import Console

from server import progress
from server.cli.open_shop import open_shop
from server.clock import utc_now
from server.keys.state import open_database
from server.rotation.rotate import Rotation, rotate
from server.settings import Settings

UNDER_WAY = timedelta(days=1)
"""How long what was made for callers may be used: access tokens, pages, replies to repeats."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--despite-lost-key",
        action="store_true",
        help="go on without the secret that the database is sealed with",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Rotate; 1 where something could not be sealed anew."""
    lost = arguments.despite_lost_key
    with (
        open_shop(settings) as shop,
        closing(open_database(shop, pool_size=2, despite_lost_key=lost)) as db,
        progress.bars() as bars,
    ):
        done = rotate(db, shop.ring, shop.models_dir, now=db.clock(), progress=bars)
    _print(done)
    return 1 if done.unreadable or done.busy else 0


def _print(done: Rotation) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    out.print(f"{done.sealed:,} rows sealed anew; everything new is made with the key {done.key}.")
    for table, keys in done.unreadable.items():
        rows = ", ".join(" ".join(map(str, key)) for key in keys[:5])
        out.print(f"{table}: {len(keys):,} rows open with no key that is here ({rows} …)", style="red")
    for name in done.unsigned:
        out.print(f"model {name}: no key that is here has signed it; train anew", style="red")
    if done.busy:
        out.print(f"{done.busy:,} rows were held by others all the time: run this again.", style="red")
    elif not done.unreadable:
        until = f"{utc_now() + UNDER_WAY:%Y-%m-%d %H:%M} UTC"
        out.print(f"PREVIOUS_SECRET_KEYS may go after {until}, if `sanset verify` finds nothing.")
