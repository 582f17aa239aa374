"""A served shop (supervisor, gateway, jobs) whose workers and gateway are killed at random moments of checkouts.

`SANSET_FAULT_ROUNDS` says how often to kill (`make faults` sets it high).
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from functools import partial
from pathlib import Path

import grpc
import pytest
from crowd import Crowd
from shopper import Shopper
from sqlalchemy import Engine, make_url, text
from support.real_stack import Stack, is_alive, stack_of, until
from support.running_shop import test_settings
from test_kill import KILLS, SHOPPERS, check
from worker_process import OPTIONS

from server.db.engine import connect
from server.db.reading import reading

GATEWAY_EVERY = 5
"""One in so many kills strikes the gateway."""
PAUSE = 0.2
"""Seconds between two purchases of one shopper: mails are sent one after the other, and have to keep up."""


class Door:
    """The native port, which every client of a served shop comes through."""

    def __init__(self, stack: Stack) -> None:
        self._target = stack.native

    def channel(self) -> grpc.Channel:
        """A channel to it, which finds it again after it was started anew."""
        return grpc.insecure_channel(self._target, options=OPTIONS)


def kill_one(stack: Stack, number: int, chance: random.Random) -> None:
    """Kill a worker, or the gateway now and then, and wait until the supervisor has another in its place."""
    gateway = number % GATEWAY_EVERY == GATEWAY_EVERY - 1
    victim = stack.state["envoy"]["pid"] if gateway else chance.choice(stack.worker_pids)
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in _pids(stack) and all(map(is_alive, _pids(stack))) and stack.is_ready())


def wait_for_mails(engine: Engine) -> None:
    """Wait until every mail is sent, for as long as they become fewer."""
    while unsent := _unsent(engine):
        until(partial(_fewer_unsent, engine, unsent))


def _fewer_unsent(engine: Engine, than: int) -> bool:
    return _unsent(engine) < than


def _pids(stack: Stack) -> list[int]:
    return [*stack.worker_pids, stack.state["envoy"]["pid"]]


def _unsent(engine: Engine) -> int:
    with reading(engine).connect() as connection:  # a transaction on SQLite would keep the jobs from writing
        statement = text("SELECT count(*) FROM mails WHERE status <> 'SENT'")
        return int(connection.execute(statement).scalar_one())


@pytest.mark.either
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_served_shop_that_is_killed_part_by_part_loses_and_doubles_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, database: str
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    if database == "postgres":
        url = request.getfixturevalue("postgres_url")
    payments = {"demo_payment_delay_seconds": 0.03, "payment_timeout_seconds": 0.5}
    with stack_of(tmp_path, database_url=url, db_pool_size=4, run_jobs=True, **payments) as stack:
        engine = connect(make_url(url).render_as_string(hide_password=False))
        crowd = Crowd(engine, test_settings(url, tmp_path))
        products = crowd.products(8, stock=1_000_000)
        enough, chance = threading.Event(), random.Random()
        buyers = crowd.buyers([{}] * SHOPPERS)
        shoppers = [
            Shopper(buyer, [Door(stack)], products, enough, seed, PAUSE) for seed, buyer in enumerate(buyers)
        ]
        for shopper in shoppers:
            shopper.start()
        for number in range(KILLS):
            time.sleep(chance.uniform(0.0, 0.5))
            kill_one(stack, number, chance)
        enough.set()
        for shopper in shoppers:
            shopper.finish()
        wait_for_mails(engine)
        told = check(engine, shoppers)
        engine.dispose()
    assert told["CONFIRMED"] >= KILLS
    print(f"\n{database}: {KILLS} kills of a served shop, {told.total()} checkouts, 0 violations")
