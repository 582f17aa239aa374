"""SQL of the vectors of products."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, delete, or_, select

from ml.data.arrays import Floats, Ids
from server.catalog.models import Product
from server.db.upsert import insert_for
from server.events.log import publish
from server.events.topics import ProductsEmbedded
from server.search.meaning.models import ProductVector

STORED = np.dtype("<f2")
"""Half the room of the model's own numbers, and a thousandth of their size as error."""

OTHER_MODELS = timedelta(days=7)
"""How long the vectors of a model stay that another has replaced: a shop may go back."""


class TextVector(NamedTuple):
    """A product's vector, and the text that it is of."""

    product_id: int
    text_hash: str
    vector: bytes


def packed(vector: Floats) -> bytes:
    """A vector as it is stored."""
    return vector.astype(STORED).tobytes()


def hashes(connection: Connection, model: str, product_ids: Collection[int]) -> Mapping[int, str]:
    """The hashes of the texts of which these products have vectors."""
    query = select(ProductVector.product_id, ProductVector.text_hash).where(
        ProductVector.model == model, ProductVector.product_id.in_(product_ids)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def by_text(connection: Connection, model: str, text_hashes: Collection[str]) -> Mapping[str, bytes]:
    """The vectors that these texts have already, of whichever product."""
    query = select(ProductVector.text_hash, ProductVector.vector).where(
        ProductVector.model == model, ProductVector.text_hash.in_(text_hashes)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def store(tx: Connection, model: str, vectors: Sequence[TextVector], now: datetime) -> None:
    """Write the vectors of products, in place of those of what they said before."""
    rows = [each._asdict() | {"model": model, "computed_at": now} for each in vectors]
    insert = insert_for(tx)(ProductVector).values(rows)
    written = insert.on_conflict_do_update(
        index_elements=[ProductVector.product_id, ProductVector.model],
        set_={name: insert.excluded[name] for name in ("text_hash", "vector", "computed_at")},
    )
    tx.execute(written)
    publish(tx, ProductsEmbedded(tuple(each.product_id for each in vectors)))


def forget(tx: Connection, model: str, now: datetime) -> None:
    """Delete the vectors of deleted products, and those of models that were replaced long ago."""
    deleted = select(Product.id).where(Product.deleted_at.is_not(None))
    replaced = (ProductVector.model != model) & (ProductVector.computed_at < now - OTHER_MODELS)
    tx.execute(delete(ProductVector).where(or_(replaced, ProductVector.product_id.in_(deleted))))


def vectors_of(connection: Connection, model: str, product_ids: Collection[int]) -> tuple[Ids, Floats]:
    """The vectors of those of these products that have one and were not deleted."""
    return _vectors(connection, model, ProductVector.product_id.in_(product_ids))


def page(connection: Connection, model: str, after_id: int, limit: int) -> tuple[Ids, Floats]:
    """Up to `limit` such vectors, by ascending id, of products after this one."""
    return _vectors(connection, model, ProductVector.product_id > after_id, limit)


def _vectors(
    connection: Connection, model: str, condition: ColumnElement[bool], limit: int | None = None
) -> tuple[Ids, Floats]:
    query = (
        select(ProductVector.product_id, ProductVector.vector)
        .join(Product, Product.id == ProductVector.product_id)
        .where(ProductVector.model == model, Product.deleted_at.is_(None), condition)
        .order_by(ProductVector.product_id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    ids = np.array([product_id for product_id, _ in rows], dtype=np.int64)
    stored = np.frombuffer(b"".join(vector for _, vector in rows), dtype=STORED)
    return ids, stored.reshape(len(rows), -1 if rows else 0).astype(np.float32)
