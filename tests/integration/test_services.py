"""Every service of the contract is served."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

from support.running_shop import RunningShop

from server.contract import SERVICES, native_path
from server.rpc.methods import Methods


def test_every_service_is_among_the_servicers_of_a_room(shop: RunningShop) -> None:
    methods = Methods()
    for room in fields(shop.app.rooms):
        for add in getattr(shop.app.rooms, room.name).servicers:
            add(methods.server)
    unserved = {
        service.name
        for service in SERVICES
        for method in service.methods
        if methods.service(SimpleNamespace(method=native_path(method), invocation_metadata=())) is None
    }
    assert not unserved, "each is among the `servicers` of its room's part.py"
