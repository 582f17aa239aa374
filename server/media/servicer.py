"""MediaService: gRPC in and out."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from sanset.v1 import media_pb2 as pb
from sanset.v1 import media_pb2_grpc
from sqlalchemy import Connection

from server.catalog.convert import image_to_wire
from server.catalog.errors import ProductNotFound
from server.catalog.product_cache import ProductCache
from server.clock import Clock
from server.db.database import Database
from server.db.record import unrecorded
from server.db.work import Work
from server.errors import Refusal
from server.media import convert, queries, service
from server.media.errors import MediaFileNotFound
from server.media.intake import Intake
from server.media.library import Library
from server.media.pictures import Picture
from server.media.service import NewImage
from server.paging import Pages
from server.repeats.short_call import earlier_reply, once
from server.rpc.call import Call
from server.rpc.uploads import piece_of


class MediaServicer(media_pb2_grpc.MediaServiceServicer):
    """Translates calls about images. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        clock: Clock,
        *,
        cache: ProductCache,
        intake: Intake,
        library: Library,
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._cache = cache
        self._intake = intake
        self._library = library

    async def UploadImage(self, request: pb.UploadImageRequest, call: Call) -> pb.Image:
        if not request.request_id:  # a repeat gets the first reply, whatever has become of the product
            await self._check_room(request, call)
        with self._intake.upload(call.identity.user_id) as upload:
            upload.add(request.file.data)
            async for piece in call.pieces:
                upload.add(piece_of(piece))
            identified = convert.identified(request, upload.digest)
            first_reply = await self._first_reply(identified, call)
            if first_reply is not None:
                return first_reply
            picture = await self._library.decode(upload.data)
        key = await self._store(picture, upload.digest, call)
        new = NewImage(
            product_id=request.product_id,
            variant_id=request.variant_id or None,
            alt=request.alt,
            file_key=key,
            width=picture.width,
            height=picture.height,
        )
        return await self._work.run(self._add_image, identified, call, new, deadline=call.deadline)

    async def _first_reply(self, request: pb.UploadImageRequest, call: Call) -> pb.Image | None:
        """What a repeat gets; None for the first call, of which nothing is stored where it is refused anyway."""
        earlier = (self, request, call, pb.Image)
        first_reply = await self._work.run(earlier_reply, *earlier, deadline=call.deadline)
        if first_reply is not None or not request.request_id:
            return first_reply
        try:
            await self._check_room(request, call)
        except Refusal:  # which a first call that ended meanwhile may have caused
            first_reply = await self._work.run(earlier_reply, *earlier, deadline=call.deadline)
            if first_reply is None:
                raise
        return first_reply

    async def _check_room(self, request: pb.UploadImageRequest, call: Call) -> None:
        """Refuse what cannot be added before it is worked on. Raises as `service.check_room`."""
        target = (call.identity, request.product_id, request.variant_id or None)
        with unrecorded():
            await self._work.write(service.check_room, *target, deadline=call.deadline)

    async def _store(self, picture: Picture, digest: str, call: Call) -> str:
        """Store the files of a picture, and return their key."""
        claim = (digest, secrets.token_hex(16), self._clock())
        with unrecorded():
            key = await self._work.write(queries.claim_file, *claim, deadline=call.deadline)
        await self._library.write(key, picture)
        return key

    @once(pb.Image)
    def _add_image(
        self, tx: Connection, request: pb.UploadImageRequest, call: Call, now: datetime, new: NewImage
    ) -> pb.Image:
        return image_to_wire(service.add_image(tx, call.identity, new, now))

    async def ListImages(self, request: pb.ListImagesRequest, call: Call) -> pb.ListImagesResponse:
        scope = ("ListImages", request.product_id)
        size = self._pages.size(request.page_size)
        after: list[Any] | None = self._pages.open(request.page_token, *scope)
        product = await self._cache.product(request.product_id)
        if product is None:
            raise ProductNotFound(product_id=request.product_id)
        rows = list(enumerate(product.full.images))[after[0] + 1 if after else 0 :][: size + 1]
        items, token = self._pages.page(rows, size, lambda row: row[1], lambda row: [row[0]], *scope)
        return pb.ListImagesResponse(items=items, next_page_token=token)

    def GetImage(self, request: pb.GetImageRequest, call: Call) -> pb.Image:
        with self._db.read() as connection:
            return image_to_wire(service.get_image(connection, request.image_id))

    @once(pb.Image)
    def UpdateImage(
        self, tx: Connection, request: pb.UpdateImageRequest, call: Call, now: datetime
    ) -> pb.Image:
        sent, changes = request.image, convert.image_changes(request)
        return image_to_wire(service.update_image(tx, call.identity, sent.id, sent.etag, changes, now))

    @once(pb.ReorderImagesResponse)
    def ReorderImages(
        self, tx: Connection, request: pb.ReorderImagesRequest, call: Call, now: datetime
    ) -> pb.ReorderImagesResponse:
        images = service.reorder_images(tx, call.identity, request.product_id, request.image_ids, now)
        return pb.ReorderImagesResponse(items=convert.images_to_wire(images))

    @once(Empty)
    def DeleteImage(self, tx: Connection, request: pb.DeleteImageRequest, call: Call, now: datetime) -> Empty:
        service.delete_image(tx, call.identity, request.image_id, request.etag, now)
        return Empty()

    async def GetMediaFile(self, request: pb.GetMediaFileRequest, call: Call) -> HttpBody:
        data = await self._library.read(request.name)
        if data is None:
            raise MediaFileNotFound(name=request.name)
        return convert.file_to_wire(data)
