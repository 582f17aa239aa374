"""Composes the room of the mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from server.auth.recovery.codes import RecoveryCodes
from server.core import Core
from server.events.order_steps import OrderStepped
from server.events.topics import AccountNoticed
from server.jobs.runner import Job
from server.mail.accounts import AccountMails
from server.mail.outbox import MailOutbox
from server.mail.senders import Sender, sender_of
from server.part import Part

SEND = "send mails"
MAX_DELAY = timedelta(seconds=2)
"""How late the outbox is when something waits and no event wakes it, as for a retry."""
PAUSE = timedelta(seconds=1)
"""A run costs about the same for one event as for fifty, so those of a busy moment share one."""


@dataclass(frozen=True, kw_only=True)
class MailPart(Part):
    """Mails, and their outbox."""

    outbox: MailOutbox


def build(core: Core, sender: Sender | None = None) -> MailPart:
    """The jobs that write and send. `sender` sends; without one, as the settings say."""
    settings = core.settings
    outbox = MailOutbox(
        core.db,
        core.work,
        sender or sender_of(settings),
        AccountMails(
            RecoveryCodes.of(settings),
            core.vault,
            link_base=settings.link_base,
            default_language=settings.default_language,
        ),
        clock=core.clock,
        mail_from=settings.mail_from,
        mail_admin=settings.mail_admin,
        return_days=settings.return_days,
        default_language=settings.default_language,
    )
    # What is at the threshold is in stock, as everywhere.
    tell_low_stock = partial(outbox.tell_low_stock, settings.low_stock_threshold - 1)
    return MailPart(
        outbox=outbox,
        jobs=[
            Job(SEND, outbox.run, every=MAX_DELAY, pause=PAUSE, woken_by=(OrderStepped, AccountNoticed)),
            Job("tell of payments", outbox.tell_of_payments, every=timedelta(minutes=1), wakes=SEND),
            Job("tell of low stock", tell_low_stock, every=timedelta(hours=1), wakes=SEND),
        ],
    )
