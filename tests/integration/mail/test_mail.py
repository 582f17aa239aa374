"""Mails: what buyers are told, in order, through a real SMTP server, whatever that answers."""

from __future__ import annotations

import asyncio
import re
import uuid
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import grpc
import pytest
from google.type.money_pb2 import Money
from sanset.v1 import auth_pb2, order_pb2, refund_service_pb2
from sanset.v1.refund_pb2 import Refund
from sqlalchemy import insert
from support.outbox_desk import Desk, PostOffice, part, smtp_server, to
from support.running_shop import PASSWORD, RunningShop

from server.mail.message import Message, Unsendable, message_of
from server.mail.models import Mail
from server.mail.outbox import MAX_SHOWN
from server.mail.senders import Files, SmtpSender
from server.process.ports import free_ports
from server.verify import verify

pytestmark = pytest.mark.either

SHIPPED, DELIVERED = order_pb2.Order.SHIPPED, order_pb2.Order.DELIVERED


def deliver(shop: RunningShop, order_id: int) -> None:
    """Take an order to its buyer's door."""
    for status in (order_pb2.Order.PROCESSING, SHIPPED, DELIVERED):
        shop.move(order_id, status)


def test_each_step_of_an_order_sends_the_buyer_a_mail_with_its_details(desk: Desk) -> None:
    shop = desk.shop
    buyer = shop.customer()
    product = shop.product(units=10, nanos=500_000_000, name="Mug with <b>bold</b> & blue rim")
    shop.add(buyer, product.id, 2)
    order = shop.checkout(buyer).order
    deliver(shop, order.id)
    office = PostOffice()
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
        asyncio.run(desk.mails(to(port)).run())
    assert office.subjects == [
        f"Your order {order.number}",
        f"Your order {order.number} is being packed",
        f"Your order {order.number} is on its way",
        f"Your order {order.number} was delivered",
    ]
    assert office.recipients == [[buyer.email]] * 4
    placed, _, shipped, _ = office.taken
    plain, html = part(placed, "plain"), part(placed, "html")
    assert "2 x Mug with <b>bold</b> & blue rim" in plain
    assert "Mug with &lt;b&gt;bold&lt;/b&gt; &amp; blue rim" in html
    assert "<b>bold" not in html
    for text in (plain, html):
        assert "21.00 USD" in text
        assert f"{_total(order)} USD" in text
        assert "1 Main Street" in text
        assert "Springfield" in text
        assert order.number in text
    assert "racking number" not in part(shipped, "plain"), "nobody gave one, and none is made up"
    assert placed["From"] == "The Shop <shop@shop.test>"
    assert placed["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<\d+\.\d+@shop\.test>", placed["Message-ID"])
    assert len({message["Message-ID"] for message in office.taken}) == 4


def _total(order: order_pb2.Order) -> str:
    money = order.totals.total
    return f"{money.units}.{money.nanos // 10_000_000:02d}"


def test_a_cancellation_and_a_refund_send_the_buyer_mails(desk: Desk) -> None:
    shop = desk.shop
    buyer = shop.customer()
    cancelled, kept = shop.order(buyer), shop.order(buyer)
    shop.refunds.CancelOrder(
        refund_service_pb2.CancelOrderRequest(order_id=cancelled.id, request_id=str(uuid.uuid4())),
        metadata=buyer.metadata,
    )
    office = PostOffice()
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
    ours = [subject for subject in office.subjects if cancelled.number in subject]
    assert ours[:2] == [f"Your order {cancelled.number}", f"Your order {cancelled.number} was cancelled"]
    assert ours[2:] == [f"Money back for your order {cancelled.number}"]
    assert f"{_total(cancelled)} USD" in part(office.taken[-1], "plain")
    assert [subject for subject in office.subjects if kept.number in subject] == [f"Your order {kept.number}"]


def test_a_failed_refund_sends_the_buyer_a_mail(desk: Desk) -> None:
    shop = desk.shop
    order = shop.order()
    nothing_left = "UPDATE gateway_charges SET refunded_minor = amount_minor WHERE key = :key"
    shop.sql(nothing_left, key=order.number)  # so the gateway refuses for good
    request = refund_service_pb2.RefundOrderRequest(
        order_id=order.id, amount=Money(units=1, nanos=500_000_000)
    )
    refund = shop.refunds.RefundOrder(request, metadata=shop.admin.metadata)
    assert refund.status == Refund.FAILED
    office = PostOffice()
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
    assert office.subjects[1:] == [
        f"Money back for your order {order.number}",
        f"Money back for your order {order.number} is delayed",
    ]
    for kind in ("plain", "html"):
        assert "could not be paid back yet" in part(office.taken[-1], kind)
        assert "1.50 USD" in part(office.taken[-1], kind)


def test_cancelling_an_order_that_was_never_paid_sends_no_mail(desk: Desk, tmp_path: Path) -> None:
    shop = desk.shop
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token="tok_decline")
    asyncio.run(desk.mails(Files(tmp_path)).run())
    assert desk.mail_rows() == []
    [declined] = shop.sql("SELECT id, status FROM orders WHERE user_id = :id", id=buyer.user_id)
    assert declined.status == "CANCELLED"
    about_it = f"order {declined.id}: "
    assert [found for found in verify(desk.db.engine) if found.sentence.startswith(about_it)] == []


def test_a_mail_refused_for_now_is_retried_before_later_mails_of_its_order(desk: Desk) -> None:
    shop = desk.shop
    slow, other = shop.order(), shop.order()
    deliver(shop, slow.id)
    office = PostOffice()
    office.refuse = lambda message: "451 try later" if slow.number in message["Subject"] else ""
    with smtp_server(office) as port:
        outbox = desk.mails(to(port))
        asyncio.run(outbox.run())
        assert office.subjects == [f"Your order {other.number}"]
        first = desk.mail_rows()[0]
        assert (first.status, first.attempts, first.error) == ("PENDING", 1, "451 try later")
        office.refuse = lambda message: ""
        asyncio.run(outbox.run())
        assert len(office.taken) == 1, "tried again too soon"
        desk.later(seconds=13)
        asyncio.run(outbox.run())
    assert office.subjects[1:] == [
        f"Your order {slow.number}",
        f"Your order {slow.number} is being packed",
        f"Your order {slow.number} is on its way",
        f"Your order {slow.number} was delivered",
    ]
    assert {row.status for row in desk.mail_rows()} == {"SENT"}


def test_what_was_sent_before_a_mail_that_breaks_the_outbox_is_not_sent_again(desk: Desk) -> None:
    orders = [desk.shop.order() for _ in range(3)]
    sender = _Breaking()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(desk.mails(sender).run())
    first, second, third = desk.mail_rows()
    assert [row.order_id for row in (first, second, third)] == [order.id for order in orders]
    assert [row.status for row in (first, second, third)] == ["SENT", "SENT", "PENDING"]
    assert sender.mail_ids == [first.id, second.id, third.id, third.id]


class _Breaking:
    """A sender with a fault that its third mail shows, and each after it."""

    def __init__(self) -> None:
        self.mail_ids: list[int] = []

    def send(self, mail_id: int, message: Message) -> None:
        """Take the mail."""
        self.mail_ids.append(mail_id)
        if len(self.mail_ids) > 2:
            raise ZeroDivisionError

    def rest(self) -> None:
        """Nothing."""


@pytest.mark.either
def test_retries_of_a_mail_back_off_until_it_is_given_up(desk: Desk) -> None:
    desk.shop.order()
    office = PostOffice()
    office.refuse = lambda message: "450 no"
    with smtp_server(office) as port:
        outbox = desk.mails(to(port))
        waits = []
        for _ in range(100):
            asyncio.run(outbox.run())
            [mail] = desk.mail_rows()
            if mail.status == "FAILED":
                break
            waits.append(mail.next_attempt_at - desk.now())
            desk.ahead += waits[-1] + timedelta(seconds=1)
    assert mail.status == "FAILED"
    assert waits[0] < timedelta(seconds=13)
    assert timedelta(minutes=45) < waits[-1] < timedelta(minutes=75)
    assert desk.ahead > timedelta(hours=46)


@pytest.mark.either
def test_a_mail_that_waited_for_another_has_its_full_time_of_retries(desk: Desk) -> None:
    order = desk.shop.order()
    deliver(desk.shop, order.id)
    office = PostOffice()
    office.refuse = lambda message: "450 no"
    with smtp_server(office) as port:
        outbox = desk.mails(to(port))
        while desk.mail_rows()[:1] == [] or desk.mail_rows()[0].status == "PENDING":
            asyncio.run(outbox.run())
            desk.later(minutes=90)
        for _ in range(5):
            desk.later(minutes=90)
            asyncio.run(outbox.run())
        placed, waited, *_ = desk.mail_rows()
        assert (placed.status, waited.status) == ("FAILED", "PENDING")
        assert waited.attempts >= 5
        office.refuse = lambda message: ""
        desk.later(minutes=90)
        asyncio.run(outbox.run())
    assert [row.status for row in desk.mail_rows()] == ["FAILED", "SENT", "SENT", "SENT"]


@pytest.mark.parametrize("name", ["john.", ".john", "j..n", "..."])
def test_an_address_with_a_misplaced_dot_gets_its_mail(desk: Desk, tmp_path: Path, name: str) -> None:
    """Accounts take them, and Japanese telephones had them."""
    shop, address = desk.shop, f"{name}@{uuid.uuid4().hex}.test"
    shop.auth.Register(auth_pb2.RegisterRequest(full_name="Ann Buyer", email=address, password=PASSWORD))
    buyer = shop.sign_in(address)
    shop.add_address(buyer)
    shop.order(buyer)
    office = PostOffice()
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
    assert office.recipients == [[address], [address]]
    [mail] = (row for row in desk.mail_rows() if row.kind == "placed")
    message = message_of(mail, "Shop <shop@shop.test>")
    quoted = address.replace(name, f'"{name}"', 1)
    assert message.recipient == quoted
    assert f"To: {quoted}\r\n".encode() in message.content


def test_a_mail_refused_for_good_is_given_up_and_others_are_sent(desk: Desk) -> None:
    gone, here = desk.shop.order(), desk.shop.order()
    desk.shop.move(gone.id, order_pb2.Order.PROCESSING)
    desk.shop.move(gone.id, SHIPPED)
    office = PostOffice()
    office.refuse = lambda message: "554 spam" if message["Subject"] == f"Your order {gone.number}" else ""
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
    assert sorted(office.subjects) == sorted(
        [
            f"Your order {gone.number} is being packed",
            f"Your order {gone.number} is on its way",
            f"Your order {here.number}",
        ]
    )
    refused, *others = desk.mail_rows()
    assert (refused.status, refused.error) == ("FAILED", "554 spam")
    assert {row.status for row in others} == {"SENT"}


def test_a_recipient_that_the_server_refuses_is_given_up(desk: Desk) -> None:
    desk.shop.order()
    office = PostOffice()
    office.refuse_recipient = lambda address: "550 no such user"
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
    [mail] = desk.mail_rows()
    assert (mail.status, mail.error) == ("FAILED", "550 no such user")


def test_while_the_server_is_away_one_mail_tries_for_all(desk: Desk) -> None:
    for _ in range(3):
        desk.shop.order()
    [port] = free_ports(1)
    outbox = desk.mails(to(port))
    for _ in range(3):
        asyncio.run(outbox.run())
    assert [row.attempts for row in desk.mail_rows()] == [1, 0, 0]
    office = PostOffice()
    with smtp_server(office, port):
        desk.later(minutes=1)
        asyncio.run(outbox.run())
    assert len(office.taken) == 3


def test_nothing_is_sent_in_the_clear_to_a_server_that_speaks_no_tls(desk: Desk) -> None:
    desk.shop.order()
    office = PostOffice()
    with smtp_server(office) as port:
        asyncio.run(desk.mails(SmtpSender("127.0.0.1", port, "starttls", "shop", "a password")).run())
    assert office.taken == []
    [mail] = desk.mail_rows()
    assert mail.status == "PENDING"
    assert "STARTTLS" in mail.error


def test_without_a_server_mails_are_files(desk: Desk, tmp_path: Path) -> None:
    order = desk.shop.order()
    asyncio.run(desk.mails(Files(tmp_path / "mail")).run())
    [path] = (tmp_path / "mail").iterdir()
    assert path.suffix == ".eml"
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == f"Your order {order.number}"


@pytest.mark.both
def test_two_workers_at_once_write_each_mail_once(desk: Desk) -> None:
    orders = [desk.shop.order() for _ in range(5)]
    office = PostOffice()

    async def both() -> None:
        await asyncio.gather(*(asyncio.to_thread(outbox._take) for outbox in outboxes))

    with smtp_server(office) as port:
        outboxes = [desk.mails(to(port)) for _ in range(4)]
        asyncio.run(both())
        asyncio.run(outboxes[0].run())
    assert sorted(office.subjects) == sorted(f"Your order {order.number}" for order in orders)


@pytest.mark.parametrize(
    "values",
    [
        {"recipient": "a@b.test\r\nBcc: all@b.test"},
        {"recipient": "a@b.test, c@b.test"},
        {"recipient": "nobody"},
        {"recipient": ""},
        {"subject": "Hello\r\nBcc: all@b.test"},
        {"subject": "Hello\nBcc: all@b.test"},
    ],
)
def test_a_line_break_adds_no_header(desk: Desk, values: dict[str, str]) -> None:
    row = {
        "key": "placed/0", "order_id": None, "kind": "placed", "recipient": "a@b.test", "subject": "Hello",
        "plain": "…", "html": "…", "status": "PENDING", "about": None, "attempts": 0, "error": "",
        "created_at": desk.now(), "next_attempt_at": desk.now(), "retry_until": desk.now(),
    }  # fmt: skip
    with desk.db.transaction() as tx:
        tx.execute(insert(Mail).values(row | values))
    [mail] = desk.mail_rows()
    with pytest.raises(Unsendable):
        message_of(mail, "Shop <shop@shop.test>")
    office = PostOffice()
    with smtp_server(office) as port:
        asyncio.run(desk.mails(to(port)).run())
    assert office.taken == []
    assert desk.mail_rows()[0].status == "FAILED"


def test_the_admin_gets_one_mail_about_each_product_running_out(desk: Desk) -> None:
    shop, office = desk.shop, PostOffice()
    scarce = shop.product(stock=3)
    with smtp_server(office) as port:
        outbox = desk.mails(to(port), admin="Keeper <keeper@shop.test>")

        def told() -> list[str]:
            office.taken.clear()
            desk.later(hours=1)
            asyncio.run(outbox.tell_low_stock(4))
            asyncio.run(outbox.run())
            return [part(message, "plain") for message in office.taken]

        [text] = told()
        assert f"3 of {scarce.name} ({scarce.sku})" in text
        assert office.recipients[-1] == ["keeper@shop.test"]
        assert told() == []
        another = shop.product(stock=1)
        [text] = told()
        assert text.index(another.name) < text.index("Still low") < text.index(scarce.name)
        _set_stock(shop, scarce.id, 100)
        assert told() == []
        _set_stock(shop, scarce.id, 2)
        [text] = told()
        assert f"2 of {scarce.name}" in text
        asyncio.run(desk.mails(to(port)).tell_low_stock(1000))
        assert told() == []


def test_products_beyond_the_shown_ones_are_counted_and_reported_once(desk: Desk, tmp_path: Path) -> None:
    shop = desk.shop
    outbox = desk.mails(Files(tmp_path), admin="keeper@shop.test")
    for _ in range(MAX_SHOWN + 2):
        shop.product(stock=0)
    asyncio.run(outbox.tell_low_stock(0))
    [first] = desk.mail_rows()
    found = re.fullmatch(r"(\d+) products are running out", first.subject)
    assert found is not None
    more = int(found[1]) - MAX_SHOWN
    assert more >= 2
    assert first.plain.count("\n  0 of ") == MAX_SHOWN
    assert f"  and {more} more" in first.plain
    newly = shop.product(stock=0)
    for _ in range(2):
        asyncio.run(outbox.tell_low_stock(0))
    first, second = desk.mail_rows()
    assert second.subject == "1 product is running out"
    assert f"0 of {newly.name}" in second.plain
    assert f"<p>and {more} more</p>" in second.html
    assert first.about is None, "what was told is kept once"


def _set_stock(shop: RunningShop, product_id: int, units: int) -> None:
    statement = "UPDATE inventory_levels SET available = :n, received = :n + sold WHERE product_id = :id"
    shop.sql(statement, n=units, id=product_id)
