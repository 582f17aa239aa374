"""The rules of images: a product shows the first of its images, and every image has its files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Engine, select

from server.catalog.image_files import file_names
from server.catalog.models import ProductImage
from server.db.reading import reading
from server.media.storage import FileStore, StoreAway
from server.verify.rule import Rule

MAX_LOOKED_AT: Final = 1000
"""The images whose files are looked for, the newest first: a store may take a while for each."""
FILES: Final = "image-files"

IMAGES: Final = (
    Rule(
        "image-first",
        "product {product_id}: shows the files {image!r}, but its first image has {first!r}",
        """
        SELECT products.id AS product_id, products.image, COALESCE((
            SELECT file_key FROM product_images WHERE product_id = products.id
            ORDER BY position, id LIMIT 1
        ), '') AS first
        FROM products
        WHERE products.image <> COALESCE((
            SELECT file_key FROM product_images WHERE product_id = products.id
            ORDER BY position, id LIMIT 1
        ), '')
        ORDER BY products.id
        """,
    ),
    Rule(
        "image-doomed",
        "image {image_id}: its files {file_key} are to be deleted",
        """
        SELECT product_images.id AS image_id, product_images.file_key
        FROM product_images JOIN media_files ON media_files.key = product_images.file_key
        WHERE media_files.doomed_at IS NOT NULL
        ORDER BY product_images.id
        """,
    ),
    Rule(
        "image-variant",
        "image {image_id}: shows variant {variant_id}, which is none of product {product_id}",
        """
        SELECT product_images.id AS image_id, product_images.variant_id, product_images.product_id
        FROM product_images JOIN variants ON variants.id = product_images.variant_id
        WHERE variants.product_id <> product_images.product_id
        ORDER BY product_images.id
        """,
    ),
)


def missing_files(engine: Engine, store: FileStore) -> Iterator[str]:
    """Say of each of the newest images which of its files are missing."""
    newest = select(ProductImage.id, ProductImage.file_key).order_by(ProductImage.id.desc())
    with reading(engine).connect() as connection:
        images = connection.execute(newest.limit(MAX_LOOKED_AT)).all()
    try:
        for image_id, key in images:
            missing = [name for name in file_names(key) if not store.has(name)]
            if missing:
                yield f"image {image_id}: its files {', '.join(missing)} are missing"
    except StoreAway as error:
        yield f"the files of images cannot be looked at: {error}"
