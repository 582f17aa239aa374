"""Servers behind a balancer and workers behind their gateway are restarted one by one, and no caller notices."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import httpx
from balancer import balancer
from sanset.v1 import catalog_pb2_grpc, product_pb2, user_pb2, user_pb2_grpc
from support import plain_http
from support.databases import postgres_database
from support.real_stack import Person, Stack, stack_of, until

from server.process.ports import free_ports

LONG = "SANSET_FAULT_ROUNDS" in os.environ
ROUNDS = 5 if LONG else 1
RESTARTED = 2 if LONG else 1
"""Servers of two; a restart takes as long as a start, so `make test` restarts one, and `make faults` each."""

PAUSE_SECONDS = 0.03 if LONG else 0.1
KINDS = ("json read", "read", "json write", "write")


class Traffic:
    """Callers over JSON and native gRPC who read and write without end, never try again, and count what fails."""

    def __init__(self, port: int, buyers: list[Person], product_id: str) -> None:
        self.answered: Counter[str] = Counter()
        self.failed: list[str] = []
        self._port = port
        self._product = product_id
        self._over = threading.Event()
        self._open = ExitStack()
        work: list[tuple[str, Callable[[], None]]] = [
            ("json read", self._json_reads()),
            ("read", self._reads()),
        ]
        for buyer in buyers:
            work += [("json write", self._json_writes(buyer)), ("write", self._writes(buyer))]
        self._threads = [threading.Thread(target=self._repeat, args=each) for each in work]

    def __enter__(self) -> Traffic:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._open.close()

    def until_answered(self) -> None:
        """Wait until everybody was answered some more."""
        before = self.answered.copy()
        until(lambda: self.failed or all(self.answered[kind] > before[kind] + 5 for kind in KINDS))

    def _repeat(self, kind: str, call: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                call()
                self.answered[kind] += 1
            except (httpx.HTTPError, grpc.RpcError) as error:
                self.failed.append(f"{kind}: {str(error)[:600]}")
            self._over.wait(PAUSE_SECONDS)

    def _http(self, **headers: str) -> httpx.Client:
        base = f"http://127.0.0.1:{self._port}/api/v1/"
        return self._open.enter_context(plain_http.client(base_url=base, timeout=30, headers=headers))

    def _channel(self) -> grpc.Channel:
        return self._open.enter_context(grpc.insecure_channel(f"127.0.0.1:{self._port}"))

    def _json_reads(self) -> Callable[[], None]:
        http = self._http()
        return lambda: _checked(http.get(f"products/{self._product}"))

    def _json_writes(self, buyer: Person) -> Callable[[], None]:
        http = self._http(authorization=f"Bearer {buyer.tokens['access_token']}")
        return lambda: _checked(http.patch("users/me", json={"full_name": "Ann Buyer"}))

    def _reads(self) -> Callable[[], None]:
        stub = catalog_pb2_grpc.CatalogServiceStub(self._channel())
        request = product_pb2.GetProductRequest(product_id=int(self._product))
        return lambda: stub.GetProduct(request, timeout=30)

    def _writes(self, buyer: Person) -> Callable[[], None]:
        stub = user_pb2_grpc.UserServiceStub(self._channel())
        request = user_pb2.UpdateMeRequest(user=user_pb2.User(full_name="Ann Buyer"))
        return lambda: stub.UpdateMe(request, timeout=30, metadata=buyer.metadata)


def _checked(reply: httpx.Response) -> None:
    if reply.status_code != 200:
        raise httpx.HTTPError(f"{reply.status_code} {reply.text}")


@contextmanager
def _followed(port: int, person: Person, order_id: str) -> Iterator[list[str]]:
    """The last messages of a stream that follows an order from within the `with` on."""
    ends: list[str] = []
    began = threading.Event()

    def follow() -> None:
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {person.tokens['access_token']}"}
        url = f"http://127.0.0.1:{port}/api/v1/orders/{order_id}/track"
        with httpx.stream("GET", url, headers=headers, timeout=60) as reply:
            for line in reply.iter_lines():
                if line.startswith("data:"):
                    began.set()
                    ends[:] = [line.removeprefix("data:")]

    thread = threading.Thread(target=follow)
    thread.start()
    assert began.wait(60)
    yield ends
    thread.join(60)
    assert not thread.is_alive()


def test_servers_behind_a_balancer_are_restarted_without_a_failed_call(
    postgres_server: str, tmp_path: Path
) -> None:
    ports = [free_ports(2) for _ in "12"]

    def server(number: int) -> ExitStack:
        home = tmp_path / f"server-{number}"
        home.mkdir(exist_ok=True)
        port, grpc_port = ports[number]
        running = ExitStack()
        settings = {
            "database_url": url,
            "port": port,
            "grpc_port": grpc_port,
            "drain_notice_seconds": 2,
            "workers": 1,
        }
        stacks[number] = running.enter_context(stack_of(home, **settings))
        return running

    stacks: dict[int, Stack] = {}
    with ExitStack() as everything:
        url = everything.enter_context(postgres_database(postgres_server))
        servers = [server(number) for number in range(2)]
        for running in servers:
            everything.callback(lambda running=running: running.close())
        front = everything.enter_context(balancer(tmp_path, [port for port, _ in ports]))
        front.until_it_sees(2)
        buyers = [stacks[0].customer()]
        product = stacks[0].product()
        order = stacks[0].order(buyers[0])
        with Traffic(front.port, buyers, product["id"]) as traffic:
            traffic.until_answered()
            for _ in range(ROUNDS):
                for number in range(RESTARTED):
                    with _followed(ports[number][0], buyers[0], order["id"]) as last:
                        servers[number].close()
                    assert "reconnect" in json.loads(last[0])
                    traffic.until_answered()
                    servers[number] = server(number)
                    front.until_it_sees(2)
                    traffic.until_answered()
        for running in servers:
            everything.callback(running.close)
    assert traffic.failed == []


def test_workers_are_restarted_without_a_failed_call(stack: Stack) -> None:
    buyers = [stack.customer()]
    product = stack.product()
    order = stack.order(buyers[0])
    with Traffic(stack.port, buyers, product["id"]) as traffic:
        traffic.until_answered()
        for _ in range(ROUNDS):
            old = set(stack.worker_pids)
            with _followed(stack.port, buyers[0], order["id"]) as last:
                stack.process.send_signal(signal.SIGUSR1)
                until(lambda old=old: None not in stack.worker_pids and not old & set(stack.worker_pids))
            assert "reconnect" in json.loads(last[0])
            traffic.until_answered()
    assert traffic.failed == []


def test_a_worker_that_hangs_is_replaced_and_no_read_fails(stack: Stack) -> None:
    product, http = stack.product(), stack.client()
    victim, other = stack.worker_pids
    os.kill(victim, signal.SIGSTOP)
    answers = Counter[int]()
    while victim in stack.worker_pids or None in stack.worker_pids:
        answers[http.get(f"products/{product['id']}").status_code] += 1
        time.sleep(PAUSE_SECONDS)
    assert set(answers) == {200}
    assert other in stack.worker_pids
