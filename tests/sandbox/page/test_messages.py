"""What a person does on the page with a message, by its forms alone."""

from __future__ import annotations

import httpx

from identity_bot_sandbox.page.messages import typed, written
from identity_bot_sandbox.server import Sandbox

JUNIPER, MARLO, INTAKE = "U0JUNIPER", "U0MARLO", "C0INTAKE"


def test_a_message_is_edited_by_its_author_as_it_was_typed(sandbox: Sandbox, visitor: httpx.Client) -> None:
    before = "Hi @indigo in #general <b>&\nhttps://a.example/x"
    ts = sandbox.slack.say(JUNIPER, INTAKE, typed(sandbox.slack, before))

    assert written(sandbox.slack, sandbox.slack.message(INTAKE, ts).text) == before
    visitor.post("/page/edit-message", data={"ts": ts, "text": "Hi @sage"})
    others = visitor.get("/?as=marlo").text
    refused = visitor.post("/page/edit-message?as=marlo", data={"ts": ts, "text": "mine now"})
    empty = visitor.post("/page/edit-message", data={"ts": ts, "text": " "})

    assert sandbox.slack.message(INTAKE, ts).text == "Hi <@U0SAGE>"
    assert "(edited)" in others
    assert "Edit the message" not in others
    assert "x-refused" in refused.headers
    assert "x-refused" in empty.headers


def test_a_message_is_deleted_and_a_tombstone_stays_for_its_thread(
    sandbox: Sandbox, visitor: httpx.Client
) -> None:
    ts = sandbox.slack.say(JUNIPER, INTAKE, "root")
    sandbox.slack.say(MARLO, INTAKE, "an answer", thread_ts=ts)

    shown = visitor.post("/page/delete-message", data={"ts": ts}).text

    assert "This message was deleted." in shown
    assert "1 reply" in shown


def test_a_reaction_is_added_and_taken_back(sandbox: Sandbox, visitor: httpx.Client) -> None:
    ts = sandbox.slack.say(MARLO, INTAKE, "root")

    once = visitor.post("/page/react", data={"ts": ts, "name": ":eyes:"}).text
    given = sandbox.slack.message(INTAKE, ts).reactions
    visitor.post("/page/react", data={"ts": ts, "name": "eyes"})
    refused = visitor.post("/page/react", data={"ts": ts, "name": "<b>"})

    assert given == (("eyes", JUNIPER),)
    assert 'aria-label="eyes: 1" aria-pressed="true"' in once
    assert sandbox.slack.message(INTAKE, ts).reactions == ()
    assert "x-refused" in refused.headers


def test_a_reply_with_a_file_is_also_sent_to_the_channel(sandbox: Sandbox, visitor: httpx.Client) -> None:
    ts = sandbox.slack.say(MARLO, INTAKE, "root")

    visitor.post(
        f"/page/say?thread={ts}",
        data={"text": "see this", "broadcast": "yes"},
        files={"files": ("screen.png", b"png")},
    )

    [_, reply] = sandbox.slack.messages(INTAKE)
    assert (reply.thread_ts, reply.is_broadcast, reply.files[0].content) == (ts, True, b"png")
    assert "screen.png" in visitor.get("/").text
