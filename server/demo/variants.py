"""The variants of demo products: clothes and shoes come in sizes, all else in one form."""

from __future__ import annotations

from dataclasses import dataclass

from server.catalog.variants.options import Options
from server.demo.goods import DemoProduct


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """A form of a demo product. The default one, in the middle of the sizes, has its product's sku."""

    sku: str
    options: Options
    is_default: bool


def variants_of(one: DemoProduct) -> list[DemoVariant]:
    """Return the variants of a product, small sizes first."""
    sizes = one.kind.sizes
    if not sizes:
        return [DemoVariant(one.sku, (), True)]
    color = one.attributes.get("color")
    rest = (("color", color),) if color else ()
    middle = len(sizes) // 2
    return [
        DemoVariant(
            one.sku if i == middle else f"{one.sku}-{size}", (("size", size), *rest), is_default=i == middle
        )
        for i, size in enumerate(sizes)
    ]


def size_of(person: int, one: DemoProduct) -> int:
    """Return which variant of a product a person buys: people keep their size."""
    return person % max(1, len(one.kind.sizes))


def shares(units: int, count: int) -> list[int]:
    """Spread units over `count` variants, the first ones first."""
    whole, left = divmod(units, count)
    return [whole + (i < left) for i in range(count)]
