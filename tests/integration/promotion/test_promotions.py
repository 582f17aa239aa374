"""Coupons, tiers and points through the public interface, on both databases."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import cart_pb2, order_service_pb2, payment_pb2
from sanset.v1 import promotion_pb2 as pb
from sanset.v1.pricing_pb2 import CouponFailure
from support.cart_shop import cents, deliver, read_cart
from support.page_by_page import page_by_page
from support.running_shop import Account, RunningShop, counted_round_trips, refused

from server.clock import utc_now
from server.promotion import service as promotions
from server.promotion.service import RewardedOrder

pytestmark = pytest.mark.either

FAILED = grpc.StatusCode.FAILED_PRECONDITION
INVALID = grpc.StatusCode.INVALID_ARGUMENT
DECLINE = "tok_decline"


def usd(units: int, cents: int = 0) -> Money:
    return Money(currency_code="USD", units=units, nanos=cents * 10_000_000)


def new_code() -> str:
    return f"T-{uuid.uuid4().hex[:12]}".upper()


def create(shop: RunningShop, *, days: tuple[float, float] | None = None, **fields: Any) -> pb.Coupon:
    """Create a coupon, 10 % off unless said otherwise; `days` from now on it begins and ends."""
    discount = {} if "discount_amount" in fields else {"discount_basis_points": 1000}
    coupon = pb.Coupon(**({"code": new_code()} | discount | fields))
    if days is not None:
        coupon.valid_from.FromDatetime(utc_now() + timedelta(days=days[0]))
        coupon.valid_until.FromDatetime(utc_now() + timedelta(days=days[1]))
    return shop.promotions.CreateCoupon(pb.CreateCouponRequest(coupon=coupon), metadata=shop.admin.metadata)


def update(shop: RunningShop, coupon: pb.Coupon, *paths: str) -> pb.Coupon:
    mask = FieldMask(paths=paths) if paths else None
    return shop.promotions.UpdateCoupon(
        pb.UpdateCouponRequest(coupon=coupon, update_mask=mask), metadata=shop.admin.metadata
    )


def stored(shop: RunningShop, code: str) -> pb.Coupon:
    request = pb.ListAllCouponsRequest(code=code)
    (coupon,) = shop.promotions.ListAllCoupons(request, metadata=shop.admin.metadata).items
    return coupon


def apply(shop: RunningShop, buyer: Account, code: str) -> cart_pb2.Cart:
    return shop.cart.ApplyCoupon(cart_pb2.ApplyCouponRequest(code=code), metadata=buyer.metadata)


def give(shop: RunningShop, buyer: Account, points: int) -> pb.Loyalty:
    request = pb.AdjustPointsRequest(user_id=buyer.user_id, points=points, reason="A present")
    return shop.promotions.AdjustPoints(request, metadata=shop.admin.metadata)


def redeem(shop: RunningShop, buyer: Account, points: int) -> cart_pb2.Cart:
    return shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(points=points), metadata=buyer.metadata)


def loyalty(shop: RunningShop, buyer: Account) -> pb.Loyalty:
    return shop.promotions.GetLoyalty(pb.GetLoyaltyRequest(), metadata=buyer.metadata)


def ledger(shop: RunningShop, buyer: Account) -> list[tuple[str, int, int]]:
    entries = shop.promotions.ListPoints(pb.ListPointsRequest(), metadata=buyer.metadata).items
    return [(pb.PointsEntry.Kind.Name(one.kind), one.points, one.order_id) for one in reversed(entries)]


# ── Coupons in the cart and at the checkout


def test_a_coupon_lowers_the_cart_and_the_order_and_leaves_the_cart(shop: RunningShop) -> None:
    buyer, coupon = shop.customer(), create(shop)
    shop.add(buyer, shop.product(units=30).id, 2)
    cart = apply(shop, buyer, f" {coupon.code.lower()} ")
    assert (cart.coupon_code, cents(cart.totals.coupon_discount)) == (coupon.code, 600)
    assert not cart.HasField("coupon_failure")
    assert cents(cart.items[0].discount) == 600
    order = shop.checkout(buyer).order
    assert (order.coupon_code, cents(order.totals.coupon_discount)) == (coupon.code, 600)
    assert cents(order.totals.total) == cents(cart.totals.total)
    assert (read_cart(shop, buyer).coupon_code, stored(shop, coupon.code).usage_count) == ("", 1)


def test_a_percentage_is_bounded_and_an_amount_never_goes_below_zero(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product(units=30).id)
    bounded = create(shop, discount_basis_points=5000, max_discount=usd(4, 50))
    assert cents(apply(shop, buyer, bounded.code).totals.coupon_discount) == 450
    large = apply(shop, buyer, create(shop, discount_amount=usd(500)).code)
    assert (cents(large.totals.coupon_discount), cents(large.totals.tax)) == (3000, 0)


def test_a_coupon_can_be_taken_off_again(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product().id)
    apply(shop, buyer, create(shop).code)
    for _ in range(2):
        cart = shop.cart.RemoveCoupon(cart_pb2.RemoveCouponRequest(), metadata=buyer.metadata)
        assert (cart.coupon_code, cents(cart.totals.coupon_discount)) == ("", 0)


def test_the_checkout_takes_a_code_in_place_of_the_carts(shop: RunningShop) -> None:
    buyer, other = shop.customer(), create(shop, discount_basis_points=2500)
    shop.add(buyer, shop.product(units=40).id)
    apply(shop, buyer, create(shop).code)
    request = order_service_pb2.PreviewCheckoutRequest(coupon_code=other.code)
    preview = shop.orders.PreviewCheckout(request, metadata=buyer.metadata)
    order = shop.checkout(buyer, coupon_code=other.code).order
    assert (order.coupon_code, cents(order.totals.coupon_discount)) == (other.code, 1000)
    assert preview.totals == order.totals


def test_every_reason_against_a_coupon_is_told_with_its_facts(shop: RunningShop) -> None:
    buyer = shop.customer()
    shop.add(buyer, shop.product(units=30).id)
    gone = create(shop, usage_limit=1)
    other = shop.customer()
    shop.add(other, shop.product().id)
    shop.checkout(other, coupon_code=gone.code)
    mine = create(shop, per_user_limit=1)
    shop.checkout(buyer, coupon_code=mine.code)
    shop.add(buyer, shop.product(units=30).id)
    refusals = {
        "COUPON_UNKNOWN": ("NO-SUCH", {"code": "NO-SUCH"}),
        "COUPON_DISABLED": (create(shop, active=False).code, {}),
        "COUPON_NOT_STARTED": (create(shop, days=(1, 2)).code, {"valid_from"}),
        "COUPON_EXPIRED": (create(shop, days=(-2, -1)).code, {"valid_until"}),
        "COUPON_BELOW_MINIMUM": (
            create(shop, min_purchase=usd(40)).code,
            {"minimum": "40.00 USD", "missing": "10.00 USD"},
        ),
        "COUPON_TIER_TOO_LOW": (
            create(shop, min_tier=pb.Tier.GOLD).code,
            {"tier": "GOLD", "your_tier": "BRONZE"},
        ),
        "COUPON_USED_UP": (gone.code, {}),
        "COUPON_USED_BY_YOU": (mine.code, {"limit": "1"}),
        "COUPON_CURRENCY": (
            create(shop, discount_amount=Money(currency_code="EUR", units=5)).code,
            {"currency": "EUR", "cart_currency": "USD"},
        ),
    }
    for reason, (code, facts) in refusals.items():
        refusal = refused(shop.cart.ApplyCoupon, cart_pb2.ApplyCouponRequest(code=code), buyer)
        assert (refusal.code, refusal.reason) == (FAILED, reason)
        assert set(facts) <= refusal.facts.keys()
        if isinstance(facts, dict):
            assert facts.items() <= refusal.facts.items()
        failure = refusal.detail(CouponFailure)
        assert (failure.reason, failure.code) == (reason, code)
        assert failure.HasField("minimum") == (reason == "COUPON_BELOW_MINIMUM")
        assert failure.HasField("valid_from") == (reason == "COUPON_NOT_STARTED")
        request = order_service_pb2.CheckoutRequest(
            payment_method=payment_pb2.Payment.CARD, request_id=str(uuid.uuid4()), coupon_code=code
        )
        assert refused(shop.orders.Checkout, request, buyer).reason == reason
    assert (read_cart(shop, buyer).coupon_code, read_cart(shop, buyer).item_count) == ("", 1)


def test_a_coupon_that_stops_working_is_told_in_the_cart_and_stops_the_checkout(shop: RunningShop) -> None:
    buyer, coupon, product = shop.customer(), create(shop, min_purchase=usd(30)), shop.product(units=20)
    shop.add(buyer, product.id, 2)
    line = apply(shop, buyer, coupon.code).items[0]
    request = cart_pb2.UpdateItemRequest(item_id=line.id, quantity=1)
    cart = shop.cart.UpdateItem(request, metadata=buyer.metadata)
    assert cart.coupon_code == coupon.code
    assert "10.00 USD are missing" in cart.coupon_failure.message
    failure = cart.coupon_failure
    assert (failure.reason, cents(failure.missing)) == ("COUPON_BELOW_MINIMUM", 1000)
    assert cents(cart.totals.coupon_discount) == 0
    preview = refused(shop.orders.PreviewCheckout, order_service_pb2.PreviewCheckoutRequest(), buyer)
    assert preview.reason == "COUPON_BELOW_MINIMUM"


def test_a_declined_payment_gives_coupon_and_points_back(shop: RunningShop) -> None:
    buyer, coupon = shop.customer(), create(shop, usage_limit=1, per_user_limit=1)
    give(shop, buyer, 300)
    shop.add(buyer, shop.product(units=30).id)
    apply(shop, buyer, coupon.code)
    redeem(shop, buyer, 200)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token=DECLINE)
    assert (stored(shop, coupon.code).usage_count, loyalty(shop, buyer).points) == (0, 300)
    cart = read_cart(shop, buyer)
    assert (cart.coupon_code, cart.points, cart.item_count) == (coupon.code, 200, 1)
    order = shop.checkout(buyer).order
    assert (order.coupon_code, order.totals.points_redeemed) == (coupon.code, 200)
    kinds = [kind for kind, _, _ in ledger(shop, buyer)]
    assert kinds == ["ADJUSTED", "REDEEMED", "RETURNED", "REDEEMED"]


def test_buyers_see_the_coupons_that_they_could_use(shop: RunningShop) -> None:
    buyer = shop.customer()
    usable = [create(shop, min_purchase=usd(1000)).code, create(shop, days=(-1, 1)).code]
    hidden = [
        create(shop, active=False).code,
        create(shop, days=(1, 2)).code,
        create(shop, days=(-2, -1)).code,
        create(shop, min_tier=pb.Tier.SILVER).code,
    ]

    def read(token: str) -> pb.ListCouponsResponse:
        request = pb.ListCouponsRequest(page_size=3, page_token=token)
        return shop.promotions.ListCoupons(request, metadata=buyer.metadata)

    seen = [coupon.code for page in page_by_page(read) for coupon in page.items]
    assert len(seen) == len(set(seen))
    assert set(usable) <= set(seen)
    assert not set(hidden) & set(seen)


# ── What admins make of coupons


@pytest.mark.both
def test_a_code_names_one_coupon_whatever_its_case(shop: RunningShop) -> None:
    coupon = create(shop, code=new_code().lower())
    assert coupon.code == coupon.code.upper()
    request = pb.CreateCouponRequest(coupon=pb.Coupon(code=coupon.code.lower(), discount_basis_points=500))
    refusal = refused(shop.promotions.CreateCoupon, request, shop.admin)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "COUPON_CODE_TAKEN")


def test_a_repeated_creation_returns_the_first_coupon(shop: RunningShop) -> None:
    coupon = pb.Coupon(code=new_code(), discount_basis_points=500)
    request = pb.CreateCouponRequest(coupon=coupon, request_id=str(uuid.uuid4()))
    first, second = (shop.promotions.CreateCoupon(request, metadata=shop.admin.metadata) for _ in range(2))
    assert first == second


@pytest.mark.either
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "coupon.discount"),
        ({"discount_basis_points": 0}, "coupon.discount_basis_points"),
        ({"discount_basis_points": -1}, "coupon.discount_basis_points"),
        ({"discount_basis_points": 10_001}, "coupon.discount_basis_points"),
        (
            {
                "discount_basis_points": 1000,
                "min_purchase": usd(5),
                "max_discount": Money(currency_code="EUR", units=1),
            },
            "coupon",
        ),
        ({"discount_basis_points": 1000, "max_discount": usd(0)}, "coupon.max_discount"),
        ({"discount_amount": usd(0)}, "coupon.discount_amount"),
        ({"discount_amount": Money(currency_code="US", units=5)}, "coupon.discount_amount.currency_code"),
        ({"discount_amount": usd(5), "max_discount": usd(1)}, "coupon.max_discount"),
        ({"discount_basis_points": 1000, "code": ""}, "coupon.code"),
        ({"discount_basis_points": 1000, "code": "with space"}, "coupon.code"),
        ({"discount_basis_points": 1000, "usage_limit": -1}, "coupon.usage_limit"),
    ],
)
def test_a_coupon_that_contradicts_itself_is_refused(
    shop: RunningShop, fields: dict[str, Any], field: str
) -> None:
    coupon = pb.Coupon(**({"code": new_code()} | fields))
    refusal = refused(shop.promotions.CreateCoupon, pb.CreateCouponRequest(coupon=coupon), shop.admin)
    assert (refusal.code, refusal.fields) == (INVALID, [field])


def test_a_coupon_ends_after_it_begins(shop: RunningShop) -> None:
    coupon = pb.Coupon(code=new_code(), discount_basis_points=1000)
    coupon.valid_from.FromJsonString("2030-01-02T00:00:00Z")
    coupon.valid_until.FromJsonString("2030-01-02T00:00:00Z")
    refusal = refused(shop.promotions.CreateCoupon, pb.CreateCouponRequest(coupon=coupon), shop.admin)
    assert refusal.fields == ["coupon.valid_until"]


def test_an_update_changes_what_it_names_and_its_etag(shop: RunningShop) -> None:
    coupon = create(shop, description="Old", usage_limit=5, min_purchase=usd(5))
    changed = update(shop, pb.Coupon(id=coupon.id, description="New", usage_limit=7, etag=coupon.etag))
    assert (changed.description, changed.usage_limit, changed.discount_basis_points) == ("New", 7, 1000)
    assert changed.etag != coupon.etag
    request = pb.GetCouponRequest(coupon_id=coupon.id)
    assert shop.promotions.GetCoupon(request, metadata=shop.admin.metadata) == changed
    lost = refused(shop.promotions.GetCoupon, pb.GetCouponRequest(coupon_id=2**62), shop.admin)
    assert lost.reason == "COUPON_NOT_FOUND"
    assert not update(shop, pb.Coupon(id=coupon.id, active=False)).active
    assert update(shop, pb.Coupon(id=coupon.id), "min_purchase", "usage_limit").usage_limit == 0
    assert not stored(shop, coupon.code).HasField("min_purchase")
    stale = pb.UpdateCouponRequest(coupon=pb.Coupon(id=coupon.id, description="Late", etag=coupon.etag))
    assert refused(shop.promotions.UpdateCoupon, stale, shop.admin).reason == "STALE_ETAG"


def test_the_use_of_a_coupon_leaves_its_etag(shop: RunningShop) -> None:
    buyer, coupon = shop.customer(), create(shop)
    shop.add(buyer, shop.product().id)
    shop.checkout(buyer, coupon_code=coupon.code)
    assert (stored(shop, coupon.code).usage_count, stored(shop, coupon.code).etag) == (1, coupon.etag)


def test_naming_an_amount_ends_the_percentage_and_the_other_way_round(shop: RunningShop) -> None:
    coupon = create(shop)
    fixed = update(shop, pb.Coupon(id=coupon.id, discount_amount=usd(5)))
    assert (fixed.WhichOneof("discount"), cents(fixed.discount_amount)) == ("discount_amount", 500)
    share = update(shop, pb.Coupon(id=coupon.id, discount_basis_points=1250), "discount_basis_points")
    assert (share.WhichOneof("discount"), share.discount_basis_points) == ("discount_basis_points", 1250)


def test_what_an_update_may_not_change_is_refused(shop: RunningShop) -> None:
    coupon = create(shop, per_user_limit=2)
    other_code = pb.UpdateCouponRequest(coupon=pb.Coupon(id=coupon.id, code=new_code()))
    assert refused(shop.promotions.UpdateCoupon, other_code, shop.admin).fields == ["coupon.code"]
    masked = pb.UpdateCouponRequest(coupon=coupon, update_mask=FieldMask(paths=["usage_count"]))
    assert refused(shop.promotions.UpdateCoupon, masked, shop.admin).code == INVALID
    missing = pb.UpdateCouponRequest(coupon=pb.Coupon(id=2**62, description="Nobody's"))
    assert refused(shop.promotions.UpdateCoupon, missing, shop.admin).reason == "COUPON_NOT_FOUND"
    buyer = shop.customer()
    for _ in range(2):
        shop.add(buyer, shop.product().id)
        shop.checkout(buyer, coupon_code=coupon.code)
    for field in ("usage_limit", "per_user_limit"):
        lower = pb.UpdateCouponRequest(coupon=pb.Coupon(id=coupon.id, **{field: 1}))
        assert refused(shop.promotions.UpdateCoupon, lower, shop.admin).fields == [f"coupon.{field}"]


def test_replacing_everything_leaves_a_disabled_coupon_disabled(shop: RunningShop) -> None:
    coupon = create(shop, active=False)
    replaced = update(shop, pb.Coupon(id=coupon.id, discount_basis_points=2000), "*")
    assert (replaced.discount_basis_points, replaced.active) == (2000, False)
    assert update(shop, pb.Coupon(id=coupon.id, discount_basis_points=2000, active=True), "*").active


@pytest.mark.either
@pytest.mark.parametrize("currency", ["ZZZ", "U S", "DOLLAR"])
def test_an_amount_in_no_currency_is_refused(shop: RunningShop, currency: str) -> None:
    coupon = pb.Coupon(code=new_code(), discount_amount=Money(currency_code=currency, units=5))
    answer = refused(shop.promotions.CreateCoupon, pb.CreateCouponRequest(coupon=coupon), shop.admin)
    assert (answer.code, answer.fields) == (INVALID, ["coupon.discount_amount.currency_code"])


def test_changes_of_coupons_and_points_are_in_the_audit_log(shop: RunningShop) -> None:
    coupon, buyer = create(shop), shop.customer()
    update(shop, pb.Coupon(id=coupon.id, active=False))
    give(shop, buyer, 5)
    rows = shop.sql(
        "SELECT action, actor_id FROM audit_entries WHERE subject IN (:coupon, :user) ORDER BY id",
        coupon=f"coupon/{coupon.id}",
        user=f"user/{buyer.user_id}",
    )
    admin = shop.admin.user_id
    assert rows == [("CreateCoupon", admin), ("UpdateCoupon", admin), ("AdjustPoints", admin)]


# ── Tiers and points


def test_paying_earns_points_and_points_reach_a_tier_that_lowers_prices(shop: RunningShop) -> None:
    buyer = shop.customer()
    assert (loyalty(shop, buyer).tier.level, loyalty(shop, buyer).points_to_next_tier) == (
        pb.Tier.BRONZE,
        500,
    )
    shop.add(buyer, shop.product(units=500, nanos=990_000_000).id)
    order = shop.checkout(buyer).order
    earned = cents(order.totals.total) // 100
    assert order.totals.points_earned == earned == 541
    deliver(shop, order.id, days_ago=shop.settings.return_days + 1)
    now = loyalty(shop, buyer)
    assert (now.points, now.lifetime_points, now.tier.level) == (earned, earned, pb.Tier.SILVER)
    assert (now.next_tier.level, now.points_to_next_tier) == (pb.Tier.GOLD, 2000 - earned)
    assert cents(now.value) == earned
    cart = shop.add(buyer, shop.product(units=100).id)
    assert (cents(cart.totals.tier_discount), cents(cart.totals.total)) == (500, 9500 * 108 // 100)
    assert ledger(shop, buyer) == [("EARNED", earned, order.id)]


def test_points_pay_as_far_as_they_go_and_no_more_than_needed(shop: RunningShop) -> None:
    buyer = shop.customer()
    give(shop, buyer, 10_000)
    shop.add(buyer, shop.product(units=60).id)
    assert cents(redeem(shop, buyer, 250).totals.points_discount) == 250
    assert cents(redeem(shop, buyer, 0).totals.points_discount) == 0
    cart = redeem(shop, buyer, 10_000)
    assert (cents(cart.totals.points_discount), cart.totals.points_redeemed, cart.points) == (
        6000,
        6000,
        10_000,
    )
    shop.add(buyer, shop.product(units=60).id)
    redeem(shop, buyer, 2_000)
    order = shop.checkout(buyer).order
    assert (order.totals.points_redeemed, loyalty(shop, buyer).points) == (2000, 8000)
    deliver(shop, order.id)
    assert loyalty(shop, buyer).points == 8000 + order.totals.points_earned
    assert read_cart(shop, buyer).points == 0


def test_points_that_one_has_not_are_not_redeemed(shop: RunningShop) -> None:
    buyer = shop.customer()
    give(shop, buyer, 100)
    refusal = refused(shop.cart.RedeemPoints, cart_pb2.RedeemPointsRequest(points=101), buyer)
    assert (refusal.code, refusal.reason, refusal.facts) == (
        FAILED,
        "POINTS_TOO_FEW",
        {"points": "100", "requested": "101"},
    )


def test_redeeming_says_how_many_or_all(shop: RunningShop) -> None:
    buyer = shop.customer()
    give(shop, buyer, 700)
    shop.add(buyer, shop.product(units=60).id)
    for nothing in (cart_pb2.RedeemPointsRequest(), cart_pb2.RedeemPointsRequest(all=False)):
        assert refused(shop.cart.RedeemPoints, nothing, buyer).code == INVALID
    every = shop.cart.RedeemPoints(cart_pb2.RedeemPointsRequest(all=True), metadata=buyer.metadata)
    assert (every.points, every.totals.points_redeemed) == (700, 700)
    assert redeem(shop, buyer, 0).points == 0


def test_an_admin_gives_and_takes_points_but_moves_no_tier(shop: RunningShop) -> None:
    buyer = shop.customer()
    request = pb.AdjustPointsRequest(
        user_id=buyer.user_id, points=700, reason="Sorry", request_id=str(uuid.uuid4())
    )
    first, second = (shop.promotions.AdjustPoints(request, metadata=shop.admin.metadata) for _ in range(2))
    assert first == second
    assert (first.points, first.lifetime_points, first.tier.level) == (700, 0, pb.Tier.BRONZE)
    assert give(shop, buyer, -300).points == 400
    more = pb.AdjustPointsRequest(user_id=buyer.user_id, points=-401, reason="All")
    assert refused(shop.promotions.AdjustPoints, more, shop.admin).reason == "POINTS_TOO_FEW"
    nobody = pb.AdjustPointsRequest(user_id=2**62, points=5, reason="Who")
    assert refused(shop.promotions.AdjustPoints, nobody, shop.admin).reason == "USER_NOT_FOUND"
    seen = pb.ListPointsRequest(user_id=buyer.user_id)
    entries = shop.promotions.ListPoints(seen, metadata=shop.admin.metadata).items
    assert [(one.points, one.reason) for one in entries] == [(-300, "A present"), (700, "Sorry")]


def test_the_ledger_is_paged(shop: RunningShop) -> None:
    buyer = shop.customer()
    for points in range(1, 6):
        give(shop, buyer, points)
    seen, token = [], ""
    for _ in range(3):
        request = pb.ListPointsRequest(page_size=2, page_token=token)
        page = shop.promotions.ListPoints(request, metadata=buyer.metadata)
        seen += [one.points for one in page.items]
        token = page.next_page_token
    assert (seen, token) == ([5, 4, 3, 2, 1], "")


def test_the_tiers_are_public_and_rise(shop: RunningShop) -> None:
    tiers = shop.promotions.ListTiers(pb.ListTiersRequest()).items
    assert [(one.name, one.from_points, one.discount_basis_points) for one in tiers] == [
        ("Bronze", 0, 0),
        ("Silver", 500, 500),
        ("Gold", 2000, 1000),
        ("Platinum", 5000, 1500),
    ]
    assert all(one.benefits for one in tiers)


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 20])
def test_reading_a_cart_with_coupon_and_points_takes_one_query(shop: RunningShop, lines: int) -> None:
    buyer = shop.customer()
    give(shop, buyer, 500)
    for _ in range(lines):
        shop.add(buyer, shop.product().id)
    apply(shop, buyer, create(shop).code)
    redeem(shop, buyer, 100)
    with shop.counted_queries() as queries:
        cart = read_cart(shop, buyer)
    assert (len(queries), cart.totals.points_redeemed) == (1, 100), queries


# ── Money paid back


def paid_order(shop: RunningShop, buyer: Account) -> RewardedOrder:
    """A delivered order over 97.20 that redeemed 1000 points and earned 97, as refunds see it."""
    give(shop, buyer, 1000)
    shop.add(buyer, shop.product(units=100).id)
    redeem(shop, buyer, 1000)
    order = shop.checkout(buyer).order
    deliver(shop, order.id)
    columns = "id, user_id, total_minor, points_redeemed, points_earned, delivered_at, points_counted_at"
    (row,) = shop.sql(f"SELECT {columns} FROM orders WHERE id = :id", id=order.id)
    return RewardedOrder(**row._asdict())


def reverse(shop: RunningShop, order: RewardedOrder, refunded: int) -> None:
    with shop.app.db.transaction() as tx:
        promotions.reverse(tx, order, refunded, utc_now())


def test_points_follow_the_money_that_is_paid_back_to_the_last_one(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = paid_order(shop, buyer)
    assert (order.total_minor, order.points_redeemed, order.points_earned) == (9720, 1000, 97)
    # Each step twice: a repeat changes nothing; and one back: its refund was refused after all
    for refunded, points in [(1, 97), (3240, 97 - 32 + 333), (3239, 97 - 32 + 333), (9719, 97 - 96 + 999)]:
        for _ in range(2):
            reverse(shop, order, refunded)
            assert loyalty(shop, buyer).points == points
    reverse(shop, order, 9720)
    assert (loyalty(shop, buyer).points, loyalty(shop, buyer).lifetime_points) == (1000, 0)
    kinds = {"EARNED": 97, "REVERSED": -97, "REDEEMED": -1000, "RETURNED": 1000, "ADJUSTED": 1000}
    booked = dict.fromkeys(kinds, 0)
    for kind, points, _ in ledger(shop, buyer):
        booked[kind] += points
    assert booked == kinds


def test_a_refund_that_failed_gives_the_points_as_they_were(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = paid_order(shop, buyer)
    reverse(shop, order, 9720)
    reverse(shop, order, 0)
    assert (loyalty(shop, buyer).points, loyalty(shop, buyer).owed_points) == (97, 0)


def test_points_that_were_spent_are_owed_and_redeem_nothing(shop: RunningShop) -> None:
    buyer = shop.customer()
    order = paid_order(shop, buyer)
    give(shop, buyer, -97)
    shop.add(buyer, shop.product(units=10).id)
    reverse(shop, replace(order, points_redeemed=0), 9720)
    assert (loyalty(shop, buyer).points, loyalty(shop, buyer).owed_points) == (0, 97)
    assert cents(loyalty(shop, buyer).value) == 0
    assert (
        refused(shop.cart.RedeemPoints, cart_pb2.RedeemPointsRequest(points=1), buyer).reason
        == "POINTS_TOO_FEW"
    )
    assert cents(read_cart(shop, buyer).totals.points_discount) == 0
    reverse(shop, order, 9720)
    assert (loyalty(shop, buyer).points, loyalty(shop, buyer).owed_points) == (903, 0)


def test_an_order_that_was_given_up_has_its_points_back_once(shop: RunningShop) -> None:
    buyer = shop.customer()
    give(shop, buyer, 500)
    shop.add(buyer, shop.product(units=100).id)
    redeem(shop, buyer, 500)
    with pytest.raises(grpc.RpcError):
        shop.checkout(buyer, payment_token=DECLINE)
    columns = (
        "id, user_id, total_minor, points_redeemed, points_earned, coupon_id, delivered_at, points_counted_at"
    )
    (row,) = shop.sql(f"SELECT {columns} FROM orders WHERE user_id = :id", id=buyer.user_id)
    order = RewardedOrder(**row._asdict())
    with shop.app.db.transaction() as tx:
        promotions.give_back(tx, order, utc_now())
    # Its payment came after all, and is paid back
    reverse(shop, order, order.total_minor)
    assert (loyalty(shop, buyer).points, loyalty(shop, buyer).lifetime_points) == (500, 0)


@pytest.mark.both
@pytest.mark.parametrize("lines", [1, 20])
def test_a_checkout_with_coupon_and_points_takes_as_many_queries_for_any_cart(
    shop: RunningShop, lines: int
) -> None:
    buyer, coupon = shop.customer(), create(shop, usage_limit=5, per_user_limit=5)
    give(shop, buyer, 500)
    for _ in range(lines):
        shop.add(buyer, shop.product().id)
    redeem(shop, buyer, 100)
    apply(shop, buyer, coupon.code)
    with shop.counted_queries() as queries, counted_round_trips() as round_trips:
        shop.checkout(buyer)
    assert len(queries) == 23, queries
    # Three more than without: two for the coupon, one for the points.
    assert len(round_trips) == (8 if shop.app.db.is_postgresql else 0), round_trips
