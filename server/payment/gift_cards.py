"""Gift cards: a balance that pays orders, and a ledger that explains it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.crypto.purposes import Purpose
from server.crypto.ring import Derived, KeyRing
from server.db.rows import changed_columns
from server.errors import FieldReason, InvalidField
from server.etags import check_etag
from server.money import Money
from server.payment import gift_card_queries, queries
from server.payment.declines import Decline, Objection
from server.payment.errors import GiftCardNotFound
from server.payment.gateway import Charge, Outcome, Report
from server.payment.in_house import Books, InHouseGateway
from server.payment.records import IssuedGiftCard
from server.user.card_numbers import holds_card_number

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U to misread
_SYMBOLS = 16
"""80 random bits: who tries a million codes a second finds one of a million cards in some thousand years."""


class Codes:
    """The codes of gift cards, and what recognises them."""

    def __init__(self, ring: KeyRing) -> None:
        self._keys = Derived(ring, Purpose.GIFT_CARD_CODES, bytes)

    def new(self) -> str:
        """A code: "GIFT-7K3M-9QX4-2T01-ZZ8P". One that happens to look like a card number could not pay."""
        while True:
            symbols = "".join(_ALPHABET[byte % 32] for byte in secrets.token_bytes(_SYMBOLS))
            code = "-".join(("GIFT", *(symbols[i : i + 4] for i in range(0, _SYMBOLS, 4))))
            if not holds_card_number(code):
                return code

    def hash_of(self, code: str) -> str:
        """What is stored of a new code: keyed, so that a stolen table cannot be searched for codes."""
        return _hash(code, self._keys.current)

    def hashes_of(self, code: str) -> list[str]:
        """What may be stored of a code, by each of the shop's keys: cards outlive them."""
        return [_hash(code, key) for key in self._keys.all()]


def _hash(code: str, key: bytes) -> str:
    plain = code.upper().replace("-", "").replace(" ", "")
    return hashlib.blake2b(plain.encode(), key=key, digest_size=32).hexdigest()


def create(
    tx: Connection,
    codes: Codes,
    balance: Money,
    now: datetime,
    *,
    expires_at: datetime | None,
    active: bool,
) -> tuple[str, IssuedGiftCard]:
    """Make a card and return its code, which nobody learns again, and the card. Raises InvalidField."""
    if balance.minor <= 0:
        raise InvalidField(("gift_card.balance", "must be above zero", FieldReason.OUT_OF_RANGE))
    _check_end(expires_at, now)
    code = codes.new()
    hashed = codes.hash_of(code)
    card = gift_card_queries.new_gift_card(
        tx, hashed, code[-4:], balance=balance, expires_at=expires_at, active=active, now=now
    )
    gift_card_queries.new_entry(tx, card.id, f"issue {card.id}", balance.minor, now)
    return code, card


def with_code(connection: Connection, codes: Codes, code: str) -> IssuedGiftCard:
    """The card with a code. Raises GiftCardNotFound."""
    card = gift_card_queries.gift_card_of(connection, codes.hashes_of(code))
    if card is None:
        raise GiftCardNotFound()
    return card


def get(connection: Connection, gift_card_id: int, *, lock: bool = False) -> IssuedGiftCard:
    """A card. Raises GiftCardNotFound."""
    card = gift_card_queries.gift_card(connection, gift_card_id, lock=lock)
    if card is None:
        raise GiftCardNotFound()
    return card


def change(
    tx: Connection,
    gift_card_id: int,
    changes: Mapping[str, Any],
    etag: str,
    *,
    actor: Actor,
    now: datetime,
) -> IssuedGiftCard:
    """Change whether a card is `active` and when it expires (`expires_at`), and return it.

    Raises GiftCardNotFound, StaleEtag, and InvalidField for another end that is in the past.
    """
    card = get(tx, gift_card_id, lock=True)
    check_etag(etag, card.etag, "gift card")
    changes = changed_columns(card, changes)
    if not changes:
        return card
    _check_end(changes.get("expires_at"), now)
    card = gift_card_queries.update_gift_card(tx, gift_card_id, changes)
    facts = {"active": card.active, "expires_at": str(card.expires_at or "")}
    write(tx, actor, "UpdateGiftCard", f"gift_card/{card.id}", now, **facts)
    return card


def _check_end(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise InvalidField(("gift_card.expire_time", "must be in the future", FieldReason.OUT_OF_RANGE))


class GiftCardGateway(InHouseGateway):
    """Takes payments from gift cards, whichever gateway takes the others.

    Refunds go back on the card, even on one that has expired meanwhile: it pays again for a while.
    """

    name = "gift_card"

    def __init__(self, books: Books, codes: Codes) -> None:
        super().__init__(books)
        self._codes = codes

    async def charge(self, charge: Charge, gateway_id: str) -> Outcome:
        """Take the amount from the card that has the token as its code; see Gateway."""
        return await self._books.charge(charge, pay=self._pay)

    def read_report(self, body: bytes, headers: Mapping[str, str]) -> Report | None:
        """Gift cards report nothing: they always answer."""
        return None

    def _pay(self, tx: Connection, charge: Charge, now: datetime) -> Objection | None:
        hashes = self._codes.hashes_of(charge.token)
        minor, currency = charge.amount.minor, charge.amount.currency
        card_id = gift_card_queries.take_from_gift_card(tx, hashes, minor, currency, now)
        if card_id is None:
            return _objection(gift_card_queries.gift_card_of(tx, hashes), charge.amount, now)
        queries.book_gift_card(tx, charge.key, card_id)
        gift_card_queries.new_entry(tx, card_id, f"charge {charge.key}", -minor, now)
        return None


def _objection(card: IssuedGiftCard | None, amount: Money, now: datetime) -> Objection:
    """Why a card cannot pay an amount."""
    if card is None:
        return Objection("There is no gift card with this code.", Decline.INCORRECT_DETAILS)
    if not card.active:
        return Objection("The gift card is disabled.", Decline.METHOD_NOT_ACCEPTED)
    if card.has_expired(now):
        return Objection(f"The gift card has expired on {card.expires_at:%Y-%m-%d}.", Decline.EXPIRED)
    if card.currency != amount.currency:
        problem = f"The gift card is in {card.currency}, the order in {amount.currency}."
        return Objection(problem, Decline.CURRENCY_NOT_ACCEPTED)
    problem = f"The gift card holds {card.balance}, the order costs {amount}."
    return Objection(problem, Decline.INSUFFICIENT_FUNDS)
