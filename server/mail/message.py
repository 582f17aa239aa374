"""A mail as the internet knows it: headers, text and HTML.

It is put together here and not by the standard library's EmailMessage, which parses each header that it is given:
that took three quarters of what a mail costs. What is not plain ASCII on one line is left to its policy.
"""

from __future__ import annotations

import re
from binascii import b2a_qp
from dataclasses import dataclass
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Final

from server.db.base import AnyRow

_LOOSE_DOTS: Final = re.compile(r"(?=\.|[^@]*\.[.@])([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)@([^@]+)")
"""A dot at an end of the name, or two in a row: accounts take it, as early Japanese telephones had it."""
_LINE_BREAK: Final = re.compile(r"\r\n?|\n")
_MAX_LINE: Final = 78

_BOUNDARY: Final = "=_sanset"
"""Between the parts: text in quoted-printable never holds it (RFC 2045)."""
_FIXED_HEADERS: Final = (
    "Auto-Submitted: auto-generated\r\n"
    "MIME-Version: 1.0\r\n"
    f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'
)


class Unsendable(Exception):
    """The mail cannot be sent to anybody, now or later; the text says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is handed over, from which address, and to which."""

    sender: str
    recipient: str
    content: bytes


def message_of(mail: AnyRow, sender: str) -> Message:
    """The message of an opened row of `mails`, sent by `sender` ("Shop <shop@example.com>").

    Its Message-ID follows from the row, so that a mail that was sent twice, because a worker died in between, can
    be recognised. Raises Unsendable; a line break in a header is one reason, so nobody smuggles headers in.
    """
    recipient = _deliverable(mail.recipient)
    try:
        from_header, address = _from(sender)
        Address(addr_spec=recipient)  # is one address, and nothing else
        headers = (
            from_header,
            # In an address nothing is encoded: who takes one that is not ASCII reads UTF-8.
            f"To: {recipient}\r\n",
            _header("Subject", mail.subject),
            _header("Date", format_datetime(mail.created_at)),
            _header("Message-ID", message_id(mail, address)),
            _FIXED_HEADERS,
        )
    except (ValueError, IndexError) as error:
        raise Unsendable(f"{type(error).__name__}: {error}"[:500]) from None
    parts = _part("plain", mail.plain) + _part("html", mail.html) + f"--{_BOUNDARY}--\r\n".encode()
    return Message(address, recipient, "".join(headers).encode() + b"\r\n" + parts)


def message_id(mail: AnyRow, address: str) -> str:
    """The same for each attempt; the time keeps two shops of one domain apart."""
    return f"<{mail.id}.{int(mail.created_at.timestamp() * 1000)}@{address.rpartition('@')[2]}>"


def _deliverable(address: str) -> str:
    """An address as mail servers want it: john.@example.com is "john."@example.com to them (RFC 5321)."""
    match = _LOOSE_DOTS.fullmatch(address)
    return f'"{match[1]}"@{match[2]}' if match else address


@lru_cache(maxsize=4)
def _from(sender: str) -> tuple[str, str]:
    """The header that every mail has, and the address in it."""
    name, address = parseaddr(sender)
    header: str = SMTP.header_factory("From", Address(name, addr_spec=address)).fold(policy=SMTP)
    return header, address


def _header(name: str, value: str) -> str:
    """A header's line, folded where it is long, its words encoded where they are not ASCII."""
    if value.isascii() and value.isprintable() and len(name) + len(value) < _MAX_LINE - 2:
        return f"{name}: {value}\r\n"
    if _LINE_BREAK.search(value):
        raise ValueError(f"a line break in {name}")
    folded: str = SMTP.fold(*SMTP.header_store_parse(name, value))
    return folded


def _part(kind: str, text: str) -> bytes:
    """The text as one of the parts, in quoted-printable."""
    head = (
        f"--{_BOUNDARY}\r\n"
        f'Content-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    # The last line break is the boundary's; b2a_qp breaks long lines as the first one that it sees is.
    return head.encode() + b2a_qp((_LINE_BREAK.sub("\r\n", text) + "\r\n").encode())
