"""A shop that dies on command: serves a call in a process of its own, and kills that at a numbered point of it.

Run as a program it imports the shop once and forks for each call, so that a death costs a tenth of a second. A
point is the moment before a statement, before a commit, before and after each question to a payment gateway, and
before the reply. The death is SIGKILL: no handler runs, nothing is rolled back by us, nothing is flushed.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from running_shop import Account
from sanset.v1 import order_pb2
from sqlalchemy import event, text

from server.cart.pricing import PriceRules
from server.clock import utc_now
from server.db.database import Database
from server.db.deadline import Deadline
from server.logs import configure
from server.order.after_sale_convert import refund_reply
from server.order.after_sale_servicer import AfterSale
from server.order.checkout import Checkout, CheckoutRules
from server.order.convert import checkout_reply
from server.order.paying_back import Refunds
from server.order.payments.gateway import Gateways
from server.order.payments.setup import Payments
from server.order.refunding import Refunding
from server.order.refunds import pay_back_late
from server.order.servicer import OrderServicer
from server.order.settlement import Settlement
from server.order.sweeper import Sweeper
from server.rpc.call import Call
from server.rpc.faults import refusal_of
from server.rpc.identity import Identity, Role
from server.rpc.pool import Pool
from server.settings import Settings, environment_of, load
from server.vault import Vault

SECONDS = 20.0


class Points:
    """Counts the points of a call, and dies at one of them."""

    def __init__(self, fatal: int) -> None:
        self._fatal = fatal
        self.passed: list[str] = []

    def reach(self, what: str) -> None:
        """Pass a point, or die at it."""
        self.passed.append(what)
        if len(self.passed) == self._fatal:
            print(json.dumps({"died": what}), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    def watch(self, db: Database) -> None:
        """Make points of the statements and commits of a database."""

        def statement(_c: object, _cursor: object, sql: str, *_rest: object) -> None:
            self.reach(f"before {' '.join(sql.split())[:60]}")

        event.listen(db.engine, "before_cursor_execute", statement)
        event.listen(db.engine, "commit", lambda _: self.reach("before COMMIT"))


class WatchedGateway:
    """A gateway whose calls have a point before and after them."""

    def __init__(self, gateway: Any, points: Points) -> None:
        self._gateway = gateway
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._gateway, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def ask(*arguments: Any) -> Any:
            self._points.reach(f"before the gateway's {name}")
            answer = await found(*arguments)
            self._points.reach(f"after the gateway's {name}")
            return answer

        return ask


class House:
    """The parts of the shop that orders need, put together as `server.app` does, with points in them."""

    def __init__(self, settings: Settings, points: Points) -> None:
        self._points = points
        self._db = db = Database(settings.url, pool_size=2)
        self._pool = pool = Pool(threads=1, max_queued=100)
        payments = Payments.of(settings, db, pool, utc_now)
        gateways = Gateways(
            {
                method: WatchedGateway(payments.gateways.for_method(method), points)  # type: ignore[dict-item]
                for method in ("CARD", "UPI", "GIFT_CARD")
            }
        )
        patience = settings.payment_timeout_seconds
        settlement = Settlement(db, utc_now, checkout_reply, pay_back_late)
        sweeper = Sweeper(db, pool, gateways, settlement, utc_now, gateway_seconds=patience)
        refunds = Refunds(db, pool, gateways, utc_now, gateway_seconds=patience)
        refunding = Refunding(db, pool, refunds, utc_now, refund_reply, patience)
        rules = CheckoutRules(
            PriceRules.of(settings), timedelta(minutes=settings.reservation_minutes), patience
        )
        checkout = Checkout(
            db, pool, gateways, settlement, rules, utc_now, checkout_reply, Vault.of(settings)
        )
        after_sale = AfterSale(refunds, refunding, sweeper.settle, timedelta(days=settings.return_days))
        absent: Any = None  # what no call of these tests meets
        self._jobs = {"sweep": sweeper.sweep, "settle_pending": refunds.settle_pending}
        self._orders = OrderServicer(
            *(db, pool, absent, utc_now, checkout, absent, absent, absent, payments.codes, after_sale, absent)
        )

    async def serve(self, method: str, request: bytes, identity: Identity) -> str:
        """Serve a call or run a job: "OK", or the reason of the refusal."""
        with self._db.read() as connection:  # the first connection says hello by statements of its own
            connection.execute(text("SELECT 1"))
        self._points.watch(self._db)
        try:
            if method in self._jobs:
                await self._jobs[method]()
            else:
                await self._call(method, request, identity)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            ended = refusal.reason
        else:
            ended = "OK"
        self._points.reach("before the reply")
        return ended

    async def _call(self, method: str, body: bytes, identity: Identity) -> None:
        descriptor = order_pb2.DESCRIPTOR.services_by_name["OrderService"].methods_by_name[method]
        request = GetMessageClass(descriptor.input_type).FromString(body)
        call = Call(
            f"/sanset.v1.OrderService/{method}",
            "r",
            "127.0.0.1",
            False,
            "",
            None,
            Deadline(SECONDS),
            identity,
        )
        behaviour: Callable[..., Any] = getattr(self._orders, method)
        if inspect.iscoroutinefunction(behaviour):
            await behaviour(request, call)
        else:
            await self._pool.run(call.deadline, behaviour, request, call)
        await self._orders.settle()


@dataclass(frozen=True)
class Served:
    """How a call ended: where it died, or how it was answered and the points that it has."""

    died: str
    ended: str
    points: list[str]


class Mortals:
    """The program below, held by its standard input."""

    def __init__(self, settings: Settings) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment_of(settings) | {"PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )

    def serve(self, method: str, request: Message | None, account: Account, fatal: int = 0) -> Served:
        """Serve a call in a process that dies at its point number `fatal`; 0 lets it live."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        body = request.SerializeToString().hex() if request is not None else ""
        order = {"method": method, "request": body, "user": account.user_id, "fatal": fatal}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        told: Mapping[str, Any] = json.loads(self._process.stdout.readline())
        status = json.loads(self._process.stdout.readline())["status"]
        assert status == (-signal.SIGKILL if "died" in told else 0), (told, status)
        return Served(told.get("died", ""), told.get("ended", ""), told.get("points", []))

    def stop(self) -> None:
        """End the program."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def main() -> None:
    """Fork a process for each line of standard input."""
    settings = load()
    configure("error")
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            points = Points(order["fatal"])
            role = Role.CUSTOMER if order["method"] == "Checkout" else Role.ADMIN
            identity = Identity(order["user"], role, "s", time.time() + 3600)
            house = House(settings, points)
            ended = asyncio.run(house.serve(order["method"], bytes.fromhex(order["request"]), identity))
            print(json.dumps({"ended": ended, "points": points.passed}), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    main()
