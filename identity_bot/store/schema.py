"""The database's tables, the same on SQLite and PostgreSQL; migrations/ makes them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key is exactly INTEGER."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("type", String(40), nullable=False),
    Column("requestor_id", String(32), nullable=False),
    Column("requestor_handle", Text, nullable=False),
    Column("requestor_name", Text, nullable=False),
    Column("requestor_team", Text, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("submitted_at", Float, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("priority", String(10)),
    Column("assignees", JSON, nullable=False, server_default="[]"),
    Column("spoc", Text, nullable=False, server_default=""),
    Column("target", Date),
    Column("close_reason", String(20)),
    Column("is_urgent", Boolean, nullable=False),
    Column("is_sensitive", Boolean, nullable=False),
    Column("is_direct", Boolean, nullable=False, server_default=false()),
    Column("repository", String(200), nullable=False),
    Column("number", Integer),
    Column("url", Text, nullable=False),
    Column("origin", JSON(none_as_null=True)),
    Column("thread", JSON(none_as_null=True)),
    Column("card", JSON(none_as_null=True)),
    Column("headline", Text, nullable=False, server_default=""),
    Column("seen_at", Float, nullable=False, server_default="0"),
    Column("inconsistency", Text, nullable=False, server_default=""),
    Column("asked", JSON, nullable=False, server_default="{}"),
    Column("told", JSON(none_as_null=True)),
    UniqueConstraint("repository", "number"),
    Index("tickets_of_requestor", "requestor_id", "submitted_at"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", String(36), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("at", Float, nullable=False),
    Column("by", Text, nullable=False, server_default=""),
    Index("events_of_ticket", "ticket_id"),
)

posts = Table(
    "posts",
    metadata,
    Column("ticket_id", String(36), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("ts", String(32), nullable=False),
    Column("effect_id", Id, nullable=False),
)

heard = Table(
    "heard",
    metadata,
    Column("repository", String(200), primary_key=True),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
)

WAITING = text("state = 'waiting'")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", String(36)),
    Column("lane", String(120), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("since", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("last_error", Text),
    Column("result", JSON(none_as_null=True)),
    Index("outbox_next", "lane", "due_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    Index("outbox_of_ticket", "ticket_id", "kind", sqlite_where=WAITING, postgresql_where=WAITING),
    Index(
        "outbox_parked",
        "state",
        "id",
        sqlite_where=text("state = 'parked'"),
        postgresql_where=text("state = 'parked'"),
    ),
)

lanes = Table(
    "lanes",
    metadata,
    Column("name", String(120), primary_key=True),
    Column("ready_at", Float),
    Column("owner", String(80)),
    Column("leased_until", Float, nullable=False, server_default="0"),
    Column("current", Id),
    Column("not_before", Float, nullable=False, server_default="0"),
    Index("lanes_ready", "ready_at"),
)
