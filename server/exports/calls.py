"""The export RPCs: which rows a caller gets, and how a file travels in messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody
from sanset.v1 import order_service_pb2, product_pb2, user_admin_pb2, user_pb2

from server.clock import Clock
from server.errors import FieldReason, InvalidField
from server.exports.file import Exports, Format
from server.exports.my_data import CONTENT_TYPE, MyData
from server.exports.orders import orders
from server.exports.products import products
from server.exports.source import ExportSource
from server.exports.users import users
from server.identity import Permission
from server.rpc.call import Call
from server.rpc.wire import time_from_wire


class ExportCalls:
    """Answers the export RPCs."""

    def __init__(self, exports: Exports, clock: Clock, languages: Sequence[str], *, my_data: MyData) -> None:
        """`languages` are those into which products are translated."""
        self._languages = languages
        self._exports = exports
        self._my_data = my_data
        self._clock = clock

    def orders(self, request: order_service_pb2.ExportOrdersRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """The orders of a time, of everybody."""
        start = time_from_wire(request, "start_time")
        end = time_from_wire(request, "end_time") or self._clock()
        if start is not None and start > end:
            raise InvalidField(("start_time", "must not be after end_time", FieldReason.CONFLICT))
        form = Format.XLSX if request.format == order_service_pb2.ExportOrdersRequest.XLSX else Format.CSV
        return self._send(orders(start, end), form, call)

    def users(self, request: user_admin_pb2.ExportUsersRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """All accounts."""
        form = Format.XLSX if request.format == user_admin_pb2.ExportUsersRequest.XLSX else Format.CSV
        return self._send(users(), form, call)

    def products(self, request: product_pb2.ExportProductsRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """The products: a vendor gets their own, others all."""
        caller = call.identity
        vendor_id = None if caller.may_for_all(Permission.MANAGE_PRODUCTS) else caller.user_id
        form = Format.XLSX if request.format == product_pb2.ExportProductsRequest.XLSX else Format.CSV
        return self._send(products(vendor_id, self._clock(), self._languages), form, call)

    async def my_data(self, request: user_pb2.ExportMyDataRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """All that is stored of the caller."""
        content_type = _name_file(call, f"my-data-{self._clock():%Y-%m-%d}.jsonl", CONTENT_TYPE)
        async with aclosing(self._my_data.pieces(call.identity.user_id)) as pieces:
            async for piece in pieces:
                yield HttpBody(content_type=content_type, data=piece)
                content_type = ""

    def send(self, source: ExportSource, call: Call, *, as_workbook: bool) -> AsyncGenerator[HttpBody]:
        """What a room above exports by itself."""
        return self._send(source, Format.XLSX if as_workbook else Format.CSV, call)

    async def _send(self, source: ExportSource, form: Format, call: Call) -> AsyncGenerator[HttpBody]:
        name = f"{source.title.lower()}-{self._clock():%Y-%m-%d}.{form}"
        content_type = _name_file(call, name, form.content_type)  # the first message speaks for all
        async with aclosing(self._exports.pieces(source, form)) as pieces:
            async for piece in pieces:
                yield HttpBody(content_type=content_type, data=piece)
                content_type = ""


def _name_file(call: Call, name: str, content_type: str) -> str:
    """Send the name of a file ahead of it; returns its content type."""
    call.reply_headers.append(("content-disposition", f'attachment; filename="{name}"'))
    return content_type
