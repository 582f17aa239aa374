"""People who work for a served shop, and the roles that they have."""

from __future__ import annotations

import time
import uuid

from support.real_stack import Person, Stack

KNOWN_SECONDS = 0.5
"""What one worker of the shop writes of a role every other knows within half of this."""


def new_role(shop: Stack, permission: str) -> str:
    """A role of the shop's own that may do one thing."""
    name = f"R{uuid.uuid4().hex[:8]}".upper()
    reply = shop.admin.http.post("admin/roles", json={"name": name, "permissions": [permission]})
    assert reply.status_code == 200, reply.text
    return name


def new_staff(shop: Stack, role: str) -> Person:
    """Somebody who has a role, and is signed in."""
    person = shop.customer(address=False)
    give_role(shop, person, role)
    return person


def give_role(shop: Stack, person: Person, role: str) -> None:
    """Give somebody a role, and wait until every worker knows."""
    reply = shop.admin.http.put(f"admin/users/{person.me['id']}/role", json={"role": role})
    assert reply.status_code == 200, reply.text
    time.sleep(KNOWN_SECONDS)
