"""Searches have a limit of their own, by whichever RPC somebody searches."""

from __future__ import annotations

from pathlib import Path

import grpc
from sanset.v1 import product_pb2, search_pb2
from support.running_shop import RunningShop, refusal, test_settings

NOON = 1_800_000_000.0


def test_a_list_with_a_text_counts_as_a_search_and_one_without_does_not(
    sqlite_url: str, tmp_path: Path
) -> None:
    shop = RunningShop(
        test_settings(
            sqlite_url, tmp_path, rate_limit=1000, rate_limit_search=3, rate_limit_store="memory", workers=1
        )
    )
    shop.app.core.budgets._now = lambda: NOON  # a minute that does not end while the test runs
    shop.search.SearchProducts(search_pb2.SearchProductsRequest(q="mug"))

    def listed(**fields: str) -> str:
        try:
            shop.catalog.ListProducts(product_pb2.ListProductsRequest(**fields))
        except grpc.RpcError as error:
            return refusal(error).reason
        return "OK"

    assert [listed(), listed(q="mug"), listed(search="mug"), listed(q="mug")] == [*["OK"] * 3, "RATE_LIMITED"]
    assert [listed(), listed(q=" "), listed(brand="x")] == ["OK"] * 3
    shop.stop()
