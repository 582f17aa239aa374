"""SQL of gift cards and the movements of their money; one function per question."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, case, insert, select, update

from server.db.base import UtcDateTime
from server.money import Money
from server.payment.models import GiftCard, GiftCardEntry
from server.payment.records import IssuedGiftCard

_CARD = select(
    GiftCard.id,
    GiftCard.last_four,
    GiftCard.currency,
    GiftCard.balance_minor,
    GiftCard.expires_at,
    GiftCard.created_at,
)


def new_gift_card(
    tx: Connection,
    code_hash: str,
    last_four: str,
    *,
    balance: Money,
    expires_at: datetime | None,
    now: datetime,
) -> IssuedGiftCard:
    """Insert a gift card and return it."""
    statement = insert(GiftCard).values(
        code_hash=code_hash,
        last_four=last_four,
        currency=balance.currency,
        balance_minor=balance.minor,
        expires_at=expires_at,
        created_at=now,
    )
    row = tx.execute(statement.returning(*_CARD.selected_columns)).one()
    return IssuedGiftCard(**row._mapping)


def gift_card(connection: Connection, code_hash: str) -> IssuedGiftCard | None:
    """The card with a code."""
    row = connection.execute(_CARD.where(GiftCard.code_hash == code_hash)).one_or_none()
    return IssuedGiftCard(**row._mapping) if row else None


def take_from_gift_card(
    tx: Connection, code_hash: str, minor: int, currency: str, now: datetime
) -> int | None:
    """Take money from a card that has it, and return the card's id; None when it has not."""
    still_pays = GiftCard.expires_at.is_(None) | (GiftCard.expires_at > now)
    return tx.execute(
        update(GiftCard)
        .where(
            GiftCard.code_hash == code_hash,
            GiftCard.currency == currency,
            GiftCard.balance_minor >= minor,
            still_pays,
        )
        .values(balance_minor=GiftCard.balance_minor - minor)
        .returning(GiftCard.id)
    ).scalar_one_or_none()


def put_on_gift_card(tx: Connection, gift_card_id: int, minor: int, pays_until: datetime) -> None:
    """Put money back on a card, which pays until then at least; one without an end keeps none."""
    moment = bindparam("pays_until", pays_until, type_=UtcDateTime)
    later = case((GiftCard.expires_at < moment, moment), else_=GiftCard.expires_at)
    tx.execute(
        update(GiftCard)
        .where(GiftCard.id == gift_card_id)
        .values(balance_minor=GiftCard.balance_minor + minor, expires_at=later)
    )


def new_entry(tx: Connection, gift_card_id: int, key: str, minor: int, now: datetime) -> None:
    """Note a movement of a card's money."""
    tx.execute(
        insert(GiftCardEntry).values(gift_card_id=gift_card_id, key=key, amount_minor=minor, created_at=now)
    )
