"""A process that runs the outboxes once and dies by SIGKILL at a given step; a step is a statement or a sending.

Reads lines of JSON: {"url", "smtp", "key", "die_at"}. For each it forks a child and prints how many steps that
took, or "killed". Forking spares each death the imports.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from typing import Any

from sqlalchemy import event
from support.rooms import core_of

from server.mail import part as mail_part
from server.mail.message import Message
from server.mail.senders import SmtpSender
from server.order import queries
from server.settings import load
from server.webhooks import part as webhooks_part
from server.webhooks.courier import Answer, Courier


class Steps:
    """Counts what happens, and dies at one of them."""

    def __init__(self, die_at: int) -> None:
        self.count = 0
        self._die_at = die_at

    def step(self, *_: Any) -> None:
        """Another step begins, or has just ended."""
        self.count += 1
        if self.count == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingSender(SmtpSender):
    """Sends for real, and may die before or after it."""

    steps: Steps

    def send(self, mail_id: int, message: Message) -> None:
        """Send."""
        self.steps.step()
        super().send(mail_id, message)
        self.steps.step()


class DyingCourier(Courier):
    """Posts for real, and may die before or after it."""

    steps: Steps

    async def post(self, url: str, headers: Any, body: bytes) -> Answer:
        """Post."""
        self.steps.step()
        answer = await super().post(url, headers, body)
        self.steps.step()
        return answer


async def run(url: str, smtp: int, key: str, steps: Steps) -> None:
    """Write and send everything, counting."""
    core = core_of(load(_env_file=None, environment="test", database_url=url, db_pool_size=2, secret_key=key))
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(core.db.engine, name, steps.step, insert=name == "commit")
    sender, courier = DyingSender("127.0.0.1", smtp, "off", "", ""), DyingCourier(allow_private=True)
    sender.steps = courier.steps = steps
    await mail_part.build(core, sender).outbox.run()
    webhooks = webhooks_part.build(core, courier, read_metadata=queries.metadata_of_orders)
    await webhooks.outbox.run()
    await webhooks.stop()
    await core.part().stop()


def main() -> None:
    """Fork for every line."""
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            steps = Steps(order["die_at"])
            asyncio.run(run(order["url"], order["smtp"], order["key"], steps))
            os.write(writing, str(steps.count).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        said = os.read(reading, 100).decode()
        os.close(reading)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else said or "failed", flush=True)
