"""What a shop must do with orders, in memory and as simple as it can be said: the model of the stateful test.

It knows units, states and conservation: where each unit is, what was paid and paid back, who holds which coupon
and how many points. It does not price: what an order costs is asked of the shop, and must then stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PENDING, CONFIRMED, PROCESSING = "PENDING_PAYMENT", "CONFIRMED", "PROCESSING"
SHIPPED, DELIVERED, CANCELLED = "SHIPPED", "DELIVERED", "CANCELLED"
RETURN_REQUESTED, RETURNED, REFUNDED = "RETURN_REQUESTED", "RETURNED", "REFUNDED"
IN_THE_HOUSE = (PENDING, CONFIRMED, PROCESSING)
NEXT = {CONFIRMED: PROCESSING, PROCESSING: SHIPPED, SHIPPED: DELIVERED}


@dataclass
class Coupon:
    """A coupon with its limits; 0 is none."""

    id: int
    code: str
    limit: int
    per_user: int


@dataclass
class Card:
    """A gift card, and the money that was put on it."""

    id: int
    code: str
    loaded: int


@dataclass
class Line:
    """Units of a product in an order: how many, and what all of them cost; paid back, sent back, back in stock.

    `both` are those that were paid back and are or were sent back: nobody pays a unit twice.
    """

    product: int
    variant: int
    units: int
    cost: float = 0
    paid_back: int = 0
    sent_back: int = 0
    awaited: int = 0
    both: int = 0
    restocked: int = 0
    restocked_of_returns: int = 0
    withheld: int = 0
    """Units that were paid back before the others were shipped: they stayed in the house."""

    @property
    def unpaid_sent_back(self) -> int:
        """Units that are or were sent back and that nobody paid."""
        return self.sent_back + self.awaited - self.both

    @property
    def unpaid_awaited(self) -> int:
        """Units of the open return that nobody paid."""
        return min(self.awaited, self.unpaid_sent_back)

    @property
    def returnable(self) -> int:
        """Units that were neither sent back nor paid back."""
        return self.units - self.paid_back - self.sent_back - self.awaited + self.both

    def pay(self, units: int) -> None:
        """Units are paid back, first those that are or were sent back."""
        self.both += min(units, self.unpaid_sent_back)
        self.paid_back += units


@dataclass
class Return:
    """Units that a buyer sends back, by the place of their line."""

    id: int
    units: dict[int, int]
    state: str = "REQUESTED"
    restocked: dict[int, int] = field(default_factory=dict)
    ahead: int = 0
    """What was paid for them without naming them."""


@dataclass
class Order:
    """An order and what became of it."""

    id: int
    buyer: Buyer
    number: str
    request_id: str
    lines: list[Line]
    total: int
    earned: int
    redeemed: int
    coupon: Coupon | None
    state: str
    card: Card | None = None
    """The gift card that paid it; None where another payment did."""
    doubtful: bool = False
    """The gateway was too slow for the shop: it may have charged."""
    paid_back: int = 0
    without_units: int = 0
    """What was paid back as a mere amount."""
    delivered: bool = False
    parcel: str = ""
    """The carrier's number of its parcel; empty for none."""
    returns: list[Return] = field(default_factory=list)

    @property
    def paid(self) -> int:
        """What was captured."""
        was_paid = self.state != PENDING and not (self.state == CANCELLED and not self.paid_back)
        return self.total if was_paid else 0

    @property
    def left(self) -> int:
        """What can still be paid back."""
        return self.paid - self.paid_back

    @property
    def points(self) -> int:
        """What the order did to its buyer's points, all in all."""
        if self.state == CANCELLED:
            return 0
        if self.state == PENDING:
            return -self.redeemed
        if self.total == 0:
            return -self.redeemed if not self.everything_came_back else 0
        share = self.paid_back
        reversed_, returned = (points * share // self.total for points in (self.earned, self.redeemed))
        earned = self.earned - reversed_ if self.delivered else 0
        return earned - self.redeemed + returned

    @property
    def everything_came_back(self) -> bool:
        """Whether every unit was sent back, or paid back."""
        return all(line.returnable <= 0 and line.awaited == 0 for line in self.lines)

    @property
    def open_return(self) -> Return | None:
        """The return that waits for its end."""
        return next((one for one in self.returns if one.state in ("REQUESTED", "APPROVED")), None)

    def returnable(self) -> list[int]:
        """The units of each line that can be sent back."""
        return [line.returnable for line in self.lines]

    def awaited_cost(self, units: dict[int, int]) -> float:
        """What those of the units, by the place of their line, cost that are awaited and unpaid."""
        return sum(
            line.cost / line.units * min(units.get(place, 0), line.unpaid_awaited)
            for place, line in enumerate(self.lines)
        )

    def restock_paid(self, stock: dict[int, int], place: int, units: int) -> None:
        """Put units that are paid back now into stock: those of returns first, each once."""
        line = self.lines[place]
        of_returns = min(units, line.unpaid_sent_back)
        there = line.restocked_of_returns
        kept = line.units - line.sent_back - line.awaited - (line.restocked - there)
        awaited = min(of_returns, line.sent_back + line.awaited - there)
        self.restock(stock, place, awaited + max(min(units - of_returns, kept), 0))
        line.restocked_of_returns += awaited
        for one in reversed(self.returns):
            if one.state != "REJECTED" and place in one.units:
                count = min(awaited, one.units[place] - one.restocked.get(place, 0))
                one.restocked[place] = one.restocked.get(place, 0) + count
                awaited -= count

    def restock(self, stock: dict[int, int], place: int, units: int) -> None:
        """Put units of a line into stock, at most those that are not there."""
        line = self.lines[place]
        back = min(units, line.units - line.restocked)
        line.restocked += back
        stock[line.product] += back

    def restock_all(self, stock: dict[int, int]) -> None:
        """Put every unit into stock that is not there."""
        for place, line in enumerate(self.lines):
            self.restock(stock, place, line.units)

    def ship(self) -> None:
        """The units that were not paid back leave the house."""
        if self.state != SHIPPED:
            for line in self.lines:
                line.withheld = line.paid_back
        self.state = SHIPPED

    def pay_back(self, minor: int, stock: dict[int, int]) -> None:
        """Money goes back; the order ends when it was all."""
        self.paid_back += minor
        self.end_if_paid_back(stock)

    def end_if_paid_back(self, stock: dict[int, int]) -> None:
        """The order ends when all its money went back and no return is open."""
        if self.left == 0 and self.paid and self.open_return is None and self.state != CANCELLED:
            for place, line in enumerate(self.lines):
                own = line.restocked - line.restocked_of_returns
                stayed = line.units if self.state in IN_THE_HOUSE else max(line.withheld - own, 0)
                self.restock(stock, place, stayed)
            self.state = REFUNDED


@dataclass
class Buyer:
    """A buyer: the cart, what it is to be reduced by, and the points that were given."""

    id: int
    cart: dict[int, int] = field(default_factory=dict)
    coupon: Coupon | None = None
    points_wanted: int = 0
    gifts: int = 0
    put_back: list[tuple[int, dict[int, int]]] = field(default_factory=list)
    """Orders that were given up unpaid, by id: the units of each product."""


def uses(orders: list[Order], coupon: Coupon, buyer: Buyer | None = None) -> int:
    """How often a coupon is used: by orders that stand, of one buyer or of all."""
    return sum(
        order.coupon is coupon and order.state != CANCELLED and buyer in (None, order.buyer)
        for order in orders
    )


def refusal_of_coupon(orders: list[Order], coupon: Coupon, buyer: Buyer) -> str:
    """Why a buyer cannot use a coupon; empty when they can."""
    held_by = {id(order.buyer) for order in orders if order.coupon is coupon and order.state == PENDING}
    if coupon.limit and uses(orders, coupon) >= coupon.limit:
        return "COUPON_HELD" if held_by else "COUPON_USED_UP"
    if coupon.per_user and uses(orders, coupon, buyer) >= coupon.per_user:
        return "COUPON_HELD" if id(buyer) in held_by else "COUPON_USED_BY_YOU"
    return ""


def on_card(orders: list[Order], card: Card) -> int:
    """What is left on a gift card."""
    return card.loaded - sum(order.left for order in orders if order.card is card)


SUM, KEEP_MINE, KEEP_GUEST = "SUM", "KEEP_MINE", "KEEP_GUEST"


def merged(mine: dict[int, int], guests: dict[int, int], stock: dict[int, int], how: str) -> dict[int, int]:
    """A buyer's cart after a guest's went into it: no line grows above the stock, and none shrinks by adding."""
    cart = dict(mine)
    for product, units in guests.items():
        own, there = mine.get(product, 0), stock[product]
        if how == SUM:
            fitting = max(min(own + units, there), own)
        elif how == KEEP_MINE and own:
            fitting = own
        else:
            fitting = min(units, there) or own
        if fitting:
            cart[product] = fitting
    return cart


def returning(orders: list[Order], order: Order) -> dict[int, int]:
    """The units of each product that an order puts back into the cart when it is given up unpaid."""
    back, buyer = {}, order.buyer
    later = [line for one in orders if one.buyer is buyer and one.id > order.id for line in one.lines]
    for line in order.lines:
        ordered = sum(one.units - one.restocked for one in later if one.product == line.product)
        again = sum(units.get(line.product, 0) for id_, units in buyer.put_back if id_ > order.id)
        units = line.units - min(ordered, line.units) - min(again, buyer.cart.get(line.product, 0))
        back[line.product] = max(0, units)
    return back


def balance(orders: list[Order], buyer: Buyer) -> int:
    """A buyer's points, less what is owed."""
    return buyer.gifts + sum(order.points for order in orders if order.buyer is buyer)
