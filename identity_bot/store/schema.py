"""The database's tables, the same on SQLite and PostgreSQL; migrations/ creates them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

OPEN = text("stage NOT IN ('submitted', 'closed')")
WAITING = text("state = 'waiting'")
IN_SLACK = text("ts <> ''")
IN_QUEUE = text("stage <> 'closed'")
ASKED = text("is_waiting AND stage <> 'closed'")
UNSETTLED = text("state <> 'done'")
"""Conditions of partial indexes, which serve only statements that spell them in the same way."""

Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key is exactly INTEGER."""
Reference = JSON(none_as_null=True)
"""A message in Slack: channel, ts and link."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("type", String(40), nullable=False),
    Column("requestor_slack_id", String(32), nullable=False),
    Column("requestor_handle", Text, nullable=False),
    Column("requestor_name", Text, nullable=False),
    Column("requestor_team", Text, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("submitted_at", Float, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("priority", String(10)),
    Column("assignees", JSON, nullable=False),
    Column("spoc", Text, nullable=False),
    Column("target", String(10)),
    Column("close_reason", String(20)),
    Column("is_waiting", Boolean, nullable=False),
    Column("approval", String(10)),
    Column("is_urgent", Boolean, nullable=False),
    Column("is_sensitive", Boolean, nullable=False),
    Column("is_direct", Boolean, nullable=False),
    Column("repository", String(200), nullable=False),
    Column("number", Integer),
    Column("prefix", String(200), nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("origin", Reference),
    Column("thread", Reference),
    Column("former_threads", JSON, nullable=False),
    Column("card", Reference),
    Column("headline", Text, nullable=False),
    Column("offers", JSON, nullable=False),
    Column("issue_updated_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("is_timed", Boolean, nullable=False),
    Column("responded_at", Float),
    Column("pauses", JSON, nullable=False),
    Column("response_due", Float),
    Column("resolution_due", Float),
    Column("escalations", JSON, nullable=False),
    Column("nudged_at", Float),
    Column("turn", Integer),
    Column("inconsistency", Text, nullable=False),
    Column("requested", JSON, nullable=False),
    Column("last_notified", JSON(none_as_null=True)),
    Column("queue_rank", Integer, nullable=False),
    Column("queue_turn", Float, nullable=False),
    Column("thread_channel", String(32)),
    Column("thread_ts", String(32)),
    UniqueConstraint("repository", "number"),
    Index("tickets_of_requestor", "requestor_slack_id", "submitted_at"),
    Index("tickets_open", "repository", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("tickets_by_age", "submitted_at", "id"),
    Index("tickets_in_thread", "thread_channel", "thread_ts", "submitted_at"),
    *(
        Index(
            f"queue{''.join(f'_{name}' for name in names)}",
            *names,
            "queue_rank",
            "queue_turn",
            "id",
            sqlite_where=IN_QUEUE,
            postgresql_where=IN_QUEUE,
        )
        for names in ((), ("type",), ("stage",), ("priority",))
    ),
    Index("queue_due", "target", sqlite_where=IN_QUEUE, postgresql_where=IN_QUEUE),
    Index("queue_asked", "queue_rank", "queue_turn", "id", sqlite_where=ASKED, postgresql_where=ASKED),
    Index("queue_untouched", "issue_updated_at", sqlite_where=IN_QUEUE, postgresql_where=IN_QUEUE),
)

ticket_terms = Table(
    "ticket_terms",
    metadata,
    Column("term", String(80), primary_key=True),
    Column("ticket_id", String(36), primary_key=True),
    Index("terms_of_ticket", "ticket_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", String(36), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("at", Float, nullable=False),
    Column("by", Text, nullable=False),
    Index("events_of_ticket", "ticket_id", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", String(36), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("at", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("to", String(20), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("ts", String(32), nullable=False),
    Column("repository", String(200), nullable=False),
    Column("comment_id", BigInteger),
    Column("version", Float, nullable=False),
    Column("is_redacted", Boolean, nullable=False),
    Index("messages_of_ticket", "ticket_id", "at"),
    Index(
        "messages_in_slack", "channel", "ts", unique=True, sqlite_where=IN_SLACK, postgresql_where=IN_SLACK
    ),
    Index("messages_in_github", "repository", "comment_id", unique=True),
)

processed_comments = Table(
    "processed_comments",
    metadata,
    Column("repository", String(200), primary_key=True),
    Column("comment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Index("processed_comments_by_age", "at"),
)

syncs = Table(
    "syncs",
    metadata,
    Column("repository", String(200), primary_key=True),
    Column("page", Integer, nullable=False),
)

rotas = Table(
    "rotas",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("turns", Integer, nullable=False),
)

home_views = Table(
    "home_views",
    metadata,
    Column("slack_id", String(32), primary_key=True),
    Column("choices", JSON, nullable=False),
    Column("opened_at", Float, nullable=False),
    Index("home_views_by_age", "opened_at"),
)

digests = Table("digests", metadata, Column("slack_id", String(32), primary_key=True))

links = Table(
    "links",
    metadata,
    Column("slack_id", String(32), primary_key=True),
    Column("folded", String(40), nullable=False),
    Column("login", String(40), nullable=False),
    Column("source", String(20), nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("folded"),
)

link_claims = Table(
    "link_claims",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slack_id", String(32), nullable=False),
    Column("folded", String(40), nullable=False),
    Column("login", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Index("claims_of_person", "slack_id", "at"),
    Index("claims_of_login", "folded"),
    Index("claims_by_age", "at"),
)

shown_answers = Table(
    "shown_answers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("view_id", String(64), nullable=False),
    Column("type", String(40), nullable=False),
    Column("source", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("title", String(150), nullable=False),
    Column("url", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("ticket_id", String(36), nullable=False),
    UniqueConstraint("view_id", "source", "name"),
    Index("answers_of_ticket", "ticket_id"),
    Index("answers_by_age", "at"),
)

surveys = Table(
    "surveys",
    metadata,
    Column("ticket_id", String(36), primary_key=True),
    Column("slack_id", String(32), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("channel", String(32), nullable=False),
    Column("ts", String(32), nullable=False),
    Column("answer", Integer),
    Column("comment", Text, nullable=False),
    Column("answered_at", Float),
    Column("is_reported", Boolean, nullable=False),
    Index("surveys_of_person", "slack_id", "asked_at"),
    Index("surveys_by_answer", "answered_at", "ticket_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket_id", String(36)),
    Column("lane", String(120), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("unique_key", String(200)),
    Column("rerun", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("trying_since", Float, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("verifications", Integer, nullable=False, server_default="0"),
    Column("state", String(10), nullable=False, server_default="waiting"),
    Column("last_error", Text),
    Index("outbox_next", "lane", "due_at", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    Index("outbox_waiting_once", "unique_key", unique=True, sqlite_where=WAITING, postgresql_where=WAITING),
    Index("outbox_by_key", "unique_key", "created_at"),
    Index("outbox_of_ticket", "ticket_id", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
    Index("outbox_by_state", "state", "trying_since", "id"),
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
    Column("written_at", Float, nullable=False, server_default="0"),
    Index("lanes_ready", "ready_at"),
    Index("lanes_written", "written_at"),
)
