"""`sanset train`: trains the recommendations and puts the new model into use."""

from __future__ import annotations

import argparse
import signal
from contextlib import closing

from server.bootstrap.training import train
from server.cli.arguments import count
from server.cli.open_shop import open_shop
from server.keys.state import open_database
from server.recommend.training.assignment import Assignment, Parameters
from server.segment.trained import keeper
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    types = ["all", "als", "copurchase", "content", "reorder", "segments"]
    parser.add_argument("--type", default="all", choices=types, help="what to train; the rest stays as it is")
    parser.add_argument("--preset", default="", choices=["tuned"], help="where ALS begins")
    parser.add_argument("--factors", type=count, metavar="N", help="of ALS; else the preset's, as below")
    parser.add_argument("--regularization", type=float, metavar="X")
    parser.add_argument("--iterations", type=count, metavar="N")
    parser.add_argument("--alpha", type=float, metavar="X", help="the confidence in a purchase")
    parser.add_argument(
        "--activation",
        default="if-not-worse",
        choices=["if-not-worse", "always", "never"],
        help="whether the model goes into use",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Train one model; 1 where none came of it."""
    # Ended by a service manager, a training is cancelled in good order as it is by Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with open_shop(settings) as shop, closing(open_database(shop, pool_size=3)) as db:
        return 0 if train(shop, db, _assignment(arguments), on_trained=keeper()) else 1


def _assignment(arguments: argparse.Namespace) -> Assignment:
    return Assignment(
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
