"""The time until an action of a customer shows in their recommendations, on the called worker and on another."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

import grpc
from sanset.v1 import (
    behavior_pb2,
    cart_pb2,
    cart_pb2_grpc,
    order_service_pb2,
    order_service_pb2_grpc,
    payment_pb2,
    recommend_pb2,
    recommend_pb2_grpc,
)

from bench import dataset
from bench.calls import CallFailed
from bench.dataset import CUSTOMERS
from bench.report import Figure
from bench.shops.sanset import SansetShop
from bench.shops.shop import Buyer

TRIALS = 500
GIVE_UP_SECONDS = 10.0
CALL_SECONDS = 30.0
MODEL_SECONDS = 60.0
UNTRAINED = "popularity"
"""The version of what is recommended while no model serves."""
SEED = 5

Shows = Callable[["Worker"], bool]
"""Returns True when a worker's recommendations show the action; calls the worker each time."""


class Worker:
    """A worker, as one customer after the other calls it."""

    def __init__(self, port: int) -> None:
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])
        self._channel = channel
        self._recommend = recommend_pb2_grpc.RecommendServiceStub(channel)
        self._cart = cart_pb2_grpc.CartServiceStub(channel)
        self._orders = order_service_pb2_grpc.OrderServiceStub(channel)

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def await_model(self, buyer: Buyer) -> None:
        """Wait until a trained model serves; raises CallFailed when none does."""
        give_up = time.perf_counter() + MODEL_SECONDS
        request = recommend_pb2.GetRecommendationsRequest(limit=1)
        while time.perf_counter() < give_up:
            reply = self._recommend.GetRecommendations(request, metadata=_signed(buyer), timeout=CALL_SECONDS)
            if reply.model_version != UNTRAINED:
                return
            time.sleep(0.1)
        raise CallFailed(f"no model serves after {MODEL_SECONDS:.0f} s")

    def recommended(self, buyer: Buyer, *, include_repeat: bool = False) -> list[int]:
        """The first hundred products recommended to a customer."""
        request = recommend_pb2.GetRecommendationsRequest(limit=100, include_repeat=include_repeat)
        reply = self._recommend.GetRecommendations(request, metadata=_signed(buyer), timeout=CALL_SECONDS)
        return [item.product_id for item in reply.items]

    def view(self, buyer: Buyer, product_id: int) -> None:
        """Report that a customer looked at a product."""
        event = behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=product_id)
        request = behavior_pb2.TrackEventRequest(events=[event])
        self._recommend.TrackEvent(request, metadata=_signed(buyer), timeout=CALL_SECONDS)

    def add(self, buyer: Buyer, product_id: int) -> None:
        """Put a product into a customer's cart."""
        request = cart_pb2.AddItemRequest(product_id=product_id)
        self._cart.AddItem(request, metadata=_signed(buyer), timeout=CALL_SECONDS)

    def check_out(self, buyer: Buyer) -> None:
        """Order a customer's cart."""
        request = order_service_pb2.CheckoutRequest(
            payment_method=payment_pb2.Payment.CARD, address_id=buyer.address_id, request_id=str(uuid.uuid4())
        )
        self._orders.Checkout(request, metadata=_signed(buyer), timeout=CALL_SECONDS)


@dataclass
class Seen:
    """Milliseconds from the reply to an action to the first reply that shows it, one for each trial."""

    here: list[float] = field(default_factory=list)
    there: list[float] = field(default_factory=list)


def measure(shop: SansetShop, other_port: int, on_trial: Callable[[], None]) -> list[Figure]:
    """Have customers look, fill carts and buy at one worker, `TRIALS` times each, and watch both.

    Raises CallFailed when the very next list of the called worker does not show it, or that of the other
    one not within ten seconds.
    """
    here, there = Worker(shop.target.port), Worker(other_port)
    news = _news(shop)
    rows: list[Figure] = []
    try:
        for worker in (here, there):
            worker.await_model(shop.buyer(1))
        for name, do in (("view", _view), ("cart", _fill_cart), ("purchase", _buy)):
            seen = Seen()
            for trial in range(TRIALS):
                buyer = shop.buyer(1 + trial % CUSTOMERS)
                _watch(name, seen, do(here, there, buyer, news[trial]), here, there)
                on_trial()
            rows += _rows(name, shop.name.removeprefix("sanset_"), seen)
    finally:
        here.close()
        there.close()
    return rows


def _news(shop: SansetShop) -> list[int]:
    """For each trial a product that its customer did not buy or look at before, and others bought.

    A look at anything else need not say much about the one who looks.
    """
    baskets = dataset.generate().baskets
    draw = random.Random(SEED)
    looks = []
    for customer in range(1, CUSTOMERS + 1):
        own = {number for basket in baskets if basket.customer == customer for number in basket.products}
        others = sorted({number for basket in baskets for number in basket.products} - own)
        looks.append(draw.sample(others, -(-TRIALS // CUSTOMERS)))
    return [shop.products[looks[trial % CUSTOMERS][trial // CUSTOMERS]] for trial in range(TRIALS)]


def _view(here: Worker, there: Worker, buyer: Buyer, product_id: int) -> Shows:
    """Look at a product: others move up and down."""
    before = _same_list(here, there, buyer)
    here.view(buyer, product_id)
    return lambda worker: worker.recommended(buyer) != before


def _fill_cart(here: Worker, there: Worker, buyer: Buyer, product_id: int) -> Shows:
    """Put the first of the list into the cart: it is not recommended any more."""
    first = _same_list(here, there, buyer)[0]
    here.add(buyer, first)
    return lambda worker: first not in worker.recommended(buyer)


def _buy(here: Worker, there: Worker, buyer: Buyer, product_id: int) -> Shows:
    """Buy what is in the cart: it may be recommended again, but only with `include_repeat`."""
    first = _same_list(here, there, buyer)[0]
    here.add(buyer, first)
    carted = _same_list(here, there, buyer, include_repeat=True)
    here.check_out(buyer)

    def shows(worker: Worker) -> bool:
        moved = worker.recommended(buyer, include_repeat=True) != carted
        return moved and first not in worker.recommended(buyer)

    return shows


def _same_list(here: Worker, there: Worker, buyer: Buyer, *, include_repeat: bool = False) -> list[int]:
    """A customer's list, once both workers agree on it."""
    give_up = time.perf_counter() + GIVE_UP_SECONDS
    while time.perf_counter() < give_up:
        products = here.recommended(buyer, include_repeat=include_repeat)
        if products and products == there.recommended(buyer, include_repeat=include_repeat):
            return products
        time.sleep(0.01)
    raise CallFailed(f"two workers recommend differently {GIVE_UP_SECONDS:.0f} s after anything was done")


def _watch(name: str, seen: Seen, shows: Shows, here: Worker, there: Worker) -> None:
    done = time.perf_counter()
    if not shows(here):
        raise CallFailed(f"freshness: a {name} does not show in the next list of the same worker")
    seen.here.append((time.perf_counter() - done) * 1e3)
    while not shows(there):
        if time.perf_counter() - done > GIVE_UP_SECONDS:
            raise CallFailed(f"freshness: a {name} does not show on another worker")
    seen.there.append((time.perf_counter() - done) * 1e3)


def _rows(name: str, database: str, seen: Seen) -> list[Figure]:
    rows = []
    for worker, milliseconds in (("same", seen.here), ("other", seen.there)):
        percentiles: Sequence[float] = quantiles(milliseconds, n=100)
        rows += [
            Figure(
                f"freshness_{name}_{worker}_p{share}_ms_{database}", round(percentiles[share - 1], 1), "ms"
            )
            for share in (50, 99)
        ]
    return rows


def _signed(buyer: Buyer) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {buyer.token}"),)
