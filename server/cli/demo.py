"""`sanset demo`: loads the demo data into an empty shop."""

from __future__ import annotations

import argparse

from server.bootstrap.database import running_database
from server.bootstrap.demo_shop import prepare_demo
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prepare the database and fill it."""
    with running_database(settings) as ready:
        prepare_demo(ready)
    return 0
