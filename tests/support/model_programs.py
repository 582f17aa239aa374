"""What children do that train or prove a model; read by every fork of one, so it reads little itself."""

from __future__ import annotations

import sys


def train(arguments: list[str]) -> None:
    """Be `python -m ml`."""
    from ml.__main__ import main

    sys.exit(main(arguments))


def prove(path: str) -> None:
    """Be the child that loads an artifact."""
    from server.recommend.registry.probe import main

    sys.exit(main(path))
