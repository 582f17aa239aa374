"""The rules of products: creating, changing and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.catalog import listings, queries
from server.catalog.categories import hold, read_tree
from server.catalog.discounts import Discount
from server.catalog.errors import NotTheOwner, ProductNotFound, SkuTaken, SlugTaken
from server.catalog.models import DEFAULT_LOCATION_ID
from server.catalog.slugs import has_letter, random_sku, slugify, with_suffix
from server.catalog.translations import TranslationRules
from server.catalog.variants.queries import lowest_own_price
from server.db.base import AnyRow, Values
from server.db.rows import changed_columns
from server.db.upsert import broken_constraint
from server.errors import FieldReason, InvalidField, InvalidMoney
from server.etags import check_etag, etag_of
from server.events.log import publish
from server.events.topics import MovedLevel, ProductChanged, StockMoved
from server.identity import Identity, Permission
from server.text.shop_languages import primary

DEFAULT_MAX_QUANTITY = 99
SLUG_ATTEMPTS = 5

LISTED = frozenset(
    [
        *("name", "category_id", "brand", "tags", "price_minor"),
        *("discount_bp", "discount_minor", "discount_from", "discount_until"),
    ]
)
"""The columns that say where a product stands in the lists."""

ValuesIn = Callable[[str], Values]
"""The columns to change, with prices in the minor units of a currency; raises InvalidMoney for another one's."""


def create_product(
    tx: Connection, caller: Identity, values: Values, rules: TranslationRules, now: datetime
) -> int:
    """Create a product with its default variant and opening stock, and return its id.

    `values` are the columns of a product, `stock`, and `category`, a slug or name, where there is no category_id.
    Raises SkuTaken, SlugTaken, CategoryNotFound, InvalidField and InvalidMoney.
    """
    row = dict(values)
    rules.settle(row, None)
    stock = row.pop("stock", 0)
    row["category_id"] = _category_id(tx, row)
    row["vendor_id"] = caller.user_id if caller.is_vendor else None
    row["sku"] = row.get("sku") or random_sku()
    row["max_quantity"] = row.get("max_quantity") or DEFAULT_MAX_QUANTITY
    row["created_at"] = row["updated_at"] = now
    _check_name(row["name"])
    _check_slug(row.get("slug", ""))
    check_prices(row["price_minor"], row.get("compare_at_minor"), row.get("discount_minor"))
    product_id = _insert(tx, row)
    variant_id = queries.insert_default_variant(tx, product_id, row["sku"])
    if variant_id is None:
        raise SkuTaken(sku=row["sku"])
    orderable = queries.open_stock(tx, product_id, variant_id, stock)
    lists = listings.list_new(tx, [(_listed(product_id, row), orderable)], now)
    opened = MovedLevel(product_id, variant_id, DEFAULT_LOCATION_ID, stock)
    publish(tx, _change(product_id, lists), StockMoved.of([product_id], flipped=False, levels=[opened]))
    return product_id


def _listed(product_id: int, row: Values) -> listings.ListedProduct:
    """What the lists tell of a product with these columns; what is left out has its default."""
    discount = Discount(*(row.get(f"discount_{name}") for name in ("bp", "minor", "from", "until")))
    return listings.ListedProduct(
        id=product_id,
        name=row["name"],
        category_id=row["category_id"],
        brand=row.get("brand", ""),
        vendor_id=row["vendor_id"],
        tags=row.get("tags", ()),
        price_minor=row["price_minor"],
        discount=discount,
        created_at=row["created_at"],
    )


def _insert(tx: Connection, row: Values) -> int:
    """Insert the product under the slug it asks for, or under a free one made from its name."""
    requested = row.get("slug")
    slug = requested or slugify(row["name"])
    for _ in range(SLUG_ATTEMPTS):
        product_id = queries.insert_product(tx, row | {"slug": slug})
        if product_id is not None:
            return product_id
        if queries.sku_exists(tx, row["sku"]):
            raise SkuTaken(sku=row["sku"])
        if requested:
            break
        slug = with_suffix(slugify(row["name"]))
    raise SlugTaken(slug=slug)


def update_product(
    tx: Connection,
    caller: Identity,
    product_id: int,
    etag: str,
    values: ValuesIn,
    rules: TranslationRules,
    now: datetime,
) -> None:
    """Change columns of a product, to the `values` in its currency.

    Raises ProductNotFound, NotTheOwner, StaleEtag, SkuTaken, SlugTaken, CategoryNotFound, InvalidField,
    InvalidMoney, and what `values` raises.
    """
    current = own_product(tx, caller, product_id, etag)
    changes = dict(values(current.currency))
    rules.settle(changes, current)
    if "category" in changes or "category_id" in changes:
        changes["category_id"] = _category_id(tx, changes)
    if "name" in changes:
        _check_name(changes["name"])
    if "slug" in changes:
        if not changes["slug"]:
            raise InvalidField(("product.slug", "must not be empty", FieldReason.REQUIRED))
        _check_slug(changes["slug"])
    if "sku" in changes and not changes["sku"]:
        raise InvalidField(("product.sku", "must not be empty", FieldReason.REQUIRED))
    if "max_quantity" in changes:
        changes["max_quantity"] = changes["max_quantity"] or DEFAULT_MAX_QUANTITY
    discount_minor = changes.get("discount_minor", current.discount_minor)
    check_prices(
        changes.get("price_minor", current.price_minor),
        changes.get("compare_at_minor", current.compare_at_minor),
        discount_minor,
    )
    if changes.get("discount_minor") is not None:
        _check_discount_of_variants(tx, product_id, discount_minor)
    changes = changed_columns(current, changes)
    if not changes:
        return
    try:
        queries.update_product(tx, product_id, changes, now)
        if "sku" in changes:
            queries.rename_variant(tx, product_id, current.sku, changes["sku"])
    except IntegrityError as error:
        _say_what_is_taken(error, changes)
    lists = listings.relist(tx, [product_id], now) if changes.keys() & LISTED else ()
    publish(tx, _change(product_id, lists))


def delete_product(tx: Connection, caller: Identity, product_id: int, etag: str, now: datetime) -> None:
    """Take a product out of the catalogue. Raises ProductNotFound, NotTheOwner and StaleEtag."""
    own_product(tx, caller, product_id, etag)
    queries.update_product(tx, product_id, {"deleted_at": now}, now)
    queries.mark_variants(tx, product_id, now)
    lists = listings.unlist(tx, product_id)
    publish(tx, _change(product_id, lists))


def undelete_product(
    tx: Connection, caller: Identity, product_id: int, sku: str, slug: str, now: datetime
) -> None:
    """Bring a deleted product back, under another sku or slug where one is given; one that is there stays so.

    Raises ProductNotFound, NotTheOwner, SkuTaken, SlugTaken and InvalidField.
    """
    product = queries.lock_deleted(tx, product_id)
    if product is None:
        raise ProductNotFound(product_id=product_id)
    check_manager(caller, product_id, product.vendor_id)
    if product.deleted_at is None:
        return
    _check_slug(slug, field="slug")
    names = {"sku": sku or product.sku, "slug": slug or product.slug}
    try:
        queries.update_product(tx, product_id, names | {"deleted_at": None}, now)
        if names["sku"] != product.sku:
            queries.rename_variant(tx, product_id, product.sku, sku)
        taken = queries.taken_sku(tx, product_id)
        if taken is not None:
            raise SkuTaken(sku=taken)
        queries.mark_variants(tx, product_id, None)
    except IntegrityError as error:
        _say_what_is_taken(error, names)
    lists = listings.relist(tx, [product_id], now)
    publish(tx, _change(product_id, lists))


def _change(product_id: int, lists: Iterable[str]) -> ProductChanged:
    """The event of a product whose place on these lists is, or may be, another."""
    return ProductChanged(product_id, tuple(sorted(lists)))


def _say_what_is_taken(error: IntegrityError, names: Values) -> NoReturn:
    """Raise SkuTaken or SlugTaken when that is what the database refused, else the error itself."""
    if "sku" in broken_constraint(error):
        raise SkuTaken(sku=names.get("sku", "")) from None
    if "slug" in broken_constraint(error):
        raise SlugTaken(slug=names.get("slug", "")) from None
    raise error


def check_owner(tx: Connection, caller: Identity, product_id: int) -> None:
    """Raise ProductNotFound or NotTheOwner unless the caller may manage the product; lock it."""
    own_product(tx, caller, product_id)


def own_product(tx: Connection, caller: Identity, product_id: int, etag: str = "") -> AnyRow:
    """A product that the caller may manage, as it is stored; lock it. Raises as `check_owner`, and StaleEtag."""
    current = queries.lock_product(tx, product_id)
    if current is None:
        raise ProductNotFound(product_id=product_id)
    check_manager(caller, product_id, current.vendor_id)
    check_etag(etag, etag_of(current.version), "product")
    return current


def check_manager(caller: Identity, product_id: int, vendor_id: int | None) -> None:
    """Raise NotTheOwner unless the caller may manage a product of this vendor's."""
    if not may_manage(caller, vendor_id):
        raise NotTheOwner(product_id=product_id)


def may_manage(caller: Identity, vendor_id: int | None) -> bool:
    """Whether the caller may manage products of a vendor, or of the shop itself (None)."""
    return caller.may_for_all(Permission.MANAGE_PRODUCTS) or vendor_id == caller.user_id


def _category_id(tx: Connection, values: Values) -> int | None:
    """The category that `values` name, and hold it; the id wins, so that what was read can be written back.

    Takes `category`, its slug or name, and `category_language`, that of the name, out of the values.
    """
    slug_or_name: str = values.pop("category", "")
    language: str = primary(values.pop("category_language", ""))
    category_id: int | None = values.get("category_id") or None
    if category_id is None and slug_or_name:
        category_id = read_tree(tx).meant(slug_or_name, "product.category", language).id
    if category_id is not None:
        hold(tx, category_id)
    return category_id


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidField(("product.name", "must not be blank", FieldReason.REQUIRED))


def _check_slug(slug: str, field: str = "product.slug") -> None:
    if slug and not has_letter(slug):
        raise InvalidField((field, "must have a letter among its digits", FieldReason.INVALID_FORMAT))


def _check_discount_of_variants(tx: Connection, product_id: int, discount_minor: int) -> None:
    lowest = lowest_own_price(tx, product_id)
    if lowest is not None and discount_minor > lowest:
        raise InvalidMoney(
            field="product.discount.amount", problem="must not be above the price of any variant"
        )


def check_prices(price_minor: int, compare_at_minor: int | None, discount_minor: int | None) -> None:
    """Raise InvalidMoney for prices of a product that do not fit together."""
    if price_minor <= 0:
        raise InvalidMoney(field="product.price", problem="must be above zero")
    if compare_at_minor is not None and compare_at_minor < price_minor:
        raise InvalidMoney(field="product.compare_at_price", problem="must not be below the price")
    if discount_minor is not None and not 0 < discount_minor <= price_minor:
        raise InvalidMoney(
            field="product.discount.amount", problem="must be above zero and not above the price"
        )
