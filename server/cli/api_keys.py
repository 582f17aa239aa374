"""`sanset api-keys`: the back ends that call the shop, and their keys; another one, or one less."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from sanset.v1 import service_account_pb2 as pb
from sqlalchemy import Connection

from server.cli.arguments import count
from server.cli.operator import ACTOR, OPERATOR, checked, opened
from server.db.base import AnyRow
from server.db.database import Database
from server.errors import CommandError
from server.service_accounts import queries, service
from server.service_accounts.convert import new_account_from_wire
from server.settings import Settings

USAGE = "say `sanset api-keys`, or behind it `create NAME --role ROLE` or `revoke NAME --key ID`."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("action", nargs="?", choices=["list", "create", "revoke"], default="list")
    parser.add_argument("name", nargs="?", help="of the back end")
    parser.add_argument("--role", help="of a new back end: a role of the shop's own (`sanset roles`)")
    parser.add_argument("--network", action="append", default=[], help="it may call from; may be repeated")
    parser.add_argument("--key", type=count, metavar="ID", help="of the key to revoke")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """List the back ends with their keys, or make or revoke one."""
    action, name = arguments.action, arguments.name
    of_new = arguments.role is not None or arguments.network
    if (action == "list") != (name is None) or (action == "revoke") != (arguments.key is not None):
        raise CommandError(USAGE)
    if of_new and action != "create":
        raise CommandError(USAGE)
    with opened(settings) as db:
        if action == "create":
            key = create(db, name, arguments.role, arguments.network)
            print("This key is told once: keep it where the back end finds it.", file=sys.stderr)
            print(key)
        elif action == "revoke":
            revoke(db, name, arguments.key)
            print(f"The key {arguments.key} of {name} is refused on every worker within a second.")
        else:
            list_keys(db)
    return 0


def create(db: Database, name: str, role: str | None, networks: Sequence[str]) -> str:
    """Give a back end a key, as AddApiKey does; a new one is made before, as CreateServiceAccount does."""
    sent = pb.ServiceAccount(name=name, role=role or "", networks=networks)
    with db.transaction() as tx:
        account = _named(tx, name)
        if account is None and role is None:
            raise CommandError(f"there is no back end {name}: say with --role what a new one may do.")
        if account is not None and (role is not None or networks):
            raise CommandError(
                f"there is a back end {name}: without --role and --network it gets another key."
            )
        if account is None:
            request = checked(pb.CreateServiceAccountRequest(service_account=sent))
            values = new_account_from_wire(request.service_account)
            account = service.create(tx, OPERATOR, values, ACTOR, db.clock())
        return service.add_key(tx, OPERATOR, account.id, ACTOR, db.clock())[1]


def revoke(db: Database, name: str, key_id: int) -> None:
    """Take a key from a back end, as RevokeApiKey does."""
    with db.transaction() as tx:
        account = _named(tx, name)
        if account is None:
            raise CommandError(f"there is no back end {name}.")
        service.revoke_key(tx, OPERATOR, account.id, key_id, ACTOR, db.clock())


def list_keys(db: Database) -> None:
    """Print every back end with its keys."""
    with db.read() as connection:
        accounts = _all(connection)
        keys = queries.keys_of(connection, [account.id for account in accounts])
    table = Table(
        "Back end", "Role", "From", "Key", "Begins with", "Last used (UTC)", box=None, pad_edge=False
    )
    for account in accounts:
        facts = (account.name, account.role, ", ".join(account.networks) or "anywhere")
        own = [key for key in keys if key.account_id == account.id] if account.is_active else []
        for key in own:
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at is not None else "never"
            table.add_row(*facts, str(key.id), key.hint, used)
        if not own:
            table.add_row(*facts, "", "none" if account.is_active else "not active", "")
    Console(highlight=False, markup=False, emoji=False, soft_wrap=True).print(table)


def _named(tx: Connection, name: str) -> AnyRow | None:
    return next((row for row in _all(tx) if row.name == name.strip()), None)


def _all(connection: Connection) -> Sequence[AnyRow]:
    return queries.account_page(connection, 0, service.MAX_ACCOUNTS)
