"""`sanset verify`: says which rows break which rule."""

from __future__ import annotations

import argparse

from rich.console import Console

from server import progress
from server.cli.open_shop import open_shop
from server.keys.state import open_engine
from server.media.storage import store_of
from server.settings import Settings
from server.verify.run import rules, verify
from server.verify.sealed import SEALED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Check the shop; 1 where a rule is broken."""
    with open_shop(settings) as shop:
        return verify_database(shop)


def verify_database(settings: Settings) -> int:
    """Check the whole database; 0 when every rule holds, 1 otherwise."""
    engine = open_engine(settings, pool_size=1)
    try:
        with progress.bars() as bars:
            violations = verify(engine, store_of(settings), opens_sealed=True, progress=bars)
    finally:
        engine.dispose()
    out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)  # rows hold people's own words
    for violation in violations:
        out.print(str(violation), style="red")
    out.print(f"{len(rules()) + len(SEALED)} rules checked, {len(violations)} violations")
    return 1 if violations else 0
