"""`sanset worker`: serves as one worker process, by itself."""

from __future__ import annotations

import argparse

from server import worker
from server.cli.open_shop import require_schema
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--metrics-port", type=int, default=0)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until a signal asks to stop, or standard input ends."""
    return serve(settings, port=arguments.port, metrics_port=arguments.metrics_port)


def serve(settings: Settings, *, port: int, metrics_port: int) -> int:
    """Serve on these ports until the supervisor asks to stop, or is gone."""
    require_schema(settings)  # started again, perhaps, on a schema that another release has made meanwhile
    worker.run(settings, port=port, metrics_port=metrics_port)
    return 0
