"""Between the imports' protobuf messages and plain values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from google.protobuf.message import Message
from sanset.v1 import import_pb2 as pb

from server.db.base import AnyRow
from server.imports.products.file import FileKind
from server.imports.products.records import Encoding
from server.imports.uploads import FileIntake, UploadedFile
from server.imports.watching import ImportEnd, ImportHeartbeat, ImportReconnect, ShownImport, WatchMessage
from server.rpc.uploads import piece_of
from server.rpc.wire import time_to_wire
from server.text.languages import said

_KINDS = {
    pb.ImportProductsRequest.FORMAT_UNSPECIFIED: None,
    pb.ImportProductsRequest.CSV: FileKind.CSV,
    pb.ImportProductsRequest.JSONL: FileKind.JSONL,
}
_ENCODINGS = {
    pb.ImportProductsRequest.ENCODING_UNSPECIFIED: Encoding.UTF_8,
    pb.ImportProductsRequest.UTF_8: Encoding.UTF_8,
    pb.ImportProductsRequest.WINDOWS_1252: Encoding.WINDOWS_1252,
}


async def taken_from_wire(
    intake: FileIntake, request: pb.ImportProductsRequest, others: AsyncIterator[Message]
) -> UploadedFile:
    """The file that a request begins, and the messages behind it go on with."""

    async def pieces() -> AsyncIterator[bytes]:
        yield request.file.data
        async for message in others:
            yield piece_of(message)

    kind, encoding = _KINDS[request.format], _ENCODINGS[request.encoding]
    return await intake.take(pieces(), kind, encoding, size_bytes=request.size_bytes)


def import_to_wire(row: AnyRow, problems: Iterable[AnyRow] = ()) -> pb.ProductImport:
    """An import as it stands."""
    return pb.ProductImport(
        id=row.id,
        state=pb.ProductImport.State.Value(row.state),
        dry_run=row.dry_run,
        progress_percent=_percent(row),
        size_bytes=row.size_bytes,
        line=row.line,
        row_count=row.rows,
        created_count=row.created,
        updated_count=row.updated,
        unchanged_count=row.unchanged,
        refused_count=row.refused,
        problems=map(problem_to_wire, problems),
        message=row.message,
        create_time=time_to_wire(row.created_at),
        end_time=time_to_wire(row.ended_at),
    )


def shown_to_wire(shown: ShownImport) -> pb.ProductImport:
    """An import with the first of its problems."""
    return import_to_wire(shown.row, shown.problems)


def problem_to_wire(row: AnyRow) -> pb.ProductImport.Problem:
    """What is wrong with a row."""
    return pb.ProductImport.Problem(line=row.line, column=row.column_name, reason=row.reason, sku=row.sku)


def watched_to_wire(message: WatchMessage, now: datetime) -> pb.WatchImportResponse:
    """One message of the stream that watches an import."""
    response = pb.WatchImportResponse
    match message:
        case ShownImport():
            return response(product_import=shown_to_wire(message))
        case ImportHeartbeat():
            return response(heartbeat=response.Heartbeat(time=time_to_wire(now)))
        case ImportReconnect():
            reason = said(message.message)
            return response(reconnect=response.Reconnect(import_id=message.import_id, message=reason))
        case ImportEnd():
            return response(end=response.End(state=pb.ProductImport.State.Value(message.state)))


def _percent(row: AnyRow) -> int:
    if row.state == "SUCCEEDED" or not row.size_bytes:
        return 100
    return min(99, int(row.read_bytes) * 100 // int(row.size_bytes))
