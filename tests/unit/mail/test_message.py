"""A mail's message: what is read of it is what was written, whatever was."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
from support.outbox_desk import PostOffice, part, smtp_server, to

from server.mail.message import Message, Unsendable, message_of
from server.mail.senders import Refused

SENDER = "Müller & Söhne <shop@shop.test>"
MOMENT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def mail(**values: object) -> Any:
    row = {
        "id": 7,
        "recipient": "ann@shop.test",
        "subject": "Hello",
        "plain": "Hello\n",
        "html": "<p>Hello</p>\n",
    }
    return SimpleNamespace(**row | {"created_at": MOMENT} | values)


def read(row: Any) -> EmailMessage:
    message = message_from_bytes(message_of(row, SENDER).content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_headers_say_whose_a_mail_is_and_which() -> None:
    message = read(mail())
    assert (message["From"], message["To"]) == (SENDER, "ann@shop.test")
    assert message["Date"].datetime == MOMENT
    assert message["Message-ID"] == "<7.1777863721000@shop.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert message.defects == []


@pytest.mark.parametrize("subject", ["Hello", "Grüße aus Köln", "Your order " + "of a mug " * 30])
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    assert str(read(mail(subject=subject))["Subject"]).strip() == subject.strip()


@pytest.mark.parametrize("subject", ["Hello\nBcc: all@shop.test", "Hello\r\n", "Hello\r", "\nHello", "\n"])
def test_a_line_break_in_a_subject_is_not_sent(subject: str) -> None:
    with pytest.raises(Unsendable):
        message_of(mail(subject=subject), SENDER)


def test_what_no_mail_can_come_from_is_a_reason_too() -> None:
    with pytest.raises(Unsendable):
        message_of(mail(), "Shop <shöp@shop.test>")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "no end of line",
        "Grüße: 1 × Mütze\n",
        ".\n..\n",
        "trailing \t \n",
        "x" * 2000 + "\n",
        "--=_sanset--\n",
    ],
)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    message = read(mail(plain=text, html=text))
    assert [part(message, kind).replace("\r\n", "\n") for kind in ("plain", "html")] == [text, text]


def test_line_breaks_of_every_kind_are_those_of_the_internet() -> None:
    content = message_of(mail(plain="one\rtwo\r\nthree\nfour", html="x" * 2000), SENDER).content
    assert b"one\r\ntwo\r\nthree\r\nfour\r\n" in content
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 998


def hand_over(port: int, message: Message) -> None:
    sender = to(port)
    try:
        sender.send(7, message)
    finally:
        sender.rest()


def test_an_address_that_is_not_ascii_gets_its_mail_where_it_can_be_read() -> None:
    office = PostOffice()
    with smtp_server(office) as port:
        hand_over(port, message_of(mail(recipient="ann@köln.test"), SENDER))
    assert office.recipients == [["ann@köln.test"]]
    assert [one["To"] for one in office.taken] == ["ann@köln.test"]


def test_an_address_that_a_server_cannot_read_is_refused_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smtplib.SMTP.has_extn", lambda _connection, feature: feature != "smtputf8")
    with smtp_server(PostOffice()) as port, pytest.raises(Refused):
        hand_over(port, message_of(mail(recipient="ann@köln.test"), SENDER))
