"""The demo shop, loaded into both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

import pytest
from sqlalchemy import Engine, func, insert, select

from server.auth.passwords import check_strength
from server.clock import utc_now
from server.db.engine import connect
from server.db.schema import catalog, order, promotion, review, user
from server.demo import load
from server.demo.history import DemoOrder
from server.demo.load import SEED, load_demo, make_shop
from server.demo.people import DEMO_LOGINS
from server.demo.writing import DemoShop
from server.pricing.prices import Item, PriceRules, price
from server.pricing.tiers import Tier, Tiers
from server.progress import silent
from server.verify import verify

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TIERS = Tiers((Tier("BRONZE", 0, 0), Tier("SILVER", 500, 500), Tier("GOLD", 2000, 1000)))
RULES = PriceRules(Decimal("0.08"), {}, {"USD": Decimal("5.99")}, {"USD": Decimal(50)}, TIERS)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    one = connect(database_url)
    yield one
    one.dispose()


@cache
def made() -> DemoShop:
    """The demo shop in memory, made once: it takes seconds, and nobody changes it."""
    return make_shop(SEED, NOW, RULES, silent)


@pytest.fixture
def made_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loaded into an empty database is the shop that was made."""

    def make(seed: int, now: datetime, rules: PriceRules, *_: object, taken: set[str]) -> DemoShop:
        assert (seed, now, rules, taken) == (SEED, NOW, RULES, set())
        return made()

    monkeypatch.setattr(load, "make_shop", make)


def count(engine: Engine, table: type) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.mark.usefixtures("made_before")
def test_the_demo_shop_is_large_sound_and_loaded_once(engine: Engine) -> None:
    hashed: list[str] = []

    def remember(password: str) -> str:
        hashed.append(password)
        return f"hash of {password}"

    summary = load_demo(engine, rules=RULES, hash_password=remember, progress=silent, now=NOW)
    assert summary.loaded
    assert summary.products >= 1000
    assert summary.users == 500
    assert summary.orders >= 8000
    assert sorted(hashed) == sorted(login.password for login in DEMO_LOGINS)
    assert verify(engine) == []
    assert count(engine, promotion.Coupon) > 0
    assert count(engine, review.Review) > 1000
    assert count(engine, promotion.LoyaltyAccount) > 400
    with engine.connect() as connection:
        roots = select(func.count()).where(catalog.Category.parent_id.is_(None))
        assert connection.execute(roots).scalar_one() >= 12
        owned = select(func.count()).where(catalog.Product.vendor_id.is_not(None))
        assert connection.execute(owned).scalar_one() > 0
        variants = select(func.count()).where(catalog.Variant.options_key != "")
        assert connection.execute(variants).scalar_one() > 300
        in_sizes = select(func.count()).where(order.OrderLine.options.is_not(None))
        assert connection.execute(in_sizes).scalar_one() > 300
        oldest, newest = connection.execute(
            select(func.min(order.Order.placed_at), func.max(order.Order.placed_at))
        ).one()
        can_sign_in = select(user.User.email).where(user.User.password_hash.is_not(None))
        assert set(connection.execute(can_sign_in).scalars()) == {login.email for login in DEMO_LOGINS}
        states = set(connection.execute(select(order.Order.status).distinct()).scalars())
    assert timedelta(days=88) < newest - oldest < timedelta(days=92)
    assert newest < NOW
    assert {"DELIVERED", "SHIPPED", "PROCESSING", "CANCELLED"} <= states

    again = load_demo(engine, rules=RULES, hash_password=remember, progress=silent, now=NOW)
    assert not again.loaded
    assert count(engine, order.Order) == summary.orders


@pytest.fixture
def few_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo shop is made in a moment."""
    monkeypatch.setattr(load, "ORDERS", 500)


@pytest.mark.usefixtures("few_orders")
def test_an_account_that_is_there_already_stays_as_it_is(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    john = {
        "email": "John@Example.com",
        "email_key": "john@example.com",
        "full_name": "The Owner",
        "phone": "",
        "role": "ADMIN",
        "preferences": {},
        "created_at": utc_now(),
        "updated_at": utc_now(),
    }
    with engine.begin() as tx:
        tx.execute(insert(user.User).values(john))
    load_demo(engine, rules=RULES, hash_password=lambda password: "x", progress=silent, now=NOW)
    with engine.connect() as connection:
        name = select(user.User.full_name).where(user.User.email_key == "john@example.com")
        assert connection.execute(name).scalars().all() == ["The Owner"]
    assert count(engine, user.User) == 500
    engine.dispose()


@pytest.mark.usefixtures("few_orders")
def test_the_same_seed_and_time_give_the_same_shop() -> None:
    one, two, other = (make_shop(seed, NOW, RULES, silent) for seed in (SEED, SEED, 8))
    assert one == two
    assert one.purchases != other.purchases


def test_orders_are_priced_as_a_checkout_prices_them() -> None:
    shop = made()
    for purchase in [one for one in shop.purchases[:200] if not one.cost.tier_discount]:
        prices = {place: shop.goods[place].price_minor for place in purchase.basket.units}
        items = [
            Item(place, prices[place], prices[place], units) for place, units in purchase.basket.units.items()
        ]
        assert purchase.cost == price(items, "USD", "US", RULES)


def test_complementary_products_are_bought_together_far_more_often_than_by_chance() -> None:
    shop = made()
    kinds = [{shop.goods[place].kind.key for place in one.basket.units} for one in shop.purchases]
    for first, second in (("shampoo", "conditioner"), ("diapers", "wipes"), ("tent", "sleeping-bag")):
        with_first = [basket for basket in kinds if first in basket]
        share = sum(second in basket for basket in with_first) / len(with_first)
        base = sum(second in basket for basket in kinds) / len(kinds)
        assert share > 5 * base


def test_products_have_names_of_their_own_and_fit_their_columns() -> None:
    goods = made().goods
    assert len({one.name for one in goods}) == len({one.slug for one in goods}) == len(goods)
    assert len({one.sku for one in goods}) == len(goods)
    assert all("{" not in one.name + one.description and len(one.name) <= 200 for one in goods)
    assert all(one.compare_at_minor is None or one.compare_at_minor > one.price_minor for one in goods)


@pytest.mark.parametrize("login", DEMO_LOGINS, ids=lambda login: login.email)
def test_the_demo_passwords_keep_the_shops_own_rules(login: object) -> None:
    one = next(each for each in DEMO_LOGINS if each is login)
    check_strength(one.password, one.email)


def test_purchases_lead_to_more_than_one_tier() -> None:
    shop = made()
    bought: dict[int, list[DemoOrder]] = {}

    def lifetime(person: int, time: datetime) -> int:
        counted = [one for one in bought.get(person, []) if one.points_counted_by(time)]
        return sum(one.cost.points_earned for one in counted)

    for purchase in shop.purchases:
        person = purchase.basket.person
        discount = RULES.tiers.at(lifetime(person, purchase.basket.time)).discount_bp
        assert bool(purchase.cost.tier_discount) == bool(discount)
        bought.setdefault(person, []).append(purchase)
    levels = {RULES.tiers.at(lifetime(person, NOW)).level for person in bought}
    assert levels >= {"BRONZE", "SILVER", "GOLD"}
