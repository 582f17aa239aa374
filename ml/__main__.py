"""`python -m ml train`: one training run as a process of its own, reporting in JSON lines."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from ml.artifacts.artifact import MIN_KEY_BYTES
from ml.models.boosting import MissingLibrary
from ml.training.options import Options
from ml.training.train import MODEL_TYPES, InsufficientData, run

Number = TypeVar("Number", int, float)

KEY_VARIABLE = "SANSET_ARTIFACT_KEY"

DATABASE_VARIABLE = "SANSET_DATABASE_URL"
"""Where the URL of the database is looked for: a command line is no place for a password."""

PRESETS: Mapping[str, Options] = {
    "default": Options(),
    "tuned": Options(factors=128, regularization=10.0, alpha=40.0),
}

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_TOO_LITTLE_DATA = 3
EXIT_CANCELLED = 143


class Cancelled(BaseException):
    """SIGTERM or Ctrl-C arrived. No Exception: nothing on the way out may mistake it for a fault."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0: done; 1: failed; 2: wrong arguments or key; 3: too little data; 143: cancelled. The last line on
    standard output has stage `done` or `failed`; `failed` carries `reason` and `message`.
    """
    parser = _parser()
    parsed = parser.parse_args(arguments)
    database_url = parsed.database_url or os.environ.get(DATABASE_VARIABLE)
    if not database_url:
        parser.error(f"--database-url or {DATABASE_VARIABLE} must name the shop's database")
    key = _key()
    if key is None:
        return _failed(
            EXIT_USAGE, "BAD_KEY", f"{KEY_VARIABLE} must hold at least {MIN_KEY_BYTES} bytes in hexadecimal."
        )
    signal.signal(signal.SIGTERM, _cancel)
    signal.signal(signal.SIGINT, _cancel)
    try:
        trained = run(
            database_url,
            parsed.models_dir,
            parsed.type,
            options=_options(parsed),
            key=key,
            serving=parsed.serving,
            now=datetime.now(UTC),
            progress=_progress,
        )
    except Cancelled:
        return _failed(EXIT_CANCELLED, "CANCELLED", "Training was cancelled; nothing was published.")
    except InsufficientData as error:
        return _failed(EXIT_TOO_LITTLE_DATA, "TOO_LITTLE_DATA", str(error))
    except MissingLibrary as error:
        return _failed(EXIT_FAILED, "MISSING_LIBRARY", f"{error}.")
    except SQLAlchemyError as error:
        # The driver's text may hold the address and user of the database; its kind is enough here.
        return _failed(
            EXIT_FAILED, "DATABASE_UNAVAILABLE", f"The database cannot be read ({type(error).__name__})."
        )
    except OSError as error:
        return _failed(EXIT_FAILED, "CANNOT_WRITE", f"The artifact cannot be written: {error.strerror}.")
    _line(stage="done", artifact=trained.path.name, metrics=trained.metrics)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    train = parser.add_subparsers(dest="command", required=True).add_parser(
        "train", help="train and publish a model"
    )
    train.add_argument(
        "--database-url", help=f"SQLAlchemy URL of the shop's database; else {DATABASE_VARIABLE}"
    )
    train.add_argument("--models-dir", required=True, type=Path, help="where artifacts are published")
    train.add_argument(
        "--type", choices=MODEL_TYPES, default="all", help="what to train; the rest is carried over"
    )
    train.add_argument(
        "--serving", help="name of the artifact in use: compared with, and completed from; else the newest"
    )
    train.add_argument("--preset", choices=PRESETS, default="default", help="where the options below begin")
    train.add_argument("--factors", type=_number(int, 1, 512))
    train.add_argument("--regularization", type=_number(float, 0, 1e4))
    train.add_argument("--iterations", type=_number(int, 1, 500))
    train.add_argument("--alpha", type=_number(float, 1e-3, 1e4), help="confidence in a purchase")
    train.add_argument("--half-life-days", type=_number(float, 1e-2, 1e4))
    train.add_argument("--threads", type=_number(int, 0, 256), help="cores for ALS; 0: all")
    train.add_argument("--seed", type=_number(int, 0, 2**31 - 1))
    return parser


def _options(parsed: argparse.Namespace) -> Options:
    names = [option.name for option in fields(Options)]
    overrides = {name: getattr(parsed, name) for name in names if getattr(parsed, name, None) is not None}
    return replace(PRESETS[parsed.preset], **overrides)


def _number(kind: type[Number], low: float, high: float) -> Callable[[str], Number]:
    def number(text: str) -> Number:
        value = kind(text)
        if not (math.isfinite(value) and low <= value <= high):
            raise argparse.ArgumentTypeError(f"must lie between {low} and {high}")
        return value

    number.__name__ = kind.__name__
    return number


def _key() -> bytes | None:
    try:
        key = bytes.fromhex(os.environ.get(KEY_VARIABLE, ""))
    except ValueError:
        return None
    return key if len(key) >= MIN_KEY_BYTES else None


def _cancel(_signal: int, _frame: FrameType | None) -> NoReturn:
    # A second signal must not interrupt the cleaning up after the first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Cancelled


def _progress(stage: str, percent: int, message: str) -> None:
    _line(stage=stage, percent=percent, message=message)


def _failed(status: int, reason: str, message: str) -> int:
    _line(stage="failed", reason=reason, message=message)
    return status


def _line(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
