"""The calls of SearchService about synonyms."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import search_admin_pb2 as pb
from sqlalchemy import Connection

from server.audit.log import Actor
from server.clock import Clock
from server.db.database import Database
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call
from server.search.synonyms import queries, service
from server.search.synonyms.convert import changes_from_wire, synonym_to_wire


class SynonymCalls:
    """Translates calls about synonyms."""

    def __init__(self, db: Database, pages: Pages, clock: Clock) -> None:
        self._db = db
        self._pages = pages
        self._clock = clock

    def list(self, request: pb.ListSynonymsRequest, call: Call) -> pb.ListSynonymsResponse:
        """ListSynonyms."""
        size, scope = self._pages.size(request.page_size), ("ListSynonyms",)
        after = self._pages.open(request.page_token, *scope)
        with self._db.read() as connection:
            rows = queries.page(connection, after[0] if after else 0, size + 1)
        items, token = self._pages.page(rows, size, synonym_to_wire, lambda synonym: [synonym.id], *scope)
        return pb.ListSynonymsResponse(items=items, next_page_token=token)

    @once(pb.Synonym)
    def create(
        self, tx: Connection, request: pb.CreateSynonymRequest, call: Call, now: datetime
    ) -> pb.Synonym:
        """CreateSynonym."""
        sent = request.synonym
        return synonym_to_wire(service.create(tx, sent.input, list(sent.terms), Actor.of(call), now))

    def get(self, request: pb.GetSynonymRequest, call: Call) -> pb.Synonym:
        """GetSynonym."""
        with self._db.read() as connection:
            return synonym_to_wire(service.get(connection, request.synonym_id))

    @once(pb.Synonym)
    def update(
        self, tx: Connection, request: pb.UpdateSynonymRequest, call: Call, now: datetime
    ) -> pb.Synonym:
        """UpdateSynonym."""
        sent, changes = request.synonym, changes_from_wire(request)
        changed = service.change(tx, sent.id, changes, sent.etag, actor=Actor.of(call), now=now)
        return synonym_to_wire(changed)

    @once(Empty)
    def delete(self, tx: Connection, request: pb.DeleteSynonymRequest, call: Call, now: datetime) -> Empty:
        """DeleteSynonym."""
        service.remove(tx, request.synonym_id, request.etag, Actor.of(call), now)
        return Empty()
