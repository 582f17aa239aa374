"""What a row of a file says of a product, and what is wrong with one that cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.db.base import Values


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row, as a sentence that follows the name of `column`; that is "" for the row itself."""

    line: int
    column: str
    reason: str
    sku: str = ""


@dataclass(frozen=True, slots=True)
class CategoryName:
    """A category as a file names it: by the names from the top, or as one slug or name alone."""

    parts: tuple[str, ...]
    is_path: bool


NO_CATEGORY = CategoryName((), is_path=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRow:
    """A sound row: only what its file has a column for is set."""

    line: int
    sku: str
    variant_sku: str
    """Empty for the default variant, which any variant may be."""
    values: Values
    """Columns of the product, by their names in the table."""
    category: CategoryName | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Single attributes; None removes one."""
    options: Mapping[str, str] | None = None
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Texts by language, as far as the file has columns for them; an empty one is none."""
    stock: int | None = None
    """The units that can be ordered from now on."""
    opening_stock: int = 0
    """The same where the product is new, if `stock` does not say."""
    images: tuple[str, ...] = ()
    """Paths of files, in the directory that was named with the file."""
    is_further_variant: bool = False
    """Whether its product had a row before, which alone says what the product is."""

    @property
    def units(self) -> int:
        """What a new product or variant begins with."""
        return self.opening_stock if self.stock is None else self.stock
