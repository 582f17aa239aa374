"""A client that asks for recommendations without end, and remembers which model answered and what went wrong."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from sanset.v1 import recommend_pb2 as pb
from support import recommend_data as data
from support.running_shop import RunningShop

from server.auth.tokens import AccessTokens
from server.clock import utc_now

PATIENCE = 60.0
PAUSE = 0.02
"""Seconds between two rounds: a client without rest would leave nothing of a small machine to the trainings."""


class Caller(threading.Thread):
    """Asks one worker for every kind of list, for one user after the other, and notes what goes wrong."""

    def __init__(self, shop: RunningShop, enough: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.versions: Counter[str] = Counter()
        self.faults: list[str] = []
        self._shop = shop
        self._enough = enough
        self._seed = seed

    def run(self) -> None:
        """Call until it is enough."""
        tokens = AccessTokens.of(self._shop.settings)
        stub = self._shop.recommend
        for turn in itertools.count(self._seed):
            if self._enough.wait(PAUSE):
                return
            user_id, product_id = turn % data.USERS + 1, turn % data.PRODUCTS + 1
            token = tokens.issue(user_id, "CUSTOMER", uuid.uuid4().hex, utc_now())
            self._ask(stub.GetRecommendations, pb.GetRecommendationsRequest(), token)
            self._ask(stub.GetSimilarProducts, pb.GetSimilarProductsRequest(product_id=product_id), token)
            self._ask(stub.GetTrending, pb.GetTrendingRequest(), token)

    def _ask(self, method: Callable[..., Any], request: Any, token: str) -> None:
        try:
            found = method(request, metadata=(("authorization", f"Bearer {token}"),), timeout=PATIENCE)
        except Exception as error:
            self.faults.append(f"{request!r}: {error}")
            return
        if found.items:
            self.versions[found.model_version] += 1
        else:
            self.faults.append(f"{request!r}: an empty list")
