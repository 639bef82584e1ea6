"""The Slack half of the page, by its forms alone."""

from __future__ import annotations

import httpx
from slack_sdk.webhook import WebhookClient

from identity_bot_sandbox import cast
from identity_bot_sandbox.page.form import key
from identity_bot_sandbox.server import Sandbox
from tests.support import World, eventually

JUNIPER, INDIGO, INTAKE, TEAM = "U0JUNIPER", "U0INDIGO", "C0INTAKE", "C0TEAM"


def message(text: str, *blocks: dict[str, object]) -> dict[str, object]:
    return {"is_from_app": True, "text": text, "blocks": list(blocks)}


def button(words: str, action_id: str) -> dict[str, object]:
    return {"type": "button", "text": {"type": "plain_text", "text": words}, "action_id": action_id}


def test_the_page_says_what_to_try_and_who_one_is(visitor: httpx.Client) -> None:
    html = visitor.get("/").text

    assert "Type <code>/help</code> in #vsp-identity" in html
    assert "You are" in html
    assert "No bot is connected" in html


def test_everybody_sees_their_own_conversations(visitor: httpx.Client) -> None:
    assert "identity-surge" not in visitor.get("/").text
    assert "identity-surge" in visitor.get("/?as=indigo").text


def test_a_conversation_that_one_is_not_in_shows_the_first_one_instead(visitor: httpx.Client) -> None:
    html = visitor.get(f"/?channel={TEAM}").text

    assert "<h3>vsp-identity</h3>" in html


def test_a_message_is_sent_as_slacks_client_writes_it(sandbox: Sandbox, visitor: httpx.Client) -> None:
    visitor.post("/page/say", data={"text": "Hi @indigo in #general <b>&\r\nhttps://a.example/x"})

    [said] = sandbox.slack.messages(INTAKE)
    assert said.text == "Hi <@U0INDIGO> in <#C0GENERAL> &lt;b&gt;&amp;\n<https://a.example/x>"


def test_hostile_text_is_only_text_on_the_page(sandbox: Sandbox, visitor: httpx.Client) -> None:
    hostile = "<script>alert(1)</script>"
    form = {"type": "plain_text", "text": hostile}
    sandbox.slack.post(
        INTAKE, cast.BOT_USER_ID, **message(hostile, {"type": "header", "block_id": "h", "text": form})
    )
    sandbox.slack.say(JUNIPER, INTAKE, hostile)
    sandbox.github.open_issue(cast.REPOSITORY, hostile, hostile, actor="juniper-vale", labels=[])
    sandbox.github.label(cast.REPOSITORY, 1, '"><b>x', actor="indigo-marshwick")
    sandbox.github.comment(cast.REPOSITORY, 1, hostile, actor="juniper-vale")

    for path in ("/", f"/github/{cast.REPOSITORY}/issues/1?as=indigo"):
        assert "<script>alert" not in visitor.get(path).text
        assert "<b>x" not in visitor.get(path).text


def test_a_command_that_nobody_takes_fails_as_in_slack(sandbox: Sandbox, visitor: httpx.Client) -> None:
    html = visitor.post("/page/say", data={"text": "/help"}).text

    assert "Only visible to you" in html
    assert "/help failed with the error &#34;dispatch_failed&#34;" in html


def test_a_command_in_a_thread_is_refused_there(sandbox: Sandbox, visitor: httpx.Client) -> None:
    ts = sandbox.slack.say(JUNIPER, INTAKE, "root")

    html = visitor.post(f"/page/say?thread={ts}", data={"text": "/help"}).text

    assert "/help is not supported in threads" in html


def test_a_thread_shows_its_replies_and_takes_new_ones(sandbox: Sandbox, visitor: httpx.Client) -> None:
    ts = sandbox.slack.say(JUNIPER, INTAKE, "root")

    visitor.post(f"/page/say?thread={ts}&as=marlo", data={"text": "an answer"})

    assert "an answer" in visitor.get(f"/?thread={ts}").text
    channel = visitor.get("/").text
    assert "an answer" not in channel
    assert "1 reply" in channel


def test_news_are_counted_until_they_are_looked_at(sandbox: Sandbox, visitor: httpx.Client) -> None:
    sandbox.slack.say(INDIGO, "C0GENERAL", "news")

    before = visitor.get("/").text
    visitor.get("/?channel=C0GENERAL")

    assert '1<span class="said"> new' in before
    assert '1<span class="said"> new' not in visitor.get("/").text


def test_what_only_one_person_sees_is_on_nobody_elses_page(sandbox: Sandbox, visitor: httpx.Client) -> None:
    sandbox.slack.say_privately(JUNIPER, INTAKE, "psst")

    assert "psst" in visitor.get("/").text
    assert "psst" not in visitor.get("/?as=indigo").text


def test_an_edited_message_says_so(sandbox: Sandbox, visitor: httpx.Client) -> None:
    said = sandbox.slack.post(INTAKE, cast.BOT_USER_ID, "one", is_from_app=True)
    sandbox.slack.edit(said, text="two", edited_ts=sandbox.slack.new_ts())

    assert "(edited)" in visitor.get("/").text


def test_every_block_is_drawn_and_an_unknown_one_leaves_a_placeholder(
    sandbox: Sandbox, visitor: httpx.Client
) -> None:
    text = {"type": "mrkdwn", "text": "*words*"}
    leaves = [{"type": "text", "text": "rich"}, {"type": "user", "user_id": INDIGO}]
    blocks = [
        {"type": "section", "text": text, "fields": [{"type": "plain_text", "text": "field"}]},
        {"type": "divider"},
        {
            "type": "context",
            "elements": [text, {"type": "image", "alt_text": "cat", "image_url": "https://x.example"}],
        },
        {"type": "image", "alt_text": "dog", "image_url": "https://x.example"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": leaves}]},
        {"type": "hologram"},
    ]
    named = [{**block, "block_id": str(at)} for at, block in enumerate(blocks)]
    sandbox.slack.post(INTAKE, cast.BOT_USER_ID, **message("text", *named))

    html = visitor.get("/").text

    for seen in (
        "<strong>words</strong>",
        "field",
        "Picture: cat",
        "Picture: dog",
        "rich",
        "@Indigo Marshwick",
    ):
        assert seen in html
    assert "This page can’t show blocks of the type “hologram”." in html


def test_a_click_that_nobody_takes_is_said(sandbox: Sandbox, visitor: httpx.Client) -> None:
    actions = {"type": "actions", "block_id": "b", "elements": [button("Take it", "take")]}
    said = sandbox.slack.post(INTAKE, cast.BOT_USER_ID, **message("text", actions))

    answer = visitor.post("/page/click", data={"ts": said.ts, "act": key(("b", "take"))})

    assert "x-refused" in answer.headers
    assert "dispatch_failed" in answer.text
    assert "Take it" in answer.text


def test_a_click_and_a_choice_reach_the_app(world: World, visitor: httpx.Client) -> None:
    taken: list[dict[str, object]] = []
    world.app.action("take")(lambda ack, body: (ack(), taken.append(body["actions"][0])))
    option = {"text": {"type": "plain_text", "text": "Later"}, "value": "later"}
    elements = [
        button("Take it", "take"),
        {"type": "static_select", "action_id": "take", "options": [option]},
        {"type": "overflow", "action_id": "take", "options": [option]},
    ]
    blocks = [{"type": "actions", "block_id": str(at), "elements": [one]} for at, one in enumerate(elements)]
    said = world.sandbox.slack.post(INTAKE, cast.BOT_USER_ID, **message("text", *blocks))

    for data in (
        {"act": key(("0", "take"))},
        {"act": key(("1", "take")), key(("1", "take")): "later"},
        {"act": key(("2", "take", "later"))},
    ):
        assert "x-refused" not in visitor.post("/page/click", data={"ts": said.ts, **data}).headers

    assert [one["type"] for one in taken] == ["button", "static_select", "overflow"]
    assert [one.get("selected_option", {}).get("value") for one in taken] == [None, "later", "later"]


def test_the_app_can_be_invited_where_it_is_not(sandbox: Sandbox, visitor: httpx.Client) -> None:
    assert "The app isn’t in this conversation" in visitor.get("/?channel=C0GENERAL").text

    html = visitor.post("/page/invite?channel=C0GENERAL").text

    assert "The app isn’t in this conversation" not in html
    assert sandbox.slack.channel("C0GENERAL").bot_is_member


def test_a_permalink_leads_to_the_message(sandbox: Sandbox, visitor: httpx.Client) -> None:
    ts = sandbox.slack.say(JUNIPER, INTAKE, "root of it")

    answer = visitor.get(f"/archives/{INTAKE}/p{ts.replace('.', '')}")

    assert f"thread={ts}" in str(answer.url)
    assert "root of it" in answer.text


def test_the_apps_home_is_asked_for_and_drawn(sandbox: Sandbox, visitor: httpx.Client) -> None:
    section = {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "Welcome *home*"}}

    empty = visitor.post("/page/home").text
    sandbox.slack.views.publish(JUNIPER, {"type": "home", "blocks": [section]})

    assert "hasn’t published its App Home" in empty
    assert "Welcome <strong>home</strong>" in visitor.get("/?channel=home").text


def test_shortcuts_open_the_form(world: World, visitor: httpx.Client) -> None:
    slack = world.sandbox.slack
    ts = slack.say(JUNIPER, INTAKE, "it is broken")

    visitor.post("/page/shortcut", data={"callback_id": "idbot:ask"})
    eventually(lambda: slack.view(JUNIPER))
    view = slack.views.top(JUNIPER)
    assert view is not None
    visitor.post("/page/modal", data={"view": view.view_id, "do": "close"})
    closed = slack.view(JUNIPER)
    visitor.post("/page/shortcut", data={"callback_id": "idbot:ask-about", "ts": ts})

    assert closed is None
    assert eventually(lambda: slack.view(JUNIPER))


def test_of_a_threads_replies_those_count_as_news_that_concern_one(
    sandbox: Sandbox, visitor: httpx.Client
) -> None:
    slack = sandbox.slack
    root = slack.post(INTAKE, cast.BOT_USER_ID, "A ticket", is_from_app=True).ts
    for person in ("juniper", "indigo"):
        visitor.get(f"/?as={person}")
    slack.post(INTAKE, cast.BOT_USER_ID, f"<@{JUNIPER}> has news", thread_ts=root, is_from_app=True)

    news = '1 reply</a> <span class="badge">1 new</span>'
    assert news in visitor.get("/?as=juniper").text
    assert news not in visitor.get("/?as=indigo").text
    visitor.get(f"/?as=juniper&thread={root}")
    assert news not in visitor.get("/?as=juniper").text


def test_what_is_said_about_a_click_is_seen_where_the_click_was(
    sandbox: Sandbox, visitor: httpx.Client
) -> None:
    slack = sandbox.slack
    root = slack.post(INTAKE, cast.BOT_USER_ID, "A ticket", is_from_app=True)
    slack.say(JUNIPER, INTAKE, "a reply", thread_ts=root.ts)
    root = slack.message(INTAKE, root.ts)
    hook = WebhookClient(slack.response_url(JUNIPER, INTAKE, root))

    hook.send(text="This is not yours.", response_type="ephemeral", replace_original=False)

    assert "This is not yours." in visitor.get("/").text
    assert "Only visible to you in vsp-identity" in visitor.get(f"/?thread={root.ts}").text
