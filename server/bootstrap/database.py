"""The shop's database while a command works: that of DATABASE_URL, or one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from server.bootstrap.console import console
from server.process import data_dir, postgres
from server.settings import Settings

Kind = Literal["sqlite", "postgres"]


@contextmanager
def running_database(settings: Settings, choice: Kind | None = None) -> Iterator[Settings]:
    """The settings with a running database: that of DATABASE_URL, or one under DATA_DIR.

    Under DATA_DIR it is that of `choice`, which is remembered, or without one the database chosen last. A
    PostgreSQL there runs for as long as the `with`, unless a shop has it running. Raises PostgresFailed.
    """
    data_dir.make_private(settings.data_dir)
    embedded = choice is not None and not settings.database_url
    if choice is not None and embedded:
        choose_database(settings.data_dir, choice)
    url = "" if embedded and choice == "postgres" else database_url(settings)
    with ExitStack() as running:
        if not url:
            with console.status("Starting PostgreSQL …"):
                url = running.enter_context(postgres.running(postgres_directory(settings.data_dir)))
        yield settings.model_copy(update={"database_url": url})


def choose_database(directory: Path, kind: Kind) -> None:
    """Remember which of its databases the shop in `directory` uses."""
    data_dir.run_directory(directory)
    data_dir.write_private(_choice_file(directory), kind)


def database_url(settings: Settings) -> str:
    """The URL of the shop's database: that of DATABASE_URL, or the one chosen last under DATA_DIR.

    Empty for a PostgreSQL under DATA_DIR that does not run now.
    """
    choice = _choice_file(settings.data_dir)
    if settings.database_url or not choice.exists() or choice.read_text("utf-8") != "postgres":
        return settings.url
    return postgres.running_url(postgres_directory(settings.data_dir)) or ""


def postgres_directory(directory: Path) -> Path:
    """The directory of the shop's own PostgreSQL."""
    return directory / "postgres"


def _choice_file(directory: Path) -> Path:
    return directory / "run" / "database"
