"""`python -m ml train`: one training run as a process of its own, reporting in JSON lines."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from ml.artifact import MIN_KEY_BYTES
from ml.train import MODEL_TYPES, Options, TooLittleData, run

Number = TypeVar("Number", int, float)

KEY_VARIABLE = "SANSET_ARTIFACT_KEY"

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
    given = _parser().parse_args(arguments)
    key = _key()
    if key is None:
        return _failed(
            EXIT_USAGE, "BAD_KEY", f"{KEY_VARIABLE} must hold at least {MIN_KEY_BYTES} bytes in hexadecimal."
        )
    signal.signal(signal.SIGTERM, _cancel)
    signal.signal(signal.SIGINT, _cancel)
    options = Options(
        factors=given.factors,
        regularization=given.regularization,
        iterations=given.iterations,
        alpha=given.alpha,
        half_life_days=given.half_life_days,
        threads=given.threads,
        seed=given.seed,
    )
    try:
        trained = run(
            given.database_url,
            given.models_dir,
            given.type,
            options,
            key=key,
            now=datetime.now(UTC),
            progress=_progress,
        )
    except Cancelled:
        return _failed(EXIT_CANCELLED, "CANCELLED", "Training was cancelled; nothing was published.")
    except TooLittleData as error:
        return _failed(EXIT_TOO_LITTLE_DATA, "TOO_LITTLE_DATA", str(error))
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
    default = Options()
    train.add_argument("--database-url", required=True, help="SQLAlchemy URL of the shop's database")
    train.add_argument("--models-dir", required=True, type=Path, help="where artifacts are published")
    train.add_argument(
        "--type", choices=MODEL_TYPES, default="all", help="what to train; the rest is carried over"
    )
    train.add_argument("--factors", type=_number(int, 1, 512), default=default.factors)
    train.add_argument("--regularization", type=_number(float, 0, 1e4), default=default.regularization)
    train.add_argument("--iterations", type=_number(int, 1, 500), default=default.iterations)
    train.add_argument(
        "--alpha", type=_number(float, 1e-3, 1e4), default=default.alpha, help="confidence in a purchase"
    )
    train.add_argument("--half-life-days", type=_number(float, 1e-2, 1e4), default=default.half_life_days)
    train.add_argument(
        "--threads", type=_number(int, 0, 256), default=default.threads, help="cores for ALS; 0: all"
    )
    train.add_argument("--seed", type=_number(int, 0, 2**31 - 1), default=default.seed)
    return parser


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
