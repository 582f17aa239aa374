"""Outboxes on a running shop, a clock that tests move, and a real SMTP server that can be told to refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from sqlalchemy import Select, delete, select
from support.rooms import core_of
from support.running_shop import RunningShop, test_settings

from server.clock import utc_now
from server.mail import part as mail_part
from server.mail.message import Message
from server.mail.models import Mail
from server.mail.outbox import MailOutbox
from server.mail.queries import opened
from server.mail.senders import Sender, SmtpSender
from server.order import queries
from server.process.ports import free_ports
from server.webhooks import part as webhooks_part
from server.webhooks.courier import Courier
from server.webhooks.models import WebhookDelivery, WebhookEndpoint
from server.webhooks.outbox import WebhookOutbox


class Desk:
    """The outboxes of a shop."""

    def __init__(self, shop: RunningShop) -> None:
        self.shop = shop
        settings = shop.settings.model_copy(
            update={"db_pool_size": 4, "mail_from": "The Shop <shop@shop.test>"}
        )
        self.core = core_of(settings, self.now)
        self.db = self.core.db
        self.ahead = timedelta()
        self.send_webhooks()
        asyncio.run(self.mails(_Nowhere()).run())
        with self.db.transaction() as tx:
            for table in (Mail, WebhookDelivery, WebhookEndpoint):
                tx.execute(delete(table))

    def close(self) -> None:
        """End its threads and connections."""
        self.core.pool.close()
        self.db.close()

    def now(self) -> datetime:
        """The time, moved ahead by `later`."""
        return utc_now() + self.ahead

    def later(self, **time: float) -> None:
        """Let time go by."""
        self.ahead += timedelta(**time)

    def mails(self, sender: Sender, admin: str = "", *, language: str = "en") -> MailOutbox:
        """An outbox of mails, of a shop that writes in `language`."""
        update = {"mail_admin": admin, "default_language": language}
        settings = self.core.settings.model_copy(update=update)
        return mail_part.build(replace(self.core, settings=settings), sender).outbox

    def webhooks(self, *, allow_private: bool = True) -> WebhookOutbox:
        """An outbox of webhooks."""
        return webhooks_part.build(
            self.core, Courier(allow_private=allow_private), read_metadata=queries.metadata_of_orders
        ).outbox

    def send_webhooks(self, *, allow_private: bool = True) -> None:
        """Send what is due."""

        async def send() -> None:
            outbox = self.webhooks(allow_private=allow_private)
            try:
                await outbox.run()
            finally:
                await outbox.close()

        asyncio.run(send())

    def rows(self, statement: Select[Any]) -> list[Any]:
        """The rows of a query."""
        with self.db.read() as connection:
            return list(connection.execute(statement).all())

    def mail_rows(self) -> list[Any]:
        """Every mail."""
        with self.db.read() as connection:
            rows = connection.execute(select(Mail.__table__).order_by(Mail.id))
            return [opened(self.db.vault, row) for row in rows]

    def delivery_rows(self) -> list[Any]:
        """Every delivery."""
        return self.rows(select(WebhookDelivery.__table__).order_by(WebhookDelivery.id))


class _Nowhere:
    def send(self, mail_id: int, message: Message) -> None:
        """Forget the mail."""

    def rest(self) -> None:
        """Nothing."""


class PostOffice:
    """What an SMTP server took, and how it answers: `refuse` says it of each mail before it is taken."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuse: Callable[[EmailMessage], str] = lambda message: ""
        self.refuse_recipient: Callable[[str], str] = lambda address: ""

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse."""
        answer = self.refuse_recipient(address)
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """Take a mail, or refuse."""
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        answer = self.refuse(message)
        if not answer:
            self.taken.append(message)
            self.recipients.append(list(envelope.rcpt_tos))
        return answer or "250 OK"

    @property
    def subjects(self) -> list[str]:
        """The subjects of what was taken."""
        return [str(message["Subject"]) for message in self.taken]


@contextmanager
def smtp_server(office: PostOffice, port: int = 0) -> Iterator[int]:
    """A real SMTP server on a free port."""
    port = port or free_ports(1)[0]
    controller = Controller(office, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def to(port: int) -> SmtpSender:
    """The way to an SMTP server of the tests."""
    return SmtpSender("127.0.0.1", port, "off", "", "")


def part(message: EmailMessage, kind: str) -> str:
    """The text or the HTML of a mail."""
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.fixture(scope="module")
def own_shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop of the outboxes' own, whose webhooks may go to this host: other tests' orders would be mailed too."""
    home = tmp_path_factory.mktemp("outboxes")
    shop = RunningShop(test_settings(module_database_url, home, webhook_allow_private=True))
    yield shop
    shop.stop()


@pytest.fixture
def desk(own_shop: RunningShop) -> Iterator[Desk]:
    """The shop's outboxes, with nothing in them."""
    desk = Desk(own_shop)
    yield desk
    desk.close()
