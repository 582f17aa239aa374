"""The groups of rows, each measured by a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from bench import (
    analytics,
    comparisons,
    dataset,
    enumeration,
    freshness,
    gateway,
    growth,
    idle,
    large_data,
    large_search,
    large_shop,
    load,
    recommend_40k,
    refused,
    report,
    rounds,
    scaling,
    sign_ins,
    starting,
    streams,
)
from bench.cpu import LOAD_CORE, SERVER_CORE
from bench.dataset import CUSTOMERS
from bench.large_data import Size
from bench.report import Figure
from bench.rounds import Costs, Side
from bench.shops import echo, fastapi, sanset
from bench.shops.sanset import DatabaseKind
from bench.shops.served import serving
from bench.stage import Stage

Group = Callable[[Stage], list[Figure]]

AGAINST: Final = ("echo", fastapi.NAME, sanset.BEFORE)
"""What Sanset on PostgreSQL is set against, where it takes part."""


def _get_product(stage: Stage) -> list[Figure]:
    return _compare(stage, "get_product", comparisons.get_product([stage.echo, *stage.shops]))


def _list_products(stage: Stage) -> list[Figure]:
    bare = comparisons.get_product([stage.echo])
    return _compare(stage, "list_products", [*bare, *comparisons.list_products(stage.shops)])


def _recommendations(stage: Stage) -> list[Figure]:
    bare = comparisons.get_product([stage.echo])
    return _compare(stage, "recommendations", [*bare, *comparisons.recommendations(stage.shops)])


def _add_item(stage: Stage) -> list[Figure]:
    return _compare(stage, "add_item", comparisons.add_item(stage.shops))


def _get_cart(stage: Stage) -> list[Figure]:
    return _compare(stage, "get_cart", comparisons.get_cart(stage.shops))


def _list_orders(stage: Stage) -> list[Figure]:
    return [
        row
        for size in (20, 100)
        for row in _compare(stage, f"list_orders_{size}", comparisons.list_orders(stage.shops, size))
    ]


def _checkout(stage: Stage) -> list[Figure]:
    alone = _compare(stage, "checkout", comparisons.checkout(stage.shops))
    return [*alone, *_compare(stage, "checkout_with_jobs", comparisons.checkout(stage.working_shops))]


def _trip(stage: Stage) -> list[Figure]:
    return _compare(stage, "trip", comparisons.trip(stage.shops))


def _refused(stage: Stage) -> list[Figure]:
    shops = {"": stage.postgres, **({"_before": stage.before} if stage.options.before else {})}
    return [
        row
        for suffix, shop in shops.items()
        for row in refused.rows(_measure(stage, f"refused{suffix}", refused.sides(shop)), suffix)
    ]


def _envoy(stage: Stage) -> list[Figure]:
    shop = stage.postgres
    load.send(shop.target, [shop.add_item(shop.buyer(number), number) for number in range(1, CUSTOMERS + 1)])
    with serving(shop.filled, stage.directory(), core=SERVER_CORE) as served_shop:
        rows = gateway.cost_rows(_measure(stage, "envoy", gateway.sides(shop, served_shop)))
    with serving(shop.filled, stage.directory()) as served_shop:
        step = stage.steps("rates through envoy", gateway.RATE_STEPS)
        return rows + gateway.rate_rows(shop, served_shop, step)


def _streams(stage: Stage) -> list[Figure]:
    step = stage.steps("streams", 2)
    rows = []
    for shop, suffix in ((stage.postgres, ""), (stage.sqlite, "_sqlite")):
        rows += streams.rows(streams.measure(shop), suffix)
        step()
    return rows


def _freshness(stage: Stage) -> list[Figure]:
    # Shops of their own: after the other groups their customers have bought everything, so nothing is new.
    rows: list[Figure] = []
    for kind in DatabaseKind:
        with ExitStack() as stack:
            with stage.progress(f"filling a shop on {kind}"):
                shop = stack.enter_context(sanset.running(stage.directory(), kind, dataset.generate()))
            other, _ = stack.enter_context(sanset.started_worker(shop.environment, stage.directory()))
            step = stage.steps(f"freshness on {kind}", 3 * freshness.TRIALS)
            rows += freshness.measure(shop, other.port, step)
    return rows


def _recommend_40k(stage: Stage) -> list[Figure]:
    with (
        stage.progress("filling a large shop"),
        large_shop.running(stage.directory(), large_data.LARGE) as shop,
        echo.running(stage.directory(), shop) as ceiling,
    ):
        count = stage.options.rounds
        step = stage.steps("recommend_40k", rounds.WARM_UPS + count)
        rows = recommend_40k.measure("recommend_40k", shop, ceiling, count, step)
        return rows + recommend_40k.measure_memory(shop, stage.steps("models", recommend_40k.ALL_SWAPS))


def _search_100k(stage: Stage) -> list[Figure]:
    with (
        stage.progress("filling a shop to search"),
        large_search.running(stage.directory()) as shop,
    ):
        count = stage.options.rounds
        rows = large_search.measure(shop, count, stage.steps("search", rounds.WARM_UPS + count))
        rows += large_search.measure_latency(shop, stage.steps("search at half load", 2))
        return rows + large_search.measure_starts(shop, stage.directory())


def _analytics(stage: Stage) -> list[Figure]:
    count = stage.options.rounds
    with ExitStack() as stack:
        shops = []
        for trade in analytics.SIZES:
            with stage.progress(f"selling {trade.orders:,} orders"):
                shops.append(stack.enter_context(analytics.running(stage.directory(), trade)))
        rows = analytics.measure(shops, count, stage.steps("analytics", rounds.WARM_UPS + count))
        for shop in shops:
            text = f"times of {shop.trade.orders:,} orders"
            rows += analytics.measure_latency(shop, stage.steps(text, len(analytics.QUESTIONS)))
    step = stage.steps("roll-ups", rounds.WARM_UPS + count)
    return rows + analytics.roll_up_rows(stage.postgres, count, step)


def _sign_ins(stage: Stage) -> list[Figure]:
    count = stage.options.rounds
    step = stage.steps("sign-ins", rounds.WARM_UPS + count)
    return sign_ins.cpu_rows(stage.postgres, count, step)


def _sign_in_flood(stage: Stage) -> list[Figure]:
    count = stage.options.rounds
    step = stage.steps("floods of sign-ins", count * len(sign_ins.BURSTS))
    return sign_ins.flood_rows(stage.postgres, stage.directory(), count, step)


def _enumeration(stage: Stage) -> list[Figure]:
    shops = {"": stage.postgres, "_sqlite": stage.sqlite}
    return [row for suffix, shop in shops.items() for row in enumeration.rows(shop, suffix, stage.steps)]


def _growth(stage: Stage) -> list[Figure]:
    rows: list[Figure] = []
    count = stage.options.rounds
    for size in growth.SIZES:
        with ExitStack() as stack:
            with stage.progress(f"filling a shop of {size.products:,} products"):
                shop = stack.enter_context(large_shop.running(stage.directory(), size))
                ceiling = stack.enter_context(echo.running(stage.directory(), shop))

            def steps(text: str, size: Size = size) -> Callable[[], None]:
                return stage.steps(f"{text} of {size.products:,}", rounds.WARM_UPS + count)

            rows += growth.measure_lists(shop, size, count, steps("lists"))
            name = f"recommend_{size.products}"
            rows += recommend_40k.measure(name, shop, ceiling, count, steps("recommendations"))
            if size.collected:
                rows += growth.measure_collector(shop, count, steps("a collector"))
                rows += growth.measure_first(shop, stage.directory())
    return rows


def _workers(stage: Stage) -> list[Figure]:
    shop = stage.postgres
    log = stage.directory()
    with sanset.started_worker(shop.environment, log, core=LOAD_CORE) as (target, worker):
        other = replace(shop, target=target, worker=worker)
        return [
            scaling.row(name, _measure(stage, f"two workers, {name}", scaling.sides(name, shop, other)))
            for name in scaling.READS
        ]


def _start(stage: Stage) -> list[Figure]:
    shop = stage.postgres
    with stage.progress("starts"):
        return starting.rows(shop, stage.directory())


def _idle(stage: Stage) -> list[Figure]:
    rows: list[Figure] = []
    for kind, suffix in ((DatabaseKind.POSTGRES, ""), (DatabaseKind.SQLITE, "_sqlite")):
        with (
            stage.progress(f"an idle shop on {kind}"),
            sanset.filled(stage.directory(), kind, dataset.generate()) as shop,
        ):
            rows += idle.rows(shop, stage.directory(), suffix)
    return rows


GROUPS: Final[Mapping[str, Group]] = {
    "get_product": _get_product,
    "refused": _refused,
    "list_products": _list_products,
    "recommendations": _recommendations,
    "add_item": _add_item,
    "get_cart": _get_cart,
    "list_orders": _list_orders,
    "checkout": _checkout,
    "trip": _trip,
    "envoy": _envoy,
    "streams": _streams,
    "workers": _workers,
    "start": _start,
    "idle": _idle,
    "sign_ins": _sign_ins,
    "sign_in_flood": _sign_in_flood,
    "enumeration": _enumeration,
    "growth": _growth,
    "freshness": _freshness,
    "recommend_40k": _recommend_40k,
    "search_100k": _search_100k,
    "analytics": _analytics,
}
"""Every group, by the name that `--only` takes."""


def _compare(stage: Stage, name: str, sides: Sequence[Side]) -> list[Figure]:
    return report.rows_of(name, _measure(stage, name, sides), AGAINST)


def _measure(stage: Stage, name: str, sides: Sequence[Side]) -> dict[str, Costs]:
    count = stage.options.rounds
    return rounds.measure(sides, count, stage.steps(name, rounds.WARM_UPS + count))
