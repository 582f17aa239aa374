"""What calls cost that name an account, where there is one and where there is none: nobody is to learn that by it.

Samples are calls one after the other, in blocks that alternate: of addresses with an account, and without.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Final

import grpc

from bench import cpu, load, rounds
from bench.calls import CallFailed, PreparedCall
from bench.report import Figure
from bench.rounds import WARM_UPS, Load, Side
from bench.shops import sanset_calls
from bench.shops.sanset import SansetShop

SAMPLES: Final = 300
BLOCK: Final = 10
BLOCKS: Final = SAMPLES // BLOCK
PASSWORD: Final = "Bench-4711-of-nobody"
WRONG: Final = "Bench-4712-of-nobody"
SECONDS: Final = 60.0
SOMEBODY, NOBODY = "somebody", "nobody"

Make = Callable[[str], PreparedCall]
"""The call about an e-mail address."""


def _sign_in(email: str) -> PreparedCall:
    return sanset_calls.login(email, WRONG)


def _reset(email: str) -> PreparedCall:
    return sanset_calls.reset_password(email, "000000", WRONG)


CALLS: Final[Mapping[str, Make]] = {
    "sign_in": _sign_in,
    "forgot": sanset_calls.forgot_password,
    "reset": _reset,
    "resend": sanset_calls.resend_verification,
}
"""The calls that may not tell; Register tells by contract."""


def rows(shop: SansetShop, suffix: str, steps: Callable[[str, int], Callable[[], None]]) -> list[Figure]:
    """How far apart the two are, in CPU and in time, for each call."""
    accounts = [
        sanset_calls.register(_email(SOMEBODY, n), PASSWORD) for n in range((WARM_UPS + BLOCKS) * BLOCK)
    ]
    load.send(shop.target, accounts)
    figures = []
    with grpc.insecure_channel(shop.target.address) as channel:
        for name, make in CALLS.items():
            seconds: dict[str, list[float]] = {SOMEBODY: [], NOBODY: []}
            sides = [
                Side(who, shop.processes, _preparing(channel, make, who, seconds[who])) for who in seconds
            ]
            costs = rounds.measure(sides, BLOCKS, steps(f"{name}{suffix}", WARM_UPS + BLOCKS))
            spread = costs[SOMEBODY].against(costs[NOBODY])
            walls = {who: median(taken[WARM_UPS * BLOCK :]) for who, taken in seconds.items()}
            figures += [
                _figure(f"enumeration_{name}_cpu{suffix}", spread.median),
                _figure(f"enumeration_{name}_time{suffix}", walls[SOMEBODY] / walls[NOBODY]),
            ]
    return figures


def _figure(name: str, ratio: float) -> Figure:
    return Figure(name, round(abs(ratio - 1) * 100, 1), "% apart", NOBODY, round(ratio, 3))


def _preparing(channel: grpc.Channel, make: Make, who: str, seconds: list[float]) -> Callable[[int], Load]:
    """Gets a block of calls ready; each is about another address, and its time is noted."""

    def prepare(number: int) -> Load:
        emails = [_email(who, number * BLOCK + n) for n in range(BLOCK)]
        if make is _reset:
            for email in emails:
                _send(channel, sanset_calls.forgot_password(email))
        calls = [make(email) for email in emails]

        def send() -> int:
            with cpu.pinned(cpu.LOAD_CORE):
                for call in calls:
                    begun = time.perf_counter()
                    _send(channel, call)
                    seconds.append(time.perf_counter() - begun)
            return len(calls)

        return send

    return prepare


def _send(channel: grpc.Channel, call: PreparedCall) -> None:
    """Send a call, which may be refused as long as that says nothing of the account."""
    method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(call.path)
    try:
        method(call.body, timeout=SECONDS)
    except grpc.RpcError as error:
        if not isinstance(error, grpc.Call) or error.code() in _TELLING:
            raise CallFailed(f"{call.path}: {error}") from error


_TELLING: Final = (
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.INTERNAL,
)


def _email(who: str, number: int) -> str:
    return f"{who}{number}@enumeration.example.com"
