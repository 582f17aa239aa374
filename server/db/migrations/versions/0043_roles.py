"""Roles are rows, so that a shop has roles of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

EXPANDS = True

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BUILT_IN = ("CUSTOMER", "VENDOR", "ADMIN")


def upgrade() -> None:
    roles = op.create_table(
        "roles",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("description", sa.String(length=500), server_default="", nullable=False),
        sa.Column("permissions", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("name", name=op.f("uq_roles_name")),
        sqlite_autoincrement=True,
    )
    now = sa.func.now()
    op.execute(
        sa.insert(roles).values(
            [{"name": name, "permissions": [], "created_at": now, "updated_at": now} for name in _BUILT_IN]
        )
    )
    _widen(32, before=16)
    with op.batch_alter_table("users", recreate="auto") as batch_op:
        batch_op.add_column(sa.Column("role_assigned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(op.f("ck_users_role"), type_="check")
        batch_op.create_foreign_key(op.f("fk_users_role"), "roles", ["role"], ["name"])
    for name, columns, where in (
        ("ix_users_staff", ["role", "id"], "role <> 'CUSTOMER'"),
        ("ix_users_role_assigned_at", ["role_assigned_at"], "role_assigned_at IS NOT NULL"),
    ):
        op.create_index(name, "users", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    op.drop_index("ix_users_role_assigned_at", "users")
    op.drop_index("ix_users_staff", "users")
    # What code of before does not know it would not let sign in.
    op.execute("UPDATE users SET role = 'CUSTOMER' WHERE role NOT IN ('CUSTOMER', 'VENDOR', 'ADMIN')")
    op.execute("UPDATE product_imports SET role = 'CUSTOMER' WHERE length(role) > 16")
    with op.batch_alter_table("users", recreate="auto") as batch_op:
        batch_op.drop_constraint(op.f("fk_users_role"), type_="foreignkey")
        batch_op.create_check_constraint(op.f("ck_users_role"), "role IN ('CUSTOMER', 'VENDOR', 'ADMIN')")
        batch_op.drop_column("role_assigned_at")
    _widen(16, before=32)
    op.drop_table("roles")


def _widen(length: int, *, before: int) -> None:
    """Change how long a role's name may be; SQLite bounds no text."""
    if op.get_bind().dialect.name == "postgresql":
        for table in ("users", "product_imports"):
            op.alter_column(
                table,
                "role",
                existing_type=sa.String(length=before),
                type_=sa.String(length=length),
                existing_nullable=False,
            )
