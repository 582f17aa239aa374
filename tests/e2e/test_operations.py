"""The stack in operation: reflection, limits, signals, and workers that die."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from sanset.v1 import auth_pb2, auth_pb2_grpc, catalog_pb2_grpc, category_pb2, user_pb2, user_pb2_grpc
from sanset.v1.order_pb2 import Order
from sanset.v1.payment_pb2 import Payment
from sanset_client import Client, Unavailable
from support import plain_http
from support.real_stack import ADMIN, PASSWORD, Stack, is_alive, stack_of, until

from server.contract import SERVICES

PAUSE_SECONDS = 0.02
"""Between two reads of one caller: without it, the caller takes the time in which a worker would start."""
BUF = Path(sys.executable).with_name("buf")


def _buf(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BUF), "curl", "--protocol", "grpc", "--http2-prior-knowledge", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_reflection_serves_a_command_line(stack: Stack) -> None:
    product = stack.product()
    native = f"http://{stack.native}"
    listed = _buf("--list-services", native)
    assert {service.full_name for service in SERVICES} <= set(listed.stdout.split()), listed.stderr
    body = json.dumps({"product_id": product["id"]})
    found = _buf("-d", body, f"{native}/sanset.v1.CatalogService/GetProduct")
    assert json.loads(found.stdout)["slug"] == product["slug"], found.stderr
    for version in ("grpc-v1", "grpc-v1alpha"):
        assert _buf("--list-services", "--reflect-protocol", version, native).stdout == listed.stdout
    assert _buf("--list-services", f"{stack.origin}/api/v1").returncode != 0


@pytest.mark.parametrize(
    ("symbol", "is_there"),
    [("OrderService.Checkout", True), ("OrderService", True), ("OrderService.Nothing", False)],
)
def test_reflection_describes_methods_too(stack: Stack, symbol: str, is_there: bool) -> None:
    asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=f"sanset.v1.{symbol}")
    with grpc.insecure_channel(stack.native) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        [reply] = stub.ServerReflectionInfo(iter([asked]), timeout=20)
    assert bool(reply.file_descriptor_response.file_descriptor_proto) == is_there


def test_a_guessed_edge_token_opens_nothing_on_the_native_port(stack: Stack) -> None:
    person = stack.customer()
    forged = (("x-sanset-edge", "guess"), ("x-envoy-external-address", "9.9.9.9"), ("x-user-id", "1"))
    with grpc.insecure_channel(stack.native) as channel:
        auth = auth_pb2_grpc.AuthServiceStub(channel)
        me = user_pb2_grpc.UserServiceStub(channel).GetMe(
            user_pb2.GetMeRequest(), metadata=person.metadata + forged
        )
        assert str(me.id) == person.me["id"]
        auth.Login(auth_pb2.LoginRequest(email=me.email, password="correct-horse-1"), metadata=forged)
        sessions = auth.ListSessions(auth_pb2.ListSessionsRequest(), metadata=person.metadata).items
    assert "9.9.9.9" not in [session.ip for session in sessions]


def test_everything_in_the_data_directory_is_its_owners_alone(any_stack: Stack) -> None:
    stack = any_stack
    stack.order(stack.customer())
    until(lambda: list((stack.home / "mail").glob("*.eml")))
    paths = [path for path in stack.home.rglob("*") if path != stack.home / "serve.log"]
    modes = {(path.is_dir(), path.lstat().st_mode & 0o777) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}, [(oct(path.stat().st_mode), path) for path in paths]


def test_a_killed_worker_is_replaced_and_reads_go_on(stack: Stack) -> None:
    product, http = stack.product(), stack.client()
    for _ in range(2):
        victim, *others = stack.worker_pids
        subprocess.run(["kill", "-9", str(victim)], check=True)
        answers = []
        while len(stack.worker_pids) < 2 or victim in stack.worker_pids or len(answers) < 20:
            answers.append(http.get(f"products/{product['id']}").status_code)
            time.sleep(PAUSE_SECONDS)
        assert set(answers) == {200}
        assert others[0] in stack.worker_pids
        until(lambda: _healthy(stack) == 2)


def _healthy(stack: Stack) -> int:
    clusters = plain_http.get(f"http://127.0.0.1:{stack.state['envoy']['admin_port']}/clusters").text
    return clusters.count("health_flags::healthy")


def test_the_python_client_shops_and_follows_an_order_across_restarts(stack: Stack) -> None:
    for _ in range(3):
        stack.product(brand="Client Test")
    email = stack.customer().me["email"]
    with Client(stack.native) as shop, Client(stack.native) as staff:
        shop.login(email, "correct-horse-1")
        staff.login(*ADMIN)
        products = list(shop.catalog.iter_products(brand="client test", page_size=1))
        assert len(products) == 3
        shop.cart.add(product_id=products[0].id, quantity=2)
        order = shop.orders.checkout(payment_method=Payment.CARD).order
        assert order.status == Order.CONFIRMED

        steps: list[tuple[int, int]] = []
        following = threading.Thread(
            target=lambda: steps.extend((step.sequence, step.status) for step in shop.orders.track(order.id)),
            daemon=True,
        )
        following.start()
        for status in (Order.PROCESSING, Order.SHIPPED, Order.DELIVERED):
            old = stack.worker_pids
            for pid in old:
                subprocess.run(["kill", "-9", str(pid)], check=True)
            until(lambda old=old: None not in stack.worker_pids and not set(old) & set(stack.worker_pids))
            until(lambda status=status: _moved(staff, order.id, status))
        following.join(60)
        assert not following.is_alive()
    walked = (Order.PENDING_PAYMENT, Order.CONFIRMED, Order.PROCESSING, Order.SHIPPED, Order.DELIVERED)
    assert steps == list(enumerate(walked, start=1))


def _moved(staff: Client, order_id: int, status: Order.Status.ValueType) -> bool:
    """Whether the order took the step; not while no worker is back."""
    try:
        return staff.orders.update_order_status(order_id=order_id, status=status).status == status
    except Unavailable:
        return False


@pytest.fixture
def small_stack(tmp_path: Path) -> Iterator[Stack]:
    """A short-lived shop that allows five calls a minute."""
    with stack_of(tmp_path, workers=1, rate_limit=5, rate_limit_signed_in=8) as running:
        yield running


def test_each_address_has_its_limit_and_ctrl_c_ends_everything(small_stack: Stack) -> None:
    stack, http = small_stack, small_stack.client()
    replies = [http.get("categories", headers={"x-forwarded-for": f"9.9.9.{n}"}) for n in range(7)]
    assert [reply.status_code for reply in replies] == [200] * 5 + [429] * 2
    refused = replies[-1].json()
    assert (refused["code"], refused["details"][0]["reason"]) == (8, "RATE_LIMITED")
    assert int(replies[-1].headers["retry-after"]) >= 1

    with grpc.insecure_channel(stack.native) as channel:
        catalog = catalog_pb2_grpc.CatalogServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            catalog.ListCategories(
                category_pb2.ListCategoriesRequest(), metadata=(("x-envoy-external-address", "9.9.9.9"),)
            )
    assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    retry = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(retry) for detail in rpc_status.from_call(caught.value).details)
    assert retry.retry_delay.seconds >= 1

    fork_server = stack.state["fork_server"]["pid"]
    assert len(list(Path(f"/proc/{fork_server}/task").iterdir())) == 1  # a fork has what one thread has
    pids = [stack.process.pid, fork_server, stack.state["envoy"]["pid"], *stack.worker_pids]
    assert all(is_alive(pid) for pid in pids)
    assert stack.stop(signal.SIGINT) == 0
    until(lambda: not any(is_alive(pid) for pid in pids))
    assert not (stack.home / "run" / "shop.json").exists()
    assert not stack.is_ready()


def test_no_log_holds_a_secret_at_any_level(tmp_path: Path) -> None:
    with stack_of(tmp_path, workers=1, log_level="debug") as stack:
        person, guest = stack.customer(), stack.client()
        product = stack.product()
        cart = guest.post("cart/add", json={"product_id": product["id"]}).json()["token"]
        guest.get("cart", headers={"x-cart-token": cart})
        stack.client(authorization=f"Bearer {person.tokens['access_token']}").get(
            "orders/1?token=sent-in-vain"
        )
        guest.post("auth/login", json={"email": person.me["email"], "password": "wrong-horse-1"})
        guest.post("auth/refresh", json={"refresh_token": person.tokens["refresh_token"]})
        with grpc.insecure_channel(stack.native) as channel:
            user_pb2_grpc.UserServiceStub(channel).GetMe(user_pb2.GetMeRequest(), metadata=person.metadata)
        edge = re.findall(r"x-sanset-edge, value: \"(\w+)\"", (tmp_path / "run" / "envoy.yaml").read_text())[
            0
        ]
    secrets = {cart, edge, *person.tokens.values(), PASSWORD, ADMIN[1], "wrong-horse-1", "sent-in-vain"}
    logs = [*(tmp_path / "log").iterdir(), tmp_path / "serve.log"]
    assert {log.name for log in logs} >= {"envoy.log", "worker-1.log"}
    for log in logs:
        text = log.read_text()
        assert [secret for secret in secrets if len(str(secret)) > 8 and str(secret) in text] == [], log.name


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    with stack_of(tmp_path, workers=2) as stack:
        pids = [stack.state["envoy"]["pid"], *stack.worker_pids]
        stack.process.kill()
        until(lambda: not any(is_alive(pid) for pid in pids))
