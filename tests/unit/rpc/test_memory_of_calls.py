"""What is left of a call when it has ended: nothing of ours, however it ended."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import suppress

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from prometheus_client import CollectorRegistry
from sanset.v1 import cart_pb2

from server.budgets.budgets import Budgets
from server.db.pool import Pool
from server.errors import TokenInvalid, UserNotFound
from server.identity import Identity, Role
from server.logs import AccessLog
from server.rpc.access import Access
from server.rpc.arrivals import Arrivals
from server.rpc.call import Call
from server.rpc.interceptor import Interceptor
from server.rpc.leases import Leases
from server.rpc.limits import Limits
from server.rpc.methods import Methods
from server.rpc.telemetry import Telemetry
from server.rpc.validation import Validation

CART = cart_pb2.DESCRIPTOR.services_by_name["CartService"]
CALLS = 5


def _verify(token: str) -> Identity:
    if token != "valid":
        raise TokenInvalid() from ValueError(token)
    return Identity(1, Role.CUSTOMER, "session", time.time() + 60)


async def _answer(request: Empty, call: Call) -> Empty:
    return request


async def _refuse(request: Empty, call: Call) -> Empty:
    raise UserNotFound(user_id=1)


def _methods(behaviour: Callable[..., object]) -> Methods:
    interceptor = Interceptor(
        arrivals=Arrivals(1),
        access=Access([CART], _verify),
        limits=Limits(Budgets(None, time.time), anonymous=0, signed_in=100, streams_per_user=5, streams=5),
        validation=Validation([CART]),
        telemetry=Telemetry(CollectorRegistry(), AccessLog("critical")),
        leases=Leases(),
        pool=Pool(threads=1, max_queued=1),
        edge_token="",
        default_seconds=5,
    )
    methods = Methods(interceptor.wrap, interceptor.unknown)
    handler = grpc.unary_unary_rpc_method_handler(behaviour, Empty.FromString, Empty.SerializeToString)
    methods.server.add_registered_method_handlers(CART.full_name, {"GetCart": handler})
    return methods


async def _calls_that_are_left(behaviour: Callable[..., object], token: str) -> list[Call]:
    server = grpc.aio.server(handlers=[_methods(behaviour)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            for _ in range(CALLS):
                call = channel.unary_unary(f"/{CART.full_name}/GetCart")
                with suppress(grpc.aio.AioRpcError):
                    await call(b"", metadata=[("authorization", f"Bearer {token}")], timeout=30)
            await asyncio.sleep(0.1)
            return [each for each in gc.get_objects() if isinstance(each, Call)]
    finally:
        await server.stop(None)


@pytest.mark.parametrize("token", ["valid", "forged"])
@pytest.mark.parametrize("behaviour", [_answer, _refuse])
def test_a_call_is_gone_when_it_has_ended_and_not_left_to_the_cyclic_collector(
    behaviour: Callable[..., object], token: str
) -> None:
    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(_calls_that_are_left(behaviour, token)) == []
    finally:
        gc.enable()
