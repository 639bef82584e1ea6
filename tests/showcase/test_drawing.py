"""The showcase as text reads at 80 columns; as JSON it is one document."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from identity_bot import Choice, Choices, Date, Form, ShortText, When, YesNo
from identity_bot.showcase.document import document, gallery
from identity_bot.showcase.drawing import WIDTH, drawn, spoken
from identity_bot.showcase.values import Showcase
from tests.showcase.conftest import Played
from tests.support_plugins import coffee

SHIPPED = ("data_pull", "mock_auth", "pr_review")


@pytest.mark.parametrize("name", SHIPPED)
def test_no_line_is_longer_than_80_columns_unless_it_is_one_word(
    shipped: Mapping[str, Showcase], name: str
) -> None:
    long = [line for line in drawn(shipped[name]).splitlines() if len(line) > WIDTH]

    assert not [line for line in long if len(line.strip(" |").split()) > 1]
    assert "\x1b" not in drawn(shipped[name])


def test_form_issue_and_messages_follow_each_other(shipped: Mapping[str, Showcase]) -> None:
    said = drawn(shipped["data_pull"])
    parts = [
        "Form\n----",
        "( ) Yes  ( ) No",
        "[Cancel] [Send]",
        "Issue in sandbox-org/identity-requests\n",
        "| **Your team** `Benefits Claims`",
        "Messages\n--------",
        "created (Juniper Vale sent the form)\n  The team's card, in C0TEAM:",
        "[Set priority…]",
        "prioritized (Indigo Marshwick set the priority)\n  Issue: + priority: high  - priority: critical",
        "@Juniper Vale #1 *Data pull*: The priority is high.",
        "An urgent request",
        "A sensitive request",
        "Juniper Vale, in a direct message:",
    ]
    places = [said.find(part) for part in parts]

    assert -1 not in places
    assert places == sorted(places)
    assert "identity-bot:ticket" not in said


def test_each_kind_of_field_and_each_branch_is_drawn(played: Played) -> None:
    form = Form(
        title="Coffee",
        description="From the machine",
        questions=[
            Choice(name="size", label="Size?", options=[f"Size {number}" for number in range(12)]),
            Choices(name="with_it", label="With it?", options=["Milk", "Sugar"], required=False),
            Date(name="day", label="Which day?"),
            YesNo(name="more", label="More?", initial=False),
            ShortText(name="what", label="What more?", hint="In one word.", shown_when=When("more", True)),
        ],
    )

    said = drawn(played(coffee=coffee(form)))

    assert "[ ____________________ ] (list)\n      Size 0 / Size 1" in said
    assert "Size 7 / and 4 more" in " ".join(said.split())
    assert "With it? (optional)\n      [ ____________________ ] (list, several)" in said
    assert "(date)" in said
    assert "( ) Yes  (x) No" in said
    branch = said.index("When “More?” is Yes, it also asks:\n    What more?")
    assert branch < said.index("In one word.")


def test_a_failure_stands_first_and_a_refusal_where_the_life_would_be(played: Played) -> None:
    def validate() -> dict[str, str]:
        return {"size": "We have run out of coffee."}

    def fail() -> None:
        raise ValueError("boom")

    refused = drawn(played(coffee=coffee(validate=validate)))
    failed = drawn(played(coffee=coffee(render_issue=fail)))

    assert "No usual ticket could be made" in refused
    assert "  - Size: We have run out of coffee." in refused
    assert "what follows the colon of its placeholder" in " ".join(refused.split())
    assert failed.splitlines()[1].startswith("! render_issue of the plugin 'coffee' failed")


@pytest.mark.parametrize(
    ("mrkdwn", "text"),
    [
        ("<@U0JUNIPER> and <@U0NOBODY>", "@Juniper Vale and @U0NOBODY"),
        ("<https://a.example|#1> &lt;b&gt; &amp;", "#1 <b> &"),
        ("<https://a.example>", "https://a.example"),
    ],
)
def test_mrkdwn_is_read_as_people_see_it(mrkdwn: str, text: str) -> None:
    assert spoken(mrkdwn) == text


def test_the_document_is_json_with_what_block_kit_builder_takes(shipped: Mapping[str, Showcase]) -> None:
    made = json.loads(json.dumps(document(shipped["data_pull"])))

    assert made["form"]["type"] == "modal"
    assert {"event", "by", "to", "where", "text", "blocks"} == set(made["messages"][0])
    assert made["messages"][0]["event"] == "created"
    assert made["issue"]["labels"] == ["identity-slackbot", "data_pull"]
    assert made["urgent"]["messages"]
    assert made["sensitive"]["issue"]["repository"] == "sandbox-org/identity-restricted"


def test_the_gallery_has_all_types_and_names_the_people(shipped: Mapping[str, Showcase]) -> None:
    made = gallery(shipped.values(), [])

    assert [one["name"] for one in made["types"]] == list(SHIPPED)
    assert made["people"]["U0LINDEN"] == "Linden Brookmere"
