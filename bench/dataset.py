"""The goods, people and purchases that every shop of the bench is filled with, the same at every run."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

PRODUCTS = 1_000
CUSTOMERS = 150
BASKETS_PER_CUSTOMER = 4
LINES_PER_BASKET = 4
STOCK = 1_000_000
"""Enough stock for every comparison."""
COMPANIONS = 8
"""Products that are bought together with one another: neighbouring ids of a group of this size."""

SHELVES = {
    "kitchen": ("Kitchen", ("Saucepan", "Bread Knife", "Mixing Bowl", "Kettle", "Cutting Board")),
    "garden": ("Garden", ("Watering Can", "Plant Pot", "Pruning Shears", "Seed Tray", "Hose Reel")),
    "office": ("Office", ("Notebook", "Desk Lamp", "Fountain Pen", "Letter Tray", "Stapler")),
    "toys": ("Toys", ("Puzzle", "Kite", "Building Blocks", "Spinning Top", "Card Game")),
    "books": ("Books", ("Cookbook", "Atlas", "Travel Guide", "Picture Book", "Field Guide")),
    "bath": ("Bath", ("Towel", "Soap Dish", "Bath Mat", "Sponge", "Shower Curtain")),
    "lighting": ("Lighting", ("Floor Lamp", "Lantern", "String Lights", "Candle Holder", "Reading Light")),
    "outdoor": ("Outdoor", ("Camping Mug", "Rucksack", "Hammock", "Picnic Blanket", "Water Bottle")),
    "audio": ("Audio", ("Headphones", "Radio", "Loudspeaker", "Turntable", "Microphone")),
    "textiles": ("Textiles", ("Cushion", "Wool Throw", "Tablecloth", "Curtain", "Apron")),
    "storage": ("Storage", ("Wicker Basket", "Shelf Box", "Glass Jar", "Coat Rack", "Tin Box")),
    "tools": ("Tools", ("Hammer", "Screwdriver Set", "Tape Measure", "Hand Saw", "Spirit Level")),
}
MATERIALS = ("Oak", "Steel", "Linen", "Copper", "Ceramic", "Bamboo", "Enamel", "Walnut", "Cotton", "Glass")
BRANDS = ("Northwind", "Halden", "Mira & Sons", "Fernhill", "Okapi", "Lumen", "Brightwater", "Tessel")


@dataclass(frozen=True)
class BenchProduct:
    """A product to be sold."""

    id: int
    sku: str
    name: str
    slug: str
    description: str
    brand: str
    category: str
    price: Decimal
    tags: tuple[str, ...]
    attributes: dict[str, str]


@dataclass(frozen=True)
class PastBasket:
    """One past purchase: its customer and products, one unit of each."""

    customer: int
    products: tuple[int, ...]


@dataclass(frozen=True)
class BenchData:
    """Everything a shop is filled with; products and customers count from 1."""

    items: tuple[BenchProduct, ...]
    customers: int
    baskets: tuple[PastBasket, ...]


def generate(seed: int = 7) -> BenchData:
    """The data set of a seed; equal seeds give equal data."""
    draw = random.Random(seed)
    return BenchData(
        items=tuple(_item(number, draw) for number in range(1, PRODUCTS + 1)),
        customers=CUSTOMERS,
        baskets=tuple(
            _basket(customer, draw)
            for customer in range(1, CUSTOMERS + 1)
            for _ in range(BASKETS_PER_CUSTOMER)
        ),
    )


def _item(number: int, draw: random.Random) -> BenchProduct:
    slug = list(SHELVES)[(number - 1) // COMPANIONS % len(SHELVES)]
    title, nouns = SHELVES[slug]
    material, noun, brand = draw.choice(MATERIALS), draw.choice(nouns), draw.choice(BRANDS)
    name = f"{material} {noun} {number}"
    return BenchProduct(
        id=number,
        sku=f"SKU-{number:05}",
        name=name,
        slug=name.lower().replace(" ", "-"),
        description=(
            f"{noun} made of {material.lower()} by {brand}, for everyday use. Made to last, easy to clean "
            f"and repairable; part of our {title.lower()} range. Delivered in plastic-free packaging."
        ),
        brand=brand,
        category=slug,
        price=Decimal(draw.randint(199, 9_999)) / 100,
        tags=(material.lower(), slug),
        attributes={"material": material, "weight_g": str(draw.randint(50, 4_000))},
    )


def _basket(customer: int, draw: random.Random) -> PastBasket:
    """Two products of one group of companions, the rest from anywhere."""
    first = draw.randrange(PRODUCTS // COMPANIONS) * COMPANIONS + 1
    together = draw.sample(range(first, first + COMPANIONS), LINES_PER_BASKET // 2)
    anything = draw.sample(range(1, PRODUCTS + 1), LINES_PER_BASKET - len(together))
    return PastBasket(customer, tuple(sorted({*together, *anything})))
