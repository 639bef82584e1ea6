"""The page in a real browser: by keyboard alone, on a phone, and under the eyes of axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from identity_bot_sandbox import cast
from identity_bot_sandbox.server import Sandbox
from tests.sandbox.page.played import played
from tests.support import REVIEW, World, eventually

Look = Callable[..., Page]
LINK = "https://github.com/sandbox-org/vets-api/pull/7"
ISSUE = f"/github/{cast.REPOSITORY}/issues/1"
DUE = date(date.today().year + 1, 1, 30)


def nothing_serious(page: Page) -> None:
    """What axe finds that would keep people out; there must be none.

    It is asked when nothing is on its way, as buttons fade meanwhile.
    """
    expect(page.locator('[aria-busy="true"]:not([data-quiet])')).to_have_count(0)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def command(page: Page, text: str) -> None:
    page.get_by_label("Message to vsp-identity").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()


def keys(page: Page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def newest(page: Page, text: str) -> Locator:
    """The last message that is shown with this text."""
    return page.get_by_role("log").get_by_role("listitem").filter(has_text=text).last


def press(part: Page | Locator, name: str) -> Locator:
    """Press a button by its key."""
    button = part.get_by_role("button", name=name)
    button.press("Enter")
    return button


def chosen(world: World) -> list[str]:
    """What is chosen in the lists of the form that is open."""
    view = world.sandbox.slack.view("U0JUNIPER")
    assert view is not None
    states = [state for states in view["state"]["values"].values() for state in states.values()]
    return [
        option["text"]["text"]
        for state in states
        for option in (state.get("selected_option"), *state.get("selected_options", ()))
        if option
    ]


def test_a_request_lives_by_keyboard_alone(world: World, look: Look) -> None:
    """Type the command, choose, fill in, send with a mistake and then right; comment on the issue and close it."""
    page = look()
    nothing_serious(page)
    keys(page, "Tab", "Enter")
    page.keyboard.type("/help")
    keys(page, "Enter")
    dialog = page.get_by_role("dialog", name="Ask the Identity Team")
    chooser = dialog.get_by_label("What do you need?")
    expect(chooser).to_be_focused()
    nothing_serious(page)
    page.keyboard.type("PR")
    team = dialog.get_by_label("Your team")
    expect(team).to_be_visible()
    expect(chooser).to_be_focused()
    keys(page, "Tab")
    page.keyboard.type("Benefits")
    keys(page, "Tab", "Tab", "ArrowDown", "Tab")
    page.keyboard.type("nonsense")
    keys(page, "Enter")
    error = dialog.get_by_role("alert").filter(has_text="valid URL")
    expect(error).to_be_visible()
    link = dialog.locator("input[type=url]")
    expect(link).to_have_attribute("aria-invalid", "true")
    nothing_serious(page)
    link.focus()
    keys(page, "Control+a")
    page.keyboard.type(LINK)
    expect(error).to_be_hidden()
    keys(page, "Tab", "ArrowDown", "Tab", "Tab", "Enter")
    expect(dialog.get_by_text("It is ticket")).to_be_visible()
    keys(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Message to vsp-identity")).to_be_focused()

    told = page.get_by_role("log").get_by_role("link", name="#1")
    told.focus()
    keys(page, "Enter")
    expect(page.get_by_role("heading", name="PR review: vets-api pull request 7")).to_be_visible()
    page.wait_for_url(f"**{ISSUE}")
    page.goto(f"{world.sandbox.url}{ISSUE}?as=indigo")
    page.get_by_label("Comment as").focus()
    page.keyboard.type("Looks right.")
    keys(page, "Tab", "Tab")
    expect(page.get_by_label("Reason for closing")).to_be_focused()
    keys(page, "Tab", "Enter")
    expect(page.get_by_text("closed this as completed")).to_be_visible()
    expect(page.get_by_role("paragraph").filter(has_text="Looks right.")).to_be_visible()
    nothing_serious(page)
    assert not world.sandbox.github.issue(cast.REPOSITORY, 1).is_open


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_request_is_started_in_the_home_tab_and_in_a_direct_message(
    world: World, look: Look, width: int, scheme: str
) -> None:
    """By keyboard, with the form that the command opens."""
    page = look(width=width, scheme=scheme)
    dialog = page.get_by_role("dialog", name="Ask the Identity Team")
    page.get_by_role("button", name="App Home").press("Enter")
    tab = page.get_by_role("region", name="App Home")
    expect(tab.get_by_role("heading", name="Ask the Identity Team")).to_be_visible()
    nothing_serious(page)
    press(tab, "Start a request")
    expect(dialog).to_be_visible()
    keys(page, "Escape")
    expect(dialog).to_be_hidden()

    page.get_by_role("link", name="Identity", exact=True).press("Enter")
    page.get_by_label("Message to Identity").fill("Hello, is anybody there?")
    keys(page, "Enter")
    answer = newest(page, "can't answer messages")
    expect(answer).to_be_visible()
    nothing_serious(page)
    press(answer, "Start a request")
    expect(dialog).to_be_visible()


def test_a_form_with_every_kind_of_question_is_filled_in(every_kind: None, world: World, look: Look) -> None:
    page = look(scheme="dark")
    command(page, "/help every_kind")
    dialog = page.get_by_role("dialog")
    for label, text in (
        ("Your team", "Benefits"),
        ("Short text", "short"),
        ("Long text", "two\nlines"),
        ("A web address", "https://a.example/"),
        ("A number", "7"),
        ("A day", "2026-12-01"),
    ):
        dialog.get_by_label(label).fill(text)
    dialog.get_by_role("group", name="Veterans in production").get_by_label("No").check()
    dialog.get_by_label("One of a few").select_option("Pear")
    dialog.get_by_label("A person").select_option("Sage Hollowell")
    dialog.get_by_role("group", name="Some of a few").get_by_label("Salt").check()
    for group, words, found, option in (
        ("One of many", "town 149", "1 found", "Town 149"),
        ("Some of many", "star 33", "2 found", "Star 33"),
    ):
        search = dialog.get_by_role("group", name=group).get_by_label("Search")
        search.fill(words)
        expect(dialog.get_by_role("group", name=group).get_by_role("status")).to_have_text(found)
        dialog.get_by_label(option, exact=True).check()
        expect(search).to_have_value(words)
    dialog.get_by_role("group", name="Is there more?").get_by_label("Yes").check()
    dialog.get_by_label("What more?").fill("This")
    expect(dialog.get_by_label("Long text")).to_have_value("two\nlines")
    file = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"}
    dialog.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(dialog.get_by_label("note.txt")).to_be_checked()
    nothing_serious(page)

    dialog.get_by_role("button", name="Send").click()

    expect(dialog.get_by_text("It is ticket")).to_be_visible()
    assert [one.name for one in world.sandbox.slack.files.values()] == ["note.txt"]
    body = world.sandbox.github.issue(cast.REPOSITORY, 1).body or ""
    for said in ("two\nlines", "Pear", "Town 149", "Star 33", "This", "Sage Hollowell", "note.txt"):
        assert said in body


def test_what_is_wrong_stays_though_it_was_sent_as_soon_as_typed(world: World, look: Look) -> None:
    """The page tells of what was typed once it pauses; told after it was sent, that would count as an edit."""
    page = look()
    command(page, "/help pr_review")
    dialog = page.get_by_role("dialog", name="Ask the Identity Team")
    dialog.get_by_label("Your team").fill("Benefits")
    dialog.get_by_role("group", name="production").get_by_label("No").check()
    dialog.get_by_role("group", name="tested").get_by_label("No").check()
    dialog.get_by_label("Link to").fill("https://example.com/foo")

    dialog.get_by_role("button", name="Send").click()

    error = dialog.get_by_role("alert").filter(has_text="Please paste")
    expect(error).to_be_visible()
    page.wait_for_timeout(600)
    expect(error).to_be_visible()


def test_what_is_typed_outlives_news_and_the_focus_stays(sandbox: Sandbox, look: Look) -> None:
    page = look()
    composer = page.get_by_label("Message to vsp-identity")
    composer.focus()
    page.keyboard.type("half a sen")
    page.get_by_text("Faults").click()
    page.get_by_label("Loses webhooks").check()
    composer.focus()

    ts = sandbox.slack.say("U0MARLO", "C0INTAKE", "news from Marlo")
    sandbox.github.open_issue(cast.REPOSITORY, "News from GitHub", actor="juniper-vale")
    expect(page.get_by_text("news from Marlo")).to_be_visible()
    expect(page.get_by_text("News from GitHub")).to_be_visible()
    page.keyboard.type("tence")

    expect(composer).to_have_value("half a sentence")
    expect(page.get_by_label("Loses webhooks")).to_be_checked()
    sandbox.slack.delete(sandbox.slack.message("C0INTAKE", ts))
    expect(page.get_by_text("news from Marlo")).to_be_hidden()


def test_a_thread_is_opened_answered_and_left_by_the_back_button(sandbox: Sandbox, look: Look) -> None:
    sandbox.slack.say("U0MARLO", "C0INTAKE", "who knows?")
    page = look()

    page.get_by_label("More actions for the message of Marlo Pinesong").click()
    page.get_by_role("link", name="Reply in thread").click()
    page.get_by_label("Reply in the thread").fill("I do <b>*know*</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_text("I do <b>know</b>")).to_be_visible()
    nothing_serious(page)
    page.go_back()

    expect(page.get_by_role("heading", name="vsp-identity")).to_be_visible()
    expect(page.get_by_role("link", name="1 reply")).to_be_visible()


def test_a_message_is_sent_with_a_file_then_edited_and_answered_with_an_emoji(
    sandbox: Sandbox, look: Look
) -> None:
    page = look()
    page.get_by_text("Attach files").click()
    page.get_by_label("Files", exact=True).set_input_files(
        {"name": "screen.png", "mimeType": "image/png", "buffer": b"png"}
    )
    page.get_by_label("Message to vsp-identity").fill("lok")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="screen.png")).to_be_visible()
    expect(page.get_by_label("Files", exact=True)).to_have_value("")

    menu = page.get_by_label("More actions for the message of Juniper Vale")
    menu.click()
    nothing_serious(page)
    page.get_by_label("Edit the message").fill("look")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("(edited)")).to_be_visible()
    menu.click()
    page.get_by_role("button", name="React with eyes").click()
    expect(page.get_by_role("button", name="eyes: 1")).to_be_visible()
    nothing_serious(page)

    [said] = sandbox.slack.messages("C0INTAKE")
    assert (said.text, said.reactions) == ("look", (("eyes", "U0JUNIPER"),))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_one_half_at_a_time_and_never_scrolls_sideways(
    sandbox: Sandbox, look: Look, scheme: str
) -> None:
    body = f"{'long' * 60}\n\n```\n{'wide ' * 60}\n```\n\n| a | b |\n|---|---|\n| {'x' * 80} | {'y' * 80} |"
    sandbox.github.open_issue(cast.REPOSITORY, "t" * 200, body, actor="juniper-vale")
    sandbox.slack.say("U0MARLO", "C0INTAKE", "w" * 300)
    page = look(width=360, height=640, scheme=scheme)

    for path in ("/", f"/github/{cast.REPOSITORY}/issues?as=indigo", f"{ISSUE}?as=indigo"):
        page.goto(sandbox.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        nothing_serious(page)
    page.get_by_role("navigation", name="Slack or GitHub").get_by_role("link", name="Slack").click()

    expect(page.get_by_role("log")).to_be_visible()
    expect(page.get_by_role("heading", name="t" * 200)).to_be_hidden()
    page.go_back()
    expect(page.get_by_role("heading", name="t" * 200)).to_be_visible()


def test_an_act_that_fails_is_said_and_what_was_written_is_kept(sandbox: Sandbox, look: Look) -> None:
    sandbox.github.open_issue(cast.REPOSITORY, "Locked", actor="juniper-vale")
    page = look(f"{ISSUE}?as=juniper")
    page.get_by_label("Comment as").fill("let me in")
    sandbox.github.lock(cast.REPOSITORY, 1, actor="indigo-marshwick")
    expect(page.get_by_label("Locked: only people")).to_have_value("let me in")

    page.get_by_role("button", name="Comment", exact=True).click()

    expect(page.get_by_role("alert").get_by_text("issue is locked")).to_be_visible()
    expect(page.get_by_label("Locked: only people")).to_have_value("let me in")
    nothing_serious(page)


def test_tabs_are_different_people_who_see_each_other_at_once(sandbox: Sandbox, look: Look) -> None:
    juniper, sage = look(), look("/?as=sage")

    juniper.get_by_label("Message to vsp-identity").fill("Hello *there* :wave:")
    juniper.keyboard.press("Enter")

    expect(sage.get_by_role("log").get_by_text("Hello there 👋")).to_be_visible()
    sage.get_by_text("You are").click()
    nothing_serious(sage)
    sage.get_by_role("link", name="Linden Brookmere").click()
    expect(sage.get_by_text("You are Linden")).to_be_visible()


def test_on_a_phone_a_channel_opens_at_its_newest_message(sandbox: Sandbox, look: Look) -> None:
    for number in range(20):
        sandbox.slack.say("U0MARLO", "C0INTAKE", f"message {number}")
        sandbox.slack.say("U0MARLO", "C0GENERAL", f"general {number}")
    page = look(width=360, height=640)

    expect(page.get_by_text("message 19")).to_be_in_viewport()
    page.get_by_role("link", name="general").click()
    expect(page.get_by_text("general 19")).to_be_in_viewport()
    halves = page.get_by_role("navigation", name="Slack or GitHub")
    halves.get_by_role("link", name="GitHub").click()
    halves.get_by_role("link", name="Slack").click()
    expect(page.get_by_text("general 19")).to_be_in_viewport()


def test_on_a_phone_a_channel_opens_at_its_newest_message_for_whoever_turns_back_at_once(
    sandbox: Sandbox, look: Look
) -> None:
    for number in range(20):
        sandbox.slack.say("U0MARLO", "C0INTAKE", f"message {number}")
    page = look(width=360, height=640)
    expect(page.get_by_text("message 19")).to_be_in_viewport()
    waiting: list[Route] = []
    page.route(re.compile("pane=github|/github"), lambda route: waiting.append(route))
    halves = page.get_by_role("navigation", name="Slack or GitHub")

    halves.get_by_role("link", name="GitHub").click()
    halves.get_by_role("link", name="Slack").click()

    expect(page.get_by_text("message 19")).to_be_in_viewport()
    [left] = waiting
    left.continue_()


def test_who_closes_an_issue_can_open_it_again_by_the_next_key(sandbox: Sandbox, look: Look) -> None:
    sandbox.github.open_issue(cast.REPOSITORY, "Short", actor="juniper-vale")
    page = look(f"{ISSUE}?as=juniper")

    page.get_by_role("button", name="Close issue").focus()
    keys(page, "Enter")

    expect(page.get_by_role("button", name="Reopen issue")).to_be_focused()


def test_the_link_followed_last_wins_though_its_page_comes_first(sandbox: Sandbox, look: Look) -> None:
    page = look(width=360, height=640)
    held: list[Route] = []
    page.route(re.compile("/issues"), lambda route: held.append(route))
    page.get_by_role("link", name="GitHub", exact=True).click()

    page.get_by_role("link", name="general").click()
    expect(page.get_by_label("Message to general")).to_be_visible()
    with page.expect_response(re.compile("/issues")) as answer:
        held[0].continue_()
    answer.value.finished()

    page.get_by_label("Message to general").press("A")
    expect(page.get_by_label("Message to general")).to_have_value("A")
    expect(page).to_have_url(re.compile("channel=C0GENERAL"))


@pytest.mark.parametrize("name", ["Send", ""])
def test_a_link_in_a_receipt_closes_it_and_one_in_a_form_does_not(
    sandbox: Sandbox, look: Look, name: str
) -> None:
    sandbox.github.open_issue(cast.REPOSITORY, "Found it", actor="juniper-vale")
    words = {"type": "mrkdwn", "text": f"It is <{sandbox.url}{ISSUE}|#1>."}
    view: dict[str, object] = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Words"},
        "blocks": [{"type": "section", "text": words}],
    }
    if name:
        view["submit"] = {"type": "plain_text", "text": name}
    page = look()
    with sandbox.slack.changed:
        sandbox.slack.views.open("U0JUNIPER", view)
        sandbox.slack.announce("view", user="U0JUNIPER")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    if name:
        with page.context.expect_page() as other:
            dialog.get_by_role("link", name="#1").click()
        expect(other.value.get_by_role("heading", name="Found it")).to_be_visible()
        expect(dialog).to_be_visible()
    else:
        dialog.get_by_role("link", name="#1").click()
        expect(page.get_by_role("heading", name="Found it")).to_be_visible()
        expect(dialog).to_be_hidden()
        assert sandbox.slack.view("U0JUNIPER") is None


def test_what_is_chosen_while_a_search_is_on_its_way_is_kept(
    every_kind: None, world: World, look: Look
) -> None:
    page = look()
    command(page, "/help every_kind")
    group = page.get_by_role("dialog").get_by_role("group", name="One of many")
    search = group.get_by_label("Search")
    search.fill("town 14")
    expect(group.get_by_role("status")).not_to_have_text("")
    expect(group.get_by_label("Town 149", exact=True)).to_be_visible()
    held: list[Route] = []
    page.route("**/page/modal**", lambda route: route.continue_() if held else held.append(route))

    search.press_sequentially("8")
    eventually(lambda: bool(page.wait_for_timeout(20) or held))
    group.get_by_label("Town 149", exact=True).check()
    held[0].continue_()

    expect(group.get_by_role("status")).to_have_text("2 found")
    expect(group.get_by_label("Town 149", exact=True)).to_be_checked()
    assert "Town 149" in chosen(world)


def test_what_is_chosen_right_after_typing_is_kept(every_kind: None, world: World, look: Look) -> None:
    """Before the search begins that the typing asks for."""
    page = look()
    command(page, "/help every_kind")
    group = page.get_by_role("dialog").get_by_role("group", name="One of many")
    search = group.get_by_label("Search")
    search.fill("town 14")
    expect(group.get_by_label("Town 149", exact=True)).to_be_visible()

    search.press_sequentially("8")
    group.get_by_label("Town 149", exact=True).check()

    expect(group.get_by_role("status")).to_have_text("2 found")
    expect(group.get_by_label("Town 149", exact=True)).to_be_checked()


@pytest.mark.parametrize("by", ["pointer", "key"])
@pytest.mark.parametrize(
    ("name", "first", "more", "option", "found"),
    [
        ("One of many", "town 14", "8", "Town 149", "2 found"),
        ("Some of many", "star 3", "3", "Star 35", "3 found"),
    ],
)
def test_what_is_pressed_while_a_searchs_results_come_in_is_chosen(
    every_kind: None,
    world: World,
    look: Look,
    name: str,
    first: str,
    more: str,
    option: str,
    found: str,
    by: str,
) -> None:
    """Browsers choose on the release of a button or key, and only what is still there."""
    page = look()
    command(page, "/help every_kind")
    group = page.get_by_role("dialog").get_by_role("group", name=name)
    search = group.get_by_label("Search")
    search.fill(first)
    tick = group.get_by_label(option, exact=True)
    expect(tick).to_be_visible()
    held: list[Route] = []
    page.route("**/page/modal**", lambda route: route.continue_() if held else held.append(route))
    search.press_sequentially(more)
    eventually(lambda: bool(page.wait_for_timeout(20) or held))

    if by == "pointer":
        tick.hover()
        page.mouse.down()
    else:
        tick.focus()
        page.keyboard.down(" ")
    with page.expect_response("**/page/modal**") as answer:
        held[0].continue_()
    answer.value.finished()
    page.wait_for_timeout(200)
    page.mouse.up() if by == "pointer" else page.keyboard.up(" ")

    expect(group.get_by_role("status")).to_have_text(found)
    expect(tick).to_be_checked()
    assert option in chosen(world)


def test_the_buttons_of_a_card_wrap_on_a_phone(sandbox: Sandbox, look: Look) -> None:
    slack = sandbox.slack
    elements = [
        {"type": "button", "action_id": f"b{n}", "text": {"type": "plain_text", "text": f"Do thing {n}"}}
        for n in range(10)
    ]
    blocks = slack.completed([{"type": "actions", "elements": elements}])
    slack.post("C0INTAKE", cast.BOT_USER_ID, "card", blocks=blocks, is_from_app=True)

    page = look(width=360, height=640)

    for number in range(10):
        button = page.get_by_role("button", name=f"Do thing {number}")
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    nothing_serious(page)


def test_the_controls_that_move_and_rename_are_within_reach_of_all(sandbox: Sandbox, look: Look) -> None:
    sandbox.github.open_issue(cast.REPOSITORY, "Short", actor="juniper-vale")
    page = look(f"{ISSUE}?as=indigo", width=360, height=640)
    page.on("dialog", lambda dialog: dialog.accept())

    page.get_by_text("Move or delete").click()
    nothing_serious(page)
    page.get_by_role("button", name="Transfer").click()
    expect(page.get_by_role("heading", name="sandbox-org/identity-restricted")).to_be_visible()
    page.goto(f"{sandbox.url}/github/{cast.REPOSITORY}/issues?as=indigo")
    page.get_by_text("Labels and name").click()
    nothing_serious(page)
    page.get_by_label("Name of the label bug").fill("fault")
    page.get_by_role("button", name="Rename the label bug").click()

    expect(page.get_by_role("button", name="Rename the label fault")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_ticket_is_moved_by_buttons_until_the_requestor_sends_it_back(world: World, look: Look) -> None:
    """Take it, promise a day, have it tried: the card follows, the focus stays, others are refused where they are."""
    world.request("U0JUNIPER", "pr_review", **REVIEW)
    world.sandbox.slack.close("U0JUNIPER")
    page = look("/?as=indigo&channel=C0TEAM")
    card, dialog = newest(page, "Reference:"), page.get_by_role("dialog")

    take = press(card, "Take it, ticket #1")
    expect(card).to_contain_text("Assigned to: @Indigo Marshwick")
    expect(take).to_be_focused()
    dated = press(card, "Set target date, ticket #1")
    expect(dialog.get_by_label("Target date")).to_be_focused()
    dialog.get_by_label("Target date").fill("2020-01-01")
    press(dialog, "Set date")
    expect(dialog.get_by_role("alert")).to_contain_text("in the past")
    expect(dialog.get_by_label("Target date")).to_be_focused()
    nothing_serious(page)
    dialog.get_by_label("Target date").fill(DUE.isoformat())
    press(dialog, "Set date")
    expect(card).to_contain_text(f"Target date: January 30, {DUE.year}")
    expect(dated).to_have_count(0)
    dated = card.get_by_role("button", name="Change target date, ticket #1")
    expect(dated).to_be_focused()
    press(card, "Ready for UAT, ticket #1")
    expect(card).to_contain_text("Ready for UAT. Ticket #1")
    expect(card.get_by_role("button", name="Ask requestor, ticket #1")).to_be_focused()
    nothing_serious(page)

    page.get_by_role("link", name="vsp-identity").click()
    newest(page, "We got your").get_by_role("link", name=re.compile("repl")).click()
    press(newest(page, "ready for you to try"), "Accept")
    expect(newest(page, "Only visible to you")).to_contain_text("Only Juniper Vale")
    nothing_serious(page)

    page.get_by_text("You are").click()
    page.get_by_role("link", name="Juniper Vale").click()
    expect(page.get_by_text("You are Juniper Vale")).to_be_visible()
    asked = newest(page, "ready for you to try")
    press(asked, "Needs work…")
    expect(dialog.get_by_label("What still needs work?")).to_be_focused()
    dialog.get_by_label("What still needs work?").fill("There is no way back.")
    press(dialog, "Send back")
    expect(asked).to_contain_text("@Juniper Vale said it needs work.")
    expect(page.locator(":focus")).to_have_count(1)
    nothing_serious(page)
    page.goto(f"{world.sandbox.url}/?as=indigo&channel=C0TEAM")
    expect(card).to_contain_text("In progress. Ticket #1")
    expect(card.get_by_text("1 new")).to_be_visible()
    card.get_by_role("link", name="1 reply").click()
    expect(newest(page, "needs work")).to_contain_text("“There is no way back.”")


def test_what_is_done_in_github_is_seen_at_once_on_the_card_beside_it(
    world: World, webhook: str, look: Look
) -> None:
    world.request("U0JUNIPER", "pr_review", **REVIEW)
    world.settle()
    page = look(f"{ISSUE}?as=indigo&channel=C0TEAM", scheme="dark")
    card, said = newest(page, "Reference:"), page.get_by_role("list", name="What happened")

    page.get_by_label("Assign someone").select_option("linden-brookmere")
    page.get_by_role("button", name="Assign", exact=True).press("Enter")
    expect(card).to_contain_text("Assigned to: @Linden Brookmere")
    page.get_by_label("Comment as").fill("/target 2026-02-30")
    page.get_by_role("button", name="Comment", exact=True).press("Enter")
    expect(said).to_contain_text("is not a date on the calendar")
    page.get_by_label("Reason for closing").select_option("not_planned")
    press(page, "Close issue")

    expect(card).to_contain_text("Closed as not planned. Ticket #1")
    expect(card.get_by_role("button")).to_have_text(["Reopen", "Redact…"])
    nothing_serious(page)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_gallery_is_read_by_keyboard_and_leads_back(
    sandbox: Sandbox, look: Look, width: int, scheme: str
) -> None:
    sandbox.showcase = played
    page = look(width=width, scheme=scheme)
    page.get_by_role("link", name="Gallery").press("Enter")
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    nothing_serious(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("navigation", name="Contents").get_by_role("link", name="Messages").first.press("Enter")

    expect(page.get_by_role("heading", name="Created").first).to_be_in_viewport()
    expect(page.get_by_role("button", name="Close my request").first).to_be_disabled()
    page.get_by_text("it also asks: Which milk?").click()
    expect(page.get_by_label("Which milk?")).to_be_visible()
    expect(page.get_by_label("Which milk?")).to_be_disabled()
    nothing_serious(page)
    page.get_by_role("link", name="Back to the sandbox").press("Enter")
    expect(page.get_by_label("Message to vsp-identity")).to_be_visible()
