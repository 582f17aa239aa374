"""A shop that takes cards through Stripe's library, and its account with a local double of Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import stripe_double
from support.payment_shop import let_expire, sound, sweep
from support.running_shop import RunningShop, test_settings
from support.stripe_double import StripeDouble

from server.settings import Settings


@pytest.fixture(scope="module")
def account() -> Iterator[StripeDouble]:
    """The shop's account with Stripe."""
    with stripe_double.serving() as one:
        yield one


def stripe_settings(account: StripeDouble, url: str, home: Path, return_url: str) -> Settings:
    """The settings of a shop that is paid through an account."""
    return test_settings(
        url,
        home,
        payment_gateway="stripe",
        stripe_secret_key=stripe_double.KEY,
        stripe_webhook_secret=stripe_double.WEBHOOK_SECRET,
        stripe_api_base=account.url,
        payment_return_url=return_url,
        payment_timeout_seconds=2.5,
    )


@pytest.fixture(scope="module")
def paid_shop(
    account: StripeDouble, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningShop]:
    """A shop that takes cards through Stripe; in the end every invariant holds, and each order was charged at most
    once."""
    home = tmp_path_factory.mktemp("stripe")
    one = RunningShop(stripe_settings(account, module_database_url, home, "https://shop.test/paid"))
    yield one
    sound(one)
    _charged_at_most_once(one, account)
    one.stop()


def _charged_at_most_once(shop: RunningShop, account: StripeDouble) -> None:
    """Each order; and what was charged for one that was cancelled went back."""
    for number, status in shop.sql("SELECT number, status FROM orders"):
        charges = [one for one in account.intents.values() if one["metadata"]["order"] == number]
        succeeded = [one["id"] for one in charges if one["status"] == "succeeded"]
        assert len(succeeded) <= 1
        if status == "CANCELLED" and succeeded:
            [late] = shop.sql(
                "SELECT refunded_minor FROM payments JOIN orders ON orders.id = order_id WHERE number = :n",
                n=number,
            )
            assert late.refunded_minor == account.intents[succeeded[0]]["amount"]


@pytest.fixture
def paid(paid_shop: RunningShop, account: StripeDouble) -> Iterator[RunningShop]:
    """The same, with an account that answers as usual; afterwards no order waits for its payment."""
    account.calls.clear()
    account.slow_seconds = 3.0
    yield paid_shop
    account.failing.clear()
    account.refusing.clear()
    account.page_size = 100
    account.refund_status = "succeeded"
    for order_id, *_ in paid_shop.sql("SELECT id FROM orders WHERE status = 'PENDING_PAYMENT'"):
        let_expire(paid_shop, order_id)
    sweep(paid_shop)
