"""Between the catalogue's protobuf messages and plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from sanset.v1 import category_pb2, media_pb2, product_pb2, translation_pb2

from server.catalog.category_tree import CategoryNode
from server.catalog.change_queries import ChangeFilter
from server.catalog.discounts import Discount
from server.catalog.image_files import CARD, SIZES, file_url
from server.catalog.images import StoredImage, images_of
from server.catalog.listing_queries import ProductFilter
from server.catalog.translations import (
    CATEGORY_TEXTS,
    PRODUCT_TEXTS,
    SentTranslation,
    Texts,
    offered,
)
from server.catalog.variants.convert import describe_variants
from server.db.base import AnyRow, Values
from server.errors import FieldReason, InvalidField
from server.etags import etag_of
from server.rpc.custom_metadata import metadata_column, metadata_of, metadata_to_wire
from server.rpc.updates import EVERYTHING, masked_values
from server.rpc.wire import (
    MAX_INT32,
    money_from_wire,
    money_to_wire,
    price_range_from_wire,
    time_from_wire,
    time_to_wire,
)
from server.text.shop_languages import ShopLanguages

MAX_ATTRIBUTES_BYTES = 16 * 1024
LEFT_OUT_OF_SUMMARIES: Final = (
    *("description", "attributes", "seo_title", "seo_description", "metadata", "options", "images"),
)
"""What takes more room than the rest of a product: a list of a hundred would exceed what clients take."""

_ListProducts = product_pb2.ListProductsRequest
_OF_LISTS = frozenset(
    {"category", "brand", "tags", "min_price", "max_price", "in_stock", "q", "search", "location_id"}
)
"""Filters that look at the lists of the shop, which are in no order of changes, and hold nothing deleted."""


def product_to_wire(
    row: AnyRow, now: datetime, *, low_stock: int, languages: ShopLanguages
) -> product_pb2.Product:
    """A row of `queries.products` as a Product in the shop's own language, with the effective price of `now`.

    With its translations, which are not for shoppers.
    """
    product = product_pb2.Product(
        id=row.id,
        sku=row.sku,
        name=row.name,
        slug=row.slug,
        description=row.description,
        category=row.category_name or "",
        category_id=row.category_id or 0,
        brand=row.brand,
        price=money_to_wire(row.price_minor, row.currency),
        stock=min(row.available, MAX_INT32),
        stock_status=stock_status(row.available, low_stock),
        max_quantity=row.max_quantity,
        max_quantity_days=row.max_quantity_days,
        tags=row.tags,
        seo_title=row.seo_title,
        seo_description=row.seo_description,
        vendor_id=row.vendor_id or 0,
        default_variant_id=row.default_variant_id,
        rating=row.rating,
        reviews_count=row.reviews_count,
        etag=etag_of(row.version),
        metadata=metadata_to_wire(row.custom_metadata),
        create_time=time_to_wire(row.created_at),
        update_time=time_to_wire(row.updated_at),
        effective_price=money_to_wire(Discount.of(row).price_at(row.price_minor, now), row.currency),
        discount=_discount_to_wire(row),
        delete_time=time_to_wire(row.deleted_at),
        image_url=file_url(row.image, CARD),
        images=map(image_to_wire, images_of(row.images)),
        language=languages.own,
    )
    if row.translations:
        for language, texts in offered(row.translations, languages):
            product.translations.add(language=language, **texts)
    if row.compare_at_minor is not None:
        product.compare_at_price.CopyFrom(money_to_wire(row.compare_at_minor, row.currency))
    if row.attributes:
        product.attributes.update(row.attributes)
    describe_variants(product, row, now)
    return product


def image_to_wire(image: StoredImage) -> media_pb2.Image:
    """An image of a product."""
    return media_pb2.Image(
        id=image.id,
        product_id=image.product_id,
        variant_id=image.variant_id or 0,
        alt=image.alt,
        width=image.width,
        height=image.height,
        etag=image.etag,
        create_time=time_to_wire(image.created_at),
        **{size.field: file_url(image.file_key, size) for size in SIZES},
    )


def texts_of(translation: translation_pb2.ProductTranslation) -> Texts:
    """The texts that are translated."""
    return {name: text for name in PRODUCT_TEXTS if (text := getattr(translation, name))}


def in_language(
    product: product_pb2.Product, texts: Texts, language: str, category: str
) -> product_pb2.Product:
    """A product with these texts in place of its own, as far as there are any, and its category so named."""
    translated = product_pb2.Product()
    translated.CopyFrom(product)
    for name, text in texts.items():
        setattr(translated, name, text)
    if texts:
        translated.language = language
    if category:
        translated.category = category
    return translated


def summary_of(product: product_pb2.Product) -> product_pb2.Product:
    """Return what a list shows of a product."""
    summary = product_pb2.Product()
    summary.CopyFrom(product)
    for name in LEFT_OUT_OF_SUMMARIES:
        summary.ClearField(name)
    return summary


def _discount_to_wire(row: AnyRow) -> product_pb2.Discount | None:
    if row.discount_bp is None and row.discount_minor is None:
        return None
    discount = product_pb2.Discount(
        start_time=time_to_wire(row.discount_from), end_time=time_to_wire(row.discount_until)
    )
    if row.discount_bp is not None:
        discount.basis_points = row.discount_bp
    else:
        discount.amount.CopyFrom(money_to_wire(row.discount_minor, row.currency))
    return discount


def stock_status(available: int, low_stock: int) -> product_pb2.Product.StockStatus.ValueType:
    """Return how much is left, in words."""
    if available <= 0:
        return product_pb2.Product.OUT_OF_STOCK
    return product_pb2.Product.LOW_STOCK if available < low_stock else product_pb2.Product.IN_STOCK


def product_from_wire(product: product_pb2.Product, mask: FieldMask | None, currency: str) -> Values:
    """The columns that an update changes (see updates.masked_values)."""
    values = masked_values(
        product,
        mask,
        "product",
        stays=("sku", "slug"),
        attributes=lambda sent: _attributes(sent, "product.attributes"),
        translations=lambda sent: _translations(sent.translations, PRODUCT_TEXTS),
        metadata=lambda sent: metadata_of(sent.metadata),
        tags=lambda sent: list(sent.tags),
        price=lambda sent: money_from_wire(sent.price, "product.price", currency=currency).minor,
        compare_at_price=lambda sent: _compare_at(sent, currency),
        discount=lambda sent: _discount_from_wire(sent, currency),
    )
    _read_language(values, product, mask, PRODUCT_TEXTS)
    values |= values.pop("discount", {})
    for field, column in (("price", "price_minor"), ("compare_at_price", "compare_at_minor")):
        if field in values:
            values[column] = values.pop(field)
    return metadata_column(values)


def new_product_from_wire(product: product_pb2.Product, currency: str) -> Values:
    """The columns, `category` and `stock` of a product to create."""
    values = product_from_wire(product, EVERYTHING, currency)
    return values | {"stock": product.stock, "currency": currency}


def _translations(sent: Iterable[Message], names: Sequence[str]) -> list[SentTranslation]:
    return [
        SentTranslation(
            each.language,  # type: ignore[attr-defined]
            {name: getattr(each, name) for name in names},
        )
        for each in sent
    ]


def _read_language(
    values: Values,
    resource: product_pb2.Product | category_pb2.Category,
    mask: FieldMask | None,
    texts: Sequence[str],
) -> None:
    """Take the language of texts that are changed, whether the mask names it or not: it says which they are.

    A replacement that sends no translations leaves them: they are read only by who asks for them.
    """
    if resource.HasField("language") and not values.keys().isdisjoint(texts):
        values["language"] = resource.language
    if resource.HasField("language") and values.get("category"):
        values["category_language"] = resource.language
    if mask == EVERYTHING and not resource.translations:
        values.pop("translations", None)


def _compare_at(product: product_pb2.Product, currency: str) -> int | None:
    if not product.HasField("compare_at_price"):
        return None
    return money_from_wire(product.compare_at_price, "product.compare_at_price", currency=currency).minor


def _discount_from_wire(product: product_pb2.Product, currency: str) -> Values:
    """The columns of a product's discount; without one all are None."""
    sent = product.discount
    basis_points, minor = None, None
    if sent.WhichOneof("reduction") == "basis_points":
        basis_points = sent.basis_points
    elif product.HasField("discount"):
        minor = money_from_wire(sent.amount, "product.discount.amount", currency=currency).minor
    begins, ends = time_from_wire(sent, "start_time"), time_from_wire(sent, "end_time")
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidField(("product.discount.end_time", "must be after start_time", FieldReason.CONFLICT))
    return {
        "discount_bp": basis_points,
        "discount_minor": minor,
        "discount_from": begins,
        "discount_until": ends,
    }


def _attributes(message: Message, field: str) -> Values:
    attributes = message.attributes  # type: ignore[attr-defined]
    if attributes.ByteSize() > MAX_ATTRIBUTES_BYTES:
        raise InvalidField((field, f"must be at most {MAX_ATTRIBUTES_BYTES} bytes", FieldReason.TOO_LONG))
    return MessageToDict(attributes)


def filter_from_wire(
    request: product_pb2.ListProductsRequest, category_id: int | None, currency: str
) -> ProductFilter:
    """Return which products a list shall hold."""
    low, high = price_range_from_wire(request.min_price, request.max_price, currency)
    return ProductFilter(
        category_id=category_id,
        brand=request.brand or None,
        tags=tuple(sorted(set(request.tags))),
        min_price_minor=low,
        max_price_minor=high,
        in_stock=request.in_stock if request.HasField("in_stock") else None,
        vendor_id=request.vendor_id or None,
        location_id=request.location_id or None,
    )


def text_from_wire(request: product_pb2.ListProductsRequest) -> str:
    """What a list is searched for; "" for nothing. Raises InvalidField when it says two things."""
    if request.q and request.search and request.q != request.search:
        raise InvalidField(("search", "must be the same as q, or absent", FieldReason.CONFLICT))
    text: str = request.q or request.search
    return text.strip() and text


def asks_for_changes(request: product_pb2.ListProductsRequest) -> bool:
    """Return whether a list is one of changes. Raises InvalidField for what such a list cannot be asked."""
    filters = bool(request.product_ids or request.HasField("updated_since") or request.show_deleted)
    if not filters and request.sort != _ListProducts.UPDATED:
        return False
    wrong = [
        (name, "does not go with sort UPDATED", FieldReason.CONFLICT)
        for name in _sent(request)
        if name in _OF_LISTS
    ]
    if request.sort not in (_ListProducts.SORT_UNSPECIFIED, _ListProducts.UPDATED):
        text = "must be UPDATED, or absent, with product_ids, updated_since and show_deleted"
        wrong = [("sort", text, FieldReason.CONFLICT)]
    if wrong:
        raise InvalidField(*wrong)
    return True


def _sent(message: Message) -> list[str]:
    return [field.name for field, _ in message.ListFields()]


def changes_from_wire(request: product_pb2.ListProductsRequest, owner_id: int | None) -> ChangeFilter:
    """Return which products a list of changes shall hold; `owner_id` as in ChangeFilter."""
    return ChangeFilter(
        vendor_id=request.vendor_id or None,
        product_ids=tuple(sorted(set(request.product_ids))),
        updated_since=time_from_wire(request, "updated_since"),
        deleted=request.show_deleted,
        owner_id=owner_id,
    )


def category_to_wire(
    node: CategoryNode, languages: ShopLanguages, *, translations: bool = False
) -> category_pb2.Category:
    """A category, with those below it as a list holds them."""
    category = listed_category_to_wire(node, languages)
    category.description = node.description
    if translations and node.translations:
        for language, texts in offered(node.translations, languages):
            category.translations.add(language=language, **texts)
    return category


def listed_category_to_wire(node: CategoryNode, languages: ShopLanguages) -> category_pb2.Category:
    """A category with the tree below it, none of them with its description: a thousand would exceed a reply."""
    return category_pb2.Category(
        id=node.id,
        name=node.name,
        slug=node.slug,
        parent_id=node.parent_id or 0,
        etag=node.etag,
        language=node.language or languages.own,
        children=[listed_category_to_wire(child, languages) for child in node.children],
    )


def category_from_wire(category: category_pb2.Category, mask: FieldMask | None) -> Values:
    """The columns that an update changes."""
    values = masked_values(
        category,
        mask,
        "category",
        stays=("slug",),
        translations=lambda sent: _translations(sent.translations, CATEGORY_TEXTS),
    )
    _read_language(values, category, mask, CATEGORY_TEXTS)
    return values
