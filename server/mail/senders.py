"""Ways to send a mail: to an SMTP server, or into a directory where a person looks at it."""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from pathlib import Path
from typing import Literal, Protocol

from server.mail.message import Message
from server.settings import Settings

SMTP_SECONDS = 15.0

Tls = Literal["starttls", "tls", "off"]


class NotNow(Exception):
    """This mail was not taken, but may be later."""


class Refused(Exception):
    """This mail will never be taken."""


class Away(Exception):
    """No mail is taken at all for now: the server is away, or knows us not."""


class Sender(Protocol):
    """Sends mails, one after the other; for use on threads, one at a time."""

    def send(self, mail_id: int, message: Message) -> None:
        """Send a mail. Raises NotNow, Refused and Away."""

    def rest(self) -> None:
        """Nothing is to be sent for a while."""


def sender_of(settings: Settings) -> Sender:
    """The SMTP server of the settings; without one, files in DATA_DIR/mail."""
    if not settings.smtp_host:
        return Files(settings.data_dir / "mail")
    return SmtpSender(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_tls,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
    )


class Files:
    """Writes each mail to a file of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, mail_id: int, message: Message) -> None:
        """Write the mail, whole or not at all; once more writes the same file."""
        path = self._directory / f"{mail_id:08d}.eml"
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(message.content)
            fresh.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise Away(f"{type(error).__name__}: {error.strerror}") from None

    def rest(self) -> None:
        """Files need no rest."""


class SmtpSender:
    """Speaks to an SMTP server, over one connection while there is something to send."""

    def __init__(self, host: str, port: int, tls: Tls, user: str, password: str) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._user = user
        self._password = password
        self._connection: smtplib.SMTP | None = None

    def send(self, mail_id: int, message: Message) -> None:
        """Hand the mail over."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            _hand_over(self._connection, message)
        except smtplib.SMTPRecipientsRefused as error:
            self.rest()
            code, text = next(iter(error.recipients.values()))
            raise _refusal(code)(_reply(code, text)) from None
        except smtplib.SMTPDataError as error:
            self.rest()
            raise _refusal(error.smtp_code)(_reply(error.smtp_code, error.smtp_error)) from None
        except smtplib.SMTPNotSupportedError as error:
            self.rest()
            if self._tls == "starttls" and "STARTTLS" in str(error):
                raise Away(str(error)) from None  # never in the clear against the setting
            raise Refused(f"the mail server cannot take it: {error}") from None
        except smtplib.SMTPResponseException as error:  # it knows us not, or not our sender
            self.rest()
            raise Away(_reply(error.smtp_code, error.smtp_error)) from None
        except (smtplib.SMTPException, OSError) as error:
            self.rest()
            raise Away(f"{type(error).__name__}: {error}"[:500]) from None

    def rest(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=SMTP_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=SMTP_SECONDS)
        try:
            if self._tls == "starttls":
                connection.starttls(context=context)
            if self._user:
                connection.login(self._user, self._password)
        except BaseException:
            connection.close()
            raise
        return connection


def _hand_over(connection: smtplib.SMTP, message: Message) -> None:
    """Send a message. Raises smtplib's errors, also for an address that only some servers read."""
    options: tuple[str, ...] = ()
    if not (message.sender + message.recipient).isascii():
        connection.ehlo_or_helo_if_needed()
        if not connection.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("it knows no addresses but in ASCII")
        options = ("SMTPUTF8", "BODY=8BITMIME")
    connection.sendmail(message.sender, [message.recipient], message.content, options)


def _refusal(code: int) -> type[NotNow] | type[Refused]:
    return Refused if code >= 500 else NotNow


def _reply(code: int, text: bytes | str) -> str:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    return f"{code} {said}"[:500]
