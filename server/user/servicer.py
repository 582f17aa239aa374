"""UserService: gRPC in and out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from sanset.v1 import payment_method_pb2 as methods
from sanset.v1 import user_pb2 as pb
from sanset.v1 import user_pb2_grpc
from sqlalchemy import Connection

from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.user import addresses, convert, payment_method_queries, payment_methods, service

ExportMyData = Callable[[pb.ExportMyDataRequest, Call], AsyncGenerator[HttpBody]]
"""Streams what is stored of the caller: exports read tables that are not the users'."""
DeleteMyAccount = Callable[[pb.DeleteMyAccountRequest, Call], Awaitable[Empty]]
"""Deletes the caller's account, of which all rooms know something."""


class UserServicer(user_pb2_grpc.UserServiceServicer):
    """The caller's profile, addresses and payment methods. What an RPC promises is in the proto."""

    def __init__(
        self,
        db: Database,
        pages: Pages,
        clock: Clock,
        export_my_data: ExportMyData,
        delete_my_account: DeleteMyAccount,
    ) -> None:
        self._db = db
        self._export_my_data = export_my_data
        self._delete_my_account = delete_my_account
        self._pages = pages
        self._clock = clock

    def GetMe(self, request: pb.GetMeRequest, call: Call) -> pb.User:
        """One query."""
        with self._db.read() as connection:
            return convert.user_to_wire(service.get_me(connection, call.identity.user_id), call.identity.role)

    def ExportMyData(self, request: pb.ExportMyDataRequest, call: Call) -> AsyncGenerator[HttpBody]:
        """Stream the file."""
        return self._export_my_data(request, call)

    async def DeleteMyAccount(self, request: pb.DeleteMyAccountRequest, call: Call) -> Empty:
        """Close the account; the rest is erased by a job."""
        return await self._delete_my_account(request, call)

    @once(pb.User)
    def UpdateMe(self, tx: Connection, request: pb.UpdateMeRequest, call: Call, now: datetime) -> pb.User:
        """Change what the mask names."""
        changes = convert.profile_changes(request)
        row = service.update_me(tx, call.identity.user_id, changes, request.user.etag, now)
        return convert.user_to_wire(row, call.identity.role)

    def ListAddresses(self, request: pb.ListAddressesRequest, call: Call) -> pb.ListAddressesResponse:
        """One query for the page and a row more, which tells whether another follows."""
        user_id = call.identity.user_id
        scope = ("ListAddresses", user_id)
        keys = self._pages.open(request.page_token, *scope)
        size = self._pages.size(request.page_size)
        after = (bool(keys[0]), int(keys[1])) if keys else None
        with self._db.read() as connection:
            rows = addresses.list_addresses(connection, user_id, after=after, limit=size + 1)
        items, token = self._pages.page(
            rows, size, convert.address_to_wire, lambda row: [row.is_default, row.id], *scope
        )
        return pb.ListAddressesResponse(items=items, next_page_token=token)

    def GetAddress(self, request: pb.GetAddressRequest, call: Call) -> pb.Address:
        """One query."""
        with self._db.read() as connection:
            row = addresses.get_address(connection, call.identity.user_id, request.address_id)
        return convert.address_to_wire(row)

    @once(pb.Address)
    def CreateAddress(
        self, tx: Connection, request: pb.CreateAddressRequest, call: Call, now: datetime
    ) -> pb.Address:
        """Store a new address."""
        values = convert.address_values(request.address)
        return convert.address_to_wire(addresses.create_address(tx, call.identity.user_id, values, now))

    @once(pb.Address)
    def UpdateAddress(
        self, tx: Connection, request: pb.UpdateAddressRequest, call: Call, now: datetime
    ) -> pb.Address:
        """Change what the mask names."""
        changes = convert.address_changes(request)
        row = addresses.update_address(
            tx, call.identity.user_id, request.address.id, changes, request.address.etag
        )
        return convert.address_to_wire(row)

    @once(Empty)
    def DeleteAddress(
        self, tx: Connection, request: pb.DeleteAddressRequest, call: Call, now: datetime
    ) -> Empty:
        """Delete one of the caller's addresses."""
        addresses.delete_address(tx, call.identity.user_id, request.address_id, request.etag)
        return Empty()

    def ListPaymentMethods(
        self, request: methods.ListPaymentMethodsRequest, call: Call
    ) -> methods.ListPaymentMethodsResponse:
        """One query for the page and a row more, which tells whether another follows."""
        user_id = call.identity.user_id
        scope = ("ListPaymentMethods", user_id)
        after = self._pages.open(request.page_token, *scope)
        size = self._pages.size(request.page_size)
        with self._db.read() as connection:
            rows = payment_method_queries.payment_method_page(connection, user_id, after, size + 1)
        items, token = self._pages.page(
            rows, size, convert.payment_method_to_wire, lambda row: [row.is_default, row.id], *scope
        )
        return methods.ListPaymentMethodsResponse(items=items, next_page_token=token)

    def GetPaymentMethod(self, request: methods.GetPaymentMethodRequest, call: Call) -> methods.PaymentMethod:
        """One query."""
        user_id = call.identity.user_id
        with self._db.read() as connection:
            row = payment_methods.get_payment_method(connection, user_id, request.payment_method_id)
        return convert.payment_method_to_wire(row)

    @once(methods.PaymentMethod)
    def UpdatePaymentMethod(
        self, tx: Connection, request: methods.UpdatePaymentMethodRequest, call: Call, now: datetime
    ) -> methods.PaymentMethod:
        """Change what the mask names."""
        sent, changes = request.payment_method, convert.payment_method_changes(request)
        row = payment_methods.update_payment_method(tx, call.identity.user_id, sent.id, changes, sent.etag)
        return convert.payment_method_to_wire(row)

    @once(methods.PaymentMethod)
    def CreatePaymentMethod(
        self, tx: Connection, request: methods.CreatePaymentMethodRequest, call: Call, now: datetime
    ) -> methods.PaymentMethod:
        """Save a new payment method."""
        method = convert.payment_method_from_wire(request.payment_method)
        row = payment_methods.create_payment_method(tx, call.identity.user_id, method, now)
        return convert.payment_method_to_wire(row)

    @once(Empty)
    def DeletePaymentMethod(
        self, tx: Connection, request: methods.DeletePaymentMethodRequest, call: Call, now: datetime
    ) -> Empty:
        """Delete one of the caller's payment methods."""
        payment_methods.delete_payment_method(
            tx, call.identity.user_id, request.payment_method_id, request.etag
        )
        return Empty()
