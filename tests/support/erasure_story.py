"""Accounts that are deleted, and what is left of them: for the tests of privacy."""

from __future__ import annotations

import json
from datetime import timedelta

from sanset.v1 import user_pb2
from sqlalchemy import select
from support.running_shop import PASSWORD, Account, RunningShop

from server.clock import utc_now
from server.db.schema import metadata as schema
from server.privacy.eraser import Eraser
from server.privacy.queries import SETTLED_AFTER
from server.user.models import Erasure

SETTLED = SETTLED_AFTER + timedelta(minutes=1)


def delete(shop: RunningShop, account: Account, password: str = PASSWORD, request_id: str = "") -> None:
    """Delete an account."""
    request = user_pb2.DeleteMyAccountRequest(current_password=password, request_id=request_id)
    shop.users.DeleteMyAccount(request, metadata=account.metadata)


def eraser(shop: RunningShop, later: timedelta = SETTLED) -> Eraser:
    """The shop's eraser, when time has gone by."""
    core = shop.app.core
    shop.run(_write_security_events(shop))
    gateways = shop.app.rooms.payment.gateways
    return Eraser(core.work, lambda: utc_now() + later, gateways, gateway_seconds=2.0)


def erase(shop: RunningShop, later: timedelta = SETTLED) -> None:
    """Send the mails and webhooks, and erase what is due then."""
    shop.run(shop.app.rooms.mail.outbox.run())
    shop.run(shop.app.rooms.webhooks.outbox.run())
    shop.run(eraser(shop, later).run())


async def _write_security_events(shop: RunningShop) -> None:
    """Write what the log has heard of, as it does by itself within a minute."""
    security = shop.app.core.security
    security._end_window()
    await security._write()


def is_erased(shop: RunningShop, account: Account) -> bool:
    """Whether nothing more is to be looked at."""
    with shop.app.db.read() as connection:
        row = connection.execute(select(Erasure.due_at).where(Erasure.user_id == account.user_id)).one()
    return row.due_at is None


def tables(shop: RunningShop) -> dict[str, str]:
    """All that is stored in each table, as text."""
    texts = {}
    with shop.app.db.read() as connection:
        for table in schema.sorted_tables:
            rows = connection.execute(select(table)).all()
            texts[table.name] = "\n".join(_text(value) for row in rows for value in row)
    return texts


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return (
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
    )


def leaks(shop: RunningShop, facts: dict[str, str]) -> dict[str, list[str]]:
    """In which tables each fact stands, of those that stand anywhere."""
    texts = tables(shop)
    found = {name: [table for table, text in texts.items() if fact in text] for name, fact in facts.items()}
    return {name: places for name, places in found.items() if places}
