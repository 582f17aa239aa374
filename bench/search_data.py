"""A large catalogue to search, and what people type into it; words are as frequent as those of a language."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import text

from server.catalog.listings import relist
from server.catalog.models import DEFAULT_LOCATION_ID
from server.db.bulk import write_rows
from server.db.engine import connect
from server.db.schema import metadata

PRODUCTS = 100_000
SEED = 31
DEPARTMENTS = 12
SHELVES = 200
"""Categories below the departments, each of one kind of thing."""
BRANDS = 400
WORDS = 4_000
"""Beside the names of things and brands."""
TYPO_EVERY = 10
DAYS = 700
STOCK = 50
SOLD_OUT_SHARE = 0.05
_STARTS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "dr",
    "f",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
    "v",
)
_VOWELS = ("a", "e", "i", "o", "u", "ea", "oo")
_ENDS = ("", "", "l", "m", "n", "r", "s", "t", "x")
_COLOURS = (
    "black",
    "white",
    "grey",
    "silver",
    "red",
    "blue",
    "green",
    "yellow",
    "pink",
    "brown",
    "beige",
    "gold",
)


class Zipf:
    """Draws of a list what stands first most often, the n-th an n-th as often."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = values
        self._sums = list(accumulate(1 / (rank + 2) for rank in range(len(values))))

    def draw(self, dice: random.Random) -> int:
        """The position of one."""
        return bisect(self._sums, dice.random() * self._sums[-1])


@dataclass(frozen=True)
class SoldProduct:
    """A product before it has an id."""

    shelf: int
    name: str
    brand: str
    description: str
    attributes: dict[str, object]
    price_minor: int
    rating: float
    sold: int
    in_stock: bool


@dataclass
class Catalogue:
    """The words of a catalogue; the same at every run."""

    things: Sequence[str] = ()
    brands: Sequence[str] = ()
    _dice: random.Random = field(default_factory=lambda: random.Random(SEED))

    def __post_init__(self) -> None:
        coined: dict[str, None] = {}
        while len(coined) < SHELVES + BRANDS + WORDS:
            coined[self._word()] = None
        words = list(coined)
        self.things, self.brands = words[:SHELVES], words[SHELVES : SHELVES + BRANDS]
        self._thing, self._brand = Zipf(self.things), Zipf(self.brands)
        self._words = Zipf(words[SHELVES + BRANDS :])

    def products(self, count: int) -> Iterator[SoldProduct]:
        """So many products."""
        dice = self._dice
        for number in range(count):
            shelf = self._thing.draw(dice)
            brand, colour = self.brands[self._brand.draw(dice)], dice.choice(_COLOURS)
            model = f"{brand[:2]}-{number}"
            traits = [self._any_word() for _ in range(dice.randint(1, 3))]
            yield SoldProduct(
                shelf=shelf,
                name=" ".join([brand.capitalize(), model, *traits, self.things[shelf], colour]),
                brand=brand.capitalize(),
                description=" ".join(self._any_word() for _ in range(dice.randint(25, 60))).capitalize()
                + ".",
                attributes=self._attributes(shelf, colour),
                price_minor=int(min(500_000, max(199, dice.lognormvariate(8.5, 1.1)))),
                rating=dice.choice([0.0, round(dice.uniform(2, 5), 1)]),
                sold=int(dice.paretovariate(1.1)) - 1,
                in_stock=dice.random() >= SOLD_OUT_SHARE,
            )

    def queries(self, count: int, seed: int) -> list[str]:
        """What so many people type: things, whose, of which kind, and one in ten mistyped."""
        dice = random.Random(seed)
        typed: list[str] = []
        for number in range(count):
            thing = self.things[self._thing.draw(dice)]
            more: Sequence[list[str]] = (
                [],
                [dice.choice(_COLOURS)],
                [self.brands[self._brand.draw(dice)]],
                [self._words.values[self._words.draw(dice)]],
                [self.brands[self._brand.draw(dice)], dice.choice(_COLOURS)],
            )
            words = [*dice.choice(more), thing]
            if number % TYPO_EVERY == 0:
                words[-1] = _mistyped(words[-1], dice)
            typed.append(" ".join(words))
        return typed

    def prefixes(self, count: int, seed: int) -> list[str]:
        """The first two to seven characters of what so many people type."""
        return [text[: 2 + number % 6] for number, text in enumerate(self.queries(count, seed))]

    def _attributes(self, shelf: int, colour: str) -> dict[str, object]:
        dice = self._dice
        kind = self.things[shelf]
        own = {f"{kind} {name}": f"{name} {dice.randrange(15)}" for name in ("type", "finish", "use")}
        return {
            "colour": colour,
            "material": self._words.values[dice.randrange(20)],
            "weight": f"{dice.randrange(1, 300) * 10} g",
            "width": dice.randrange(10, 200),
            "warranty": f"{dice.randint(1, 5)} years",
            **own,
        }

    def _any_word(self) -> str:
        return self._words.values[self._words.draw(self._dice)]

    def _word(self) -> str:
        dice = self._dice
        parts = (_STARTS, _VOWELS, _ENDS) * dice.randint(2, 3)
        return "".join(map(dice.choice, parts))


def write(url: str, catalogue: Catalogue, count: int) -> Sequence[int]:
    """Fill a database with products, and return their ids."""
    engine, tables = connect(url, pool_size=1), metadata.tables
    now = datetime.now(UTC)
    products = list(enumerate(catalogue.products(count), start=1))
    try:
        with engine.begin() as tx:
            write_rows(tx, tables["categories"], _CATEGORY, _categories(catalogue))
            write_rows(tx, tables["products"], _PRODUCT, (_row(*each, now) for each in products))
            write_rows(
                tx,
                tables["variants"],
                ("id", "product_id", "sku", "options", "is_default"),
                ((number, number, f"S{number}", {}, True) for number, _ in products),
            )
            write_rows(tx, tables["inventory_levels"], _LEVEL, (_level(*each) for each in products))
            relist(tx, [number for number, _ in products], now)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))
    finally:
        engine.dispose()
    return range(1, count + 1)


def _categories(catalogue: Catalogue) -> Iterator[tuple[Any, ...]]:
    for number in range(1, DEPARTMENTS + 1):
        yield number, f"Department {number}", f"department {number}", f"department-{number}", None, ""
    for shelf, thing in enumerate(catalogue.things):
        above = shelf % DEPARTMENTS + 1
        yield DEPARTMENTS + 1 + shelf, f"{thing.capitalize()}s", f"{thing}s", f"{thing}s", above, ""


def _row(number: int, product: SoldProduct, now: datetime) -> tuple[Any, ...]:
    created = now - timedelta(days=DAYS * number / PRODUCTS)
    category = DEPARTMENTS + 1 + product.shelf
    return (
        *(number, f"S{number}", f"s-{number}", product.name, product.description, category, product.brand),
        *(product.price_minor, "USD", 99, product.attributes, [], "", "", created, created, product.rating),
    )


def _level(number: int, product: SoldProduct) -> tuple[int, ...]:
    available = STOCK if product.in_stock else 0
    return number, DEFAULT_LOCATION_ID, number, available, available + product.sold, product.sold


def _mistyped(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :]


_CATEGORY = ("id", "name", "name_key", "slug", "parent_id", "description")
_PRODUCT = (
    *("id", "sku", "slug", "name", "description", "category_id", "brand", "price_minor", "currency"),
    *(
        "max_quantity",
        "attributes",
        "tags",
        "seo_title",
        "seo_description",
        "created_at",
        "updated_at",
        "rating",
    ),
)
_LEVEL = ("variant_id", "location_id", "product_id", "available", "received", "sold")
