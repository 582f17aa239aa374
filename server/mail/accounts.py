"""Writes the mails of accounts, in the transaction that takes their notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from server.auth.recovery import notices
from server.auth.recovery import queries as recovery_queries
from server.auth.recovery.codes import RecoveryCodes
from server.auth.recovery.notices import WITH_SECRET
from server.crypto.vault import Vault
from server.mail import queries
from server.mail.account_letters import about_account

BATCH = 50


class AccountMails:
    """Turns notices into mails. Those with a link or code are sealed: it stands nowhere in plain."""

    def __init__(self, codes: RecoveryCodes, vault: Vault, *, link_base: str, default_language: str) -> None:
        self._codes = codes
        self._default_language = default_language
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

    def _mail(self, due: notices.DueNotice, now: datetime) -> queries.NewMail:
        written = about_account(due, link_base=self._link_base, default_language=self._default_language)
        key = f"{due.notice.kind}/{due.notice.key}"
        bodies = {"plain": written.plain, "html": written.html}
        if due.notice.kind in WITH_SECRET and not self._vault.is_sealing:  # else all mails are sealed
            bodies = {
                name: self._vault.seal_token(text, queries.cell_of(name, key), queries.THE_SHOP)
                for name, text in bodies.items()
            }
        return queries.new_mail(
            key=key,
            kind=due.notice.kind,
            user_id=due.notice.user_id,
            recipient=due.notice.recipient,
            subject=written.subject,
            plain=bodies["plain"],
            html=bodies["html"],
            now=now,
        )
