"""What a bot would hand over to the gallery: two request types, in the shape of its showcase's JSON."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def view(*questions: Json) -> Json:
    return {
        "type": "modal",
        "title": plain("Ask the team"),
        "close": plain("Cancel"),
        "submit": plain("Send"),
        "blocks": [section("*Coffee*"), *questions],
    }


def question(name: str, label: str, element: Json) -> Json:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "element": {"action_id": name, **element},
    }


YES_NO = {
    "type": "radio_buttons",
    "options": [{"text": plain("Yes"), "value": "yes"}, {"text": plain("No"), "value": "no"}],
}
MILK = question("milk", "Milk?", YES_NO)
WHICH = question("which", "Which milk?", {"type": "plain_text_input"})
PERSON = question("who", "For whom?", {"type": "users_select"})
BUTTONS = {
    "type": "actions",
    "block_id": "answers",
    "elements": [{"type": "button", "action_id": "close", "text": plain("Close my request…"), "value": "1"}],
}


def message(event: str, by: str, where: str, *blocks: Json) -> Json:
    return {"event": event, "by": by, "to": "requestor", "where": where, "text": "", "blocks": list(blocks)}


def step(event: str, by: str, *labels: str, comments: tuple[str, ...] = ()) -> Json:
    return {
        "event": event,
        "by": by,
        "labels": ["coffee", *labels],
        "assignees": [],
        "comments": list(comments),
    }


def life(repository: str = "sandbox-org/identity-requests") -> Json:
    new, told = ("created", "Juniper Vale sent the form"), ("spoc named", "Indigo Marshwick named the SPOC")
    return {
        "issue": {
            "repository": repository,
            "title": "Coffee for Benefits",
            "body": "<!-- identity-bot:status -->\nRequested by `Juniper Vale`\n\n### How large?\n\n**Large**",
            "labels": ["coffee"],
            "assignees": ["indigo-marshwick"],
        },
        "messages": [
            message(
                *new,
                "The team's card, in #team",
                section(f"*New* <https://github.test/{repository}/issues/1|#1>"),
            ),
            message(*new, "Juniper Vale, in #intake", section("<@U0JUNIPER> We got it."), BUTTONS),
            message(*told, "SPOC and assignees", section("<@U0LINDEN> You speak with &lt;them&gt;.")),
        ],
        "issue_history": [
            step(*new),
            step(
                "prioritized", "Indigo Marshwick set the priority", "priority: high", comments=("**high**",)
            ),
            step(*told, "priority: low"),
        ],
        "problems": [],
    }


def coffee(**more: Any) -> Json:
    return {
        "name": "coffee",
        "title": "Coffee",
        "description": "From the machine",
        "form": view(MILK, PERSON),
        "form_with_answers": [{"when": "“Milk?” is Yes", "adds": ["Which milk?"], "view": view(MILK, WHICH)}],
        **life(),
        "failures": [],
        **more,
    }


def played() -> Json:
    """Coffee in all its ways, tea with a failing hook and refused answers, and a plugin that was skipped."""
    refused = {
        "issue": None,
        "messages": [],
        "issue_history": [],
        "problems": ["Size: We have run out of <b>tea</b>."],
    }
    return {
        "types": [
            coffee(urgent=life(), sensitive=life("sandbox-org/identity-restricted")),
            coffee(
                name="tea",
                title="Tea",
                form_with_answers=[],
                failures=["notify failed with ValueError"],
                **refused,
            ),
        ],
        "skipped": [{"name": "soup", "reason": "plugin 'soup' (identity-bot-soup 1.0): cannot be imported"}],
        "people": {"U0JUNIPER": "Juniper Vale", "U0LINDEN": "Linden Brookmere"},
        "at": 1_800_000_000.0,
    }
