"""`sanset serve`: serves the shop, workers and Envoy."""

from __future__ import annotations

import argparse

from server.bootstrap import environments
from server.bootstrap.keys import check_keys
from server.bootstrap.notices import warn_of_gaps
from server.bootstrap.providers import check_providers
from server.cli.open_shop import require_schema
from server.process import supervisor
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until a signal asks to stop."""
    require_schema(settings)
    environments.claim(settings)
    check_keys(settings)
    check_providers(settings)
    warn_of_gaps(settings)
    supervisor.serve(supervisor.with_edge_token(settings))
    return 0
