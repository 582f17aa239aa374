"""Between the messages of images and plain values."""

from __future__ import annotations

from collections.abc import Iterable

from google.api.httpbody_pb2 import HttpBody
from sanset.v1 import media_pb2 as pb

from server.catalog.convert import image_to_wire
from server.catalog.images import StoredImage
from server.db.base import Values
from server.media.storage import CONTENT_TYPE
from server.rpc.updates import masked_values


def images_to_wire(images: Iterable[StoredImage]) -> list[pb.Image]:
    """Images in their order."""
    return [image_to_wire(image) for image in images]


def image_changes(request: pb.UpdateImageRequest) -> Values:
    """The columns that an update changes."""
    mask = request.update_mask
    return masked_values(request.image, mask, "image", variant_id=lambda image: image.variant_id or None)


def identified(request: pb.UploadImageRequest, digest: str) -> pb.UploadImageRequest:
    """The first message with the digest of the whole file as its piece: what a repeat must be equal to."""
    copy = pb.UploadImageRequest()
    copy.CopyFrom(request)
    copy.ClearField("file")
    copy.file.data = digest.encode()
    return copy


def file_to_wire(data: bytes) -> HttpBody:
    """A file of an image."""
    return HttpBody(content_type=CONTENT_TYPE, data=data)
