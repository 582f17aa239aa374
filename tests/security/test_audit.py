"""Every RPC that needs a permission leaves one entry in the audit log; one that is refused a security event."""

from __future__ import annotations

import time
import uuid
from typing import Any

import grpc
import pytest
from every_rpc import case_of, new_request, sample
from google.protobuf.message import Message
from sqlalchemy import Row, func, select
from world import METHODS, World, rule

from server.audit.models import AuditEntry
from server.audit.security import EventWindow

PERMITTED = [method for method in METHODS if rule(method).permission]
OK = grpc.StatusCode.OK


def _last(world: World) -> int:
    with world.shop.app.db.read() as connection:
        return connection.scalar(select(func.max(AuditEntry.id))) or 0


def _since(world: World, last: int) -> list[Row[Any]]:
    columns = AuditEntry.__table__.columns
    with world.shop.app.db.read() as connection:
        return list(connection.execute(select(*columns).where(AuditEntry.id > last).order_by(AuditEntry.id)))


def _entries_of(world: World, method: str, request: Message) -> list[Row[Any]]:
    last = _last(world)
    assert world.code(method, request, world.admin.metadata) == case_of(method).code, method
    return _since(world, last)


def test_every_call_that_needs_a_permission_leaves_one_entry(world: World) -> None:
    wrong, repeated = {}, {}
    for method in PERMITTED:
        request = new_request(world, method, world.admin)
        takes_id = "request_id" in request.DESCRIPTOR.fields_by_name
        if takes_id:
            request.request_id = request.request_id or str(uuid.uuid4())
        entries = _entries_of(world, method, request)
        expected = [(method, world.admin.user_id)] if case_of(method).code == OK else []
        if [(entry.action, entry.actor_id) for entry in entries] != expected:
            wrong[method] = entries
        if takes_id and (again := _entries_of(world, method, request)):
            repeated[method] = again
    assert wrong == {}
    assert repeated == {}


@pytest.mark.either
def test_every_call_that_lacks_its_permission_leaves_one_event(world: World) -> None:
    buyer, last = world.shop.customer(address=False), _last(world)
    world.shop.app.core.security._window = EventWindow()  # in which other tests have caused so many kinds
    for method in PERMITTED:
        assert world.code(method, sample(world, method), buyer.metadata) == grpc.StatusCode.PERMISSION_DENIED
    for _ in range(300):
        events = [entry for entry in _since(world, last) if entry.actor_id == buyer.user_id]
        if len(events) >= len(PERMITTED):
            break
        time.sleep(0.1)
    assert sorted(entry.action for entry in events) == sorted(PERMITTED)
    assert {(entry.event, entry.occurrences) for entry in events} == {("PERMISSION_REFUSED", 1)}
