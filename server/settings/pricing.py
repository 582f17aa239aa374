"""Settings of prices: currency, taxes and shipping."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import Field, field_validator, model_validator

from server.countries import country_problem
from server.settings.group import Amount, Group, Rate


class PricingSettings(Group):
    """The currency, taxes and shipping."""

    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="The shop's currency (ISO 4217)")
    tax_rate: Decimal = Field(
        Decimal("0.08"), ge=0, le=1, description="Share of the goods, where TAX_RATES names no country"
    )
    tax_rates: dict[str, Rate] = Field({}, description='Rates by country, as JSON: {"GB": "0.20"}')
    shipping_fee: dict[str, Amount] = Field(
        {"USD": Decimal("5.99"), "GBP": Decimal("5.99"), "EUR": Decimal("5.99")},
        description="Fee by currency",
    )
    free_shipping_from: dict[str, Amount] = Field(
        {"USD": Decimal("50.00"), "GBP": Decimal("50.00"), "EUR": Decimal("50.00")},
        description="Order value from which shipping is free, by currency",
    )

    @field_validator("tax_rates")
    @classmethod
    def _countries_exist(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        for code in value:
            problem = country_problem(code)
            if problem is not None:
                raise ValueError(problem)
        if len({code.upper() for code in value}) < len(value):
            raise ValueError("names a country twice")
        return {code.upper(): rate for code, rate in value.items()}

    @model_validator(mode="after")
    def _shipping_has_a_price(self) -> Self:
        if self.currency not in self.shipping_fee or self.currency not in self.free_shipping_from:
            raise ValueError(
                f"SHIPPING_FEE and FREE_SHIPPING_FROM must name the shop's currency {self.currency}"
            )
        return self
