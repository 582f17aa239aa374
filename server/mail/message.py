"""A mail as the internet knows it: headers, text and HTML."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Final

from server.db.base import AnyRow

_LOOSE_DOTS: Final = re.compile(r"(?=\.|[^@]*\.[.@])([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+)@([^@]+)")
"""A dot at an end of the name, or two in a row: accounts take it, as early Japanese telephones had it."""


class Unsendable(Exception):
    """The mail cannot be sent to anybody, now or later; the text says why."""


def message_of(mail: AnyRow, sender: str) -> EmailMessage:
    """The message of a row of `mails`, sent by `sender` ("Shop <shop@example.com>").

    Its Message-ID follows from the row, so that a mail that was sent twice, because a worker died in between, can
    be recognised. Raises Unsendable; a line break in a header is one reason, so nobody smuggles headers in.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = _from(sender)
        recipient = _deliverable(mail.recipient)
        Address(addr_spec=recipient)  # is one address, and nothing else
        message["To"] = recipient
        message["Subject"] = mail.subject
    except (ValueError, IndexError) as error:
        raise Unsendable(f"{type(error).__name__}: {error}"[:500]) from None
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = message_id(mail, parseaddr(sender)[1])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.plain)
    message.add_alternative(mail.html, subtype="html")
    return message


def message_id(mail: AnyRow, address: str) -> str:
    """The same for each attempt; the time keeps two shops of one domain apart."""
    return f"<{mail.id}.{int(mail.created_at.timestamp() * 1000)}@{address.rpartition('@')[2]}>"


def recipient_of(message: EmailMessage) -> str:
    """The address to hand a message over for; the header itself forgets its quotes when it is read."""
    return _deliverable(message["To"].addresses[0].addr_spec)


def _deliverable(address: str) -> str:
    """An address as mail servers want it: john.@example.com is "john."@example.com to them (RFC 5321)."""
    match = _LOOSE_DOTS.fullmatch(address)
    return f'"{match[1]}"@{match[2]}' if match else address


@lru_cache(maxsize=4)
def _from(sender: str) -> str:
    """The header that every mail has; parsing it is a tenth of a mail's cost."""
    name, address = parseaddr(sender)
    header: str = SMTP.header_factory("From", Address(name, addr_spec=address))
    return header
