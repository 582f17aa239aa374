"""The Python examples of the READMEs do against a shop what they say."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.type.money_pb2 import Money
from sanset.v1.category_pb2 import Category, CreateCategoryRequest
from sanset.v1.order_pb2 import Order
from sanset.v1.product_pb2 import CreateProductRequest, Product
from support.readme_examples import EMAIL, LOGIN_PASSWORD, examples
from support.running_shop import PASSWORD, RunningShop

NEXT = {"CONFIRMED": "PROCESSING", "PROCESSING": "SHIPPED", "SHIPPED": "DELIVERED"}
PRODUCT = re.compile(r"product_id=\d+")
TARGET = re.compile(r'Client\((?!"shop\.example\.com)("localhost:50051")?(, )?')


@pytest.fixture
def delivering(shop: RunningShop) -> Iterator[None]:
    """Staff who move every new order on until it is delivered."""
    over = threading.Event()
    [(before,)] = shop.sql("SELECT coalesce(max(id), 0) FROM orders")

    def move() -> None:
        while not over.wait(0.1):
            for order_id, status in shop.sql(
                "SELECT id, status FROM orders WHERE id > :before", before=before
            ):
                if status in NEXT:
                    shop.move(order_id, Order.Status.Value(NEXT[status]))

    staff = threading.Thread(target=move)
    staff.start()
    yield
    over.set()
    staff.join()


@pytest.mark.either
@pytest.mark.usefixtures("delivering")
@pytest.mark.parametrize("example", [pytest.param(text, id=name) for name, text in examples()])
def test_an_example_runs(
    shop: RunningShop, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = shop.customer()
    monkeypatch.chdir(tmp_path)  # one of them keeps a file
    text = PRODUCT.sub(f"product_id={coffee(shop).id}", example)
    text = text.replace(EMAIL, buyer.email).replace(LOGIN_PASSWORD, PASSWORD)
    text = TARGET.sub(f'Client("{shop.target}", ', text)
    exec(compile(text, "README.md", "exec"), {"__name__": "__main__"})


def coffee(shop: RunningShop) -> Product:
    """A product of the category that the examples look into."""
    if not shop.sql("SELECT id FROM categories WHERE name = 'coffee'"):
        category = CreateCategoryRequest(category=Category(name="coffee"))
        shop.catalog.CreateCategory(category, metadata=shop.admin.metadata)
    price = Money(currency_code="USD", units=9)
    product = Product(name="Espresso", category="coffee", price=price, stock=100)
    return shop.catalog.CreateProduct(CreateProductRequest(product=product), metadata=shop.admin.metadata)
