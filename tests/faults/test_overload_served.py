"""A served shop that is called far more than it can answer refuses in one way, and serves on afterwards.

`make faults` (it sets SANSET_FAULT_ROUNDS) sends a crowd twenty times, `make test` once.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import grpc
import httpx
import pytest
from sanset.v1 import catalog_pb2_grpc, product_pb2
from support.real_stack import Stack, stack_of
from support.running_shop import refusal

CROWDS = 20 if "SANSET_FAULT_ROUNDS" in os.environ else 1
CONNECTIONS, CALLS_OF_EACH = 40, 50
OVERLOADED = ("RESOURCE_EXHAUSTED", "OVERLOADED", 1)
READ = product_pb2.ListProductsRequest.UPDATED
"""The list of changes is read from the database at every call; what shoppers see may be in memory."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A shop as it is served, with so few places that a crowd cannot have them all."""
    home = tmp_path_factory.mktemp("crowded")
    with stack_of(home, default_deadline_seconds=30, max_queued_calls=16) as stack:
        stack.product()
        yield stack


def test_of_two_thousand_native_calls_at_once_each_is_answered_or_told_when_to_return(stack: Stack) -> None:
    for _ in range(CROWDS):
        ended = _native_crowd(stack)
        assert ended.keys() == {"OK", OVERLOADED}, ended
        assert stack.is_ready()
        with grpc.insecure_channel(stack.native) as channel:
            catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
            for _ in range(10):
                assert catalog.ListProducts(product_pb2.ListProductsRequest(sort=READ), timeout=30).items


def test_of_many_json_calls_at_once_each_is_answered_or_told_when_to_return(stack: Stack) -> None:
    url = f"{stack.origin}/api/v1/products?sort=UPDATED"
    with httpx.Client(timeout=60, limits=httpx.Limits(max_connections=200)) as client:
        for _ in range(CROWDS):
            with ThreadPoolExecutor(200) as crowd:
                replies = list(crowd.map(client.get, [url] * 600))
            refused = [reply for reply in replies if reply.status_code != 200]
            assert len(refused) < len(replies)
            for reply in refused:
                assert (reply.status_code, reply.json()["code"]) == (429, 8)
                assert reply.json()["details"][0]["reason"] == "OVERLOADED"
                assert reply.headers["retry-after"] == "1"
            assert {client.get(url).status_code for _ in range(10)} == {200}


def _native_crowd(stack: Stack) -> Counter[object]:
    """How calls of many connections ended that were all sent together."""
    with ExitStack() as opened:
        calls = []
        for _ in range(CONNECTIONS):
            options = [("grpc.use_local_subchannel_pool", 1)]
            channel = opened.enter_context(grpc.insecure_channel(stack.native, options=options))
            catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
            request = product_pb2.ListProductsRequest(sort=READ)
            calls += [catalog.ListProducts.future(request, timeout=60) for _ in range(CALLS_OF_EACH)]
        return Counter(_ending(call) for call in calls)


def _ending(call: grpc.Future[product_pb2.ListProductsResponse]) -> object:
    """OK, or the code, the reason and the seconds to wait."""
    try:
        call.result(timeout=90)
    except grpc.RpcError as error:
        refused = refusal(error)
        return error.code().name, refused.reason, refused.retry_seconds
    return "OK"
