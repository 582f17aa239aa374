"""The budgets of a worker, as the settings say."""

from __future__ import annotations

from collections.abc import Callable

from server.budgets.budgets import Budgets
from server.budgets.database_store import DatabaseStore
from server.budgets.store import Store
from server.db.work import Work
from server.settings import InvalidSettings, Settings


def budgets_of(settings: Settings, work: Work, now: Callable[[], float]) -> Budgets:
    """Budgets in the store that RATE_LIMIT_STORE names; `now` is the database's clock, which all workers share.

    Raises InvalidSettings where the store's client is not installed.
    """
    return Budgets(_store(settings, work), now)


def _store(settings: Settings, work: Work) -> Store | None:
    if settings.rate_limit_store == "memory":
        return None
    if settings.rate_limit_store == "database":
        return DatabaseStore(work)
    try:
        import redis  # noqa: F401 - it is what limits looks for, and few shops have one
    except ImportError:
        raise InvalidSettings("RATE_LIMIT_STORE: Redis needs `pip install 'sanset[redis]'`") from None
    from server.budgets.redis_store import RedisStore

    return RedisStore(settings.rate_limit_store)
