"""The command line: picks the module of a command, runs it, and says in a line why it failed."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, cast

from server.errors import CommandError, Refusal

if TYPE_CHECKING:
    from server.settings import Settings


class Command(Protocol):
    """A module of this package that is one command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the command takes."""

    def run(self, settings: Settings, arguments: argparse.Namespace) -> int:
        """Do it, and return the exit status."""


class Entry(NamedTuple):
    """A command in the list of all."""

    module: str
    summary: str


COMMANDS: Final = {
    "run": Entry("run", "set up a demo shop under DATA_DIR and serve it"),
    "serve": Entry("serve", "serve the shop: workers and Envoy"),
    "migrate": Entry("migrate", "bring the database to the newest schema, and create the first admin"),
    "demo": Entry("demo", "load the demo data into an empty shop"),
    "import": Entry("import_data", "load data from elsewhere"),
    "export": Entry("export", "write all orders or products into a file"),
    "train": Entry("train", "train the recommendations and put the new model into use"),
    "evaluate": Entry("evaluate", "measure recommendations and search on public data"),
    "verify": Entry("verify", "check that stock, orders and payments add up"),
    "rebuild-analytics": Entry("rebuild_analytics", "count all orders anew, while the shop is served"),
    "rotate-keys": Entry("rotate_keys", "have everything sealed with SECRET_KEY, while the shop is served"),
    "sync-inventory": Entry("sync_inventory", "set the stock to what a list from elsewhere says"),
    "roles": Entry("roles", "list the roles, or create one"),
    "api-keys": Entry("api_keys", "list the back ends with their keys, or make or revoke one"),
    "jobs": Entry("jobs", "list the scheduled work and how it went, or do some of it now"),
    "config": Entry("config", "print the settings, secrets masked"),
    "worker": Entry("worker", "serve as one worker process, without Envoy"),
    "workers": Entry("workers", "fork worker processes; the supervisor does this"),
}


def main(*, on_loaded: Callable[[], None] = lambda: None) -> None:
    """Run one command; a refusal is one line on standard error and exit status 1, a wrong setting 2.

    `on_loaded` is called once its modules are.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal shows less, and ends nothing
    os.umask(0o077)  # whatever is written holds accounts, orders or keys: it is its owner's alone
    try:
        command, arguments = parse(sys.argv[1:])
        on_loaded()
        _run(command, arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what is still buffered
        sys.exit(1)


def _run(command: Command, arguments: argparse.Namespace) -> None:
    """Run the command under the settings of the shop that it means."""
    from server import logs  # `--help` needs none of them
    from server.cli.settings import WITHOUT_A_SHOP, settings_for
    from server.process.data_dir import refuse_open
    from server.settings import InvalidSettings

    settings: Settings | None = None
    try:
        settings = settings_for(arguments.command)
        if settings.environment == "production" and arguments.command not in WITHOUT_A_SHOP:
            refuse_open(settings.data_dir)
        if arguments.command not in ("worker", "workers"):
            logs.configure("warning")
        sys.exit(command.run(settings, arguments))
    except BrokenPipeError:
        raise
    except InvalidSettings as error:
        print(f"sanset: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        line = _line_of(error, settings)
        if line is None or (settings is not None and settings.log_level == "debug"):
            raise
        print(f"sanset: {line}", file=sys.stderr)
        sys.exit(1)


def parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """Return the command that `argv` names, and what it takes; only that command's module is loaded."""
    parser = argparse.ArgumentParser(prog="sanset", description="A shopping backend spoken over gRPC.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    name = next((argument for argument in argv if argument in COMMANDS), None)
    command: Command | None = None
    for each, (module, summary) in COMMANDS.items():
        subparser = subparsers.add_parser(each, help=summary, description=summary)
        if each == name:
            command = cast("Command", import_module(f"server.cli.{module}"))
            command.add_arguments(subparser)
    arguments = parser.parse_args(argv)
    assert command is not None  # argparse takes no other name
    return command, arguments


def _line_of(error: Exception, settings: Settings | None) -> str | None:
    """Say in a line what failed, for the person who gave the command; None for a fault of ours."""
    from server.bootstrap.database import (
        database_url,
    )  # what is imported here is seldom needed, and costs much
    from server.cli.settings import named_data_dir
    from server.db.trouble import sentence_of

    if isinstance(error, CommandError | Refusal):
        return str(error)
    data_dir = (settings.data_dir if settings is not None else named_data_dir()).absolute()
    if isinstance(error, OSError) and error.filename is not None:
        path = Path(os.fsdecode(error.filename)).absolute()
        if path == data_dir or data_dir in path.parents or path in data_dir.parents:
            return f"DATA_DIR: cannot use {data_dir}: {error.strerror} ({path})"
        return f"{path}: {error.strerror}"
    if settings is None:
        return None
    return sentence_of(error, database_url(settings) or settings.url)
