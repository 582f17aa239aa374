"""The rules of a row: whether it makes a product, changes one, or cannot be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.catalog.service import DEFAULT_MAX_QUANTITY, check_prices, may_manage
from server.catalog.translations import PRODUCT_TEXTS, Translations, with_texts
from server.db.base import AnyRow, Values
from server.db.rows import changed_columns
from server.errors import InvalidMoney
from server.identity import Identity
from server.imports.products import cells
from server.imports.products.categories import CategoryFinder, CategoryUnfit
from server.imports.products.cells import Unfit
from server.imports.products.existing import Existing
from server.imports.products.rows import ProductRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On whose behalf a file is imported, and what that may do."""

    caller: Identity
    currency: str
    languages: Sequence[str] = ()
    """Into which texts may be translated."""
    create_categories: bool = False
    dry_run: bool = False

    @property
    def vendor_id(self) -> int | None:
        """Who will own what is created; None: the shop."""
        return self.caller.user_id if self.caller.is_vendor else None


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A row that makes a product: its columns, but for the id, the slug where it has none, and the times."""

    row: ProductRow
    values: Values


@dataclass(frozen=True, slots=True)
class ExistingProduct:
    """A row about a product that there is: the columns that it changes, of which there may be none."""

    row: ProductRow
    current: AnyRow
    changes: Values


class RowUnfit(Exception):
    """A row cannot be taken: the column that is at fault, and why."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


class Judge:
    """Judges the rows of a batch."""

    def __init__(
        self, existing: Existing, categories: CategoryFinder, terms: Terms, slugs: Mapping[str, int]
    ) -> None:
        """`slugs` are the products that have those which rows name."""
        self._existing = existing
        self._categories = categories
        self._terms = terms
        self._slugs = slugs
        self._taken: set[str] = set()

    def new(self, row: ProductRow) -> NewProduct:
        """The product that a row makes. Raises RowUnfit."""
        values = self._values(row, None)
        if not values.get("name"):
            raise RowUnfit("name", "is missing: there is no product of this sku yet")
        if values.get("price_minor") is None:
            raise RowUnfit("price", "is missing: there is no product of this sku yet")
        for sku in {row.sku, row.variant_sku or row.sku}:
            if sku in self._existing.variants:
                raise RowUnfit("sku", "is the sku of a variant of another product")
        _check_prices(values["price_minor"], values.get("compare_at_minor"), None)
        self._take_slug(values, None)
        values |= self._category(row)
        return NewProduct(row, {"sku": row.sku} | self._defaults() | values)

    def existing(self, row: ProductRow, current: AnyRow, *, sets_price: bool) -> ExistingProduct:
        """What a row changes of a product; its prices only where the row is about a variant that has them too.

        Raises RowUnfit.
        """
        self.check_owner(current)
        if current.currency != self._terms.currency:
            raise RowUnfit("sku", f"is the sku of a product in {current.currency}")
        values = self._values(row, current)
        if not sets_price and values.pop("price_minor", None) not in (None, current.price_minor):
            values.pop("compare_at_minor", None)  # it is compared with the variant's own price
        _check_prices(
            values.get("price_minor", current.price_minor),
            values.get("compare_at_minor", current.compare_at_minor),
            current.discount_minor,
        )
        self._take_slug(values, current.id)
        values |= self._category(row)
        return ExistingProduct(row, current, changed_columns(current, values))

    def check_owner(self, product: AnyRow) -> None:
        """Raise RowUnfit for a product that is another vendor's."""
        if not may_manage(self._terms.caller, product.vendor_id):
            raise RowUnfit("sku", "is the sku of another vendor's product")

    def _values(self, row: ProductRow, current: AnyRow | None) -> Values:
        values = dict(row.values)
        if row.attributes:
            values["attributes"] = _attributes(row, values, current)
        if row.translations:
            values["translations"] = self._translations(row, values, current)
        return values

    def _translations(self, row: ProductRow, values: Values, current: AnyRow | None) -> Translations | None:
        """The translations of a product with those of its row put in, or taken out."""
        stored: Translations = (current.translations if current is not None else None) or {}
        originals = {name: values.get(name, getattr(current, name, "")) for name in PRODUCT_TEXTS}
        for language, texts in row.translations.items():
            if language not in self._terms.languages:
                name = next(iter(texts))
                raise RowUnfit(f"{name}:{language}", "is in none of the languages in the setting LANGUAGES")
            stored = with_texts(stored, language, texts, originals)
        return stored or None

    def _defaults(self) -> Values:
        """The columns of a product of which only the sku, the name and the price are known."""
        return {
            "description": "",
            "category_id": None,
            "brand": "",
            "compare_at_minor": None,
            "currency": self._terms.currency,
            "max_quantity": DEFAULT_MAX_QUANTITY,
            "attributes": {},
            "custom_metadata": None,
            "tags": [],
            "seo_title": "",
            "seo_description": "",
            "translations": None,
            "vendor_id": self._terms.vendor_id,
        }

    def _category(self, row: ProductRow) -> Values:
        """The category of a row, which may be made for it: the last that is asked, when all else is right."""
        if row.category is None:
            return {}
        try:
            return {"category_id": self._categories.id_of(row.category)}
        except CategoryUnfit as unfit:
            raise RowUnfit("category_path" if row.category.is_path else "category", str(unfit)) from None

    def _take_slug(self, values: Values, product_id: int | None) -> None:
        """Refuse a slug that another product has, or another row of the batch has taken."""
        slug = values.get("slug")
        if not slug:
            return
        if self._slugs.get(slug, product_id) != product_id or slug in self._taken:
            raise RowUnfit("slug", "is the slug of another product")
        self._taken.add(slug)


def _check_prices(price_minor: int, compare_at_minor: int | None, discount_minor: int | None) -> None:
    try:
        check_prices(price_minor, compare_at_minor, discount_minor)
    except InvalidMoney as wrong:
        raise RowUnfit(str(wrong.values["field"]).split(".")[1], str(wrong.values["problem"])) from None


def _attributes(row: ProductRow, values: Values, current: AnyRow | None) -> dict[str, Any]:
    """The attributes of a product with the single ones of its row put in, or taken out."""
    whole = values.get("attributes")
    if whole is None:
        whole = current.attributes if current is not None else {}
    if not whole:  # the single ones were checked by themselves
        return {name: value for name, value in row.attributes.items() if value is not None}
    merged = {name: value for name, value in {**whole, **row.attributes}.items() if value is not None}
    try:
        cells.check_attributes(merged)
    except Unfit as unfit:
        raise RowUnfit("attributes", str(unfit)) from None
    return merged
