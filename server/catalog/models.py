"""Tables of the catalogue: categories, products, their variants, and stock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    case,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from server.db.base import Base, BigId, Json, OptionalJson, UtcDateTime
from server.text.name_key import name_key

DEFAULT_LOCATION_ID = 1
"""The location of the first migration, where stock is unless it is said to be elsewhere; it is never deleted."""


def _unique_while_live(name: str, *columns: str) -> Index:
    """A unique index over what is not deleted: what is deleted gives its sku and slug free."""
    live = text("deleted_at IS NULL")
    return Index(name, *columns, unique=True, sqlite_where=live, postgresql_where=live)


def _key_of_name(context: Any) -> str:
    return name_key(context.get_current_parameters()["name"])


class Category(Base):
    """A group of products; a tree by `parent_id`."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    # The form in which the name is unique among those of one parent (see server/names.py).
    name_key: Mapped[str] = mapped_column(Text, default=_key_of_name, server_default="")
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    # Its texts in further languages: see `server.catalog.translations`.
    translations: Mapped[dict[str, dict[str, str]] | None] = mapped_column(OptionalJson)
    version: Mapped[int] = mapped_column(server_default="1")  # counts its changes, for the etag

    __table_args__ = (Index("uq_categories_name", text("coalesce(parent_id, 0)"), "name_key", unique=True),)


class Product(Base):
    """Something for sale. Deleted ones stay, so that past orders can name them."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sku: Mapped[str] = mapped_column(String(64))
    slug: Mapped[str] = mapped_column(String(220))
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    brand: Mapped[str] = mapped_column(String(100), default="")
    price_minor: Mapped[int] = mapped_column(BigInteger)
    compare_at_minor: Mapped[int | None] = mapped_column(BigInteger)
    # A reduction of the price for everyone: a share in basis points or an amount, for a time.
    discount_bp: Mapped[int | None] = mapped_column(Integer)
    discount_minor: Mapped[int | None] = mapped_column(BigInteger)
    discount_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    discount_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    currency: Mapped[str] = mapped_column(String(3))
    max_quantity: Mapped[int] = mapped_column(Integer, default=99)
    # In so many days one customer may buy max_quantity, whatever their orders; 0: max_quantity is of one order.
    max_quantity_days: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    attributes: Mapped[dict[str, object]] = mapped_column(Json, default=dict)
    custom_metadata: Mapped[dict[str, object] | None] = mapped_column(OptionalJson)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    seo_title: Mapped[str] = mapped_column(String(200), default="")
    seo_description: Mapped[str] = mapped_column(String(500), default="")
    translations: Mapped[dict[str, dict[str, str]] | None] = mapped_column(OptionalJson)
    vendor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    rating: Mapped[float] = mapped_column(default=0.0, server_default="0")
    reviews_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # The file_key of its first image, so that lines of carts need not look for it; empty without one.
    image: Mapped[str] = mapped_column(String(32), default="", server_default="")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("price_minor >= 0", name="price"),
        CheckConstraint("max_quantity > 0", name="max_quantity"),
        Index(None, "category_id", "id"),
        Index("ix_products_vendor", "vendor_id", "updated_at", "id"),
        Index("ix_products_updated", "updated_at", "id"),
        _unique_while_live("uq_products_sku", "sku"),
        _unique_while_live("uq_products_slug", "slug"),
    )


class Listing(Base):
    """That a product stands on a list (see listings.py), with the keys that lists are sorted and filtered by.

    A product whose discount begins or ends has a row for each price that it has or will have, its `phase`; at any
    moment one of them is valid.
    """

    __tablename__ = "product_listings"

    list_key: Mapped[str] = mapped_column(String(160), primary_key=True)
    product_id: Mapped[int] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    phase: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    in_stock: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    price_minor: Mapped[int] = mapped_column(BigInteger)  # what a shopper pays while the row is valid
    name_key: Mapped[str] = mapped_column(String(200))
    sold: Mapped[int] = mapped_column(BigInteger)  # as last counted: a sale does not write here
    rating: Mapped[float]

    # What rows are filtered by stands in the indexes as well: rows that are passed over are not looked up. That of
    # the prices holds the other sort keys too: a range of prices is sorted by them.
    __table_args__ = (
        *(
            Index(
                f"ix_product_listings_{key}",
                *dict.fromkeys(
                    ["list_key", "in_stock", key, "product_id", "price_minor", "valid_from", "valid_until"]
                ),
                *others,
            )
            for key, others in (
                ("created_at", ()),
                ("price_minor", ("created_at", "name_key", "sold", "rating")),
                ("name_key", ()),
                ("sold", ()),
                ("rating", ()),
            )
        ),
        # When prices turn by the clock.
        Index(
            "ix_product_listings_valid_until",
            "valid_until",
            sqlite_where=text("valid_until IS NOT NULL"),
            postgresql_where=text("valid_until IS NOT NULL"),
        ),
    )


class Variant(Base):
    """What can be put into a cart. Every product has one default variant."""

    __tablename__ = "variants"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    sku: Mapped[str] = mapped_column(String(64))
    # Pairs of a name and a value: see `server.catalog.variants.options`.
    options: Mapped[object] = mapped_column(Json, default=list)
    # The form in which they are unique within the product.
    options_key: Mapped[str] = mapped_column(String(64), server_default="")
    price_minor: Mapped[int | None] = mapped_column(BigInteger)  # None: the product's price
    compare_at_minor: Mapped[int | None] = mapped_column(BigInteger)
    is_default: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(Integer, server_default="1")  # counts its changes, for the etag
    # The file_key of the first image that shows it; empty where none shows it more than the others.
    image: Mapped[str] = mapped_column(String(32), default="", server_default="")
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # with its product, or by itself
    # Deleted by itself: it does not come back with its product.
    removed: Mapped[bool] = mapped_column(Boolean, server_default=false())

    __table_args__ = (
        _unique_while_live("uq_variants_sku", "sku"),
        _unique_while_live("uq_variants_options", "product_id", "options_key"),
        Index("ix_variants_product_id", "product_id"),
        Index(
            "uq_variants_default",
            "product_id",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )


class ProductImage(Base):
    """A picture of a product, in the order of `position` and then `id`; its files are those of `file_key`."""

    __tablename__ = "product_images"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id"), index=True)
    file_key: Mapped[str] = mapped_column(ForeignKey("media_files.key"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    alt: Mapped[str] = mapped_column(String(250), default="")
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(default=1, server_default="1")  # counts its changes, for the etag
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("product_id", "file_key"),
        Index("ix_product_images_product_id", "product_id", "position", "id"),
    )


class Location(Base):
    """A warehouse or store that holds stock. Orders are served from those that are active, by their priority."""

    __tablename__ = "locations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(16), server_default="WAREHOUSE")
    line1: Mapped[str] = mapped_column(String(200), server_default="")
    line2: Mapped[str] = mapped_column(String(200), server_default="")
    city: Mapped[str] = mapped_column(String(100), server_default="")
    state: Mapped[str] = mapped_column(String(100), server_default="")
    postal_code: Mapped[str] = mapped_column(String(20), server_default="")
    country: Mapped[str] = mapped_column(String(2), server_default="")
    active: Mapped[bool] = mapped_column(server_default=true())
    priority: Mapped[int] = mapped_column(Integer, server_default="0")
    # Whether levels are left that have not taken up its priority yet.
    levels_pending: Mapped[bool] = mapped_column(server_default=false())
    version: Mapped[int] = mapped_column(Integer, server_default="1")


class InventoryLevel(Base):
    """The stock of one variant at one location.

    `received` counts opening stock, restocks and transfers, `sold` the units in live orders (unpaid ones too), and
    received = available + sold always: a step of stock moves two of the three in one UPDATE.

    `priority` is the location's, None while that is not active. It stands here too, so that whoever holds the row
    knows whether orders are served from it: a location that was joined could have changed before the row was held.
    """

    __tablename__ = "inventory_levels"

    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("locations.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    available: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    sold: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    priority: Mapped[int | None] = mapped_column(Integer, server_default="0")

    __table_args__ = (
        CheckConstraint("available >= 0", name="available"),
        CheckConstraint("sold >= 0", name="sold"),
        CheckConstraint("received = available + sold", name="balance"),
        Index("ix_inventory_levels_product_id", "product_id"),
        # What a location has. Units stand in no index: each sale would have to write it.
        Index("ix_inventory_levels_location_id", "location_id", "product_id"),
        {"postgresql_with": {"fillfactor": 70}},  # room for updates in place: stock is the hottest row
    )


ORDERABLE: Final[ColumnElement[int]] = case(
    (InventoryLevel.priority.is_(None), 0), else_=InventoryLevel.available
)
"""The units of a level that can be ordered: none where its location is not active."""
