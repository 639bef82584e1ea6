"""Tickets with their terms, events and messages, comments, links of people, shown answers, the outbox and lanes."""

import sqlalchemy as sa
from alembic import op

revision = "11"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
OPEN = sa.text("stage NOT IN ('submitted', 'closed')")
WAITING = sa.text("state = 'waiting'")
IN_SLACK = sa.text("ts <> ''")
IN_QUEUE = sa.text("stage <> 'closed'")
ASKED = sa.text("is_waiting AND stage <> 'closed'")
UNSETTLED = sa.text("state <> 'done'")


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("requestor_slack_id", sa.String(32), nullable=False),
        sa.Column("requestor_handle", sa.Text, nullable=False),
        sa.Column("requestor_name", sa.Text, nullable=False),
        sa.Column("requestor_team", sa.Text, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("submitted_at", sa.Float, nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("priority", sa.String(10)),
        sa.Column("assignees", sa.JSON, nullable=False),
        sa.Column("spoc", sa.Text, nullable=False),
        sa.Column("target", sa.String(10)),
        sa.Column("close_reason", sa.String(20)),
        sa.Column("is_waiting", sa.Boolean, nullable=False),
        sa.Column("approval", sa.String(10)),
        sa.Column("is_urgent", sa.Boolean, nullable=False),
        sa.Column("is_sensitive", sa.Boolean, nullable=False),
        sa.Column("is_direct", sa.Boolean, nullable=False),
        sa.Column("repository", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("prefix", sa.String(200), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("origin", sa.JSON),
        sa.Column("thread", sa.JSON),
        sa.Column("former_threads", sa.JSON, nullable=False),
        sa.Column("card", sa.JSON),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("offers", sa.JSON, nullable=False),
        sa.Column("issue_updated_at", sa.Float, nullable=False),
        sa.Column("closed_at", sa.Float),
        sa.Column("is_timed", sa.Boolean, nullable=False),
        sa.Column("responded_at", sa.Float),
        sa.Column("pauses", sa.JSON, nullable=False),
        sa.Column("response_due", sa.Float),
        sa.Column("resolution_due", sa.Float),
        sa.Column("escalations", sa.JSON, nullable=False),
        sa.Column("nudged_at", sa.Float),
        sa.Column("turn", sa.Integer),
        sa.Column("inconsistency", sa.Text, nullable=False),
        sa.Column("requested", sa.JSON, nullable=False),
        sa.Column("last_notified", sa.JSON),
        sa.Column("queue_rank", sa.Integer, nullable=False),
        sa.Column("queue_turn", sa.Float, nullable=False),
        sa.Column("thread_channel", sa.String(32)),
        sa.Column("thread_ts", sa.String(32)),
        sa.UniqueConstraint("repository", "number"),
    )
    op.create_index("tickets_of_requestor", "tickets", ["requestor_slack_id", "submitted_at"])
    op.create_index("tickets_open", "tickets", ["repository"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("tickets_by_age", "tickets", ["submitted_at", "id"])
    op.create_index("tickets_in_thread", "tickets", ["thread_channel", "thread_ts", "submitted_at"])
    for names in ((), ("type",), ("stage",), ("priority",)):
        op.create_index(
            f"queue{''.join(f'_{name}' for name in names)}",
            "tickets",
            [*names, "queue_rank", "queue_turn", "id"],
            sqlite_where=IN_QUEUE,
            postgresql_where=IN_QUEUE,
        )
    op.create_index("queue_due", "tickets", ["target"], sqlite_where=IN_QUEUE, postgresql_where=IN_QUEUE)
    op.create_index(
        "queue_asked",
        "tickets",
        ["queue_rank", "queue_turn", "id"],
        sqlite_where=ASKED,
        postgresql_where=ASKED,
    )
    op.create_index(
        "queue_untouched", "tickets", ["issue_updated_at"], sqlite_where=IN_QUEUE, postgresql_where=IN_QUEUE
    )
    op.create_table(
        "ticket_terms",
        sa.Column("term", sa.String(80), primary_key=True),
        sa.Column("ticket_id", sa.String(36), primary_key=True),
    )
    op.create_index("terms_of_ticket", "ticket_terms", ["ticket_id"])
    op.create_table(
        "events",
        sa.Column("id", ID, primary_key=True),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("events_of_ticket", "events", ["ticket_id", "id"])
    op.create_table(
        "messages",
        sa.Column("id", ID, primary_key=True),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("to", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("repository", sa.String(200), nullable=False),
        sa.Column("comment_id", sa.BigInteger),
        sa.Column("version", sa.Float, nullable=False),
        sa.Column("is_redacted", sa.Boolean, nullable=False),
    )
    op.create_index("messages_of_ticket", "messages", ["ticket_id", "at"])
    op.create_index(
        "messages_in_slack",
        "messages",
        ["channel", "ts"],
        unique=True,
        sqlite_where=IN_SLACK,
        postgresql_where=IN_SLACK,
    )
    op.create_index("messages_in_github", "messages", ["repository", "comment_id"], unique=True)
    op.create_table(
        "processed_comments",
        sa.Column("repository", sa.String(200), primary_key=True),
        sa.Column("comment_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("processed_comments_by_age", "processed_comments", ["at"])
    op.create_table(
        "syncs",
        sa.Column("repository", sa.String(200), primary_key=True),
        sa.Column("page", sa.Integer, nullable=False),
    )
    op.create_table(
        "rotas",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("turns", sa.Integer, nullable=False),
    )
    op.create_table(
        "home_views",
        sa.Column("slack_id", sa.String(32), primary_key=True),
        sa.Column("choices", sa.JSON, nullable=False),
        sa.Column("opened_at", sa.Float, nullable=False),
    )
    op.create_index("home_views_by_age", "home_views", ["opened_at"])
    op.create_table("digests", sa.Column("slack_id", sa.String(32), primary_key=True))
    op.create_table(
        "links",
        sa.Column("slack_id", sa.String(32), primary_key=True),
        sa.Column("folded", sa.String(40), nullable=False),
        sa.Column("login", sa.String(40), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.UniqueConstraint("folded"),
    )
    op.create_table(
        "link_claims",
        sa.Column("id", ID, primary_key=True),
        sa.Column("slack_id", sa.String(32), nullable=False),
        sa.Column("folded", sa.String(40), nullable=False),
        sa.Column("login", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("claims_of_person", "link_claims", ["slack_id", "at"])
    op.create_index("claims_of_login", "link_claims", ["folded"])
    op.create_index("claims_by_age", "link_claims", ["at"])
    op.create_table(
        "shown_answers",
        sa.Column("id", ID, primary_key=True),
        sa.Column("view_id", sa.String(64), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("title", sa.String(150), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.UniqueConstraint("view_id", "source", "name"),
    )
    op.create_index("answers_of_ticket", "shown_answers", ["ticket_id"])
    op.create_index("answers_by_age", "shown_answers", ["at"])
    op.create_table(
        "surveys",
        sa.Column("ticket_id", sa.String(36), primary_key=True),
        sa.Column("slack_id", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("ts", sa.String(32), nullable=False),
        sa.Column("answer", sa.Integer),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("answered_at", sa.Float),
        sa.Column("is_reported", sa.Boolean, nullable=False),
    )
    op.create_index("surveys_of_person", "surveys", ["slack_id", "asked_at"])
    op.create_index("surveys_by_answer", "surveys", ["answered_at", "ticket_id"])
    op.create_table(
        "outbox",
        sa.Column("id", ID, primary_key=True),
        sa.Column("ticket_id", sa.String(36)),
        sa.Column("lane", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("unique_key", sa.String(200)),
        sa.Column("rerun", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("trying_since", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("verifications", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.String(10), nullable=False, server_default="waiting"),
        sa.Column("last_error", sa.Text),
    )
    op.create_index(
        "outbox_next", "outbox", ["lane", "due_at", "id"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index(
        "outbox_waiting_once",
        "outbox",
        ["unique_key"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("outbox_by_key", "outbox", ["unique_key", "created_at"])
    op.create_index(
        "outbox_of_ticket", "outbox", ["ticket_id"], sqlite_where=UNSETTLED, postgresql_where=UNSETTLED
    )
    op.create_index("outbox_by_state", "outbox", ["state", "trying_since", "id"])
    op.create_table(
        "lanes",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("ready_at", sa.Float),
        sa.Column("owner", sa.String(80)),
        sa.Column("leased_until", sa.Float, nullable=False, server_default="0"),
        sa.Column("current", ID),
        sa.Column("not_before", sa.Float, nullable=False, server_default="0"),
        sa.Column("written_at", sa.Float, nullable=False, server_default="0"),
    )
    op.create_index("lanes_ready", "lanes", ["ready_at"])
    op.create_index("lanes_written", "lanes", ["written_at"])
