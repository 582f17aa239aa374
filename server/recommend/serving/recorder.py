"""The end of every list: its impression is recorded, and it gets a token for what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from server.recommend.feedback.impressions import Impressions, Kind
from server.recommend.serving.query import Audience
from server.recommend.serving.served_models import Arm

POPULARITY = "popularity"
"""The version that lists carry while no model is in use."""


class ListItem(Protocol):
    """An entry of a list."""

    @property
    def product_id(self) -> int:
        """The product."""


ItemT = TypeVar("ItemT", bound=ListItem)


@dataclass(frozen=True, slots=True)
class Recommended(Generic[ItemT]):
    """A list, best first, the version of the model that made it, and its token."""

    items: Sequence[ItemT]
    model_version: str
    attribution_token: str


class Recorder:
    """Records lists."""

    def __init__(self, impressions: Impressions) -> None:
        self._impressions = impressions

    def record(
        self,
        kind: Kind,
        items: Sequence[ItemT],
        arm: Arm,
        audience: Audience,
        *,
        shown: bool = True,
        without_model: str = POPULARITY,
    ) -> Recommended[ItemT]:
        """The list with its token; one that is not `shown` to its audience, but to an admin, is not counted."""
        version = arm.model.version if arm.model is not None else without_model
        if not shown:
            return Recommended(items, version, self._impressions.sign(version))
        token = self._impressions.show(
            kind,
            version,
            [item.product_id for item in items],
            user_id=audience.user_id or None,
            visitor_id=audience.visitor_id,
            experiment_id=arm.experiment_id,
        )
        return Recommended(items, version, token)
