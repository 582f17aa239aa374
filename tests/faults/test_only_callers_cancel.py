"""Nobody but the caller cancels a call: what the server gives up says so, and why."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest
from crowd import outcomes
from sanset.v1 import catalog_pb2_grpc, category_pb2
from support.running_shop import RunningShop, refusal, test_settings
from worker_process import WorkerProcess

AT_ONCE = 2000
"""gRPC by itself drops calls when more than 1,000 wait to be read."""
LIST = "/sanset.v1.CatalogService/ListCategories"


def test_calls_that_come_at_once_are_all_answered(shop: RunningShop) -> None:
    request = category_pb2.ListCategoriesRequest()
    calls = [shop.catalog.ListCategories.future(request, timeout=60) for _ in range(AT_ONCE)]
    ended = outcomes(calls)
    assert set(ended) <= {"OK", "OVERLOADED"}
    assert ended["OK"] > 0


def test_a_call_without_a_message_is_refused_on_the_wire(shop: RunningShop) -> None:
    call = shop.channel.stream_unary(LIST)
    with pytest.raises(grpc.RpcError) as caught:
        call(iter(()), timeout=30)
    assert refusal(caught.value).reason == "MALFORMED_REQUEST"


def test_a_caller_who_sends_nothing_hears_why_the_call_ended(shop: RunningShop) -> None:
    enough = threading.Event()

    def nothing() -> Iterator[bytes]:
        enough.wait(30)
        yield b""

    with pytest.raises(grpc.RpcError) as caught:
        shop.channel.stream_unary(LIST)(nothing(), timeout=0.5)
    enough.set()
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert refusal(caught.value).reason == "DEADLINE"


def test_a_worker_that_stops_under_load_cancels_nothing(sqlite_url: str, tmp_path: Path) -> None:
    settings = test_settings(sqlite_url, tmp_path, drain_seconds=1)
    ended: Counter[str] = Counter()
    stopping = threading.Event()

    def ask(worker: WorkerProcess) -> None:
        with worker.channel() as channel:
            stub = catalog_pb2_grpc.CatalogServiceStub(channel)
            for _ in range(100_000):
                calls = [stub.ListCategories.future(category_pb2.ListCategoriesRequest()) for _ in range(20)]
                for call in calls:
                    ended[call.code().name] += 1
                if stopping.is_set() and ended["UNAVAILABLE"] > 100:
                    break

    with ExitStack() as closing:
        worker = WorkerProcess(settings, tmp_path / "worker")
        closing.callback(worker.kill)
        worker.until_ready()
        askers = [threading.Thread(target=ask, args=(worker,), daemon=True) for _ in range(4)]
        for asker in askers:
            asker.start()
        while ended["OK"] < 200:
            askers[0].join(0.01)
        stopping.set()
        worker.stop()
        for asker in askers:
            asker.join(60)
        closing.pop_all()
    assert set(ended) == {"OK", "UNAVAILABLE"}
