"""A shop that dies on command: serves a call over gRPC in a process of its own, which dies at one of its points.

It forks for each call, so that a death costs little; gRPC begins in the child. A point is the moment before a
statement, before a commit, before and after each question to a gateway of payments, and before the reply. The
death is SIGKILL: no handler runs, nothing is rolled back by us or flushed.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.message import Message
from sqlalchemy import event
from support.forked_command import Conversation
from support.running_shop import Account, refusal

from server import app
from server.contract import METHODS, native_path
from server.db.database import Database
from server.logs import configure
from server.payment.gateway import Gateways
from server.rpc.telemetry import Meter
from server.settings import Settings, environment_of, load

SECONDS = 20.0
PATHS = {method.name: native_path(method) for method in METHODS}


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
            if _of_a_call():
                self.reach(f"before {' '.join(sql.split())[:60]}")

        def committing(_c: object) -> None:
            if _of_a_call():
                self.reach("before COMMIT")

        event.listen(db.engine, "before_cursor_execute", statement)
        event.listen(db.engine, "commit", committing, insert=True)  # the engine's own sends the COMMIT


def _of_a_call() -> bool:
    """Whether this thread serves a call or a job; the follower looks at the events whenever it likes."""
    return threading.current_thread().name.startswith("use-case")


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


class Shop:
    """The whole shop, as a worker runs it, with points in it."""

    def __init__(self, settings: Settings, points: Points) -> None:
        self._points = points
        _watch_replies(points)
        whole = app.build(settings)
        # What is searched is read whenever it likes, on the threads of the calls.
        self._shop = replace(whole, parts=[part for part in whole.parts if part is not whole.rooms.search])
        gateways: Gateways = self._shop.rooms.payment.gateways
        for known in (gateways._by_method, gateways._by_name):
            known.update({name: WatchedGateway(gateway, points) for name, gateway in known.items()})  # type: ignore[misc]
        self._jobs = {
            "sweep": self._shop.rooms.order.sweeper.sweep,
            "process_pending": self._shop.rooms.refund.refunds.process_pending,
        }

    async def serve(self, method: str, request: bytes, token: str) -> str:
        """Serve a call or run a job: "OK", or the reason of the refusal."""
        port = self._shop.server.listen("127.0.0.1:0")
        await self._shop.start()
        self._points.watch(self._shop.db)
        if method in self._jobs:
            await self._jobs[method]()
            self._points.reach("at the end")
            return "OK"
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary(method)
            try:
                await call(request, metadata=(("authorization", f"Bearer {token}"),), timeout=SECONDS)
            except grpc.aio.AioRpcError as error:
                return refusal(error).reason
            finally:
                await self._shop.core.detached.finish()
        return "OK"


def _watch_replies(points: Points) -> None:
    """Have a point before each reply; the server asks for the meters when it is built."""
    finished = Meter.finished

    def told(meter: Meter, *arguments: Any) -> None:
        finished(meter, *arguments)
        points.reach("before the reply")

    Meter.finished = told  # type: ignore[method-assign]


@dataclass(frozen=True)
class Served:
    """How a call ended: where it died, or how it was answered and the points that it has."""

    died: str
    ended: str
    points: list[str]


class Mortals:
    """The program below."""

    def __init__(self, settings: Settings) -> None:
        self._program = Conversation(main, environment_of(settings))

    def serve(self, method: str, request: Message | None, account: Account, fatal: int = 0) -> Served:
        """Serve a call in a process that dies at its point number `fatal`; 0 lets it live."""
        body = request.SerializeToString().hex() if request is not None else ""
        path = method if request is None else PATHS[method]
        order = {"method": path, "request": body, "token": account.tokens.access_token, "fatal": fatal}
        self._program.say(json.dumps(order))
        told: dict[str, Any] = {}
        while "status" not in told:
            told |= json.loads(self._program.hear())
        status = told.pop("status")
        assert status == (-signal.SIGKILL if "died" in told else 0), (told, status)
        return Served(told.get("died", ""), told.get("ended", ""), told.get("points", []))

    def stop(self) -> None:
        """End the program."""
        self._program.end()


async def _serve(settings: Settings, points: Points, order: Mapping[str, Any]) -> str:
    shop = Shop(settings, points)  # gRPC belongs to the loop that it is built in
    return await shop.serve(order["method"], bytes.fromhex(order["request"]), order["token"])


def main() -> None:
    """Fork a process for each line of standard input."""
    settings = load()
    configure("error")
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            points = Points(order["fatal"])
            ended = asyncio.run(_serve(settings, points, order))
            print(json.dumps({"ended": ended, "points": points.passed}), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)
