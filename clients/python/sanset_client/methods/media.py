"""Takes, shows and serves the images of products.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from google.api import httpbody_pb2
from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import media_pb2

from sanset_client.rpc import Metadata, Prepared, Items, Unary, Upload, prepare


def upload_image(
    *,
    product_id: int | None = None,
    file: httpbody_pb2.HttpBody | None = None,
    variant_id: int | None = None,
    alt: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Adds an image to a product, behind those that it has, and returns it.

    The first message says whose it is, and may begin the file; those that follow hold the rest of the file, in pieces of
    at most 1 MiB. Over HTTP the body is the file itself (not a form), what goes with it stands in the query, and it may
    take a minute. JPEG, PNG and WebP are taken, up to 10,485,760 bytes (MAX_FILE_SIZE), 40 million pixels and
    16,383 pixels to a side. What is kept is made anew of the picture, upright, in sRGB and without metadata, as WebP in
    four sizes. Anything else is INVALID_ARGUMENT (INVALID_IMAGE): what is damaged, cut off or animated, what only
    says that it is a picture, or is something else besides. A product that has the image already keeps it as it is, and
    that is returned. Returns NOT_FOUND (PRODUCT_NOT_FOUND) also for a variant that the product does not have,
    PERMISSION_DENIED (NOT_THE_OWNER) for another vendor's, FAILED_PRECONDITION (TOO_MANY) above 20 images,
    UNAVAILABLE (MEDIA_AWAY) while files cannot be stored.
    """
    return prepare(
        media_pb2.UploadImageRequest,
        timeout,
        metadata,
        product_id=product_id,
        file=file,
        variant_id=variant_id,
        alt=alt,
        request_id=request_id,
    )


def list_images(
    *,
    product_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the images of a product in their order: 20 at most. Returns NOT_FOUND (PRODUCT_NOT_FOUND)."""
    return prepare(
        media_pb2.ListImagesRequest,
        timeout,
        metadata,
        product_id=product_id,
        page_size=page_size,
        page_token=page_token,
    )


def get_image(
    *,
    image_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets an image. Returns NOT_FOUND (IMAGE_NOT_FOUND) also for one of a product that was deleted."""
    return prepare(
        media_pb2.GetImageRequest,
        timeout,
        metadata,
        image_id=image_id,
    )


def update_image(
    *,
    image: media_pb2.Image | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates what is said of an image, and returns it.

    Over HTTP PUT replaces it, PATCH changes what is sent, null clears. A stale etag is ABORTED (STALE_ETAG). Returns
    NOT_FOUND (IMAGE_NOT_FOUND; PRODUCT_NOT_FOUND for a variant that the product does not have), PERMISSION_DENIED
    (NOT_THE_OWNER).
    """
    return prepare(
        media_pb2.UpdateImageRequest,
        timeout,
        metadata,
        image=image,
        update_mask=update_mask,
        request_id=request_id,
    )


def reorder_images(
    *,
    product_id: int | None = None,
    image_ids: Iterable[int] | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Puts the images of a product into another order, and returns them. The first is the product's `image_url`.

    Images that are not named follow those that are, as they did. Returns NOT_FOUND (PRODUCT_NOT_FOUND;
    IMAGE_NOT_FOUND for one that is not the product's), PERMISSION_DENIED (NOT_THE_OWNER).
    """
    return prepare(
        media_pb2.ReorderImagesRequest,
        timeout,
        metadata,
        product_id=product_id,
        image_ids=image_ids,
        request_id=request_id,
    )


def delete_image(
    *,
    image_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes an image. Its files are served for another day. Returns NOT_FOUND (IMAGE_NOT_FOUND), PERMISSION_DENIED
    (NOT_THE_OWNER).
    """
    return prepare(
        media_pb2.DeleteImageRequest,
        timeout,
        metadata,
        image_id=image_id,
        etag=etag,
        request_id=request_id,
    )


def get_media_file(
    *,
    name: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a file of an image, as `Image.url` and the others name it. Returns NOT_FOUND (MEDIA_FILE_NOT_FOUND),
    UNAVAILABLE (MEDIA_AWAY) while files cannot be read.
    """
    return prepare(
        media_pb2.GetMediaFileRequest,
        timeout,
        metadata,
        name=name,
    )


class MediaMethods:
    """Takes, shows and serves the images of products."""

    upload_image = Upload("UploadImage", upload_image, media_pb2.Image)
    list_images = Unary("ListImages", list_images, media_pb2.ListImagesResponse)
    iter_images = Items("ListImages", list_images.request, media_pb2.Image)
    get_image = Unary("GetImage", get_image, media_pb2.Image)
    update_image = Unary("UpdateImage", update_image, media_pb2.Image)
    reorder_images = Unary("ReorderImages", reorder_images, media_pb2.ReorderImagesResponse)
    delete_image = Unary("DeleteImage", delete_image, empty_pb2.Empty)
    get_media_file = Unary("GetMediaFile", get_media_file, httpbody_pb2.HttpBody)
