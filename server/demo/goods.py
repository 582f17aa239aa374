"""Makes products from the descriptions of the shelves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from random import Random
from typing import Final

from server.catalog.slugs import slugify
from server.demo.shelves import DEPARTMENTS, DemoShelf, Department, ProductKind
from server.demo.shelves.shelf import Choice

CURRENCY: Final = "USD"
NEW_SHARE: Final = 0.06
NEW_DAYS: Final = 45
REDUCED_SHARE: Final = 0.12


@dataclass(slots=True)
class DemoProduct:
    """A product of the demo shop. Prices in cents; `weight` is how well it sells within its shelf."""

    sku: str
    slug: str
    name: str
    description: str
    department: Department
    shelf: DemoShelf
    kind: ProductKind
    brand: str
    price_minor: int
    compare_at_minor: int | None
    attributes: dict[str, str]
    tags: list[str]
    created_at: datetime
    weight: float


def make_goods(rng: Random, now: datetime) -> list[DemoProduct]:
    """Make every product, each name once."""
    made: list[DemoProduct] = []
    slugs: set[str] = set()
    for department in DEPARTMENTS:
        for shelf in department.shelves:
            for kind in shelf.kinds:
                for one in _of_kind(rng, now, department, shelf, kind):
                    if one.slug not in slugs:
                        slugs.add(one.slug)
                        one.sku = f"{_letters(shelf.name)}-{1001 + len(made)}"
                        made.append(one)
    return made


def _of_kind(
    rng: Random, now: datetime, department: Department, shelf: DemoShelf, kind: ProductKind
) -> Iterator[DemoProduct]:
    bases = {brand: rng.uniform(kind.low, kind.high) for brand in shelf.brands}
    # Without a brand in the name, two brands would make two products of one name
    brands: tuple[str | None, ...] = shelf.brands if "{brand}" in kind.name else (None,)
    every = [(brand, options) for brand in brands for options in product(*kind.options.values())]
    selected = every if len(every) <= kind.most else rng.sample(every, kind.most)
    for rank, (maybe_brand, choices) in enumerate(selected, 1):
        brand = maybe_brand or rng.choice(shelf.brands)
        yield _one(rng, now, (department, shelf, kind), brand, bases[brand], choices, rank)


def _one(
    rng: Random,
    now: datetime,
    origin: tuple[Department, DemoShelf, ProductKind],
    brand: str,
    base: float,
    choices: tuple[Choice, ...],
    rank: int,
) -> DemoProduct:
    department, shelf, kind = origin
    words = {option: choice.value for option, choice in zip(kind.options, choices, strict=True)}
    name = kind.name.format(brand=brand, **words)
    price = base
    for choice in choices:
        price *= choice.factor
    minor = _retail_price(price)
    compare_at = _retail_price(price * rng.uniform(1.12, 1.35)) if rng.random() < REDUCED_SHARE else None
    age = rng.uniform(1, NEW_DAYS) if rng.random() < NEW_SHARE else rng.uniform(120, 500)
    tags = [kind.key.removeprefix("w-").removeprefix("m-").replace("-", " "), shelf.name.lower()]
    tags += ["refill"] * bool(kind.again) + ["sale"] * bool(compare_at) + ["new"] * (age < NEW_DAYS)
    return DemoProduct(
        sku="",
        slug=slugify(name.replace("'", "")),
        name=name,
        description=f"{kind.about.format(brand=brand, **words)} {department.assurance}",
        department=department,
        shelf=shelf,
        kind=kind,
        brand=brand,
        price_minor=minor,
        compare_at_minor=compare_at,
        attributes={option: value for option, value in words.items() if option not in ("title", "type")},
        tags=tags,
        created_at=now - timedelta(days=age),
        weight=rng.lognormvariate(0, 0.7) / rank**0.4,
    )


def _retail_price(price: float) -> int:
    """Round a price as shops do, in cents: 4.49, 12.99, 139.00."""
    if price >= 100:
        return (int(price / 5) * 5 + 4) * 100
    if price >= 10:
        return int(price) * 100 + 99
    return int(price * 2) * 50 + 49


def _letters(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalpha())[:3]
