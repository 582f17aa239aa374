"""The whole life of orders, played at random against a simple model: nothing is ever lost, doubled or owed.

`make test` plays some lives; `make faults` (it sets SANSET_FAULT_ROUNDS) 500 of 30 steps on each database.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.type.money_pb2 import Money
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from order_model import (
    CANCELLED,
    CONFIRMED,
    DELIVERED,
    KEEP_GUEST,
    KEEP_MINE,
    NEXT,
    PENDING,
    PROCESSING,
    RETURN_REQUESTED,
    RETURNED,
    SHIPPED,
    SUM,
    Buyer,
    Card,
    Coupon,
    Line,
    Order,
    Return,
    balance,
    merged,
    on_card,
    refusal_of_coupon,
    returning,
)
from sanset.v1 import (
    cart_pb2,
    gift_card_pb2,
    inventory_pb2,
    order_pb2,
    order_service_pb2,
    payment_pb2,
    promotion_pb2,
    refund_service_pb2,
)
from sanset.v1.refund_pb2 import Refund
from support.running_shop import Account, RunningShop, refusal, test_settings

from server.money import Money as Amount
from server.payment.gateway import CAPTURED, Charge
from server.verify import verify

LIVES = 500 if "SANSET_FAULT_ROUNDS" in os.environ else 3
STEPS = 30
OK = ""
ROUNDING = 3
"""Cents by which the price of some units of a line may differ from their share of what all of them cost."""

places = st.integers(0, 1_000)


def of(some: list[Any], place: int) -> Any:
    """One of some, chosen by any number."""
    return some[place % len(some)]


def minor(money: Money) -> int:
    """An amount in cents."""
    return int(money.units) * 100 + int(money.nanos) // 10_000_000


@pytest.fixture(scope="module")
def shop(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running worker, on each database in turn, that soon gives a gateway up."""
    running = RunningShop(
        test_settings(module_database_url, tmp_path_factory.mktemp("shop"), payment_timeout_seconds=0.3)
    )
    yield running
    running.stop()


class OrderLife(RuleBasedStateMachine):
    """Two buyers, guests, three products, two coupons and gift cards, and everybody doing anything at any time."""

    shop: RunningShop

    @initialize(stocks=st.tuples(*[st.integers(6, 25)] * 3), far=st.integers(0, 3))
    def open(self, stocks: tuple[int, int, int], far: int) -> None:
        """Fill the shelves, let the buyers in, and have one of them buy; the order has come so far."""
        priced = zip(stocks, [(10, 0), (7, 330_000_000), (0, 990_000_000)], strict=True)
        products = [self.shop.product(units=units, nanos=nanos, stock=n) for n, (units, nanos) in priced]
        self.products = [product.id for product in products]
        self.stock = dict(zip(self.products, stocks, strict=True))
        self.accounts = [self.shop.customer() for _ in range(2)]
        self.buyers = [Buyer(account.user_id) for account in self.accounts]
        self.coupons = [
            self._coupon(discount_basis_points=1250, usage_limit=2),
            self._coupon(discount_amount=Money(currency_code="USD", units=5), per_user_limit=1),
        ]
        self.cards = [self._card(cents) for cents in (50_000, 3_500)]
        self.orders: list[Order] = []
        self.check_out(0, OK, None, [(0, 3), (1, 2)])
        for wanted in (PROCESSING, SHIPPED, DELIVERED)[:far]:
            self._advance(self.orders[0], wanted)

    def _coupon(self, **fields: Any) -> Coupon:
        coupon = promotion_pb2.Coupon(code=f"C-{uuid.uuid4().hex[:12]}", **fields)
        request = promotion_pb2.CreateCouponRequest(coupon=coupon)
        made = self.shop.promotions.CreateCoupon(request, metadata=self.shop.admin.metadata)
        return Coupon(made.id, made.code, made.usage_limit, made.per_user_limit)

    def _card(self, cents: int) -> Card:
        balance = Money(currency_code="USD", units=cents // 100)
        request = gift_card_pb2.CreateGiftCardRequest(gift_card=gift_card_pb2.GiftCard(balance=balance))
        made = self.shop.payments.CreateGiftCard(request, metadata=self.shop.admin.metadata)
        return Card(made.id, made.code, cents)

    def _account(self, buyer: Buyer) -> Account:
        return self.accounts[self.buyers.index(buyer)]

    def _call(self, method: Callable[..., Any], request: Message, account: Account) -> tuple[Any, str]:
        """The reply, or why the call was refused."""
        try:
            return method(request, metadata=account.metadata, timeout=60), OK
        except grpc.RpcError as error:
            return None, refusal(error).reason

    # ── Carts ───────────────────────────────────────────────────────────────────────────────────────────

    @rule(who=places, what=places, units=st.integers(1, 4))
    def add(self, who: int, what: int, units: int) -> None:
        buyer, product = of(self.buyers, who), of(self.products, what)
        held = buyer.cart.get(product, 0) + units
        request = cart_pb2.AddItemRequest(product_id=product, quantity=units)
        _, refused = self._call(self.shop.cart.AddItem, request, self._account(buyer))
        assert refused == ("OUT_OF_STOCK" if held > self.stock[product] else OK)
        if not refused:
            buyer.cart[product] = held

    @rule(
        who=places,
        how=st.sampled_from([SUM, KEEP_MINE, KEEP_GUEST]),
        basket=st.lists(st.tuples(places, st.integers(1, 4)), min_size=1, max_size=3),
    )
    def shop_as_guest(self, who: int, how: str, basket: list[tuple[int, int]]) -> None:
        """Somebody fills a cart without an account, and takes it along when they sign in."""
        buyer, held, token = of(self.buyers, who), dict[int, int](), ""
        for what, units in basket:
            product = of(self.products, what)
            request = cart_pb2.AddItemRequest(product_id=product, quantity=units)
            metadata = (("x-cart-token", token),) if token else None
            if held.get(product, 0) + units <= self.stock[product]:
                token = self.shop.cart.AddItem(request, metadata=metadata).token or token
                held[product] = held.get(product, 0) + units
        if held:
            strategy = cart_pb2.SyncCartRequest.Strategy.Value(how)
            sync = cart_pb2.SyncCartRequest(cart_token=token, strategy=strategy)
            for _ in range(2):  # a repeat adds nothing
                assert self._call(self.shop.cart.SyncCart, sync, self._account(buyer))[1] == OK
            buyer.cart = merged(buyer.cart, held, self.stock, how)

    @rule(who=places, which=places)
    def apply_coupon(self, who: int, which: int) -> None:
        buyer, coupon = of(self.buyers, who), of(self.coupons, which)
        request = cart_pb2.ApplyCouponRequest(code=coupon.code)
        _, refused = self._call(self.shop.cart.ApplyCoupon, request, self._account(buyer))
        assert refused == refusal_of_coupon(self.orders, coupon, buyer)
        if not refused:
            buyer.coupon = coupon

    @rule(who=places)
    def remove_coupon(self, who: int) -> None:
        buyer = of(self.buyers, who)
        request = cart_pb2.RemoveCouponRequest()
        assert self._call(self.shop.cart.RemoveCoupon, request, self._account(buyer))[1] == OK
        buyer.coupon = None

    @rule(who=places, points=st.integers(1, 5_000))
    def give_points(self, who: int, points: int) -> None:
        buyer = of(self.buyers, who)
        request = promotion_pb2.AdjustPointsRequest(user_id=buyer.id, points=points, reason="a gift")
        assert self._call(self.shop.promotions.AdjustPoints, request, self.shop.admin)[1] == OK
        buyer.gifts += points

    @rule(who=places, points=st.integers(0, 3_000))
    def redeem(self, who: int, points: int) -> None:
        buyer = of(self.buyers, who)
        request = cart_pb2.RedeemPointsRequest(points=points)
        _, refused = self._call(self.shop.cart.RedeemPoints, request, self._account(buyer))
        few = points > self._points(buyer)
        held = sum(order.redeemed for order in self._waiting() if order.buyer is buyer)
        too_many = "POINTS_HELD" if held and points <= self._points(buyer) + held else "POINTS_TOO_FEW"
        assert refused == (too_many if few else OK)
        if not refused:
            buyer.points_wanted = points

    def _points(self, buyer: Buyer) -> int:
        """What a buyer can spend: never below zero, and together with what is owed as the model says."""
        rows = self.shop.sql("SELECT points, owed FROM loyalty_accounts WHERE user_id = :id", id=buyer.id)
        points, owed = rows[0] if rows else (0, 0)
        assert (points >= 0, owed >= 0, points - owed) == (True, True, balance(self.orders, buyer))
        return int(points)

    @rule(what=places, units=st.integers(1, 5))
    def restock(self, what: int, units: int) -> None:
        product = of(self.products, what)
        request = inventory_pb2.AdjustInventoryRequest(product_id=product, delta=units)
        assert self._call(self.shop.inventory.AdjustInventory, request, self.shop.admin)[1] == OK
        self.stock[product] += units

    # ── Checkout ────────────────────────────────────────────────────────────────────────────────────────

    @rule(
        who=places,
        token=st.sampled_from(["", "", "", "", "tok_decline", "tok_twice", "tok_timeout"]),
        card=st.sampled_from([None, None, None, 0, 1]),
        basket=st.lists(st.tuples(places, st.integers(1, 4)), max_size=3),
    )
    def check_out(self, who: int, token: str, card: int | None, basket: list[tuple[int, int]]) -> None:
        """A buyer pays by a card with some token, or by one of the gift cards."""
        gift = None if card is None else self.cards[card]
        buyer = of(self.buyers, who)
        account = self._account(buyer)
        for what, units in basket:
            self.add(who, what, units)
        shown = self.shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=account.metadata)
        request = order_service_pb2.CheckoutRequest(
            payment_method=payment_pb2.Payment.GIFT_CARD if gift else payment_pb2.Payment.CARD,
            payment_token=gift.code if gift else token,
            request_id=str(uuid.uuid4()),
        )
        reply, refused = self._call(self.shop.orders.Checkout, request, account)
        total = minor(shown.totals.total)
        if gift is not None:
            token = "tok_decline" if total > on_card(self.orders, gift) else ""
        expected = self._refusal_of_checkout(buyer, token, total)
        if refused == "PAYMENT_UNAVAILABLE" and expected == OK:  # a busy machine: the shop did not wait
            self._placed(buyer, self._newest(account), request.request_id).doubtful = True
            return
        assert refused == expected
        if refused == "PAYMENT_UNAVAILABLE":
            self._placed(buyer, self._newest(account), request.request_id)
        elif not refused:
            order = self._placed(buyer, reply.order, request.request_id)
            order.card = gift
            assert order.total == total, "the cart showed another total"
            again, _ = self._call(self.shop.orders.Checkout, request, account)
            assert again == reply
        elif refused == "PAYMENT_DECLINED":
            self._adopt_points(buyer, account)
            buyer.put_back.append((self._newest(account).id, dict(buyer.cart)))

    def _refusal_of_checkout(self, buyer: Buyer, token: str, total: int) -> str:
        if not buyer.cart:
            return "CART_EMPTY"
        if sum(order.buyer is buyer for order in self._waiting()) >= 3:
            return "TOO_MANY_UNPAID"
        if any(units > self.stock[product] for product, units in buyer.cart.items()):
            return "OUT_OF_STOCK"
        if buyer.coupon is not None:
            refused = refusal_of_coupon(self.orders, buyer.coupon, buyer)
            if refused:
                return refused
        if total == 0:  # nobody is asked for money
            return OK
        return {"tok_decline": "PAYMENT_DECLINED", "tok_timeout": "PAYMENT_UNAVAILABLE"}.get(token, OK)

    def _newest(self, account: Account) -> order_pb2.Order:
        request = order_service_pb2.ListOrdersRequest(page_size=1, view=order_pb2.Order.FULL)
        return self.shop.orders.ListOrders(request, metadata=account.metadata).items[0]

    def _placed(self, buyer: Buyer, told: order_pb2.Order, request_id: str) -> Order:
        """Note an order that was placed, and empty the cart."""
        costs = self.shop.sql(
            "SELECT total_minor - discount_minor + tax_minor + shipping_minor AS cost FROM order_lines "
            "WHERE order_id = :id ORDER BY position",
            id=told.id,
        )
        lines = [
            Line(item.product_id, item.variant_id, item.quantity, float(row.cost))
            for item, row in zip(told.items, costs, strict=True)
        ]
        assert {line.product: line.units for line in lines} == buyer.cart
        assert sum(minor(item.total) for item in told.items) <= minor(told.totals.total)
        coupon = buyer.coupon
        assert told.coupon_code == (coupon.code if coupon else "")
        order = Order(
            told.id, buyer, told.number, request_id, lines, minor(told.totals.total),
            told.totals.points_earned, told.totals.points_redeemed, coupon,
            order_pb2.Order.Status.Name(told.status),
        )  # fmt: skip
        assert order.redeemed <= buyer.points_wanted
        for line in lines:
            self.stock[line.product] -= line.units
        buyer.cart, buyer.coupon, buyer.points_wanted = {}, None, 0
        self.orders.append(order)
        return order

    def _adopt_points(self, buyer: Buyer, account: Account) -> None:
        """After a decline the cart wants as many points as the order took, which may be fewer than before."""
        wanted = self.shop.cart.GetCart(cart_pb2.GetCartRequest(), metadata=account.metadata).points
        assert wanted <= buyer.points_wanted
        buyer.points_wanted = wanted

    def _waiting(self) -> list[Order]:
        return [order for order in self.orders if order.state == PENDING]

    @rule()
    def let_time_pass(self) -> None:
        """Whatever was not paid is given up, and its goods are back in the cart."""
        waiting = self._waiting()
        self._turn_clocks()
        self.shop.run(self.shop.app.rooms.order.sweeper.sweep())
        for order in waiting:
            state = self._told(order).status
            if order.doubtful and state == order_pb2.Order.CONFIRMED:
                order.state = CONFIRMED
                continue
            assert state == order_pb2.Order.CANCELLED
            self._give_up(order)

    def _give_up(self, order: Order) -> None:
        buyer = order.buyer
        back = returning(self.orders, order)
        order.state = CANCELLED
        order.restock_all(self.stock)
        for product, units in back.items():
            if units:
                buyer.cart[product] = buyer.cart.get(product, 0) + units
        buyer.put_back.append((order.id, {line.product: line.units for line in order.lines}))
        buyer.coupon = buyer.coupon or order.coupon
        buyer.points_wanted = buyer.points_wanted or order.redeemed

    def _turn_clocks(self) -> None:
        self.shop.sql("UPDATE orders SET reserved_until = placed_at WHERE status = 'PENDING_PAYMENT'")
        self.shop.sql("UPDATE idempotency_keys SET leased_until = created_at WHERE leased_until IS NOT NULL")
        self.shop.sql("UPDATE refunds SET next_attempt_at = created_at WHERE status = 'PENDING'")

    @precondition(lambda self: any(order.state in (PENDING, CANCELLED) for order in self.orders))
    @rule(which=places, times=st.integers(1, 3))
    def report_late(self, which: int, times: int) -> None:
        """The bank charges after the shop has stopped waiting, and says so, more than once."""
        order = of([order for order in self.orders if order.state in (PENDING, CANCELLED)], which)
        demo = self.shop.app.rooms.payment.demo
        assert demo is not None
        charge = Charge(order.number, Amount(order.total, "USD"), "CARD", "")
        outcome = self.shop.run(demo.charge(charge, ""))
        for _ in range(times):
            body, headers = demo.webhook(f"evt_{uuid.uuid4().hex}", order.number, outcome)
            self.shop.run(self.shop.app.rooms.payment.demo.tell(body, headers))  # type: ignore[union-attr,misc,arg-type]
        if order.state == PENDING:
            assert outcome.status == CAPTURED
            order.state = CONFIRMED

    def _chosen(self, which: int, *states: str) -> Order:
        """An order; three times in four one of these states, if there is one."""
        suitable = [order for order in self.orders if order.state in states]
        return of(suitable if suitable and which % 4 else self.orders, which // 4)

    # ── After the sale ──────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.orders)
    @rule(which=places, by_admin=st.booleans())
    def cancel(self, which: int, by_admin: bool) -> None:
        order = self._chosen(which, PENDING, CONFIRMED, PROCESSING)
        caller = self.shop.admin if by_admin else self._account(order.buyer)
        request = refund_service_pb2.CancelOrderRequest(order_id=order.id, request_id=str(uuid.uuid4()))
        _, refused = self._call(self.shop.refunds.CancelOrder, request, caller)
        may = order.state in (PENDING, CONFIRMED, PROCESSING, CANCELLED)
        assert refused == (OK if may else "ILLEGAL_TRANSITION")
        if refused or order.state == CANCELLED:
            return
        if order.state == PENDING:
            self._give_up(order)
        else:
            order.paid_back = order.total
            order.state = CANCELLED
            order.restock_all(self.stock)
        if order.doubtful:  # what the bank took meanwhile goes back
            order.paid_back = minor(self._told(order).payment.refunded)

    @precondition(lambda self: self.orders)
    @rule(which=places, wanted=st.sampled_from([PROCESSING, SHIPPED, DELIVERED]), straight=st.booleans())
    def advance(self, which: int, wanted: str, straight: bool) -> None:
        """One step; going straight, as far as it goes."""
        order = self._chosen(which, CONFIRMED, PROCESSING, SHIPPED)
        while straight and order.state in NEXT:
            self._advance(order, NEXT[order.state])
        self._advance(order, wanted)

    def _advance(self, order: Order, wanted: str) -> None:
        request = order_service_pb2.UpdateOrderStatusRequest(
            order_id=order.id, status=order_pb2.Order.Status.Value(wanted)
        )
        _, refused = self._call(self.shop.orders.UpdateOrderStatus, request, self.shop.admin)
        assert refused == (OK if wanted in (order.state, NEXT.get(order.state)) else "ILLEGAL_TRANSITION")
        if refused:
            return
        if wanted == SHIPPED:
            order.ship()
        else:
            order.state = wanted
        order.delivered |= wanted == DELIVERED

    @precondition(lambda self: self.orders)
    @rule(which=places, number=st.sampled_from(["1Z1", "1Z2"]), corrected=st.booleans())
    def hand_over(self, which: int, number: str, corrected: bool) -> None:
        """The parcel goes to the carrier, whose number may be corrected later."""
        order = self._chosen(which, CONFIRMED, PROCESSING, SHIPPED)
        shipment = order_pb2.Shipment(id=int(corrected), tracking_number=number)
        request = order_service_pb2.UpdateOrderStatusRequest(
            order_id=order.id, status=order_pb2.Order.SHIPPED, shipment=shipment
        )
        _, refused = self._call(self.shop.orders.UpdateOrderStatus, request, self.shop.admin)
        if (corrected and not order.parcel) or (not corrected and order.parcel not in ("", number)):
            assert refused == "INVALID_FIELD"
        else:
            assert refused == (OK if order.state in (PROCESSING, SHIPPED) else "ILLEGAL_TRANSITION")
        if not refused:
            order.ship()
            order.parcel = number
        assert self._told(order).tracking_number == order.parcel

    @precondition(lambda self: self.orders)
    @rule(which=places, line=places, units=st.integers(1, 4), restock=st.booleans())
    def refund_units(self, which: int, line: int, units: int, restock: bool) -> None:
        order = self._chosen(which, CONFIRMED, PROCESSING, SHIPPED, DELIVERED, RETURNED)
        place = line % len(order.lines)
        sold = order.lines[place]
        wanted = order_pb2.LineQuantity(variant_id=sold.variant, quantity=units)
        refund, refused = self._refund(order, items=[wanted], restock=restock)
        if order.paid == 0:
            assert refused in ("NOT_REFUNDABLE", "REFUND_TOO_LARGE")
            return
        if order.left == 0 or units > sold.units - sold.paid_back:
            assert refused == "REFUND_TOO_LARGE"
            return
        credit = self._credit(order, {place: units})
        due = min(max(sold.cost / sold.units * units - credit, 0), order.left)
        if (
            refused
        ):  # units that points and coupon had paid for cost nothing; an amount may have paid for others
            assert refused == ("REFUND_TOO_LARGE" if credit else "NOT_REFUNDABLE")
            assert due <= ROUNDING
            return
        assert abs(minor(refund.amount) - due) <= ROUNDING
        self._use(order, credit)
        if restock:
            order.restock_paid(self.stock, place, units)
        sold.pay(units)
        order.pay_back(minor(refund.amount), self.stock)

    def _credit(self, order: Order, units: dict[int, int]) -> int:
        """What was paid without naming them for those of the units that are awaited."""
        asked = order.open_return
        return min(asked.ahead, round(order.awaited_cost(units))) if asked else 0

    def _use(self, order: Order, credit: int) -> None:
        if order.open_return is not None:
            order.open_return.ahead -= credit

    @precondition(lambda self: self.orders)
    @rule(which=places, cents=st.integers(1, 4_000))
    def refund_amount(self, which: int, cents: int) -> None:
        order = self._chosen(which, CONFIRMED, PROCESSING, SHIPPED, DELIVERED, RETURNED)
        amount = Money(currency_code="USD", units=cents // 100, nanos=cents % 100 * 10_000_000)
        _, refused = self._refund(order, amount=amount)
        if order.paid == 0:
            assert refused in ("NOT_REFUNDABLE", "REFUND_TOO_LARGE")
        elif cents > order.left:
            assert refused == "REFUND_TOO_LARGE"
        else:
            assert refused == OK
            order.without_units += cents
            order.paid_back += cents
            self._count_ahead(order, cents)
            order.end_if_paid_back(self.stock)

    def _count_ahead(self, order: Order, cents: int) -> None:
        """An amount counts towards the units that are awaited, and pays them once it covers them."""
        asked = order.open_return
        if asked is None or not any(line.unpaid_awaited for line in order.lines):
            return
        asked.ahead += cents
        told = self._told(order)
        covered = [item.refunded_quantity for item in told.items] != [line.paid_back for line in order.lines]
        cost = order.awaited_cost(asked.units)
        assert (
            asked.ahead >= cost - ROUNDING or order.left == 0 if covered else asked.ahead <= cost + ROUNDING
        )
        if covered:
            asked.ahead = 0
            for line in order.lines:
                line.pay(line.unpaid_awaited)

    @precondition(lambda self: self.orders)
    @rule(which=places, restock=st.booleans())
    def refund_all(self, which: int, restock: bool) -> None:
        order = self._chosen(which, CONFIRMED, PROCESSING, SHIPPED, DELIVERED, RETURNED)
        refund, refused = self._refund(order, all=True, restock=restock)
        if order.paid == 0:
            assert refused in ("NOT_REFUNDABLE", "REFUND_TOO_LARGE")
        elif order.left == 0:
            assert refused == "REFUND_TOO_LARGE"
        else:
            assert (refused, minor(refund.amount)) == (OK, order.left)
            for place, line in enumerate(order.lines):
                if restock:
                    order.restock_paid(self.stock, place, line.units - line.paid_back)
                line.pay(line.units - line.paid_back)
            order.pay_back(order.left, self.stock)

    def _refund(self, order: Order, **fields: Any) -> tuple[Refund, str]:
        request = refund_service_pb2.RefundOrderRequest(
            order_id=order.id, request_id=str(uuid.uuid4()), **fields
        )
        reply, refused = self._call(self.shop.refunds.RefundOrder, request, self.shop.admin)
        if not refused:
            again, _ = self._call(self.shop.refunds.RefundOrder, request, self.shop.admin)
            assert again.id == reply.id, "a repeat pays nothing back"
        return reply, refused

    @precondition(lambda self: self.orders)
    @rule(which=places, line=places, units=st.integers(0, 3))
    def request_return(self, which: int, line: int, units: int) -> None:
        order = self._chosen(which, DELIVERED, RETURNED)
        place, left = line % len(order.lines), order.returnable()
        lines = [order_pb2.LineQuantity(variant_id=order.lines[place].variant, quantity=units)]
        request = refund_service_pb2.RequestReturnRequest(
            order_id=order.id, reason="Too small", items=lines if units else [], all=not units
        )
        reply, refused = self._call(self.shop.refunds.RequestReturn, request, self._account(order.buyer))
        if not order.delivered or order.state == CANCELLED:
            assert refused == "NOT_DELIVERED"
        elif order.state not in (DELIVERED, RETURNED) or not any(left) or units > left[place]:
            assert refused == "NOT_RETURNABLE"
        else:
            assert refused == OK
            chosen = {place: units} if units else {at: count for at, count in enumerate(left) if count}
            order.returns.append(Return(reply.id, chosen))
            for at, count in chosen.items():
                order.lines[at].awaited += count
            order.state = RETURN_REQUESTED

    @precondition(lambda self: self._returns())
    @rule(which=places, agreed=st.booleans())
    def answer_return(self, which: int, agreed: bool) -> None:
        order, asked = of(self._returns(), which)
        if agreed:
            request: Message = refund_service_pb2.ApproveReturnRequest(return_id=asked.id)
            _, refused = self._call(self.shop.refunds.ApproveReturn, request, self.shop.admin)
            may = asked.state in ("REQUESTED", "APPROVED")
        else:
            request = refund_service_pb2.RejectReturnRequest(return_id=asked.id, comment="It was worn")
            _, refused = self._call(self.shop.refunds.RejectReturn, request, self.shop.admin)
            may = asked.state != "RECEIVED"
        assert refused == (OK if may else "ILLEGAL_TRANSITION")
        if refused or asked.state == "REJECTED":
            return
        asked.state = "APPROVED" if agreed else "REJECTED"
        if not agreed:
            order.state = DELIVERED
            for place, units in asked.units.items():
                line = order.lines[place]
                line.awaited -= units
                line.both = min(line.both, line.sent_back)
                line.restocked_of_returns -= asked.restocked.get(place, 0)
            order.end_if_paid_back(self.stock)

    @precondition(lambda self: self._returns())
    @rule(which=places, good=st.integers(0, 2))
    def receive_return(self, which: int, good: int) -> None:
        """The goods arrive; so many units of each line can be sold again."""
        order, asked = of(self._returns(), which)
        again = {place: min(good, units) for place, units in asked.units.items() if good}
        restocked = [
            order_pb2.LineQuantity(variant_id=order.lines[place].variant, quantity=units)
            for place, units in again.items()
        ]
        request = refund_service_pb2.ReceiveReturnRequest(return_id=asked.id, restock_items=restocked)
        _, refused = self._call(self.shop.refunds.ReceiveReturn, request, self.shop.admin)
        assert refused == (OK if asked.state in ("APPROVED", "RECEIVED") else "ILLEGAL_TRANSITION")
        if refused or asked.state == "RECEIVED":
            return
        due = {place: order.lines[place].unpaid_awaited for place in asked.units}
        cost = order.awaited_cost(asked.units)
        owed = min(max(cost - asked.ahead, 0), order.left)
        asked.state, order.state = "RECEIVED", RETURNED
        for place, units in asked.units.items():
            line = order.lines[place]
            line.awaited -= units
            line.sent_back += units
            count = min(again.get(place, 0), units - asked.restocked.get(place, 0))
            line.restocked_of_returns += min(count, line.units - line.restocked)
            order.restock(self.stock, place, count)
        back = minor(self._told(order).payment.refunded) - order.paid_back
        assert 0 <= back <= order.left
        assert abs(back - owed) <= ROUNDING * len(due)
        if back or asked.ahead:
            for place, units in due.items():
                order.lines[place].pay(units)
        if order.paid:
            order.pay_back(back, self.stock)

    def _returns(self) -> list[tuple[Order, Return]]:
        return [(order, asked) for order in self.orders for asked in order.returns]

    def _told(self, order: Order) -> order_pb2.Order:
        request = order_service_pb2.GetOrderRequest(order_id=order.id)
        return self.shop.orders.GetOrder(request, metadata=self.shop.admin.metadata)

    # ── What always holds ───────────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_shop_is_as_the_model(self) -> None:
        """Units, states, money and points are where the model has them."""
        if not hasattr(self, "orders"):
            return
        ids = ", ".join(map(str, self.products))
        levels = self.shop.sql(
            f"SELECT product_id, available FROM inventory_levels WHERE product_id IN ({ids})"
        )
        assert {row.product_id: row.available for row in levels} == self.stock
        for buyer in self.buyers:
            rows = self.shop.sql(
                "SELECT product_id, quantity FROM cart_items WHERE cart_id = "
                "(SELECT id FROM carts WHERE user_id = :id)",
                id=buyer.id,
            )
            assert {row.product_id: row.quantity for row in rows} == buyer.cart
            self._points(buyer)
        for order in self.orders:
            [row] = self.shop.sql(
                "SELECT o.status, p.captured_minor, p.refunded_minor FROM orders o "
                "JOIN payments p ON p.order_id = o.id WHERE o.id = :id",
                id=order.id,
            )
            assert (row.status, row.refunded_minor) == (order.state, order.paid_back)
            assert row.captured_minor == order.paid

        for card in self.cards:
            [row] = self.shop.sql("SELECT balance_minor FROM gift_cards WHERE id = :id", id=card.id)
            assert row.balance_minor == on_card(self.orders, card)

    def teardown(self) -> None:
        """At the end every job runs once more; then nothing waits, and every invariant holds."""
        if not hasattr(self, "orders"):
            return
        self.let_time_pass()
        self.shop.run(self.shop.app.rooms.refund.refunds.process_pending())
        self.the_shop_is_as_the_model()
        for order in self.orders:
            charges = self.shop.sql(
                "SELECT amount_minor - refunded_minor AS kept FROM gateway_charges "
                "WHERE key = :key AND status = 'CAPTURED'",
                key=order.number,
            )
            assert sum(row.kept for row in charges) == order.left
        assert [str(one) for one in verify(self.shop.app.db.engine)] == []


def test_orders_live_as_the_model_says(shop: RunningShop) -> None:
    class Life(OrderLife):
        pass

    Life.shop = shop
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            database=None,
            phases=[Phase.generate],  # thirty steps are told as they were: making them fewer takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    kind = shop.app.db.engine.dialect.name
    [orders], [events] = (
        shop.sql(f"SELECT COUNT(*) AS n FROM {table}") for table in ("orders", "order_events")
    )
    print(f"\n{kind}: {LIVES} lives of {STEPS} steps, {orders.n} orders, {events.n} steps of orders")
