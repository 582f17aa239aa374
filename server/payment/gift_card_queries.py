"""SQL of gift cards and the movements of their money; one function per question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, insert, select, update

from server.db.base import AnySelect, UtcDateTime
from server.money import Money
from server.payment.models import GiftCard, GiftCardEntry
from server.payment.records import IssuedGiftCard

_CARD = select(
    GiftCard.id,
    GiftCard.last_four,
    GiftCard.currency,
    GiftCard.balance_minor,
    GiftCard.expires_at,
    GiftCard.active,
    GiftCard.created_at,
    GiftCard.version,
)


def new_gift_card(
    tx: Connection,
    code_hash: str,
    last_four: str,
    *,
    balance: Money,
    expires_at: datetime | None,
    active: bool,
    now: datetime,
) -> IssuedGiftCard:
    """Insert a gift card and return it."""
    statement = insert(GiftCard).values(
        code_hash=code_hash,
        last_four=last_four,
        currency=balance.currency,
        balance_minor=balance.minor,
        expires_at=expires_at,
        active=active,
        created_at=now,
    )
    row = tx.execute(statement.returning(*_CARD.selected_columns)).one()
    return IssuedGiftCard(**row._mapping)


def gift_card_of(connection: Connection, code_hashes: Sequence[str]) -> IssuedGiftCard | None:
    """The card with a code, by any of its hashes."""
    return _one(connection, _CARD.where(GiftCard.code_hash.in_(code_hashes)))


def gift_card(connection: Connection, gift_card_id: int, *, lock: bool = False) -> IssuedGiftCard | None:
    """A card; `lock` holds it until the transaction ends."""
    statement = _CARD.where(GiftCard.id == gift_card_id)
    return _one(connection, statement.with_for_update() if lock else statement)


def gift_card_page(connection: Connection, before_id: int | None, limit: int) -> list[IssuedGiftCard]:
    """Cards, the newest first, from the one before `before_id` on."""
    statement = _CARD.order_by(GiftCard.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(GiftCard.id < before_id)
    return [IssuedGiftCard(**row._mapping) for row in connection.execute(statement)]


def update_gift_card(tx: Connection, gift_card_id: int, values: Mapping[str, object]) -> IssuedGiftCard:
    """Change a card, which must exist, count its version up, and return it."""
    statement = update(GiftCard).where(GiftCard.id == gift_card_id)
    statement = statement.values(**values, version=GiftCard.version + 1)
    row = tx.execute(statement.returning(*_CARD.selected_columns)).one()
    return IssuedGiftCard(**row._mapping)


def _one(connection: Connection, statement: AnySelect) -> IssuedGiftCard | None:
    row = connection.execute(statement).one_or_none()
    return IssuedGiftCard(**row._mapping) if row else None


def take_from_gift_card(
    tx: Connection, code_hashes: Sequence[str], minor: int, currency: str, now: datetime
) -> int | None:
    """Take money from a card that has it, and return the card's id; None when it has not."""
    still_pays = GiftCard.expires_at.is_(None) | (GiftCard.expires_at > now)
    return tx.execute(
        update(GiftCard)
        .where(
            GiftCard.code_hash.in_(code_hashes),
            GiftCard.active,
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
