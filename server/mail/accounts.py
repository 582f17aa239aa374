"""Writes the mails of accounts, in the transaction that takes their notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.auth.recovery import notices
from server.auth.recovery import queries as recovery_queries
from server.auth.recovery.codes import RecoveryCodes
from server.auth.recovery.notices import WITH_SECRET
from server.crypto.vault import Unreadable, Vault
from server.mail import queries
from server.mail.account_letters import about_account
from server.mail.message import Unsendable

BATCH = 50
SEALED_FOR = 0
"""Whose the vault takes a mail to be: the shop's, no user's."""


class AccountMails:
    """Turns notices into mails. Those with a link or code are sealed: it stands nowhere in plain."""

    def __init__(self, codes: RecoveryCodes, vault: Vault, *, link_base: str) -> None:
        self._codes = codes
        self._vault = vault
        self._link_base = link_base

    def any_due(self, connection: Connection) -> bool:
        """Return whether a notice waits."""
        return recovery_queries.any_notice(connection)

    def write(self, tx: Connection, now: datetime) -> int:
        """Write the mails of the oldest notices; returns how many."""
        mails = [self._mail(due, now) for due in notices.take(tx, self._codes, BATCH)]
        queries.insert(tx, mails)
        return len(mails)

    def opened(self, text: str) -> str:
        """A mail's text as it is sent. Raises Unsendable where it was sealed with another key."""
        try:
            return self._vault.open(text, SEALED_FOR)
        except Unreadable:
            raise Unsendable("it was sealed with another SECRET_KEY") from None

    def _mail(self, due: notices.DueNotice, now: datetime) -> queries.NewMail:
        written = about_account(due, link_base=self._link_base)
        plain, html = written.plain, written.html
        if due.notice.kind in WITH_SECRET:
            plain, html = (self._vault.seal(text, SEALED_FOR) for text in (plain, html))
        return queries.new_mail(
            key=f"{due.notice.kind}/{due.notice.key}",
            kind=due.notice.kind,
            recipient=due.notice.recipient,
            subject=written.subject,
            plain=plain,
            html=html,
            now=now,
        )
