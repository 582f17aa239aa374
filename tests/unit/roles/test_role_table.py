"""The table of roles: what it is told late or twice changes nothing, and what it does not know may nothing."""

from __future__ import annotations

from server.events.topics import RoleChanged
from server.identity import Permission, Role
from server.roles.table import RoleTable

REFUNDS, ORDERS = Permission.MANAGE_REFUNDS, Permission.MANAGE_ORDERS


def _after(*events: RoleChanged) -> tuple[frozenset[Permission], list[str]]:
    """What SUPPORT may after these events, and which roles were told of."""
    table, told = RoleTable(), list[str]()
    table.on_change(told.append)
    for event in events:
        table._take(event)
    return table.role("SUPPORT").permissions, told


def test_a_role_may_what_the_latest_event_says() -> None:
    first, second = RoleChanged("SUPPORT", 4, 1, (REFUNDS,)), RoleChanged("SUPPORT", 4, 2, (ORDERS,))
    assert _after(first) == ({REFUNDS}, ["SUPPORT"])
    assert _after(first, second) == ({ORDERS}, ["SUPPORT", "SUPPORT"])
    assert _after(second, first, second) == ({ORDERS}, ["SUPPORT"])


def test_a_role_that_was_deleted_may_nothing_until_there_is_another_of_its_name() -> None:
    was, gone = RoleChanged("SUPPORT", 4, 7, (REFUNDS,)), RoleChanged("SUPPORT", 4, 8, ())
    again = RoleChanged("SUPPORT", 9, 1, (ORDERS,))
    assert _after(was, gone, was)[0] == frozenset()
    assert _after(was, again, gone)[0] == {ORDERS}


def test_what_a_later_release_defines_is_left_out() -> None:
    assert _after(RoleChanged("SUPPORT", 4, 1, ("FLY", REFUNDS)))[0] == {REFUNDS}


def test_the_built_in_roles_are_those_of_the_code() -> None:
    table = RoleTable()
    table._take(RoleChanged("ADMIN", 3, 9, ()))
    assert table.role("ADMIN") is Role.ADMIN
    assert table.role("NOBODY") == Role("NOBODY")
