"""Adds the images that rows of a file name by their paths, once the rows are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from server.catalog.models import Product, Variant
from server.db.database import Database
from server.db.id_lists import is_among
from server.errors import CommandError, Refusal
from server.identity import Identity
from server.imports.products.rows import ProductRow, RowProblem
from server.media.errors import InvalidImage
from server.media.folder import ImageFolder
from server.media.storage import StoreAway

COLUMN = "images"


@dataclass(frozen=True, slots=True)
class ImageProblem:
    """An image that cannot be taken, by its path; the `reason` follows that."""

    row: ProductRow
    path: str
    reason: str

    def of_row(self) -> RowProblem:
        """The same as a problem of the row, which is written all the same."""
        return RowProblem(self.row.line, COLUMN, f'"{self.path}" {self.reason}', self.row.sku)


class RowImages:
    """Adds images from a directory to the products and variants of rows."""

    def __init__(self, db: Database, folder: ImageFolder, caller: Identity) -> None:
        self._db = db
        self._folder = folder
        self._caller = caller
        self.added = 0

    def check(self, rows: Iterable[ProductRow]) -> Iterator[ImageProblem]:
        """Put the files that rows name to the proofs, and add none."""
        for row in rows:
            for path in row.images:
                try:
                    self._folder.check(path)
                except InvalidImage as invalid:
                    yield ImageProblem(row, path, invalid.problem)

    def add(self, rows: Sequence[ProductRow]) -> Iterator[ImageProblem]:
        """Add the images of rows that are written; of those that are there already nothing is done.

        Raises CommandError where images cannot be stored at all.
        """
        named = [row for row in rows if row.images]
        if not named:
            return
        with self._db.read() as connection:
            products = _product_ids(connection, {row.sku for row in named})
            variants = _variant_ids(connection, {row.variant_sku for row in named if row.variant_sku})
        for row in named:
            product_id = products.get(row.sku)
            if product_id is None:  # deleted by somebody since
                continue
            for path in row.images:
                reason = self._add(product_id, variants.get(row.variant_sku), path)
                if reason:
                    yield ImageProblem(row, path, reason)

    def _add(self, product_id: int, variant_id: int | None, path: str) -> str:
        """Add an image; why it cannot be, empty where it is there."""
        try:
            self.added += self._folder.add(self._caller, product_id, variant_id, path)
        except InvalidImage as invalid:
            return invalid.problem
        except Refusal as refusal:
            return f"cannot be added: {refusal}"
        except StoreAway as away:
            raise CommandError(f"images cannot be stored: {away}") from None
        return ""


def _product_ids(connection: Connection, skus: set[str]) -> Mapping[str, int]:
    live = select(Product.sku, Product.id).where(Product.deleted_at.is_(None))
    return {
        row.sku: row.id for row in connection.execute(live.where(is_among(Product.sku, skus, connection)))
    }


def _variant_ids(connection: Connection, skus: set[str]) -> Mapping[str, int]:
    live = select(Variant.sku, Variant.id).where(Variant.deleted_at.is_(None))
    return {
        row.sku: row.id for row in connection.execute(live.where(is_among(Variant.sku, skus, connection)))
    }
