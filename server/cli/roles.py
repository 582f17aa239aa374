"""`sanset roles`: the shop's roles and what each may do; and another one."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table
from sanset.v1 import role_pb2
from sanset.v1.access_pb2 import AccessRule

from server.cli.operator import ACTOR, OPERATOR, checked, opened
from server.db.database import Database
from server.errors import CommandError
from server.identity import Permission
from server.roles import queries, service
from server.roles.convert import new_role_from_wire
from server.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("action", nargs="?", choices=["list", "create"], default="list")
    parser.add_argument("name", nargs="?", help="of the role to create: SUPPORT")
    parser.add_argument(
        "permissions", nargs="*", metavar="PERMISSION", help="what it permits: MANAGE_REFUNDS"
    )
    parser.add_argument("--description", default="", help="what it is for")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """List the roles, or create one."""
    if (arguments.action == "create") != (arguments.name is not None):
        raise CommandError("say `sanset roles` or `sanset roles create NAME PERMISSION …`.")
    with opened(settings) as db:
        if arguments.action == "create":
            name = create(db, arguments.name, arguments.permissions, arguments.description)
            print(f"There is a role {name} now; it holds on every worker within a second.")
        else:
            list_roles(db)
    return 0


def create(db: Database, name: str, permissions: list[str], description: str) -> str:
    """Create a role, as CreateRole does; returns its name."""
    wanting = [each.upper() for each in permissions]
    if unknown := sorted(set(wanting) - {*Permission}):
        raise CommandError(
            f"there is no permission {', '.join(unknown)}; there are: {', '.join(Permission)}."
        )
    role = role_pb2.Role(name=name.upper(), description=description)
    role.permissions.extend(AccessRule.Permission.Value(each) for each in wanting)
    request = checked(role_pb2.CreateRoleRequest(role=role))
    with db.transaction() as tx:
        return service.create(tx, OPERATOR, new_role_from_wire(request.role), ACTOR, db.clock()).name


def list_roles(db: Database) -> None:
    """Print every role."""
    with db.read() as connection:
        roles = queries.all_roles(connection)
    table = Table("Role", "Permits", "For", box=None, pad_edge=False)
    for role in roles:
        permits = ", ".join(sorted(role.role.permissions)) or "what every customer may"
        table.add_row(role.name, "everything" if role.name == "ADMIN" else permits, role.description)
    Console(highlight=False, markup=False, emoji=False).print(table)
