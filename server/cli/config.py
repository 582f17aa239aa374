"""`sanset config`: prints the settings, secrets masked."""

from __future__ import annotations

import argparse

from server.bootstrap.database import database_url
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print a line for each setting."""
    url = database_url(settings)
    values = settings.model_copy(update={"database_url": url}).masked()
    if not url:
        values["DATABASE_URL"] = f"(PostgreSQL under {settings.data_dir}, not running)"
    for name, value in values.items():
        print(f"{name}={value}")
    return 0
