"""The whole shop as an operator runs it: `sanset migrate`, then `sanset serve` with workers and Envoy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import httpx
from support import plain_http
from support.forked_command import ForkedCommand

from server.process.ports import free_ports

ADMIN = ("admin@shop.test", "admin-secret-1")
PASSWORD = "correct-horse-1"
ORIGIN = "http://localhost:3000"
PATIENCE = 120.0


@dataclass
class Stack:
    """A running shop and short ways to call it as JSON."""

    home: Path
    port: int
    grpc_port: int
    process: ForkedCommand | subprocess.Popen[bytes]
    _clients: list[httpx.Client] = field(default_factory=list)
    _admin: Person | None = None

    @property
    def origin(self) -> str:
        """Where Envoy listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def native(self) -> str:
        """Where native clients connect."""
        return f"127.0.0.1:{self.grpc_port}"

    @property
    def state(self) -> Any:
        """What the supervisor says of its processes."""
        return json.loads((self.home / "run" / "shop.json").read_text())

    @property
    def worker_pids(self) -> list[int]:
        """The workers."""
        return [worker["pid"] for worker in self.state["workers"]]

    def client(self, **headers: str) -> httpx.Client:
        """An HTTP client of its own, closed with the stack."""
        client = plain_http.client(base_url=f"{self.origin}/api/v1/", headers=headers, timeout=PATIENCE)
        self._clients.append(client)
        return client

    def sign_in(self, email: str, password: str = PASSWORD) -> Person:
        """Sign somebody in."""
        stranger = self.client()
        tokens = stranger.post("auth/login", json={"email": email, "password": password})
        assert tokens.status_code == 200, tokens.text
        client = self.client(authorization=f"Bearer {tokens.json()['access_token']}")
        return Person(client, client.get("users/me").json(), tokens.json())

    @property
    def admin(self) -> Person:
        """The first admin."""
        if self._admin is None:
            self._admin = self.sign_in(*ADMIN)
        return self._admin

    def customer(self, *, address: bool = True) -> Person:
        """Register somebody and sign them in."""
        email = f"user-{uuid.uuid4().hex[:12]}@shop.test"
        body = {"full_name": "Ann Buyer", "email": email, "password": PASSWORD}
        assert self.client().post("auth/register", json=body).status_code == 200
        person = self.sign_in(email)
        if address:
            body = {"line1": "1 Main Street", "city": "Springfield", "country": "us"}
            assert person.http.post("users/addresses", json=body).status_code == 200
        return person

    def product(self, **fields: Any) -> Any:
        """Create a product at 10.00 USD."""
        name = f"Mug {uuid.uuid4().hex[:8]}"
        body = {"name": name, "price": {"currency_code": "USD", "units": "10"}, "stock": 100} | fields
        reply = self.admin.http.post("products", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def order(self, person: Person) -> Any:
        """Have somebody buy one new product."""
        product = self.product()
        person.http.post("cart/add", json={"product_id": product["id"]})
        body = {"payment_method": "CARD", "request_id": str(uuid.uuid4())}
        reply = person.http.post("orders/checkout", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()["order"]

    def move(self, order_id: str, status: str) -> None:
        """Move an order, as the admin."""
        reply = self.admin.http.put(f"orders/{order_id}/status", json={"status": status})
        assert reply.status_code == 200, reply.text

    def is_ready(self) -> bool:
        """Whether the gateway sees a healthy worker."""
        try:
            return plain_http.get(f"{self.origin}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the shop with a signal; return its exit status."""
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE)


@dataclass(frozen=True)
class Person:
    """Somebody signed in, with a client that carries their token."""

    http: httpx.Client
    me: Any
    tokens: Any

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What to send with a native call."""
        return (("authorization", f"Bearer {self.tokens['access_token']}"),)


@contextmanager
def stack_of(home: Path, **settings: object) -> Iterator[Stack]:
    """Migrate and serve a shop under `home`; nothing of it is left afterwards.

    With a `pythonpath` the commands are started as they are installed, else in forks.
    """
    port, grpc_port = settings.get("port"), settings.get("grpc_port")
    if not (isinstance(port, int) and isinstance(grpc_port, int)):
        port, grpc_port = free_ports(2)
    values = {
        "environment": "test",
        "data_dir": home,
        "port": port,
        "grpc_port": grpc_port,
        "workers": 2,
        "rate_limit": 0,
        "bcrypt_cost": 4,
        "secret_key": "0123456789abcdef" * 4,
        "first_superuser_email": ADMIN[0],
        "first_superuser_password": ADMIN[1],
        "drain_seconds": 2,
        "drain_notice_seconds": 0,
        "cors_origins": json.dumps([ORIGIN]),
    } | settings
    environment = {**os.environ, **{name.upper(): str(value) for name, value in values.items()}}
    start = _execute if "pythonpath" in settings else _fork
    with (home / "serve.log").open("wb") as log:
        migrated = start("migrate", environment, home, log).wait(PATIENCE)
        assert migrated == 0, (home / "serve.log").read_text()
        process = start("serve", environment, home, log)
    stack = Stack(home, port, grpc_port, process)
    try:
        until(lambda: stack.is_ready() or process.poll() is not None)
        assert process.poll() is None, (home / "serve.log").read_text()
        yield stack
    finally:
        stack.stop()


def _fork(
    command: str, environment: Mapping[str, str], home: Path, log: BinaryIO
) -> ForkedCommand | subprocess.Popen[bytes]:
    with Path(os.devnull).open("rb") as nothing:
        files = {"stdin": nothing.fileno(), "stdout": log.fileno(), "stderr": log.fileno()}
        return ForkedCommand([command], environment, home, **files)


def _execute(
    command: str, environment: Mapping[str, str], home: Path, log: BinaryIO
) -> ForkedCommand | subprocess.Popen[bytes]:
    """Start the command as it is installed."""
    sanset = Path(sys.executable).with_name("sanset")
    return subprocess.Popen([sanset, command], env=environment, cwd=home, stdout=log, stderr=log)


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds, generously."""
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up, "it never came to hold"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
