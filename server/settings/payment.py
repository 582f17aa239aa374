"""Settings of payments."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from server.settings.group import Group

TOO_FINE_FOR_STRIPE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "MGA", "OMR", "TND"})
"""Currencies whose smallest unit Stripe does not take: totals in them are not multiples of what it does."""


class PaymentSettings(Group):
    """The payment gateway and its keys."""

    payment_gateway: Literal["demo", "stripe"] = Field(
        "demo",
        description="Who takes cards and UPI; demo moves no money, and production wants it said. "
        "Gift cards are the shop's own",
    )
    stripe_secret_key: SecretStr = Field(SecretStr(""), description="sk_…, for PAYMENT_GATEWAY=stripe")
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="whsec_… of the webhook endpoint /api/v1/payments/webhook"
    )
    stripe_api_base: str = Field("", description="Where Stripe's API is; empty: Stripe's own")
    payment_return_url: str = Field(
        "", description="Where a buyer comes back to from a page of the bank's; empty: no such payments"
    )
    demo_payment_delay_seconds: float = Field(
        0, ge=0, le=3600, description="Delay of the demo payment gateway"
    )
    demo_payment_failure_rate: float = Field(
        0, ge=0, le=1, description="Share of demo payments declined at random"
    )
    payment_timeout_seconds: float = Field(
        5, gt=0, le=600, description="How long Checkout waits for the payment gateway"
    )

    @model_validator(mode="after")
    def _gateway_has_its_keys(self) -> Self:
        if self.payment_gateway == "stripe":
            for name in ("stripe_secret_key", "stripe_webhook_secret"):
                if not getattr(self, name).get_secret_value():
                    raise ValueError(f"{name.upper()}: required for PAYMENT_GATEWAY=stripe")
        return self
