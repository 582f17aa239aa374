"""Products have images, and their buyers review them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

EXPANDS = True

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PUBLISHED, _PENDING = sa.text("status = 'PUBLISHED'"), sa.text("status = 'PENDING'")
_NOT_DOOMED = sa.text("doomed_at IS NULL")


def upgrade() -> None:
    _add_images()
    _add_reviews()


def _add_images() -> None:
    for table in ("products", "variants"):
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.add_column(sa.Column("image", sa.String(length=32), server_default="", nullable=False))
    op.create_table(
        "media_files",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doomed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_media_files")),
    )
    op.create_index(
        "uq_media_files_digest",
        "media_files",
        ["digest"],
        unique=True,
        sqlite_where=_NOT_DOOMED,
        postgresql_where=_NOT_DOOMED,
    )
    op.create_index("ix_media_files_claimed_at", "media_files", ["claimed_at"])
    op.create_table(
        "product_images",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("variant_id", _ID, nullable=True),
        sa.Column("file_key", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(length=250), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_images_product_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_product_images_variant_id")),
        sa.ForeignKeyConstraint(["file_key"], ["media_files.key"], name=op.f("fk_product_images_file_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_images")),
        sa.UniqueConstraint("product_id", "file_key", name=op.f("uq_product_images_product_id_file_key")),
    )
    op.create_index("ix_product_images_product_id", "product_images", ["product_id", "position", "id"])
    op.create_index("ix_product_images_variant_id", "product_images", ["variant_id"])
    op.create_index("ix_product_images_file_key", "product_images", ["file_key"])


def _add_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", _ID, nullable=False),
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_reviews_rating")),
        sa.CheckConstraint("status IN ('PENDING', 'PUBLISHED', 'REJECTED')", name=op.f("ck_reviews_status")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_reviews_product_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reviews_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index("uq_reviews_author", "reviews", ["user_id", "product_id"], unique=True)
    for name, columns, condition in (
        ("ix_reviews_newest", ["product_id", "created_at", "id"], _PUBLISHED),
        ("ix_reviews_rating", ["product_id", "rating", "created_at", "id"], _PUBLISHED),
        ("ix_reviews_pending", ["updated_at", "id"], _PENDING),
    ):
        op.create_index(name, "reviews", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_table(
        "review_counts",
        sa.Column("product_id", _ID, nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_review_counts_count")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_review_counts_product_id")),
        sa.PrimaryKeyConstraint("product_id", "rating", name=op.f("pk_review_counts")),
    )


def downgrade() -> None:
    op.drop_table("review_counts")
    op.drop_table("reviews")
    op.drop_table("product_images")
    op.drop_table("media_files")
    for table in ("variants", "products"):
        with op.batch_alter_table(table, recreate="never") as batch_op:
            batch_op.drop_column("image")
