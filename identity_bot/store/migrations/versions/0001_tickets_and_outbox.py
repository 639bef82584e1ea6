"""Tickets, their events, the outbox and its lanes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("requestor_id", sa.String(32), nullable=False),
        sa.Column("requestor_handle", sa.Text, nullable=False),
        sa.Column("requestor_name", sa.Text, nullable=False),
        sa.Column("requestor_team", sa.Text, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("submitted_at", sa.Float, nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("is_sensitive", sa.Boolean, nullable=False),
        sa.Column("repository", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("origin", sa.JSON),
        sa.Column("thread", sa.JSON),
        sa.Column("card", sa.JSON),
        sa.UniqueConstraint("repository", "number"),
    )
    op.create_index("tickets_of_requestor", "tickets", ["requestor_id", "submitted_at"])
    op.create_table(
        "events",
        sa.Column("id", ID, primary_key=True),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("events_of_ticket", "events", ["ticket_id"])
    op.create_table(
        "outbox",
        sa.Column("id", ID, primary_key=True),
        sa.Column("ticket_id", sa.String(36)),
        sa.Column("lane", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.String(10), nullable=False, server_default="waiting"),
        sa.Column("last_error", sa.Text),
        sa.Column("result", sa.JSON),
    )
    _partial_index("outbox_next", ["lane", "due_at", "id"], "waiting")
    _partial_index("outbox_parked", ["state", "id"], "parked")
    op.create_table(
        "lanes",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("ready_at", sa.Float),
        sa.Column("owner", sa.String(80)),
        sa.Column("leased_until", sa.Float, nullable=False, server_default="0"),
        sa.Column("current", ID),
        sa.Column("not_before", sa.Float, nullable=False, server_default="0"),
    )
    op.create_index("lanes_ready", "lanes", ["ready_at"])


def downgrade() -> None:
    for table in ("lanes", "outbox", "events", "tickets"):
        op.drop_table(table)


def _partial_index(name: str, columns: list[str], state: str) -> None:
    where = sa.text(f"state = '{state}'")
    op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)
