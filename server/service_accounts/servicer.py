"""ServiceAccountService: gRPC in and out."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import service_account_pb2 as pb
from sanset.v1 import service_account_pb2_grpc
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.crypto.vault import Vault
from server.db.base import AnyRow
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.service_accounts import queries, service
from server.service_accounts.convert import (
    account_changes,
    account_to_wire,
    key_to_wire,
    new_account_from_wire,
)


class ServiceAccountServicer(service_account_pb2_grpc.ServiceAccountServiceServicer):
    """The accounts of back ends. What an RPC promises is in the proto."""

    def __init__(self, db: Database, pages: Pages, clock: Clock, vault: Vault) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock
        self._vault = vault

    def ListServiceAccounts(
        self, request: pb.ListServiceAccountsRequest, call: Call
    ) -> pb.ListServiceAccountsResponse:
        """A query for the page and a row more, and one for the keys."""
        size, scope = self._pages.size(request.page_size), ("ListServiceAccounts",)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.account_page(connection, after[0] if after else 0, size + 1)
            keys = queries.keys_of(connection, [row.id for row in rows])
        items, token = self._pages.page(
            rows, size, lambda row: account_to_wire(row, keys), lambda row: [row.id], *scope
        )
        return pb.ListServiceAccountsResponse(items=items, next_page_token=token)

    @once(pb.ServiceAccount)
    def CreateServiceAccount(
        self, tx: Connection, request: pb.CreateServiceAccountRequest, call: Call, now: datetime
    ) -> pb.ServiceAccount:
        """Store a new service account."""
        values = new_account_from_wire(request.service_account)
        return account_to_wire(service.create(tx, call.identity, values, Actor.of(call), now), ())

    def GetServiceAccount(self, request: pb.GetServiceAccountRequest, call: Call) -> pb.ServiceAccount:
        """A query for the account, and one for its keys."""
        with self._db.read() as connection:
            return _whole(connection, service.get(connection, request.service_account_id))

    @once(pb.ServiceAccount)
    def UpdateServiceAccount(
        self, tx: Connection, request: pb.UpdateServiceAccountRequest, call: Call, now: datetime
    ) -> pb.ServiceAccount:
        """Change what the mask names."""
        sent, changes = request.service_account, account_changes(request)
        row = service.change(tx, call.identity, sent.id, changes, sent.etag, actor=Actor.of(call), now=now)
        return _whole(tx, row)

    @once(pb.ApiKey, sealed="key")
    def AddApiKey(self, tx: Connection, request: pb.AddApiKeyRequest, call: Call, now: datetime) -> pb.ApiKey:
        """Make another key."""
        return key_to_wire(
            *service.add_key(tx, call.identity, request.service_account_id, Actor.of(call), now)
        )

    @once(Empty)
    def RevokeApiKey(
        self, tx: Connection, request: pb.RevokeApiKeyRequest, call: Call, now: datetime
    ) -> Empty:
        """Take a key away."""
        account_id, key_id = request.service_account_id, request.api_key_id
        service.revoke_key(tx, call.identity, account_id, key_id, actor=Actor.of(call), now=now)
        return Empty()


def _whole(connection: Connection, row: AnyRow) -> pb.ServiceAccount:
    """A service account with its keys."""
    return account_to_wire(row, queries.keys_of(connection, [row.id]))
