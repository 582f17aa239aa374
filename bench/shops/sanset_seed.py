"""Fills a running Sanset with the bench's data set, through the same calls that anyone else would make."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.type import money_pb2
from sanset.v1 import auth_pb2, category_pb2, product_pb2, user_pb2

from bench import load
from bench.calls import Target
from bench.dataset import LINES_PER_BASKET, SHELVES, STOCK, BenchData, BenchProduct, PastBasket
from bench.shops import sanset_calls
from bench.shops.shop import Buyer

PASSWORD = "a-Customer-of-the-bench-1"
NANOS_PER_CENT = 10_000_000


@dataclass(frozen=True)
class ShopCustomer:
    """An account, ready to buy."""

    user_id: int
    buyer: Buyer


@dataclass(frozen=True)
class Filled:
    """The shop's ids of the data set's products and customers."""

    admin: str
    products: Mapping[int, int]
    customers: Mapping[int, ShopCustomer]


def fill(target: Target, dataset: BenchData, admin_email: str, admin_password: str) -> Filled:
    """Put the whole data set into the shop at `target`.

    Raises CallFailed when the shop refuses any of it.
    """
    (answer,) = load.send(target, [sanset_calls.login(admin_email, admin_password)])
    admin = auth_pb2.Tokens.FromString(answer.body).access_token
    products = _add_goods(target, admin, dataset)
    customers = _add_customers(target, dataset.customers)
    for baskets in _waves(dataset):
        _buy(target, [(customers[each.customer].buyer, each) for each in baskets], products)
    return Filled(admin, products, customers)


def email(number: int) -> str:
    """The email address of a customer of the data set."""
    return f"customer{number}@example.com"


def _add_goods(target: Target, admin: str, dataset: BenchData) -> dict[int, int]:
    shelves = [category_pb2.Category(name=title, slug=slug) for slug, (title, _) in SHELVES.items()]
    load.send(target, [sanset_calls.create_category(admin, shelf) for shelf in shelves])
    answers = load.send(
        target, [sanset_calls.create_product(admin, _product(item)) for item in dataset.items]
    )
    return {
        item.id: product_pb2.Product.FromString(answer.body).id
        for item, answer in zip(dataset.items, answers, strict=True)
    }


def _product(item: BenchProduct) -> product_pb2.Product:
    units, cents = divmod(int(item.price * 100), 100)
    product = product_pb2.Product(
        sku=item.sku,
        name=item.name,
        slug=item.slug,
        description=item.description,
        category=item.category,
        brand=item.brand,
        price=money_pb2.Money(currency_code="USD", units=units, nanos=cents * NANOS_PER_CENT),
        stock=STOCK,
        max_quantity=99,
        tags=item.tags,
    )
    product.attributes.update(item.attributes)
    return product


def _add_customers(target: Target, count: int) -> dict[int, ShopCustomer]:
    emails = [email(number) for number in range(1, count + 1)]
    address = user_pb2.Address(line1="1 Mill Lane", city="Springfield", postal_code="12345", country="US")
    users = load.send(target, [sanset_calls.register(email, PASSWORD) for email in emails])
    sessions = load.send(target, [sanset_calls.login(email, PASSWORD) for email in emails])
    tokens = [auth_pb2.Tokens.FromString(answer.body).access_token for answer in sessions]
    addresses = load.send(target, [sanset_calls.create_address(token, address) for token in tokens])
    return {
        number: ShopCustomer(
            user_pb2.User.FromString(user.body).id,
            Buyer(token, user_pb2.Address.FromString(home.body).id),
        )
        for number, (user, token, home) in enumerate(zip(users, tokens, addresses, strict=True), start=1)
    }


def _waves(dataset: BenchData) -> list[list[PastBasket]]:
    """The baskets in waves with at most one of each customer, who has only one cart."""
    waves: list[list[PastBasket]] = []
    seen: dict[int, int] = {}
    for basket in dataset.baskets:
        wave = seen.get(basket.customer, 0)
        seen[basket.customer] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(basket)
    return waves


def _buy(target: Target, baskets: Sequence[tuple[Buyer, PastBasket]], products: Mapping[int, int]) -> None:
    """Have every basket ordered; the replies are not read, since those of an older shop may look otherwise."""
    calls = [
        call
        for buyer, basket in baskets
        for call in (
            *(sanset_calls.add_item(buyer, products[product]) for product in basket.products),
            sanset_calls.checkout(buyer, str(uuid.uuid4())),
        )
    ]
    load.send(target, calls, chain=LINES_PER_BASKET + 1)
