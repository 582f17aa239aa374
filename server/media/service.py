"""The rules of images: adding, changing, sorting and deleting them, and what a product shows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from server.catalog import queries as catalog
from server.catalog.errors import not_found
from server.catalog.images import StoredImage
from server.catalog.service import check_owner
from server.db.base import Values
from server.db.rows import changed_columns
from server.errors import TooMany
from server.etags import check_etag
from server.events.log import publish
from server.events.topics import ProductChanged
from server.identity import Identity
from server.media import queries
from server.media.errors import ImageNotFound

MAX_IMAGES: Final = 20
"""Of a product."""


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image to add: whose it is, what is said of it, and its files, which are stored."""

    product_id: int
    variant_id: int | None
    alt: str
    file_key: str
    width: int
    height: int


def check_room(tx: Connection, caller: Identity, product_id: int, variant_id: int | None) -> None:
    """Refuse what cannot be added, before anything is sent.

    Raises ProductNotFound, NotTheOwner, ProductVariantNotFound and TooMany.
    """
    check_owner(tx, caller, product_id)
    _check_variant(tx, product_id, variant_id)
    _check_count(queries.images_of_product(tx, product_id))


def add_image(tx: Connection, caller: Identity, new: NewImage, now: datetime) -> StoredImage:
    """Add an image behind the others of a product, and return it; one that the product has stays as it is.

    Raises as `check_room`.
    """
    check_owner(tx, caller, new.product_id)
    images = queries.images_of_product(tx, new.product_id)
    for image in images:
        if image.file_key == new.file_key:
            return image
    _check_variant(tx, new.product_id, new.variant_id)
    _check_count(images)
    position = images[-1].position + 1 if images else 0
    added = queries.insert_image(
        tx,
        {
            "product_id": new.product_id,
            "variant_id": new.variant_id,
            "file_key": new.file_key,
            "position": position,
            "alt": new.alt,
            "width": new.width,
            "height": new.height,
            "created_at": now,
        },
    )
    _show(tx, new.product_id, [*images, added], now)
    return added


def get_image(connection: Connection, image_id: int) -> StoredImage:
    """Return an image. Raises ImageNotFound."""
    image = queries.image(connection, image_id)
    if image is None:
        raise ImageNotFound(image_id=image_id)
    return image


def update_image(
    tx: Connection, caller: Identity, image_id: int, etag: str, values: Values, now: datetime
) -> StoredImage:
    """Change what is said of an image. Raises ImageNotFound, NotTheOwner, StaleEtag and ProductVariantNotFound."""
    image = _own(tx, caller, image_id, etag)
    if "variant_id" in values:
        _check_variant(tx, image.product_id, values["variant_id"])
    changes = changed_columns(image, values)
    if not changes:
        return image
    changed = queries.update_image(tx, image_id, changes)
    _show(tx, image.product_id, queries.images_of_product(tx, image.product_id), now)
    return changed


def reorder_images(
    tx: Connection, caller: Identity, product_id: int, image_ids: Sequence[int], now: datetime
) -> list[StoredImage]:
    """Put images of a product first, in an order, and return all of them.

    Raises ProductNotFound, NotTheOwner and ImageNotFound.
    """
    check_owner(tx, caller, product_id)
    images = queries.images_of_product(tx, product_id)
    by_id = {image.id: image for image in images}
    for image_id in image_ids:
        if image_id not in by_id:
            raise ImageNotFound(image_id=image_id)
    first = [by_id[image_id] for image_id in image_ids]
    ordered = [*first, *(image for image in images if image.id not in image_ids)]
    if ordered == images:
        return images
    queries.order_images(tx, [image.id for image in ordered])
    ordered = [replace(image, position=position) for position, image in enumerate(ordered)]
    _show(tx, product_id, ordered, now)
    return ordered


def delete_image(tx: Connection, caller: Identity, image_id: int, etag: str, now: datetime) -> None:
    """Delete an image; its files are kept a while, for pages that show them. Raises as `update_image`."""
    image = _own(tx, caller, image_id, etag)
    queries.delete_image(tx, image_id)
    queries.keep_file(tx, image.file_key, now)
    _show(tx, image.product_id, queries.images_of_product(tx, image.product_id), now)


def _own(tx: Connection, caller: Identity, image_id: int, etag: str) -> StoredImage:
    """An image that the caller may change, whose product is locked."""
    product_id = get_image(tx, image_id).product_id
    check_owner(tx, caller, product_id)
    image = get_image(tx, image_id)  # as it is under the lock
    check_etag(etag, image.etag, "image")
    return image


def _check_variant(tx: Connection, product_id: int, variant_id: int | None) -> None:
    if variant_id is not None and not queries.has_variant(tx, product_id, variant_id):
        raise not_found(product_id, variant_id)


def _check_count(images: Sequence[StoredImage]) -> None:
    if len(images) >= MAX_IMAGES:
        raise TooMany(limit=MAX_IMAGES, resources="images of a product")


def _show(tx: Connection, product_id: int, images: Sequence[StoredImage], now: datetime) -> None:
    """Have the product, which is locked, show the images that it has now."""
    catalog.update_product(tx, product_id, {"image": images[0].file_key if images else ""}, now)
    queries.show_on_variants(tx, product_id)
    publish(tx, ProductChanged(product_id, ()))
