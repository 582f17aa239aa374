"""SQL of images and their files: one function per question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, insert, or_, select, text, update

from server.catalog.images import IMAGE, StoredImage, image_of
from server.catalog.models import Product, ProductImage, Variant
from server.db.base import Values
from server.db.upsert import insert_for
from server.media.models import MediaFile


def claim_file(tx: Connection, digest: str, key: str, now: datetime) -> str:
    """Say that the files of a picture are about to be used; return their key: `key`, unless they have one."""
    row = {"key": key, "digest": digest, "claimed_at": now}
    statement = insert_for(tx)(MediaFile).values(row)
    claimed = statement.on_conflict_do_update(
        index_elements=["digest"], index_where=text("doomed_at IS NULL"), set_={"claimed_at": now}
    )
    return str(tx.execute(claimed.returning(MediaFile.key)).scalar_one())


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture whose files are stored under a key."""

    key: str
    width: int
    height: int


def stored_picture(connection: Connection, digest: str) -> StoredPicture | None:
    """The picture of an uploaded file that some image has, so that its files are whole and stay; None without."""
    columns = select(ProductImage.file_key, ProductImage.width, ProductImage.height)
    of_file = columns.join(MediaFile, MediaFile.key == ProductImage.file_key)
    live = of_file.where(MediaFile.digest == digest, MediaFile.doomed_at.is_(None)).limit(1)
    row = connection.execute(live).first()
    return None if row is None else StoredPicture(*row)


def has_picture(connection: Connection, product_id: int, key: str) -> bool:
    """Whether a product has an image with these files."""
    mine = (ProductImage.product_id == product_id, ProductImage.file_key == key)
    return connection.scalar(select(ProductImage.id).where(*mine)) is not None


def keep_file(tx: Connection, key: str, now: datetime) -> None:
    """Keep files for a while, as if they were new."""
    tx.execute(update(MediaFile).where(MediaFile.key == key).values(claimed_at=now))


def doom_files(tx: Connection, before: datetime, now: datetime, limit: int) -> list[str]:
    """Give up files that were claimed before a time and that no image has; return the keys of those to be deleted.

    Those that were given up before and are still there are among them.
    """
    is_used = exists().where(ProductImage.file_key == MediaFile.key)
    is_old = or_(MediaFile.claimed_at < before, MediaFile.doomed_at.is_not(None))
    keys = select(MediaFile.key).where(is_old, ~is_used).limit(limit)
    # Said again: PostgreSQL tests only this of a row that was claimed while it waited for the row's lock.
    doomed = update(MediaFile).where(MediaFile.key.in_(keys), is_old, ~is_used).values(doomed_at=now)
    return sorted(tx.execute(doomed.returning(MediaFile.key)).scalars())


def forget_files(tx: Connection, keys: Collection[str]) -> None:
    """Forget files that were deleted."""
    tx.execute(delete(MediaFile).where(MediaFile.key.in_(keys), MediaFile.doomed_at.is_not(None)))


def images_of_product(connection: Connection, product_id: int) -> list[StoredImage]:
    """The images of a product in their order."""
    statement = IMAGE.where(ProductImage.product_id == product_id)
    rows = connection.execute(statement.order_by(ProductImage.position, ProductImage.id))
    return [image_of(row) for row in rows]


def image(connection: Connection, image_id: int) -> StoredImage | None:
    """An image, unless its product was deleted."""
    statement = IMAGE.join(Product, Product.id == ProductImage.product_id)
    live = statement.where(ProductImage.id == image_id, Product.deleted_at.is_(None))
    row = connection.execute(live).one_or_none()
    return None if row is None else image_of(row)


def has_variant(connection: Connection, product_id: int, variant_id: int) -> bool:
    """Whether a product has a variant, which was not deleted."""
    mine = (Variant.id == variant_id, Variant.product_id == product_id, Variant.deleted_at.is_(None))
    return connection.scalar(select(Variant.id).where(*mine)) is not None


def insert_image(tx: Connection, values: Values) -> StoredImage:
    """Insert an image."""
    row = tx.execute(insert(ProductImage).values(values).returning(*IMAGE.selected_columns)).one()
    return image_of(row)


def update_image(tx: Connection, image_id: int, values: Values) -> StoredImage:
    """Change columns of an image, and count its version up."""
    statement = update(ProductImage).where(ProductImage.id == image_id)
    changed = statement.values(**values, version=ProductImage.version + 1)
    return image_of(tx.execute(changed.returning(*IMAGE.selected_columns)).one())


def order_images(tx: Connection, image_ids: Sequence[int]) -> None:
    """Put images into an order."""
    for position, image_id in enumerate(image_ids):
        tx.execute(update(ProductImage).where(ProductImage.id == image_id).values(position=position))


def delete_image(tx: Connection, image_id: int) -> None:
    """Delete an image; its files stay."""
    tx.execute(delete(ProductImage).where(ProductImage.id == image_id))


def show_on_variants(tx: Connection, product_id: int) -> None:
    """Have each variant of a product name the first image that shows it."""
    first = (
        select(ProductImage.file_key)
        .where(ProductImage.variant_id == Variant.id)
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .correlate(Variant)
        .scalar_subquery()
    )
    key = func.coalesce(first, "")
    tx.execute(
        update(Variant).where(Variant.product_id == product_id, Variant.image != key).values(image=key)
    )
