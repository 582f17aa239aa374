"""Makes an order of each basket: its price, its steps up to now, and its payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from server.demo.goods import CURRENCY, DemoProduct
from server.demo.parcels import parcel_of
from server.demo.people import Person
from server.demo.trade import DemoBasket
from server.events.order_steps import Parcel
from server.order import status
from server.payment.gateway import CAPTURED, DECLINED
from server.pricing import delivery
from server.pricing.prices import Item, Priced, PriceRules, Reductions, price

EXPRESS_SHARE: Final = 0.12
DECLINED_SHARE: Final = 0.025
RETURNED_WITHIN: Final = timedelta(days=30)
METHODS: Final = ("CARD", "UPI", "GIFT_CARD")
_SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Step = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """An order of the past, priced as a checkout prices one."""

    number: str
    basket: DemoBasket
    cost: Priced
    delivery_option: str
    eta: datetime
    steps: Sequence[Step]
    method: str
    payment_status: str
    gateway_id: str

    @property
    def status(self) -> str:
        """The status of its last step."""
        return self.steps[-1][0]

    @property
    def parcel(self) -> Parcel | None:
        """The parcel that went to the buyer; None before."""
        shipped = next((time for state, time in self.steps if state == status.SHIPPED), None)
        return parcel_of(self.number, shipped) if shipped is not None else None

    @property
    def delivered_at(self) -> datetime | None:
        """The time it was delivered; None before."""
        return next((time for state, time in self.steps if state == status.DELIVERED), None)

    @property
    def points_count_from(self) -> datetime | None:
        """The time from which it cannot be returned any more, so that its points count for the tier."""
        delivered_at = self.delivered_at
        return delivered_at + RETURNED_WITHIN if delivered_at is not None else None

    def points_counted_by(self, time: datetime) -> bool:
        """True when its points counted at `time`."""
        return self.points_count_from is not None and self.points_count_from <= time


def make_purchases(
    rng: Random,
    baskets: Sequence[DemoBasket],
    goods: Sequence[DemoProduct],
    people: Sequence[Person],
    rules: PriceRules,
    now: datetime,
) -> list[DemoOrder]:
    """Make the order of each basket, in their order: the points that count so far set the tier of the next."""
    numbers: set[str] = set()
    earned: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    purchases = []
    for basket in baskets:
        lifetime = sum(points for since, points in earned[basket.person] if since <= basket.time)
        tier = Reductions(rules.tiers.at(lifetime).discount_bp)
        purchase = _purchase(rng, basket, goods, people, rules, tier, now, numbers)
        if (since := purchase.points_count_from) is not None:
            earned[basket.person].append((since, purchase.cost.points_earned))
        purchases.append(purchase)
    return purchases


def _purchase(
    rng: Random,
    basket: DemoBasket,
    goods: Sequence[DemoProduct],
    people: Sequence[Person],
    rules: PriceRules,
    tier: Reductions,
    now: datetime,
    numbers: set[str],
) -> DemoOrder:
    items = [
        Item(index, goods[index].price_minor, goods[index].price_minor, units)
        for index, units in basket.units.items()
    ]
    option = delivery.EXPRESS if rng.random() < EXPRESS_SHARE else delivery.STANDARD
    declined = rng.random() < DECLINED_SHARE
    steps = _declined(rng, basket.time) if declined else _delivered(rng, basket.time, option)
    return DemoOrder(
        number=_unused(rng, numbers),
        basket=basket,
        cost=price(items, CURRENCY, people[basket.person].address["country"], rules, tier),
        delivery_option=option,
        eta=delivery.eta(option, basket.time),
        steps=[step for step in steps if step[1] <= now],
        method=rng.choices(METHODS, (80, 12, 8))[0],
        payment_status=DECLINED if declined else CAPTURED,
        gateway_id=f"demo_{rng.getrandbits(96):024x}",
    )


def _declined(rng: Random, placed: datetime) -> list[Step]:
    return [
        (status.PENDING_PAYMENT, placed),
        (status.CANCELLED, placed + timedelta(seconds=rng.uniform(1, 9))),
    ]


def _delivered(rng: Random, placed: datetime, option: str) -> list[Step]:
    """The steps of an order that goes well; an express one takes minutes where the other takes hours."""
    unit = timedelta(minutes=1) if option == delivery.EXPRESS else timedelta(hours=2.2)
    confirmed = placed + timedelta(seconds=rng.uniform(1, 4))
    processing = confirmed + rng.uniform(0.5, 4) * unit
    shipped = processing + rng.uniform(2, 8) * unit
    arrived = shipped + rng.uniform(9, 22) * unit
    return [
        (status.PENDING_PAYMENT, placed),
        (status.CONFIRMED, confirmed),
        (status.PROCESSING, processing),
        (status.SHIPPED, shipped),
        (status.DELIVERED, arrived),
    ]


def _unused(rng: Random, numbers: set[str]) -> str:
    """A number of the shop's usual form; drawn from the seed, so that a demo is the same each time."""
    while True:
        number = f"SO-{_symbols(rng, 5)}-{_symbols(rng, 5)}"
        if number not in numbers:
            numbers.add(number)
            return number


def _symbols(rng: Random, count: int) -> str:
    return "".join(rng.choices(_SYMBOLS, k=count))
