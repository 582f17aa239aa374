"""`sanset migrate`: brings the database to the newest schema or another, and creates the first admin."""

from __future__ import annotations

import argparse

from server.bootstrap.prepare import bring_to, prepare
from server.db import losses, migrate
from server.process.data_dir import make_private
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--to", default="head", metavar="REVISION", help="a revision; 'base' undoes all")
    parser.add_argument(
        "--lose-data", action="store_true", help="go back even where that loses what the newer schema holds"
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Go forward to the newest schema, or to the revision that is named."""
    make_private(settings.data_dir)
    if arguments.to == "head":
        prepare(settings)
    elif migrate.goes_back(settings.url, arguments.to):
        if not arguments.lose_data:
            losses.refuse_losses(settings.url, arguments.to)
        migrate.downgrade(settings.url, arguments.to)
    else:
        bring_to(settings, arguments.to)
    return 0
