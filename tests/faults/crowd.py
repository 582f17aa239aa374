"""Many buyers at once: users, products and carts written by SQL, and what became of calls made together."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
from sanset.v1 import auth_pb2
from sqlalchemy import Connection, Engine, insert, select
from support.running_shop import Account, refusal

from server.auth.tokens import AccessTokens
from server.cart.models import Cart, CartItem
from server.catalog.listings import relist
from server.catalog.models import DEFAULT_LOCATION_ID, InventoryLevel, Product, Variant
from server.pricing.prices import Item, PriceRules, price
from server.settings import Settings
from server.user.models import Address, User


@dataclass(frozen=True)
class Crowd:
    """Fills a database with what a storm of calls needs."""

    engine: Engine
    settings: Settings

    def products(self, count: int, *, stock: int) -> list[int]:
        """New products at 10.00 with so many units each; their ids."""
        with self.engine.begin() as tx:
            made = [self._product(tx, stock) for _ in range(count)]
            relist(tx, made, datetime.now(UTC))
        return made

    def _product(self, tx: Connection, stock: int) -> int:
        name = f"Mug {uuid.uuid4().hex}"
        now = datetime.now(UTC)
        product = {"sku": name, "slug": name, "name": name, "price_minor": 1000, "currency": "USD"}
        product_id = tx.execute(
            insert(Product).values(**product, created_at=now, updated_at=now).returning(Product.id)
        ).scalar_one()
        variant_id = tx.execute(
            insert(Variant).values(product_id=product_id, sku=name).returning(Variant.id)
        ).scalar_one()
        tx.execute(
            insert(InventoryLevel).values(
                variant_id=variant_id,
                location_id=DEFAULT_LOCATION_ID,
                product_id=product_id,
                available=stock,
                received=stock,
            )
        )
        return int(product_id)

    def buyers(self, carts: Sequence[Mapping[int, int]]) -> list[Account]:
        """A new signed-in buyer with an address for each cart, which holds units by product, in this order."""
        with self.engine.begin() as tx:
            rows = tx.execute(select(Variant.product_id, Variant.id).where(Variant.is_default))
            variants = {row.product_id: row.id for row in rows}
            return [self._buyer(tx, cart, variants) for cart in carts]

    def _buyer(self, tx: Connection, cart: Mapping[int, int], variants: Mapping[int, int]) -> Account:
        now = datetime.now(UTC)
        account = self._user(tx, "CUSTOMER", now)
        tx.execute(
            insert(Address).values(
                user_id=account.user_id,
                line1="1 Main Street",
                city="Springfield",
                country="US",
                is_default=True,
                created_at=now,
            )
        )
        cart_id = tx.execute(
            insert(Cart)
            .values(
                user_id=account.user_id,
                currency="USD",
                version=1,
                updated_at=now,
                shown=str(self._total(cart)),
            )
            .returning(Cart.id)
        ).scalar_one()
        for product_id, quantity in cart.items():
            tx.execute(
                insert(CartItem).values(
                    cart_id=cart_id,
                    product_id=product_id,
                    variant_id=variants[product_id],
                    quantity=quantity,
                    added_price_minor=1000,
                )
            )
        return account

    def _total(self, cart: Mapping[int, int]) -> int:
        """What a cart costs, as a reply would have shown it."""
        items = [Item(product_id, 1000, 1000, quantity) for product_id, quantity in cart.items()]
        return price(items, "USD", "US", PriceRules.of(self.settings)).total

    def admin(self) -> Account:
        """A new signed-in admin."""
        with self.engine.begin() as tx:
            return self._user(tx, "ADMIN", datetime.now(UTC))

    def _user(self, tx: Connection, role: str, now: datetime) -> Account:
        email = f"{uuid.uuid4().hex}@shop.test"
        user = {"email": email, "email_key": email, "full_name": "Ann Buyer", "role": role}
        user_id = tx.execute(
            insert(User).values(**user, created_at=now, updated_at=now).returning(User.id)
        ).scalar_one()
        token = AccessTokens.of(self.settings).issue(user_id, role, uuid.uuid4().hex, now)
        return Account(user_id, email, auth_pb2.Tokens(access_token=token))


def outcomes(calls: Iterable[grpc.Future[Any]]) -> Counter[str]:
    """How calls that were started together ended: "OK" or the reason of the refusal, and how often."""
    return Counter(_outcome(call) for call in calls)


def _outcome(call: grpc.Future[Any]) -> str:
    try:
        call.result(timeout=90)
    except grpc.RpcError as error:
        return refusal(error).reason
    return "OK"
