"""Every reply fits what clients and the gateway take, at the largest contents that the contract lets in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Struct
from sanset.v1 import category_pb2, product_pb2
from sqlalchemy import String, Text
from support.every import every

import server.db.schema
from server.analytics.people import MAX_MONTHS
from server.analytics.ranges import MAX_POINTS
from server.analytics.sales import MAX_POPULAR
from server.auth.second_factor.codes import RECOVERY_CODES
from server.auth.sessions import MAX_OPEN_SESSIONS
from server.cart.service import MAX_LINES
from server.catalog.categories import MAX_CATEGORIES
from server.catalog.convert import LEFT_OUT_OF_SUMMARIES, MAX_ATTRIBUTES_BYTES, summary_of
from server.catalog.variants.options import MAX_OPTION_NAMES
from server.catalog.variants.service import MAX_VARIANTS
from server.contract import SERVICES
from server.db.base import Base
from server.exports.file import PIECE_BYTES
from server.identity import Permission
from server.imports.watching import SHOWN_PROBLEMS
from server.inventory.convert import MAX_LEVELS
from server.inventory.feed import MAX_CHANGES
from server.media.pictures import MAX_FILE_BYTES
from server.media.service import MAX_IMAGES
from server.order.shipments import MAX_PARCEL_LINES, MAX_PARCELS
from server.order.steps import MAX_STEPS
from server.paging import MAX_PAGE_BYTES, MAX_REPLY_BYTES, fitting
from server.review.reviews import MAX_STARS
from server.search.suggest.suggestions import MAX_LIMIT
from server.service_accounts.service import MAX_KEYS
from server.settings import Settings

SERVER = Path(server.db.schema.__file__).parents[1]
METHODS: list[MethodDescriptor] = [method for service in SERVICES for method in service.methods]
REPLIES = {method.output_type.full_name: method.output_type for method in METHODS}
MAX_PAGE = 100

WIDE, LONG = "🛒", "<"
"""The character that takes most on the wire, four bytes, and the one that grows most as JSON, from one to six."""

UNSAID = 500
"""How many characters a text of the shop's own has at most: no column that is not named below holds more."""

TEXTS = {
    "WebhookDelivery.body": 24_000,  # a step of an order, with its parcel and the order's metadata
    "CartChange.message": 300,  # a product's name in a sentence
    "CartChange.name": 200,
    "OrderEvent.location": 200,
    "Order.number": 32,
    "Order.tracking_number": 64,
    "Order.coupon_code": 32,
    "Product.sku": 64,
    "OrderItem.sku": 64,
    "CartItem.name": 200,
    "OrderItem.name": 200,
    "WishlistItem.name": 200,
    "CartItem.product_name": 200,
    "CartItem.sku": 64,
    "CartItem.color": 32,
    "CartItem.size": 32,
    "OrderItem.color": 32,
    "OrderItem.size": 32,
    "WishlistItem.sku": 64,
    "WishlistItem.color": 32,
    "WishlistItem.size": 32,
    "Variant.color": 32,
    "Variant.size": 32,
    "Product.colors": 32,
    "Product.sizes": 32,
    "Level.sku": 64,
    "Level.location": 100,
    "StockChange.location": 100,
    "CartItem.slug": 220,
    "ProductCard.name": 200,
    **dict.fromkeys(
        ("Product.image_url", "Image.url", "Image.large_url", "Image.medium_url", "Image.thumbnail_url"), 64
    ),
    "ProductCard.slug": 220,
    "Suggestion.text": 200,
    "Part.text": 4,
}
LARGE_COLUMNS = {"payments.payment_url"}
COUNTS = {
    "Product.images": MAX_IMAGES,
    "User.permissions": len(Permission),
    "UserDetails.sessions": MAX_OPEN_SESSIONS,
    "UserDetails.failures": 20,
    "ServiceAccount.keys": MAX_KEYS,
    "RecoveryCodes.items": RECOVERY_CODES,
    "ReorderImagesResponse.items": MAX_IMAGES,
    "ReviewSummary.stars": MAX_STARS,
    "ProductImport.problems": SHOWN_PROBLEMS,
    "Category.children": 0,  # the thousand are counted where they are listed
    "Product.colors": MAX_VARIANTS,
    "Product.sizes": MAX_VARIANTS,
    "Product.options": MAX_OPTION_NAMES,
    "CartItem.options": MAX_OPTION_NAMES,
    "OrderItem.options": MAX_OPTION_NAMES,
    "WishlistItem.options": MAX_OPTION_NAMES,
    "Inventory.levels": MAX_LEVELS,
    "Changes.changes": MAX_CHANGES,
    "Cart.items": MAX_LINES,
    "Cart.changes": 2 * MAX_LINES,
    "PreviewCheckoutResponse.items": MAX_LINES,
    "Order.items": MAX_LINES,
    "GetDashboardResponse.popular_products": MAX_POPULAR,
    "GetSalesResponse.points": MAX_POINTS,
    "Settings.items": len(Settings.model_fields),
    "SystemHealth.checks": 8,
    "SystemHealth.jobs": 40,
    "Check.facts": 3,
    "GetUserActivityResponse.days": MAX_POINTS,
    "GetVendorSalesResponse.days": MAX_POINTS,
    "GetVendorSalesResponse.popular_products": MAX_POPULAR,
    "GetCohortsResponse.cohorts": MAX_MONTHS,
    "Cohort.months": MAX_MONTHS // 2,  # on average: each cohort has the months since
    "Refund.items": MAX_LINES,
    "Shipment.items": MAX_PARCEL_LINES // MAX_PARCELS,  # of MAX_PARCELS
    "Tracking.shipments": MAX_PARCELS,
    "Order.shipments": MAX_PARCELS,
    "Return.items": MAX_LINES,
    "Status.details": 0,  # of a stream that is refused over HTTP: with its sentence at most as large as headers
    "Tracking.events": MAX_STEPS + 8,
    "Tier.benefits": 10,
    "BatchGetProductsResponse.missing_ids": MAX_PAGE,
    "BatchGetProductsResponse.remaining_ids": MAX_PAGE,
    "GetRecommendationsResponse.items": MAX_PAGE,
    "GetSimilarProductsResponse.items": MAX_PAGE,
    "GetFrequentlyBoughtTogetherResponse.items": MAX_PAGE,
    "GetTrendingResponse.items": MAX_PAGE,
    "GetReorderResponse.items": MAX_PAGE,
    "TrackEventResponse.errors": MAX_PAGE,
    "SuggestResponse.items": MAX_LIMIT,
    "SearchHit.highlights": 2,
    "Highlight.parts": 100,  # every second word of a text
    "SearchAnalytics.positions": 20,
    "SegmentAnalysis.categories": 10,
    "SegmentAnalysis.products": 10,
    "ModelMetrics.sources": 10,
    "Model.parameters": 50,
    "Model.library_versions": 20,
    "OnlineMetrics.positions": 20,
    "OnlineMetrics.revenue": 10,
    "Position.revenue": 10,
}
"""How many items a reply holds that no page cuts, by the rule of the service that bounds them."""

CUT = {"BatchGetProductsResponse"}
"""Replies that are cut by bytes, without being pages."""


def _is_cut(reply: Descriptor) -> bool:
    return "next_page_token" in reply.fields_by_name or reply.name in CUT


def _text(field: FieldDescriptor, character: str) -> str:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    said = rules.repeated.items.string if field.is_repeated else rules.string
    most = TEXTS.get(f"{field.containing_type.name}.{field.name}") or said.max_len or UNSAID
    if said.pattern and not re.search(said.pattern, character):
        character = LONG  # as in addresses and numbers, which are plain ASCII
    return character * min(most, (said.max_bytes or 2**31) // len(character.encode()))


def _count(field: FieldDescriptor) -> int:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    known = COUNTS.get(f"{field.containing_type.name}.{field.name}")
    declared = rules.repeated.max_items or (MAX_PAGE if _is_cut(field.containing_type) else None)
    count = known if known is not None else declared
    assert count is not None, f"how many {field.full_name} may there be? Say so in the contract or here"
    return count


def _struct(character: str) -> Struct:
    struct = Struct()
    struct.update({"x": character * ((MAX_ATTRIBUTES_BYTES - 20) // len(character.encode()))})
    return struct


def _value(field: FieldDescriptor, character: str) -> Any:
    if field.message_type is None:
        if field.type == FieldDescriptor.TYPE_STRING:
            return _text(field, character)
        if field.type == FieldDescriptor.TYPE_BYTES:
            return b"x" * UNSAID
        if field.enum_type is not None:
            return max(field.enum_type.values, key=lambda value: len(value.name)).number
        kinds = {FieldDescriptor.CPPTYPE_INT64: -(2**62), FieldDescriptor.CPPTYPE_INT32: -(2**30)}
        return kinds.get(field.cpp_type, 1 if field.cpp_type != FieldDescriptor.CPPTYPE_DOUBLE else -1.7e-300)
    if field.message_type.full_name == "google.protobuf.Struct":
        return _struct(character)
    if field.message_type.full_name == "google.protobuf.Timestamp":
        return field.message_type._concrete_class(seconds=253_402_300_799, nanos=999_999_999)
    if field.message_type.full_name == "google.type.Money":
        return field.message_type._concrete_class(currency_code="USD", units=-(10**16), nanos=-999_999_999)
    if field.message_type.full_name == "google.protobuf.Duration":
        return field.message_type._concrete_class(seconds=10**9, nanos=1000)
    return largest(field.message_type, character)


def largest(kind: Descriptor, character: str) -> Message:
    """The largest message of a kind, its texts made of `character`."""
    message = GetMessageClass(kind)()
    for field in kind.fields:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            _fill_map(message, field, character)
        elif field.is_repeated:
            count = _count(field)
            if count:
                value = _value(field, character)
                getattr(message, field.name).extend([value] * count)
        elif field.message_type is not None:
            getattr(message, field.name).CopyFrom(_value(field, character))
        else:
            setattr(message, field.name, _value(field, character))
    return message


def _fill_map(message: Message, field: FieldDescriptor, character: str) -> None:
    entries = getattr(message, field.name)
    value = field.message_type.fields_by_name["value"]
    for number in range(_count(field)):
        if value.message_type is None:
            entries[f"{number}{character * 60}"] = character * 100
        else:
            entries[f"{number}{character * 60}"].CopyFrom(largest(value.message_type, character))


def smallest(kind: Descriptor, *, depth: int = 0) -> Message:
    """A message whose parts are all there, and empty: what is longest as JSON beside what it takes on the wire."""
    message = GetMessageClass(kind)()
    for field in kind.fields:
        if field.message_type is None or field.message_type.GetOptions().map_entry or depth > 3:
            continue
        if field.is_repeated:
            count = min(_count(field), MAX_PAGE)
            getattr(message, field.name).extend([smallest(field.message_type, depth=depth + 1)] * count)
        else:
            getattr(message, field.name).SetInParent()
            if field.message_type.full_name == "google.type.Money":
                getattr(message, field.name).currency_code = "USD"
    return message


def json_size(message: Message) -> int:
    """How long the gateway's JSON of a message is: every field is named, and < and > are escaped."""
    plain = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) + 5 * (text.count("<") + text.count(">"))


def _page_of(kind: Descriptor, item: Message) -> Message:
    """A page of the largest size, cut as the services cut it."""
    items, _ = fitting([item] * MAX_PAGE, lambda each: each)
    page = GetMessageClass(kind)()
    page.items.extend(items)  # type: ignore[attr-defined]
    return page


def _listed(item: Message) -> Message:
    """An item as lists hold it: a product without its translations."""
    product = getattr(item, "product", item)
    if isinstance(product, product_pb2.Product):
        product.ClearField("translations")
    return item


def _tree(character: str) -> category_pb2.Category:
    """All categories below one, as they are listed: the one item that may be larger than a page."""
    root, below = (category_pb2.Category.FromString(_category(character)) for _ in range(2))
    root.children.extend([below] * (MAX_CATEGORIES - 1))
    return root


def _category(character: str) -> bytes:
    category = largest(category_pb2.Category.DESCRIPTOR, character)
    for left_out in ("description", "translations"):
        category.ClearField(left_out)
    return category.SerializeToString()


@pytest.mark.parametrize("character", [WIDE, LONG], ids=["wide", "long"])
@every("kind", REPLIES)
def test_the_largest_reply_fits_natively_and_as_json(kind: Descriptor, character: str) -> None:
    if kind.full_name == "google.api.HttpBody":
        assert max(PIECE_BYTES, MAX_FILE_BYTES) < MAX_REPLY_BYTES
        return
    if kind.name == "ListCategoriesResponse":
        replies = [_page_of(kind, _tree(character))]
    elif _is_cut(kind):
        whole = _listed(largest(kind.fields_by_name["items"].message_type, character))
        assert len(whole.SerializeToString()) < MAX_PAGE_BYTES, "one item fits a page"
        replies = [
            _page_of(kind, whole),
            _page_of(kind, smallest(kind.fields_by_name["items"].message_type)),
        ]
    else:
        replies = [largest(kind, character)]
    for reply in replies:
        assert reply.ByteSize() < MAX_REPLY_BYTES
        assert json_size(reply) < MAX_REPLY_BYTES


def test_a_page_of_summaries_is_cut_by_nothing_that_shops_write() -> None:
    product = largest(product_pb2.Product.DESCRIPTOR, LONG)
    assert isinstance(product, product_pb2.Product)
    _listed(product)
    product.tags[:] = ["a tag of twenty and more letters"] * 12
    for values in (product.colors, product.sizes):
        values[:] = ["a value of letters"] * 12
    summary = summary_of(product)
    assert not any(getattr(summary, name) for name in LEFT_OUT_OF_SUMMARIES)
    assert len(fitting([summary] * MAX_PAGE, lambda each: each)[0]) == MAX_PAGE


def test_no_page_is_made_but_by_what_cuts_it() -> None:
    sealing = [
        str(path.relative_to(SERVER))
        for path in SERVER.rglob("*.py")
        if re.search(r"[Pp]ages\.seal\(", path.read_text())
    ]
    assert sealing == []


def test_a_text_that_may_be_long_is_bounded_in_bytes_as_well() -> None:
    unbounded = [
        field.full_name
        for method in METHODS
        for field in _fields_below(method.input_type)
        if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated
        for rules in [field.GetOptions().Extensions[validate_pb2.field].string]
        if rules.max_len > 1000 and not rules.max_bytes and field.name != "page_token"
    ]
    assert unbounded == []


def _fields_below(kind: Descriptor, seen: frozenset[str] = frozenset()) -> list[FieldDescriptor]:
    found = list(kind.fields)
    for field in kind.fields:
        part = field.message_type
        if part is not None and part.full_name.startswith("sanset.") and part.full_name not in seen:
            found += _fields_below(part, seen | {kind.full_name, part.full_name})
    return found


def test_no_column_holds_a_longer_text_than_is_reckoned_with() -> None:
    reckoned = {
        "products",
        "categories",
        "webhook_endpoints",
    }  # these fields say themselves how long they are
    longer = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String)
        and not isinstance(column.type, Text)
        and (column.type.length or 0) > UNSAID
        and table.name not in reckoned
    ]
    assert set(longer) <= LARGE_COLUMNS
