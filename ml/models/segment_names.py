"""Names groups of customers by what they are: each gets the name whose typical customer stands nearest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ml.data.arrays import Array, Doubles

FORBIDDEN = 1e6


class Archetype(NamedTuple):
    """A kind of customers.

    `centre` is where its typical customer stands: standard deviations from the shop's mean in recency, frequency
    and money, more being better. `sides` says on which side of the mean a group of this name must stand, 0 for
    any; `max_orders` is how many orders may be typical of it.
    """

    name: str
    centre: tuple[float, float, float]
    sides: tuple[int, int, int]
    what: str
    max_orders: float = np.inf
    handicap: float = 0.0
    """Added to the distance: a name that says little yields to one that says more."""


ARCHETYPES: Sequence[Archetype] = (
    Archetype("Champions", (1.1, 1.3, 1.3), (1, 1, 1), "They bought lately, often, and for much."),
    Archetype("Loyal", (0.4, 0.6, 0.5), (0, 1, 0), "They come back again and again."),
    Archetype("Big spenders", (0.0, -0.3, 1.2), (0, 0, 1), "They spend more than others who buy as often."),
    Archetype(
        "Bargain hunters", (0.3, 0.4, -0.7), (0, 0, -1), "They spend less than others who buy as often."
    ),
    Archetype(
        "New", (1.0, -1.0, -0.8), (1, -1, 0), "They bought lately, for the first time or nearly so.", 2
    ),
    Archetype(
        "Promising", (0.8, -0.4, -0.3), (1, -1, 0), "They bought lately, but not yet as often as others."
    ),
    Archetype("Occasional", (0.0, -0.3, -0.2), (0, -1, 0), "They buy now and then."),
    Archetype("Frequent", (0.0, 0.9, 0.0), (0, 1, 0), "They buy often.", handicap=1.0),
    Archetype("Recent", (0.9, 0.0, 0.0), (1, 0, 0), "They bought lately.", handicap=1.0),
    Archetype("Average", (0.0, 0.0, 0.0), (0, 0, 0), "They buy about as others do.", handicap=1.0),
    Archetype("At risk", (-0.7, 0.6, 0.6), (-1, 1, 0), "They used to buy often, but not lately."),
    Archetype("Slipping away", (-0.6, -0.2, -0.1), (-1, 0, 0), "They have not bought for a while."),
    Archetype("Hibernating", (-1.1, -0.8, -0.8), (-1, -1, 0), "They bought seldom, and long ago."),
    Archetype("One-time buyers", (-1.0, -1.0, -0.8), (-1, -1, 0), "They bought once, and not again.", 1),
)
"""On every side of the mean there are so many kinds that each of six groups finds one that is true of it."""

ALL_CUSTOMERS = Archetype("All customers", (0, 0, 0), (0, 0, 0), "All buy alike.")


def named(
    labels: NDArray[np.int64], points: Doubles, recency: Array, frequency: Array, monetary: Array
) -> tuple[NDArray[np.int64], list[str], list[str]]:
    """Return the labels renumbered, and a name and a description for each.

    `points` are the customers' places; labels count from 0 without gaps. Names are matched all at once, so that
    the sum of the squared distances is least (Kuhn, 1955): no group takes a name that fits another far better.
    """
    groups = labels.max(initial=-1) + 1
    if groups == 1:
        return (
            labels,
            [ALL_CUSTOMERS.name],
            [_described(ALL_CUSTOMERS, recency, frequency, monetary, monetary)],
        )
    centres = np.stack([points[labels == group].mean(axis=0) for group in range(groups)])
    usual = np.array([np.median(frequency[labels == group]) for group in range(groups)])
    taken, kinds = linear_sum_assignment(_distances(centres, usual))
    order = taken[np.argsort(kinds)]
    matched = [ARCHETYPES[kind] for kind in np.sort(kinds)]
    descriptions = []
    for kind, group in zip(matched, order, strict=True):
        inside = labels == group
        descriptions.append(_described(kind, recency[inside], frequency[inside], monetary[inside], monetary))
    renumbered = np.empty(groups, np.int64)
    renumbered[order] = np.arange(groups)
    return renumbered[labels], [kind.name for kind in matched], descriptions


def _distances(centres: Doubles, orders: Doubles) -> Doubles:
    """The squared distance of each group to each kind; prohibitive where the kind would be untrue of it."""
    typical, sides = (
        np.array(column) for column in zip(*((kind.centre, kind.sides) for kind in ARCHETYPES), strict=True)
    )
    distances = ((centres[:, None, :] - typical[None, :, :]) ** 2).sum(axis=2)
    wrong = (centres[:, None, :] * sides[None, :, :] < 0).any(axis=2)
    wrong |= orders[:, None] > np.array([kind.max_orders for kind in ARCHETYPES])
    return np.asarray(distances + [kind.handicap for kind in ARCHETYPES] + FORBIDDEN * wrong)


def _described(kind: Archetype, recency: Array, frequency: Array, monetary: Array, everyone: Array) -> str:
    typical = float(np.median(everyone))
    spent = f", spending {np.median(monetary) / typical:.1f} times the shop's median" if typical > 0 else ""
    days, orders = int(np.median(recency)), int(np.median(frequency))
    return (
        f"{kind.what} Half of them ordered within the shop's last {days + 1} {_plural('day', days + 1)}; "
        f"{orders} {_plural('order', orders)} is typical{spent}."
    )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
