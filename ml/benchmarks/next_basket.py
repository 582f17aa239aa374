"""Measures the recommendations on UCI "Online Retail": a year of real invoices of a British gift shop.

The last invoice of every customer is held out. A model trained on the others, as a server trains it, is asked at
the moment of that invoice what it holds: all of it (next basket), what is new to the customer, and which of the
products bought before are bought again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ml.benchmarks.memory import peak_mb
from ml.data.online_retail import read_online_retail
from ml.data.split import Split, hold_out
from ml.evaluation import holdout
from ml.evaluation.evaluate import Measures
from ml.evaluation.holdout import HoldoutOrder
from ml.evaluation.measures import K, ndcg_at_k, recall_at_k
from ml.models.reorder import Reordered
from ml.ranking.eligibility import Everything, Without
from ml.ranking.model import Model
from ml.ranking.selection import Recommendation
from ml.training.fit import fit, parameters_of
from ml.training.options import Options, Progress, within
from ml.training.rehearsal import rehearse
from ml.training.train import require_enough


@dataclass(frozen=True)
class ListMeasures:
    """One way to recommend, on one task: `next basket` or `new items`."""

    task: str
    name: str
    recall: float
    ndcg: float
    users: int
    us_per_user: float


@dataclass(frozen=True)
class NextBasketReport:
    """What the protocol measured."""

    lists: Sequence[ListMeasures]
    reorder: Measures | None
    fit_seconds: float
    peak_mb: float

    def rows(self) -> list[dict[str, object]]:
        """A row for each way to recommend, with `recall@20` and `ndcg@20`."""
        named = {"recall": f"recall@{K}", "ndcg": f"ndcg@{K}"}
        return [
            {named.get(key, key): value for key, value in asdict(measures).items()} for measures in self.lists
        ]

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "models": self.rows(),
            "reorder": self.reorder,
            "fit_s": self.fit_seconds,
            "peak_mb": self.peak_mb,
        }


def online_retail(path: Path, options: Options, progress: Progress) -> NextBasketReport:
    """Run the protocol on a file, plain or gzipped; raises UnreadableFile, or InsufficientData for a short one."""
    progress("read", 0, "Reading the invoices")
    dataset = read_online_retail(path)
    split = hold_out(dataset)
    require_enough(split.training)
    started = time.process_time()
    rehearsal = rehearse(split.training, options, within(progress, 5, 45))
    fitted = fit(split.training, options, within(progress, 45, 80), recipe=rehearsal.recipe)
    contents = fitted | rehearsal.learned
    parameters = parameters_of(options, rehearsal.recipe)
    model = Model("online-retail", contents, parameters)
    fit_seconds = time.process_time() - started
    progress("evaluate", 80, f"Asking about {len(split.baskets)} held-out invoices")
    lists, reorder = measure(model, split)
    progress("done", 100, "Done")
    return NextBasketReport(lists, reorder, round(fit_seconds, 1), peak_mb())


def measure(model: Model, split: Split) -> tuple[list[ListMeasures], Measures | None]:
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
) -> ListMeasures:
    cases = [(order, relevant_to(order)) for order in orders if relevant_to(order)]
    started = time.process_time()
    lists = [ask(order) for order, _ in cases]
    seconds = time.process_time() - started
    pairs = [(ranked, relevant) for ranked, (_, relevant) in zip(lists, cases, strict=True)]
    return ListMeasures(
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


def _ids(items: Sequence[Recommendation] | Sequence[Reordered]) -> list[int]:
    return [item.product_id for item in items]
