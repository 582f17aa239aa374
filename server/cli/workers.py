"""`sanset workers`: the fork server of the supervisor's workers."""

from __future__ import annotations

import argparse

from server import worker
from server.cli.worker import serve
from server.process.fork_server import next_fork
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve as a worker in each fork."""
    worker.prepare(settings)
    port, metrics_port = next_fork()
    return serve(settings, port=int(port), metrics_port=int(metrics_port))
