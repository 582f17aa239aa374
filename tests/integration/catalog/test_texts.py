"""Names through the public interface: one line, trimmed, the same however they were typed."""

from __future__ import annotations

import uuid

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import (
    category_pb2,
    order_pb2,
    order_service_pb2,
    product_pb2,
    promotion_pb2,
    segment_pb2,
    user_pb2,
)
from support.running_shop import RunningShop, refused

pytestmark = pytest.mark.either


def _creation(**fields: str) -> product_pb2.CreateProductRequest:
    product = product_pb2.Product(price=Money(currency_code="USD", units=3), stock=1, **fields)
    return product_pb2.CreateProductRequest(product=product)


@pytest.mark.parametrize(
    "name", ["Mug\r\nTotal: 0.00 USD\r\n.\r\nFrom: x", "Mug\x01\x0b\x1f", "Mug\u2028x", "Mug \u202egpj.exe"]
)
def test_a_name_that_would_forge_a_line_or_its_direction_is_refused(shop: RunningShop, name: str) -> None:
    refusal = refused(shop.catalog.CreateProduct, _creation(name=name), shop.admin)
    assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", ["product.name"])


def test_each_resource_refuses_a_name_of_two_lines(shop: RunningShop) -> None:
    order = shop.order()
    two = "one\ntwo"
    coupon = promotion_pb2.Coupon(code=uuid.uuid4().hex[:8], description=two, discount_basis_points=500)
    rules = segment_pb2.SegmentRules(min_orders=1)
    shipped = order_service_pb2.UpdateOrderStatusRequest(
        order_id=order.id, status=order_pb2.Order.PROCESSING, location=two, message=two
    )
    for method, request, fields in (
        (shop.catalog.CreateProduct, _creation(name="Mug", brand=two), ["product.brand"]),
        (
            shop.catalog.CreateCategory,
            category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=two)),
            ["category.name"],
        ),
        (
            shop.promotions.CreateCoupon,
            promotion_pb2.CreateCouponRequest(coupon=coupon),
            ["coupon.description"],
        ),
        (
            shop.segments.CreateSegment,
            segment_pb2.CreateSegmentRequest(segment=segment_pb2.Segment(name=two, rules=rules)),
            ["segment.name"],
        ),
        (
            shop.users.UpdateMe,
            user_pb2.UpdateMeRequest(user=user_pb2.User(full_name=two)),
            ["user.full_name"],
        ),
        (shop.orders.UpdateOrderStatus, shipped, ["message", "location"]),
    ):
        refusal = refused(method, request, shop.admin)
        assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", fields)


def test_blanks_around_a_name_make_no_other_category(shop: RunningShop) -> None:
    name = f"Tea {uuid.uuid4().hex[:8]}"
    made = shop.catalog.CreateCategory(
        category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=f"  {name}\u00a0")),
        metadata=shop.admin.metadata,
    )
    assert made.name == name
    twin = category_pb2.CreateCategoryRequest(category=category_pb2.Category(name=f"{name}\t"))
    assert refused(shop.catalog.CreateCategory, twin, shop.admin).code == grpc.StatusCode.ALREADY_EXISTS
    product = shop.product(category=f"{name}\u3000", name="  Mug  ", brand=" Acme ", tags=["tea "])
    assert (product.category_id, product.name, product.brand) == (made.id, "Mug", "Acme")
    assert list(product.tags) == ["tea"]
    listed = shop.catalog.ListProducts(product_pb2.ListProductsRequest(category=f" {name} ", brand="Acme "))
    assert [item.id for item in listed.items] == [product.id]


def test_a_name_of_blanks_is_no_name(shop: RunningShop) -> None:
    refusal = refused(shop.catalog.CreateProduct, _creation(name=" \u00a0 "), shop.admin)
    assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", ["product.name"])
    product = shop.product()
    for mask in (FieldMask(paths=["name"]), None):
        change = product_pb2.UpdateProductRequest(
            product=product_pb2.Product(id=product.id, name="\u2003"), update_mask=mask
        )
        refusal = refused(shop.catalog.UpdateProduct, change, shop.admin)
        assert (refusal.reason, refusal.fields) == ("INVALID_FIELD", ["product.name"])


def test_joined_emoji_and_a_description_of_several_lines_are_kept(shop: RunningShop) -> None:
    product = shop.product(name="Mug 👨‍👩‍👧 می‌خواهم", description="One\r\n\tTwo\n", seo_description="a\nb")
    read = shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product.id))
    assert (read.name, read.description) == ("Mug 👨‍👩‍👧 می‌خواهم", "One\n\tTwo\n")
    assert read.seo_description == "a\nb"
