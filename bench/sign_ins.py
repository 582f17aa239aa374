"""What signing in costs besides its hash, and what a flood of it costs others."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import bcrypt

from bench import cpu, load, pacer, rounds
from bench.calls import CallFailed, PreparedCall, Target
from bench.cpu import Processes
from bench.dataset import CUSTOMERS
from bench.report import MICROSECONDS, Figure, cost_row
from bench.rounds import Load, Side, Spread
from bench.shops import sanset_seed
from bench.shops.sanset import SETTINGS, SansetShop, started_worker

AT_ONCE: Final = 200
LONG: Final = 10_240
"""Characters of a password that no account can have."""
COST: Final = "12"
"""The hashes' cost of a shop as it is served."""
EDGE_TOKEN: Final = "the bench names the addresses of its callers"
RATE: Final = 200
"""Calls a second of those who meet the flood."""
SECONDS: Final = 8
"""Of calls in each turn, a second of warming up apart; a burst of valid sign-ins takes about as long."""
BURSTS: Final = {"valid": 0, "10_kb": LONG}
"""By their names, the length of the passwords; 0: those of the accounts."""
SIGN_INS: Final = 150
"""In a round."""


@dataclass
class _Turns:
    """What the turns of one kind showed."""

    ratios: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    grown: list[int] = field(default_factory=list)


def cpu_rows(shop: SansetShop, count: int, on_round: Callable[[], None]) -> list[Figure]:
    """The CPU of a sign-in with its database, and what is left of it without the hash."""
    numbers = itertools.cycle(range(1, CUSTOMERS + 1))

    def prepare(_: int) -> Load:
        calls = [shop.login(next(numbers)) for _ in range(SIGN_INS)]
        return lambda: len(load.send(shop.target, calls))

    hashes = [_hash_us() for _ in range(5)]
    costs = rounds.measure([Side("sign_in", shop.processes, prepare)], count, on_round)["sign_in"]
    hash_us = median([*hashes, *(_hash_us() for _ in range(5))])
    total = costs.total
    rest = Spread(total.low - hash_us, total.median - hash_us, total.high - hash_us).rounded(1)
    return [
        cost_row("sign_in", costs),
        Figure("sign_in_hash", round(hash_us, 1), MICROSECONDS),
        Figure("sign_in_besides_hash", rest.median, MICROSECONDS, spread=rest),
    ]


def _hash_us() -> float:
    """The CPU of verifying a password as the measured worker does, on its core."""
    password = sanset_seed.PASSWORD.encode()
    hashed = bcrypt.hashpw(password, bcrypt.gensalt(int(SETTINGS["BCRYPT_COST"])))
    with cpu.pinned(cpu.SERVER_CORE):
        begun = time.thread_time()
        for _ in range(200):
            bcrypt.checkpw(password, hashed)
        return (time.thread_time() - begun) / 200 * 1e6


def flood_rows(shop: SansetShop, directory: Path, count: int, on_round: Callable[[], None]) -> list[Figure]:
    """The slowest hundredth of other calls while 200 sign in at once, against that while nobody does."""
    directory.mkdir()
    environment = {**shop.environment, "BCRYPT_COST": COST, "EDGE_TOKEN": EDGE_TOKEN}
    turns = {name: _Turns() for name in BURSTS}
    with started_worker(environment, directory / "log") as (target, worker):
        _burst(
            target, BURSTS["valid"]
        )  # hashes of the shop's filling are outdated: these sign-ins renew them
        for _ in range(count):
            for name, length in BURSTS.items():
                _take_turn(turns[name], shop, target, Processes((worker,)), length)
                on_round()
    return [row for name, taken in turns.items() for row in _rows(name, taken)]


def _take_turn(turns: _Turns, shop: SansetShop, target: Target, worker: Processes, length: int) -> None:
    draw = random.Random(len(turns.ratios))
    idle = _p99(target, shop, draw)
    before = cpu.resident_bytes(worker.app)
    burst = _started(target, length)
    try:
        flooded = _p99(target, shop, draw)
        turns.grown.append(cpu.resident_bytes(worker.app) - before)
    finally:
        output, _ = burst.communicate()
    _check(json.loads(output), length)
    turns.ratios.append(flooded / idle)
    turns.p99_ms.append(flooded)


def _p99(target: Target, shop: SansetShop, draw: random.Random) -> float:
    """Of products and orders that are read, in turn."""
    calls = [_other_call(shop, number, draw) for number in range(RATE * (SECONDS + pacer.WARM_UP_SECONDS))]
    with cpu.pinned(cpu.LOAD_CORE):
        return quantiles(pacer.paced(target, calls, RATE), n=100)[98]


def _other_call(shop: SansetShop, number: int, draw: random.Random) -> PreparedCall:
    if number % 2:
        return shop.get_product(draw.randint(1, len(shop.products)))
    return shop.list_orders(shop.buyer(number % CUSTOMERS + 1), 20)


def _started(target: Target, length: int) -> subprocess.Popen[str]:
    words = [target.port, EDGE_TOKEN, AT_ONCE, length]
    command = [sys.executable, "-m", "bench.sign_in_burst", *map(str, words)]
    with cpu.pinned(cpu.LOAD_CORE):
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _burst(target: Target, length: int) -> None:
    output, _ = _started(target, length).communicate()
    _check(json.loads(output), length)


def _check(ended: dict[str, int], length: int) -> None:
    """Raise CallFailed unless passwords of nobody are refused, and others judged as far as there is room."""
    expected = {"INVALID_ARGUMENT"} if length else {"OK", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}
    if not ended or not ended.keys() <= expected:
        raise CallFailed(f"sign-ins with passwords of {length or 'few'} characters ended as {ended}")


def _rows(name: str, turns: _Turns) -> list[Figure]:
    spread = Spread.of(turns.ratios)
    return [
        Figure(
            f"sign_in_flood_{name}_p99",
            round(median(turns.p99_ms), 1),
            "ms",
            "idle",
            round(spread.median, 2),
            spread.rounded(2),
        ),
        Figure(f"sign_in_flood_{name}_memory", round(max(turns.grown) / 2**20, 1), "MB more"),
    ]
