"""Settings of mails and webhooks."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from server.settings.group import Group


class MailSettings(Group):
    """The mail server, who mails are from and who is told, and where webhooks may go."""

    smtp_host: str = Field("", description="The mail server; empty: mails are files in DATA_DIR/mail")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port")
    smtp_tls: Literal["starttls", "tls", "off"] = Field(
        "starttls",
        description="tls: from the first byte, as on port 465; off: never, as to a relay on this host",
    )
    smtp_user: str = Field("", description="Empty: no login")
    smtp_password: SecretStr = Field(SecretStr(""), description="The password of SMTP_USER")
    mail_from: str = Field("Sanset <shop@localhost>", description="Who the mails are from")
    public_url: str = Field(
        "",
        description="Where the shop is reached from outside, for links in mails: https://shop.example.com; "
        "empty: this host, for development",
    )
    mail_admin: str = Field(
        "", description="Who is told of products that run out, and of payments to look at; empty: nobody"
    )
    webhook_allow_private: bool = Field(
        False,
        description="Let webhooks reach private addresses, and speak http: for development; refused in production",
    )

    @field_validator("public_url")
    @classmethod
    def _is_an_address_of_the_web(cls, value: str) -> str:
        parts = urlsplit(value)
        plain = not (parts.query or parts.fragment or parts.username or parts.password)
        if value and not (parts.scheme in ("http", "https") and parts.hostname and plain):
            raise ValueError("use an address like https://shop.example.com")
        return value.rstrip("/")

    @field_validator("mail_from", "mail_admin")
    @classmethod
    def _mail_address_is_whole(cls, value: str) -> str:
        local, _, domain = parseaddr(value)[1].rpartition("@")
        if value and not (local and domain and value.isprintable()):
            raise ValueError("use an address like Shop <shop@example.com>")
        return value
