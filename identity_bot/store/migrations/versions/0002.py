"""What is known of a ticket's issue, what has been told of it, and which comments have been heard."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TICKETS = sa.table("tickets", sa.column("is_direct"), sa.column("is_sensitive"), sa.column("thread"))
OUTBOX = sa.table(
    "outbox", sa.column("id"), sa.column("kind"), sa.column("state"), sa.column("payload", sa.JSON)
)


def columns() -> tuple[sa.Column[Any], ...]:
    """The new columns of the tickets; a column belongs to one table only, so they are made each time."""
    return (
        sa.Column("priority", sa.String(10)),
        sa.Column("assignees", sa.JSON, nullable=False, server_default="[]"),
        sa.Column("spoc", sa.Text, nullable=False, server_default=""),
        sa.Column("target", sa.Date),
        sa.Column("close_reason", sa.String(20)),
        sa.Column("is_direct", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("headline", sa.Text, nullable=False, server_default=""),
        sa.Column("seen_at", sa.Float, nullable=False, server_default="0"),
        sa.Column("inconsistency", sa.Text, nullable=False, server_default=""),
        sa.Column("asked", sa.JSON, nullable=False, server_default="{}"),
        sa.Column("told", sa.JSON),
    )


def upgrade() -> None:
    for column in columns():
        op.add_column("tickets", column)
    op.add_column("events", sa.Column("by", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "posts",
        sa.Column("ticket_id", sa.String(36), primary_key=True),
        sa.Column("slot", sa.String(40), primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("effect_id", ID, nullable=False),
    )
    op.create_table(
        "heard",
        sa.Column("repository", sa.String(200), primary_key=True),
        sa.Column("comment_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    where = sa.text("state = 'waiting'")
    op.create_index(
        "outbox_of_ticket", "outbox", ["ticket_id", "kind"], sqlite_where=where, postgresql_where=where
    )
    # From now on, of a sensitive ticket its requestor is told by direct message.
    sensitive = sa.update(TICKETS).where(TICKETS.c.is_sensitive)
    op.execute(sensitive.values(is_direct=sa.true(), thread=sa.null()))
    _readdress()


def _readdress() -> None:
    """Messages that wait are posted as this version posts them; what they say stays as it was."""
    connection = op.get_bind()
    posts = sa.select(OUTBOX).where(OUTBOX.c.kind == "post", OUTBOX.c.state != "done")
    for row in connection.execute(posts).all():
        match row.payload.get("keep_as"):
            case "card":
                new = {"kind": "draw_card", "payload": {}}
            case "thread":
                payload = {"to": "requestor", "message": row.payload["message"], "slot": ""}
                new = {"kind": "post", "payload": payload}
            case _:
                continue
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.id == row.id).values(**new))


def downgrade() -> None:
    op.drop_index("outbox_of_ticket", "outbox")
    op.drop_table("heard")
    op.drop_table("posts")
    with op.batch_alter_table("events") as events:
        events.drop_column("by")
    with op.batch_alter_table("tickets") as tickets:
        for column in columns():
            tickets.drop_column(column.name)
