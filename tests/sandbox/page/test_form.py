"""Modals on the page, by their forms alone: what is entered reaches the app, and what is wrong is said."""

from __future__ import annotations

import html
import re

import httpx

from identity_bot_sandbox.page.form import key
from identity_bot_sandbox.server import Sandbox
from tests.support import World, eventually

JUNIPER = "U0JUNIPER"


def place(name: str, kind: str) -> str:
    return key((f"idbot:q:{name}", f"idbot:{kind}"))


def opened(world: World, visitor: httpx.Client, command: str) -> str:
    """The id of the modal that a command opens."""
    visitor.post("/page/say", data={"text": command})
    return str(eventually(lambda: world.sandbox.slack.view(JUNIPER))["id"])


ANSWERS: dict[str, str | list[str]] = {
    place("team", "short_text"): "Benefits",
    place("name", "short_text"): "Juniper Vale",
    place("production", "yes_no"): "no",
    place("short", "short_text"): "short",
    place("long", "long_text"): "two\r\nlines",
    place("link", "url"): "https://a.example/",
    place("mail", "email"): "a@b.example",
    place("number", "number"): "7",
    place("day", "date"): "2026-12-01",
    place("pick", "choice"): "a",
    place("some", "choices"): ["", "Bread", "Salt"],
    place("more", "yes_no"): "no",
    place("who", "member"): "U0SAGE",
}


def test_a_form_with_every_kind_of_question_reaches_the_app(
    every_kind: None, world: World, visitor: httpx.Client
) -> None:
    view = opened(world, visitor, "/help every_kind")
    far, lots = place("far", "choice"), place("lots", "choices")
    visitor.post("/page/modal", data={"view": view, "search": far, f"query:{far}": "town 149"})
    visitor.post("/page/modal", data={"view": view, "search": lots, f"query:{lots}": "star 1"})
    answers = ANSWERS | {far: "Town 149", lots: ["Star 1", "Star 17"]}
    files = {place("files", "files"): ("note.txt", b"hello")}

    shown = visitor.post("/page/modal", data={"view": view, "do": "submit", **answers}, files=files)
    world.settle()

    assert 'class="error"' not in shown.text
    [issue] = world.sandbox.github.issues("sandbox-org/identity-requests")
    body = issue.body or ""
    for said in (
        "two\nlines",
        "https://a.example/",
        "2026-12-01",
        "Apple",
        "Bread\nSalt",
        "Town 149",
        "note.txt",
    ):
        assert said in body
    assert "Star 1\nStar 17" in body
    assert "Sage Hollowell" in body
    assert "It is ticket" in visitor.get("/").text


def test_a_search_keeps_what_was_chosen_before(every_kind: None, world: World, visitor: httpx.Client) -> None:
    view = opened(world, visitor, "/help every_kind")
    lots = place("lots", "choices")

    first = visitor.post("/page/modal", data={"view": view, "search": lots, f"query:{lots}": "star 3"})
    data = {"view": view, "search": lots, f"query:{lots}": "star 44", lots: ["Star 33"]}
    second = visitor.post("/page/modal", data=data)

    assert 'value="Star 33"' in first.text
    assert re.search(r'value="Star 33" checked', second.text)
    assert 'value="Star 44"' in second.text


def test_what_is_missing_is_said_at_its_question_and_what_was_entered_stays(
    world: World, visitor: httpx.Client
) -> None:
    view = opened(world, visitor, "/help data_pull")

    shown = visitor.post(
        "/page/modal", data={"view": view, "do": "submit", place("team", "short_text"): "My <team>"}
    ).text

    assert 'value="My &lt;team&gt;"' in shown
    errors = re.findall(r'id="(\w+)-error" role="alert">([^<]*)<', shown)
    assert {words for _, words in errors} == {"Please complete this required field."}
    for question, _ in errors:
        assert re.search(rf'aria-describedby="[^"]*{question}-error', shown)


def test_a_choice_that_the_app_wants_to_hear_of_carries_all_that_was_entered(
    world: World, visitor: httpx.Client
) -> None:
    view = opened(world, visitor, "/help data_pull")
    chooser = key(("idbot:type", "idbot:type"))
    data = {"view": view, "act": chooser, chooser: "mock_auth", place("team", "short_text"): "Benefits"}

    visitor.post("/page/modal", data=data)
    eventually(lambda: "Which credential?" in visitor.get("/").text)

    assert 'value="Benefits"' in visitor.get("/").text


def test_two_files_too_many_and_a_file_taken_back(
    every_kind: None, world: World, visitor: httpx.Client
) -> None:
    view, name = opened(world, visitor, "/help every_kind"), place("files", "files")
    data = {"view": view, "do": "keep", name: ""}
    three = [(name, (f"{at}.txt", b"x")) for at in range(3)]

    many = visitor.post("/page/modal", data=data, files=three).text
    kept = visitor.post("/page/modal", data=data, files=three[:2]).text
    [first, _] = re.findall(r'value="(F\w+)" checked', kept)
    fewer = visitor.post("/page/modal", data={**data, name: ["", first]}).text

    assert "at most 2 can be chosen" in many
    assert "0.txt" in fewer
    assert "1.txt" not in fewer


def test_a_value_that_no_client_could_enter_is_said_at_its_question(
    every_kind: None, world: World, visitor: httpx.Client
) -> None:
    view = opened(world, visitor, "/help every_kind")

    bad = {place("short", "short_text"): "x" * 31, place("pick", "choice"): "coconut"}
    shown = visitor.post("/page/modal", data={"view": view, "do": "submit", **bad}).text

    assert "31 characters; the field takes 30." in shown
    assert "is not offered" in html.unescape(shown)


def test_an_app_that_does_not_answer_in_time_is_said_in_the_modal(
    world: World, visitor: httpx.Client
) -> None:
    view = opened(world, visitor, "/help data_pull")
    fields = set(re.findall(r'name="(idbot%3Aq[^"]+)"', visitor.get("/").text))
    typed = [name for name in fields if "size" not in name]
    answers = {name: "no" if name.endswith("yes_no") else "words" for name in typed}
    world.sandbox.slack.delivery.timeout = 0.0

    shown = visitor.post("/page/modal", data={"view": view, "do": "submit", **answers}).text

    assert "We had some trouble connecting. Try again?" in shown


def test_cancel_closes_and_the_app_hears_of_it(sandbox: Sandbox, visitor: httpx.Client) -> None:
    title = {"type": "plain_text", "text": "One"}
    for _ in range(2):
        view = sandbox.slack.views.push(JUNIPER, {"type": "modal", "title": title, "blocks": []})

    below = visitor.post("/page/modal", data={"view": view.view_id, "do": "close"}).text
    top = sandbox.slack.views.top(JUNIPER)
    assert top is not None
    gone = visitor.post("/page/modal", data={"view": top.view_id, "do": "close-all"}).text

    assert "modal-title" in below
    assert 'data-view=""' in gone


def test_a_form_of_a_modal_that_is_covered_changes_nothing(sandbox: Sandbox, visitor: httpx.Client) -> None:
    title = {"type": "plain_text", "text": "One"}
    first = sandbox.slack.views.push(JUNIPER, {"type": "modal", "title": title, "blocks": []})
    second = sandbox.slack.views.push(JUNIPER, {"type": "modal", "title": title, "blocks": []})

    visitor.post("/page/modal", data={"view": first.view_id, "do": "close"})

    assert sandbox.slack.views.top(JUNIPER) is second


def test_every_kind_of_element_is_drawn_and_takes_a_value(world: World, visitor: httpx.Client) -> None:
    """The elements that our forms do not use yet work too, in a modal of another app's making."""
    heard: list[dict[str, object]] = []
    world.app.action(re.compile("^e"))(lambda ack, body: (ack(), heard.append(body["actions"][0])))
    one = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
    group = {"label": {"type": "plain_text", "text": "Group"}, "options": [one]}
    elements: list[tuple[dict[str, object], str]] = [
        ({"type": "timepicker"}, "10:30"),
        ({"type": "datetimepicker"}, "2026-12-01T10:30"),
        ({"type": "rich_text_input"}, "words"),
        ({"type": "static_select", "option_groups": [group]}, "1"),
        ({"type": "multi_static_select", "option_groups": [group]}, "1"),
        ({"type": "multi_users_select"}, "U0SAGE"),
        ({"type": "channels_select"}, "C0GENERAL"),
        ({"type": "multi_conversations_select"}, "C0GENERAL"),
        ({"type": "checkboxes", "options": [one]}, "1"),
    ]
    label = {"type": "plain_text", "text": "Label"}
    blocks = [
        {
            "type": "input",
            "dispatch_action": True,
            "block_id": str(at),
            "label": label,
            "element": {**element, "action_id": f"e{at}"},
        }
        for at, (element, _) in enumerate(elements)
    ]
    title = {"type": "plain_text", "text": "One"}
    slack = world.sandbox.slack
    view = slack.views.push(JUNIPER, {"type": "modal", "title": title, "submit": title, "blocks": blocks})

    for at, (_, value) in enumerate(elements):
        name = key((str(at), f"e{at}"))
        shown = visitor.post("/page/modal", data={"view": view.view_id, "act": name, name: value})
        assert "x-refused" not in shown.headers

    assert [one["type"] for one in heard] == [element["type"] for element, _ in elements]
    assert "can’t show" not in visitor.get("/").text
    state = (slack.view(JUNIPER) or {})["state"]["values"]
    assert state["0"]["e0"]["selected_time"] == "10:30"
    assert state["2"]["e2"]["rich_text_value"]["elements"][0]["elements"][0]["text"] == "words"
    assert state["5"]["e5"]["selected_users"] == ["U0SAGE"]
