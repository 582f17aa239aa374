"""The `sanset` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from server.home import database_url, settings_for
from server.settings import InvalidSettings, Settings

Command = Callable[[Settings, argparse.Namespace], int]


def main() -> None:
    """Run one command; a refusal is one line on standard error and exit status 1, a wrong setting 2."""
    arguments = _parser().parse_args()
    try:
        settings = settings_for(arguments.command)
    except InvalidSettings as error:
        print(f"sanset: {error}", file=sys.stderr)
        sys.exit(2)
    if arguments.command != "worker":
        from server.logs import configure

        configure("warning")
    command: Command = arguments.run
    try:
        sys.exit(command(settings, arguments))
    except KeyboardInterrupt:
        sys.exit(130)
    except InvalidSettings as error:
        print(f"sanset: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        if type(error).__name__ not in _EXPECTED:
            raise
        print(f"sanset: {error}", file=sys.stderr)
        sys.exit(1)


_EXPECTED = {"ServeFailed", "PostgresFailed", "ImportFailed", "TrainingFailed", "CommandFailed"}
"""Failures whose text is made for people. By name: importing them all would slow every command down."""


class CommandFailed(Exception):
    """The command cannot do what was asked; the text says why and what to do."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sanset", description="A shopping backend spoken over gRPC.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    run = add("run", _run, "set up a demo shop under DATA_DIR and serve it")
    run.add_argument(
        "--db",
        choices=["sqlite", "postgres"],
        default="sqlite",
        help="the database to use under DATA_DIR, unless DATABASE_URL names one",
    )
    add("serve", _serve, "serve the shop: workers and Envoy")
    migrate = add("migrate", _migrate, "bring the database to the newest schema, and create the first admin")
    migrate.add_argument("--to", default="head", metavar="REVISION", help="a revision; 'base' undoes all")
    add("demo", _demo, "load the demo data into an empty shop")
    imports = add("import", _import, "load data from elsewhere")
    imports.add_argument("source", choices=["online-retail"])
    imports.add_argument("path", type=Path)
    imports.add_argument("--limit", type=int, help="read only so many rows")
    train = add("train", _train, "train the recommendations and put the new model into use")
    train.add_argument("--type", default="all", choices=["all", "als", "copurchase", "content"])
    add("verify", _verify, "check that stock, orders and payments add up")
    add("config", _config, "print the settings, secrets masked")
    worker = add("worker", _worker, "serve as one worker process; the supervisor does this")
    worker.add_argument("--port", type=int, required=True)
    worker.add_argument("--metrics-port", type=int, default=0)
    return parser


@contextmanager
def _shop(settings: Settings) -> Iterator[Settings]:
    """The settings of a shop with its database running; raises CommandFailed when there is no shop in it."""
    from server import start

    with start.database(settings) as ready:
        _require_schema(ready)
        yield ready


def _require_schema(settings: Settings) -> None:
    from server.db import migrate

    if not migrate.is_current(settings.url):
        command = "demo" if settings.environment == "demo" else "migrate"
        raise CommandFailed(f"the database has not the newest schema; run `sanset {command}` first")


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import start, supervisor

    with start.database(settings, arguments.db) as ready:
        start.prepare(ready)
        start.fill(ready)
        supervisor.serve(start.with_edge_token(ready), lambda ports: start.announce(ports, ready))
    return 0


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import start, supervisor

    _require_schema(settings)
    supervisor.serve(start.with_edge_token(settings))
    return 0


def _migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import home, start
    from server.db import migrate

    home.make_private(settings.data_dir)
    if arguments.to == "head":
        start.prepare(settings)
    elif arguments.to == "base" or arguments.to < (migrate.current(settings.url) or ""):
        migrate.downgrade(settings.url, arguments.to)
    else:
        migrate.upgrade(settings.url, arguments.to)
    return 0


def _demo(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import start

    with start.database(settings) as ready:
        start.prepare(ready)
        start.fill(ready)
    return 0


def _import(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.imports.command import import_file

    with _shop(settings) as shop:
        return import_file(shop, arguments.path, limit=arguments.limit)


def _train(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import start
    from server.db.database import Database

    with _shop(settings) as shop, closing(Database(shop.url, pool_size=2)) as db:
        return 0 if start.train(shop, db, arguments.type.upper()) else 1


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.verify.command import verify_database

    with _shop(settings) as shop:
        return verify_database(shop)


def _config(settings: Settings, arguments: argparse.Namespace) -> int:
    url = database_url(settings)
    values = settings.model_copy(update={"database_url": url}).masked()
    if not url:
        values["DATABASE_URL"] = f"(PostgreSQL under {settings.data_dir}, not running)"
    for name, value in values.items():
        print(f"{name}={value}")
    return 0


def _worker(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import worker

    worker.run(settings, port=arguments.port, metrics_port=arguments.metrics_port)
    return 0
