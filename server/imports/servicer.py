"""ImportService: gRPC in and out."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

from sanset.v1 import import_pb2 as pb
from sanset.v1 import import_pb2_grpc
from sqlalchemy.exc import IntegrityError

from server.clock import Clock
from server.db.base import AnyRow
from server.db.database import Database
from server.db.work import Work
from server.identity import Permission
from server.imports import convert, queries, service
from server.imports.service import ImportOrder
from server.imports.uploads import UploadedFile, Uploads
from server.imports.watching import ImportWatch, shown
from server.paging import Pages
from server.rpc.access import must_have
from server.rpc.call import Call


class ImportServicer(import_pb2_grpc.ImportServiceServicer):
    """Files of products. What an RPC promises is in the proto."""

    def __init__(
        self, db: Database, work: Work, pages: Pages, clock: Clock, *, uploads: Uploads, watch: ImportWatch
    ) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._uploads = uploads
        self._watch = watch

    async def ImportProducts(self, request: pb.ImportProductsRequest, call: Call) -> pb.ProductImport:
        if request.create_categories:
            must_have(call.identity, Permission.MANAGE_CATEGORIES)
        async with self._uploads.slot() as intake:
            file = await convert.taken_from_wire(intake, request, call.pieces)
            row = await self._work.run(self._create, request, call, file, deadline=call.deadline)
        return convert.import_to_wire(row)

    async def WatchImport(
        self, request: pb.WatchImportRequest, call: Call
    ) -> AsyncGenerator[pb.WatchImportResponse]:
        async with aclosing(self._watch.watch(call.identity, request.import_id)) as messages:
            async for message in messages:
                yield convert.watched_to_wire(message, self._clock())

    def _create(self, request: pb.ImportProductsRequest, call: Call, upload: UploadedFile) -> AnyRow:
        order = ImportOrder(
            form=upload.form,
            dry_run=request.dry_run,
            create_categories=request.create_categories,
            request_id=request.request_id.lower(),
            digest=_digest(request, upload),
            size_bytes=upload.size_bytes,
        )
        try:
            with self._db.transaction() as tx:
                return service.create(tx, call.identity, order, upload.pieces(), self._clock())
        except IntegrityError:
            with self._db.read() as connection:  # a repeat at the same moment was first
                row = service.existing(connection, call.identity, order)
            if row is None:
                raise
            return row

    def GetImport(self, request: pb.GetImportRequest, call: Call) -> pb.ProductImport:
        with self._db.read() as connection:
            return convert.shown_to_wire(shown(connection, call.identity, request.import_id))

    def ListImports(self, request: pb.ListImportsRequest, call: Call) -> pb.ListImportsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListImports", call.identity.user_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            owner = service.owner_of(call.identity)
            rows = queries.page(connection, owner, after[0] if after else None, size + 1)
        items, token = self._pages.page(rows, size, convert.import_to_wire, lambda row: [row.id], *scope)
        return pb.ListImportsResponse(items=items, next_page_token=token)

    def ListImportProblems(
        self, request: pb.ListImportProblemsRequest, call: Call
    ) -> pb.ListImportProblemsResponse:
        size = self._pages.size(request.page_size)
        scope = ("ListImportProblems", call.identity.user_id, request.import_id)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            row = service.read(connection, call.identity, request.import_id)
            rows = queries.problems(connection, row.id, after[0] if after else 0, size + 1)
        items, token = self._pages.page(
            rows, size, convert.problem_to_wire, lambda problem: [problem.number], *scope
        )
        return pb.ListImportProblemsResponse(items=items, next_page_token=token)

    def CancelImport(self, request: pb.CancelImportRequest, call: Call) -> pb.ProductImport:
        with self._db.transaction() as tx:
            service.cancel(tx, call.identity, request.import_id, self._clock())
            return convert.shown_to_wire(shown(tx, call.identity, request.import_id))


def _digest(request: pb.ImportProductsRequest, upload: UploadedFile) -> str:
    """What tells this request from others: the file, and all that was asked with it."""
    options = (request.format, request.encoding, request.dry_run, request.create_categories)
    return hashlib.sha256(f"{upload.digest} {options}".encode()).hexdigest()
