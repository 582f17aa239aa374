"""What the figures must reach, by the names of their rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Aim:
    """A bound of a row: of its ratio where it has one, else, or with `of_value`, of its value."""

    bound: float
    at_least: bool = False
    of_value: bool = False

    def reached_by(self, figure: float) -> bool:
        """True when a figure is on the right side of the bound."""
        return figure >= self.bound if self.at_least else figure <= self.bound

    def __str__(self) -> str:
        """The bound, as a table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:,g}"


MOST = {"get_product": 9_000, "list_products": 1_900, "get_cart": 3_200}
ENVOY = {"get_product": 80, "list_products": 260, "recommendations": 95, "get_cart": 105, "list_orders": 620}
GROWN = (1_000, 20_000, 100_000)

AIMS: Final[Mapping[str, Aim]] = {
    "get_product_vs_echo": Aim(1.25),
    **{f"refused_{kind}": Aim(1) for kind in ("no_token", "bad_token", "bad_field")},
    "list_products_vs_echo": Aim(2.2),
    "recommendations_vs_echo": Aim(1.8),
    "add_item_vs_fastapi": Aim(0.25),
    "add_item_postgres": Aim(900),
    "list_orders_20_postgres": Aim(900),
    "list_orders_100_postgres": Aim(2_000),
    "checkout_with_jobs_vs_fastapi": Aim(0.4),
    "checkout_with_jobs_postgres": Aim(3_000),
    **{f"envoy_{name}": Aim(microseconds) for name, microseconds in ENVOY.items()},
    **{f"json_{name}_rate": Aim(rate, at_least=True) for name, rate in MOST.items()},
    "json_get_product_half_p99_ms": Aim(10),
    "json_get_product_1000_p99_ms": Aim(2.5),
    "json_list_products_600_p99_ms": Aim(6.8),
    "json_add_item_200_p99_ms": Aim(29),
    "json_add_item_400_p99_ms": Aim(56),
    "json_mixed_800_p99_ms": Aim(20),
    **{
        f"two_workers_{name}": Aim(1.85, at_least=True)
        for name in ("get_product", "list_products", "get_cart")
    },
    "stream_kb": Aim(25),
    "sign_in_besides_hash": Aim(2_000),
    **{f"sign_in_flood_{kind}_p99": Aim(2) for kind in ("valid", "10_kb")},
    **{
        f"enumeration_{call}_{what}{suffix}": Aim(5, of_value=True)
        for call in ("sign_in", "forgot", "reset", "resend")
        for what in ("cpu", "time")
        for suffix in ("", "_sqlite")
    },
    "stream_event_p99_ms": Aim(15),
    "start_worker_s": Aim(2.5),
    "start_two_workers_s": Aim(2.5),
    "memory_worker_rss": Aim(150),
    "idle": Aim(5),
    **{f"list_popular_database_{products}": Aim(1_000) for products in GROWN},
    **{f"recommend_{products}_list": Aim(600, of_value=True) for products in GROWN[:2]},
    **{f"recommend_{products}_first": Aim(2_000, of_value=True) for products in GROWN},
    "search_100k": Aim(3_000),
    "search_100k_half_p99_ms": Aim(20),
    "search_100k_suggest_p99_ms": Aim(5),
    **{
        f"analytics_{question}_{what}": aim
        for question in ("dashboard", "sales_year", "cohorts")
        for what, aim in (
            *((f"{orders}", Aim(20_000)) for orders in (50_000, 500_000)),
            *((f"{orders}_p99_ms", Aim(150)) for orders in (50_000, 500_000)),
            ("growth", Aim(1.5)),
        )
    },
    "analytics_roll_ups": Aim(0.05),
    "collector_recommend_list": Aim(2_000),
    "collector_recommend_first": Aim(2_000),
    "collector_list_orders": Aim(900),
}
