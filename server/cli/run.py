"""`sanset run`: sets up a demo shop under DATA_DIR and serves it."""

from __future__ import annotations

import argparse

from server.bootstrap.console import console
from server.bootstrap.database import running_database
from server.bootstrap.demo_shop import prepare_demo
from server.bootstrap.notices import announce, warn_of_gaps
from server.bootstrap.pages import pages_under_way
from server.bootstrap.providers import check_providers
from server.process import supervisor
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--db",
        choices=["sqlite", "postgres"],
        default="sqlite",
        help="the database to use under DATA_DIR, unless DATABASE_URL names one",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until a signal asks to stop."""
    with running_database(settings, arguments.db) as ready:
        check_providers(ready)
        with pages_under_way(ready) as pages:
            prepare_demo(ready)
            if not pages.done():
                console.print("Building the web pages")
            ready = ready.model_copy(update={"pages_dir": pages.result()})
        warn_of_gaps(ready)
        supervisor.serve(supervisor.with_edge_token(ready), lambda _: announce(ready))
    return 0
