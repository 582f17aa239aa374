"""Loads the demo shop into an empty database, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from sqlalchemy import Engine, select

from server.clock import utc_now
from server.db.schema import catalog, user
from server.demo.browsing import make_looks
from server.demo.goods import make_goods
from server.demo.history import make_purchases
from server.demo.opinions import make_reviews
from server.demo.people import make_people
from server.demo.trade import Market, make_baskets
from server.demo.writing import DemoShop, category_count, write_shop
from server.pricing.prices import PriceRules
from server.progress import ProgressReport

SEED: Final = 20_240_117
PEOPLE: Final = 500
ORDERS: Final = 9_000


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """The numbers of what was loaded; `loaded` is False, and nothing changed, where the shop had products."""

    loaded: bool
    products: int = 0
    categories: int = 0
    users: int = 0
    orders: int = 0
    looks: int = 0


def load_demo(
    engine: Engine,
    *,
    rules: PriceRules,
    hash_password: Callable[[str], str],
    progress: ProgressReport,
    seed: int = SEED,
    now: datetime | None = None,
) -> DemoSummary:
    """Fill a shop without products with a catalogue, people, and three months of trade that end at `now`.

    The same seed and time give the same shop. People whose e-mail has an account already are left out. Only the
    logins of `DEMO_LOGINS` get a password. Everything is written in one transaction.
    """
    with engine.connect() as connection:
        if connection.execute(select(catalog.Product.id).limit(1)).first():
            return DemoSummary(loaded=False)
        taken = set(connection.execute(select(user.User.email_key)).scalars())
    shop = make_shop(seed, now or utc_now(), rules, progress, taken=taken)
    hashes = {one.email: hash_password(one.password) for one in shop.people if one.password}
    with engine.begin() as tx:
        write_shop(tx, shop, hashes, progress)
    return DemoSummary(
        loaded=True,
        products=len(shop.goods),
        categories=category_count(),
        users=len(shop.people),
        orders=len(shop.purchases),
        looks=len(shop.looks),
    )


def make_shop(
    seed: int, now: datetime, rules: PriceRules, progress: ProgressReport, *, taken: set[str] | None = None
) -> DemoShop:
    """The whole demo shop in memory, without the people whose e-mail is among `taken`."""
    rng = Random(seed)  # noqa: S311 - not for secrets: the same seed must give the same shop
    progress("Making up the demo shop", 0, 3)
    goods = make_goods(rng, now)
    people = [one for one in make_people(rng, now, PEOPLE) if one.email not in (taken or set())]
    market = Market(rng, goods, people, now)
    progress("Making up the demo shop", 1, 3)
    baskets = make_baskets(rng, market, people, now, ORDERS)
    purchases = make_purchases(rng, baskets, goods, people, rules, now)
    progress("Making up the demo shop", 2, 3)
    looks = make_looks(rng, baskets, goods, market)
    stock = [_stock(rng) for _ in goods]
    reviews = make_reviews(rng, purchases, now)
    progress("Making up the demo shop", 3, 3)
    return DemoShop(goods, people, purchases, looks, reviews, stock, now)


def _stock(rng: Random) -> int:
    """The units left of a product: mostly plenty, sometimes few, rarely none."""
    fate = rng.random()
    if fate < 0.025:
        return 0
    return rng.randint(1, 9) if fate < 0.09 else rng.randint(15, 400)
