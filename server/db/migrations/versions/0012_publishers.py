"""On PostgreSQL a transaction that publishes says so by a lock (see server/events/position.py)."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EXPANDS = True

# Before the first id is drawn: an INSERT evaluates its defaults after the triggers of the statement. The second
# key is the lower half of the last id that was drawn, as an integer with a sign.
_FUNCTION = """
CREATE FUNCTION sanset_publishing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('sanset.publishing', true) IS DISTINCT FROM 'yes' THEN
        PERFORM pg_advisory_xact_lock_shared(
            1396788819,
            (CASE WHEN is_called THEN last_value ELSE 0 END << 32 >> 32)::integer
        ) FROM events_id_seq;
        PERFORM set_config('sanset.publishing', 'yes', true);
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER sanset_publishing BEFORE INSERT ON events
FOR EACH STATEMENT EXECUTE FUNCTION sanset_publishing()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        op.execute(_TRIGGER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER sanset_publishing ON events")
        op.execute("DROP FUNCTION sanset_publishing()")
