"""Asks the database about every rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Engine, Executable, Select, bindparam, text

from server.db.reading import reading
from server.media.storage import FileStore
from server.progress import ProgressReport, silent
from server.verify.analytics import ANALYTICS
from server.verify.audit import AUDIT_CHAIN, broken_entries
from server.verify.carts import CARTS
from server.verify.checkout import CHECKOUT
from server.verify.erased import ERASED
from server.verify.images import FILES, IMAGES, missing_files
from server.verify.money_moved import MONEY_MOVED
from server.verify.orders import ORDERS
from server.verify.outboxes import OUTBOXES
from server.verify.payments import PAYMENTS
from server.verify.pricing import PRICING
from server.verify.promotions import PROMOTIONS
from server.verify.references import reference_rules
from server.verify.refunds import REFUNDS
from server.verify.reviews import REVIEWS
from server.verify.rule import Rule
from server.verify.sealed import SEALED
from server.verify.shipments import SHIPMENTS
from server.verify.stock import STOCK
from server.verify.units import UNITS

MAX_PER_RULE: Final = 100
"""The most rows reported per rule: a rule that a million rows break needs no million lines."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A row that breaks a rule, in a sentence that names both."""

    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


def rules() -> list[Rule]:
    """Every rule: of stock, orders, checkout, what comes after a sale and its units, and references."""
    return [
        *STOCK,
        *IMAGES,
        *REVIEWS,
        *ORDERS,
        *PRICING,
        *CARTS,
        *CHECKOUT,
        *PAYMENTS,
        *PROMOTIONS,
        *REFUNDS,
        *MONEY_MOVED,
        *UNITS,
        *SHIPMENTS,
        *OUTBOXES,
        *ANALYTICS,
        *ERASED,
        *reference_rules(),
    ]


def verify(
    engine: Engine,
    store: FileStore | None = None,
    *,
    opens_sealed: bool = False,
    progress: ProgressReport = silent,
) -> list[Discrepancy]:
    """Find the rows that break a rule, at most `MAX_PER_RULE` for each; an empty list is a sound shop.

    With a `store` the files of the newest images are looked for too; with `opens_sealed` what is sealed is opened,
    and what is signed checked, by the engine's vault. Reads only. Each rule is one query, which sees the database
    at one moment: every transaction of the shop keeps the rules, so it may run beside them.
    """
    every = _queries(engine.dialect.name)
    discrepancies: list[Discrepancy] = []
    with reading(engine).connect() as connection:
        for done, (rule, query) in enumerate(every):
            progress("Verifying", done, len(every))
            discrepancies.extend(_broken(connection, rule, query))
    if store is not None:
        missing = islice(missing_files(engine, store), MAX_PER_RULE)
        discrepancies.extend(Discrepancy(FILES, sentence) for sentence in missing)
    for name, find in (SEALED | {AUDIT_CHAIN: broken_entries}).items() if opens_sealed else ():
        discrepancies.extend(Discrepancy(name, sentence) for sentence in islice(find(engine), MAX_PER_RULE))
    progress("Verifying", len(every), len(every))
    return discrepancies


@cache
def _queries(dialect: str) -> tuple[tuple[Rule, Executable], ...]:
    """Every rule with its query: building them takes as long as asking them of a small shop."""
    return tuple((rule, _query(rule, dialect)) for rule in rules())


def _broken(connection: Connection, rule: Rule, query: Executable) -> Iterator[Discrepancy]:
    for row in connection.execute(query, dict(rule.lists)).mappings():
        facts: dict[str, Any] = dict(row)
        yield Discrepancy(rule.name, rule.sentence.format(**facts))


def _query(rule: Rule, dialect: str) -> Executable:
    if isinstance(rule.query, Select):
        return rule.query.limit(MAX_PER_RULE)
    own = rule.query if isinstance(rule.query, str) else rule.query[dialect]
    query = text(f"{own} LIMIT {MAX_PER_RULE}")
    return query.bindparams(*(bindparam(name, expanding=True) for name in rule.lists))
