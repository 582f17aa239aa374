"""The `sanset` command."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from server.errors import CommandError
from server.home import WITHOUT_A_SHOP, database_url, named_data_dir, refuse_open, settings_for
from server.settings import InvalidSettings, Settings

Command = Callable[[Settings, argparse.Namespace], int]


def main() -> None:
    """Run one command; a refusal is one line on standard error and exit status 1, a wrong setting 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal shows less, and ends nothing
    arguments = _parser().parse_args()
    os.umask(0o077)  # whatever is written holds accounts, orders or keys: it is its owner's alone
    settings: Settings | None = None
    try:
        settings = settings_for(arguments.command)
        if settings.environment == "production" and arguments.command not in WITHOUT_A_SHOP:
            refuse_open(settings.data_dir)
        if arguments.command != "worker":
            from server.logs import configure

            configure("warning")
        command: Command = arguments.run
        sys.exit(command(settings, arguments))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what is still buffered
        sys.exit(1)
    except InvalidSettings as error:
        print(f"sanset: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        line = _told(error, settings)
        if line is None or (settings is not None and settings.log_level == "debug"):
            raise
        print(f"sanset: {line}", file=sys.stderr)
        sys.exit(1)


_OF_TRAINING = {"UnreadableFile", "TooLittleData", "MissingLibrary"}
"""Failures of `ml` whose text is made for people. By name: importing them would slow every command down."""


def _told(error: Exception, settings: Settings | None) -> str | None:
    """What a failure is to the person who gave the command, in a line; None for a fault of ours."""
    if isinstance(error, CommandError) or type(error).__name__ in _OF_TRAINING:
        return str(error)
    data_dir = (settings.data_dir if settings is not None else named_data_dir()).absolute()
    if isinstance(error, OSError) and error.filename is not None:
        place = Path(os.fsdecode(error.filename)).absolute()
        if place == data_dir or data_dir in place.parents or place in data_dir.parents:
            return f"DATA_DIR: cannot use {data_dir}: {error.strerror} ({place})"
        return f"{place}: {error.strerror}"
    if settings is None:
        return None
    from server.db.trouble import sentence_of

    return sentence_of(error, database_url(settings) or settings.url)


class CommandFailed(CommandError):
    """The command cannot do what was asked."""


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
    migrate.add_argument(
        "--lose-data", action="store_true", help="go back even where that loses what the newer schema holds"
    )
    add("demo", _demo, "load the demo data into an empty shop")
    imports = add("import", _import, "load data from elsewhere")
    imports.add_argument("source", choices=["online-retail"])
    imports.add_argument("path", type=Path)
    imports.add_argument("--limit", type=_count, metavar="N", help="read only so many rows")
    _add_export(add("export", _export, "write all orders or products into a file"))
    _add_train(add("train", _train, "train the recommendations and put the new model into use"))
    _add_evaluate(add("evaluate", _evaluate, "measure the recommendations on public data"))
    add("verify", _verify, "check that stock, orders and payments add up")
    jobs = add("jobs", _jobs, "list the scheduled work and how it went, or do some of it now")
    jobs.add_argument("action", nargs="?", choices=["list", "run"], default="list")
    jobs.add_argument("name", nargs="?", help="of the job to run")
    add("config", _config, "print the settings, secrets masked")
    worker = add("worker", _worker, "serve as one worker process; the supervisor does this")
    worker.add_argument("--port", type=int, required=True)
    worker.add_argument("--metrics-port", type=int, default=0)
    return parser


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("what", choices=["orders", "products"])
    export.add_argument("path", type=Path, metavar="FILE", help="`-` is standard output")
    export.add_argument("--format", choices=["csv", "xlsx"], help="else as FILE ends, or csv")
    for name, text in (("from", "only orders placed from here on"), ("to", "only orders placed before this")):
        export.add_argument(f"--{name}", dest=f"{name}_time", type=_moment, metavar="TIME", help=text)


def _moment(text: str) -> datetime:
    """A time like 2026-11-21 or 2026-11-21T10:00+02:00; without a zone it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write it like 2026-11-21 or 2026-11-21T10:00+02:00"
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _count(text: str) -> int:
    """A number from 1 on."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _add_train(train: argparse.ArgumentParser) -> None:
    types = ["all", "als", "copurchase", "content", "reorder", "segments"]
    train.add_argument("--type", default="all", choices=types, help="what to train; the rest stays as it is")
    train.add_argument("--preset", default="", choices=["tuned"], help="where ALS begins")
    train.add_argument("--factors", type=_count, metavar="N", help="of ALS; else the preset's, as below")
    train.add_argument("--regularization", type=float, metavar="X")
    train.add_argument("--iterations", type=_count, metavar="N")
    train.add_argument("--alpha", type=float, metavar="X", help="the confidence in a purchase")
    train.add_argument(
        "--activation",
        default="if-not-worse",
        choices=["if-not-worse", "always", "never"],
        help="whether the model goes into use",
    )


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    source = evaluate.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--online-retail",
        type=Path,
        metavar="PATH",
        help="hold out the last invoice of each customer of an Online Retail file",
    )
    source.add_argument(
        "--train", type=Path, metavar="PATH", help="train on a file of lines `user item item …`; needs --test"
    )
    evaluate.add_argument("--test", type=Path, metavar="PATH", help="what the users of --train took later")
    evaluate.add_argument("--k", type=_count, default=20, metavar="N", help="measure the first N products")
    evaluate.add_argument("--json", action="store_true", help="print JSON for programs")


@contextmanager
def _shop(settings: Settings) -> Iterator[Settings]:
    """The settings of a shop with its database running; raises CommandFailed when there is no shop in it."""
    from server import environments, start

    with start.database(settings) as ready:
        _require_schema(ready)
        environments.claim(ready)
        yield ready


def _require_schema(settings: Settings) -> None:
    from server.db import migrate

    migrate.refuse_too_new(settings.url)
    if migrate.state(settings.url) in (migrate.State.EMPTY, migrate.State.OLD):
        command = "demo" if settings.environment == "demo" else "migrate"
        raise CommandFailed(f"the database has not the newest schema; run `sanset {command}` first")


def _run(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import start, supervisor

    with start.database(settings, arguments.db) as ready:
        start.prepare_demo(ready)
        start.warn(ready)
        supervisor.serve(start.with_edge_token(ready), lambda ports: start.announce(ports, ready))
    return 0


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import environments, start, supervisor

    _require_schema(settings)
    environments.claim(settings)
    start.warn(settings)
    supervisor.serve(start.with_edge_token(settings))
    return 0


def _migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import home, start
    from server.db import losses, migrate

    home.make_private(settings.data_dir)
    if arguments.to == "head":
        start.prepare(settings)
    elif migrate.goes_back(settings.url, arguments.to):
        if not arguments.lose_data:
            losses.refuse_losses(settings.url, arguments.to)
        migrate.downgrade(settings.url, arguments.to)
    else:
        migrate.upgrade(settings.url, arguments.to)
    return 0


def _demo(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import start

    with start.database(settings) as ready:
        start.prepare_demo(ready)
    return 0


def _import(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.imports.command import import_file

    with _shop(settings) as shop:
        return import_file(shop, arguments.path, limit=arguments.limit)


def _export(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.clock import utc_now
    from server.exports.command import export
    from server.exports.file import Format

    path, start, end = arguments.path, arguments.from_time, arguments.to_time
    if arguments.what == "products" and (start or end):
        raise CommandFailed("--from and --to choose orders; products have no such time.")
    if start and end and start > end:
        raise CommandFailed("--from must not be after --to.")
    # Ended by a service manager, an export takes its temporary files with it, as by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    form = Format(arguments.format or ("xlsx" if path.suffix.lower() == ".xlsx" else "csv"))
    with _shop(settings) as shop:
        return export(shop, arguments.what, form, path, start=start, end=end, now=utc_now())


def _train(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.db.database import Database
    from server.recommend.lifecycle.assignment import Assignment, Parameters
    from server.recommend.lifecycle.command import train
    from server.segment.trained import keeper

    assignment = Assignment(
        model_type=arguments.type.upper(),
        parameters=Parameters(
            preset=arguments.preset,
            factors=arguments.factors,
            regularization=arguments.regularization,
            iterations=arguments.iterations,
            alpha=arguments.alpha,
        ),
        activation=arguments.activation.upper().replace("-", "_"),
    )
    # Ended by a service manager, a training is cancelled in good order as it is by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _shop(settings) as shop, closing(Database(shop.url, pool_size=3)) as db:
        return 0 if train(shop, db, assignment, on_trained=keeper()) else 1


def _evaluate(settings: Settings, arguments: argparse.Namespace) -> int:
    from server import evaluate

    if arguments.train is not None:
        if arguments.test is None or not 1 <= arguments.k <= 100:
            raise CommandFailed("--train needs --test, and --k lies between 1 and 100.")
        return evaluate.line_files(arguments.train, arguments.test, arguments.k, as_json=arguments.json)
    return evaluate.online_retail(arguments.online_retail, as_json=arguments.json)


def _verify(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.verify.command import verify_database

    with _shop(settings) as shop:
        return verify_database(shop)


def _jobs(settings: Settings, arguments: argparse.Namespace) -> int:
    from server.db.database import Database
    from server.jobs.command import list_jobs, run_job

    if (arguments.action == "run") != (arguments.name is not None):
        raise CommandFailed("say `sanset jobs` or `sanset jobs run NAME`.")
    with _shop(settings) as shop:
        if arguments.action == "run":
            from server.app import build

            return run_job(lambda: build(shop).background, arguments.name)
        with closing(Database(shop.url, pool_size=1)) as db:
            return list_jobs(db)


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
