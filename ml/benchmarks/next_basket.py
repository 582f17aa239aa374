"""Measures the recommendations on UCI "Online Retail": a year of real invoices of a British gift shop.

The last invoice of every customer is held out. A model trained on the others, as a server trains it, is asked at
the moment of that invoice what it holds: all of it (next basket), what is new to the customer, and which of the
products bought before are bought again.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.online_retail import read_online_retail
from ml.data.split import Split, hold_out
from ml.evaluation import holdout
from ml.evaluation.holdout import HoldoutOrder
from ml.evaluation.measures import K, ndcg_at_k, recall_at_k
from ml.ranking.eligibility import Everything, Without
from ml.ranking.model import Model
from ml.training import train


@dataclass(frozen=True)
class Measured:
    """One way to recommend, on one task: `next basket` or `new items`."""

    task: str
    name: str
    recall: float
    ndcg: float
    users: int
    us_per_user: float


@dataclass(frozen=True)
class Report:
    """What the protocol found."""

    lists: Sequence[Measured]
    reorder: dict[str, float] | None
    fit_seconds: float
    peak_mb: float

    def as_json(self) -> dict[str, Any]:
        """The same for programs, with `recall@20` and `ndcg@20`."""
        named = {"recall": f"recall@{K}", "ndcg": f"ndcg@{K}"}
        models = [
            {named.get(key, key): value for key, value in asdict(measured).items()} for measured in self.lists
        ]
        return {
            "models": models,
            "reorder": self.reorder,
            "fit_s": self.fit_seconds,
            "peak_mb": self.peak_mb,
        }


def online_retail(path: Path, options: train.Options, progress: train.Progress) -> Report:
    """Run the protocol on a file, plain or gzipped; raises UnreadableFile, and TooLittleData for a short one."""
    progress("read", 0, "Reading the invoices")
    dataset = read_online_retail(path)
    split = hold_out(dataset)
    train.require_enough(split.training)
    started = time.process_time()
    rehearsal = train.rehearse(split.training, options, _part(progress, 5, 45))
    fitted = train.fit(split.training, options, _part(progress, 45, 80), recipe=rehearsal.recipe)
    contents = fitted | rehearsal.learned
    parameters = train.parameters_of(options, rehearsal.recipe)
    model = Model("online-retail", contents, parameters, rehearsal.metrics)
    fit_seconds = time.process_time() - started
    progress("evaluate", 80, f"Asking about {len(split.baskets)} held-out invoices")
    lists, reorder = measure(model, split)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    progress("done", 100, "Done")
    return Report(lists, reorder, round(fit_seconds, 1), round(peak, 1))


def _part(progress: train.Progress, start: int, end: int) -> train.Progress:
    return lambda stage, percent, message: progress(stage, start + (end - start) * percent // 100, message)


def measure(model: Model, split: Split) -> tuple[list[Measured], dict[str, float] | None]:
    """Ask a model trained on `split.training` about every held-out order, as a server would ask it."""
    # By time, as they come to a server: what sells lately is counted once a day.
    orders = sorted(holdout.holdout_orders(split), key=lambda order: order.time)
    everything: dict[str, _Ask] = {
        "popularity": lambda order: _ids(model.bestsellers.popular(eligible=Everything(), limit=K)),
        "reorder": lambda order: _ids(
            model.repeats.reorder(order.purchases, order.time, eligible=Everything(), limit=K)
        ),
        "blend": lambda order: _ids(
            model.recommend_with_repeats(
                order.user_id,
                order.purchases,
                order.time,
                history=order.history(),
                eligible=Everything(),
                limit=K,
            )
        ),
    }
    new: dict[str, _Ask] = {
        "popularity": lambda order: _ids(
            model.bestsellers.popular(eligible=Without(_bought(order)), limit=K)
        ),
        "blend": lambda order: _ids(
            model.recommend(
                order.user_id,
                history=order.history(),
                eligible=Without(_bought(order)),
                limit=K,
                now=order.time,
            )
        ),
    }
    lists = [
        _measured("next basket", name, ask, orders, lambda order: order.basket)
        for name, ask in everything.items()
    ]
    lists += [_measured("new items", name, ask, orders, _new_to_user) for name, ask in new.items()]
    return lists, holdout.measure_reorder(model, orders)


_Ask = Callable[[HoldoutOrder], list[int]]


def _measured(
    task: str,
    name: str,
    ask: _Ask,
    orders: Sequence[HoldoutOrder],
    relevant_to: Callable[[HoldoutOrder], frozenset[int]],
) -> Measured:
    cases = [(order, relevant_to(order)) for order in orders if relevant_to(order)]
    started = time.process_time()
    lists = [ask(order) for order, _ in cases]
    seconds = time.process_time() - started
    pairs = [(ranked, relevant) for ranked, (_, relevant) in zip(lists, cases, strict=True)]
    return Measured(
        task,
        name,
        _mean([recall_at_k(ranked, relevant, K) for ranked, relevant in pairs]),
        _mean([ndcg_at_k(ranked, relevant, K) for ranked, relevant in pairs]),
        len(pairs),
        round(1e6 * seconds / max(1, len(pairs)), 1),
    )


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


def _new_to_user(order: HoldoutOrder) -> frozenset[int]:
    return order.basket - _bought(order)


def _bought(order: HoldoutOrder) -> frozenset[int]:
    return frozenset(order.purchases.product_ids.tolist())


def _ids(items: Sequence[Any]) -> list[int]:
    return [item.product_id for item in items]
