"""Takes files of products.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from google.api import httpbody_pb2
from sanset.v1 import import_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Stream, Unary, Upload, prepare

ImportProductsRequestEncodingName = Literal["ENCODING_UNSPECIFIED", "UTF_8", "WINDOWS_1252"]
ImportProductsRequestFormatName = Literal["FORMAT_UNSPECIFIED", "CSV", "JSONL"]


def import_products(
    *,
    file: httpbody_pb2.HttpBody | None = None,
    format: import_pb2.ImportProductsRequest.Format.ValueType | ImportProductsRequestFormatName | None = None,
    encoding: import_pb2.ImportProductsRequest.Encoding.ValueType | ImportProductsRequestEncodingName | None = None,
    dry_run: bool | None = None,
    create_categories: bool | None = None,
    request_id: str | None = None,
    size_bytes: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Takes a file of products, CSV or JSON lines, and returns the import that will read it: it is QUEUED, and goes on
    whatever becomes of its caller or of the server. WatchImport streams how far it is.

    The products are those of the rows' `sku`: what there is is changed where the file has a column for it, what there
    is not is created. A row that cannot be taken is refused by itself, with its line, column and reason, and the others
    are written. Vendors import products of their own; another's is refused. docs/importing.md has the columns.

    The first message has the rest of the request, and may begin the file; those that follow hold the rest of the file,
    in pieces of at most 1 MiB. Over HTTP the body is the file itself (not a form), what goes with it stands in the
    query, and it may take a minute. A call that is cut has begun nothing. With a `request_id` a repeat with the same
    file is the same import.

    Returns INVALID_ARGUMENT for what is no such file, or has a heading with other columns (INVALID_FILE), or is too
    large (FILE_TOO_LARGE); FAILED_PRECONDITION (TOO_MANY) with ten imports that have not ended, PERMISSION_DENIED
    (PERMISSION_MISSING) when a vendor sets `create_categories`.
    """
    return prepare(
        import_pb2.ImportProductsRequest,
        timeout,
        metadata,
        file=file,
        format=format,
        encoding=encoding,
        dry_run=dry_run,
        create_categories=create_categories,
        request_id=request_id,
        size_bytes=size_bytes,
    )


def watch_import(
    *,
    import_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Streams how far an import is until it has ended: how it stands, then each change.

    A heartbeat comes at least every 30 seconds. `reconnect` asks to call again; `end` says that the import has ended,
    as the last `product_import` told, and is the last message. A stream that stops without `end` was cut: call again.
    Over HTTP: JSON lines or server-sent events. A stream ends with UNAUTHENTICATED (TOKEN_INVALID) when its sign-in
    does, over HTTP with `error` as its last message. Returns NOT_FOUND (IMPORT_NOT_FOUND), also for another vendor's.
    """
    return prepare(
        import_pb2.WatchImportRequest,
        timeout,
        metadata,
        import_id=import_id,
    )


def get_import(
    *,
    import_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets an import as it stands. Returns NOT_FOUND (IMPORT_NOT_FOUND), also for another vendor's."""
    return prepare(
        import_pb2.GetImportRequest,
        timeout,
        metadata,
        import_id=import_id,
    )


def list_imports(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the imports, the newest first; vendors get their own. They are kept for 30 days."""
    return prepare(
        import_pb2.ListImportsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def list_import_problems(
    *,
    import_id: int | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists what is wrong with the rows that an import refused, in the order of the file.

    The first 10,000 are kept. Returns NOT_FOUND (IMPORT_NOT_FOUND), also for another vendor's.
    """
    return prepare(
        import_pb2.ListImportProblemsRequest,
        timeout,
        metadata,
        import_id=import_id,
        page_size=page_size,
        page_token=page_token,
    )


def cancel_import(
    *,
    import_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Ends an import before its end, and returns it. What is written stays.

    One that has ended is returned as it is. Returns NOT_FOUND (IMPORT_NOT_FOUND), also for another vendor's.
    """
    return prepare(
        import_pb2.CancelImportRequest,
        timeout,
        metadata,
        import_id=import_id,
    )


class ImportMethods:
    """Takes files of products."""

    import_products = Upload("ImportProducts", import_products, import_pb2.ProductImport)
    watch_import = Stream("WatchImport", watch_import, import_pb2.WatchImportResponse)
    get_import = Unary("GetImport", get_import, import_pb2.ProductImport)
    list_imports = Unary("ListImports", list_imports, import_pb2.ListImportsResponse)
    iter_imports = Items("ListImports", list_imports.request, import_pb2.ProductImport)
    list_import_problems = Unary("ListImportProblems", list_import_problems, import_pb2.ListImportProblemsResponse)
    iter_import_problems = Items("ListImportProblems", list_import_problems.request, import_pb2.ProductImport.Problem)
    cancel_import = Unary("CancelImport", cancel_import, import_pb2.ProductImport)
