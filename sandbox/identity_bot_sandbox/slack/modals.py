"""What people do in the sandbox's modals and home tabs, and what they see then."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.delivery import INTERACTION
from identity_bot_sandbox.slack.entry import EntryError, Place, Placed, action, entered, refusal
from identity_bot_sandbox.slack.limits import check_blocks, check_view
from identity_bot_sandbox.slack.model import TEAM, TOKEN, Ack, SlackFile
from identity_bot_sandbox.slack.views import DEEPEST_STACK, View
from identity_bot_sandbox.slack.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"
LARGEST_FILE = 10_000_000


class Modals(Workspace):
    """The workspace and what people do in its modals and home tabs."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._submissions: dict[str, dict[str, Any]] = {}

    def view(self, user: str) -> dict[str, Any] | None:
        """A person's topmost modal, as Slack's view object."""
        with self.changed:
            top = self.views.top(user)
            return top.json() if top else None

    def home(self, user: str) -> dict[str, Any] | None:
        """A person's home tab, as Slack's view object."""
        with self.changed:
            home = self.views.homes.get(user)
            return home.json() if home else None

    def errors(self, user: str) -> dict[str, str]:
        """The errors that a person's topmost modal shows, by block_id; under "" for the whole form."""
        with self.changed:
            top = self.views.top(user)
            return {} if top is None else {**top.errors, **({"": top.trouble} if top.trouble else {})}

    def fill(self, user: str, values: Mapping[str | Place, Any], *, in_home: bool = False) -> None:
        """Enter values by block_id (or by block_id and action_id) without sending the form.

        A value is text, an option's value or label (a list for a multi-select), true or false for yes and
        no, a date, a person's id or name, or files as (name, content); None clears the element.
        Raises EntryError if Slack's client would not let a person enter it.
        """
        for name, value in values.items():
            view = self._open_view(user, in_home)
            self._enter(view, view.item(name), value)

    def act(
        self,
        user: str,
        block_id: str,
        value: Any = None,
        action_id: str | None = None,
        *,
        in_home: bool = False,
    ) -> Ack:
        """Press a button or enter a value; tells the app at once if Slack would."""
        view = self._open_view(user, in_home)
        item = view.item(block_id, action_id)
        if item.keeps_state:
            self._enter(view, item, value)
        if not item.dispatches:
            return Ack()
        with self.changed:
            state = view.values[item.place] if item.keeps_state else self._menu_choice(item, value)
            payload = {
                **self._who("block_actions", user),
                "container": {"type": "view", "view_id": view.view_id},
                "trigger_id": self.trigger(user),
                "view": view.json(),
                "actions": [action(item, state, self.new_ts())],
            }
        return self.delivery.ask(INTERACTION, payload)

    def type_text(self, user: str, block_id: str, text: str) -> Ack:
        """Type into a field without pressing Enter; tells the app once, as if a person paused there."""
        item = self._open_view(user, in_home=False).item(block_id)
        if item.dispatches_as_typed:
            return self.act(user, block_id, text)
        self.fill(user, {block_id: text})
        return Ack()

    def options(
        self, user: str, block_id: str, query: str, action_id: str | None = None, *, in_home: bool = False
    ) -> list[dict[str, Any]]:
        """Type into an external menu and return what the app offers, without groups; nothing if it failed."""
        view = self._open_view(user, in_home)
        item = view.item(block_id, action_id)
        if len(query) < item.element.get("min_query_length", 3):
            return []
        block_id, action_id = item.place
        with self.changed:
            payload = {
                **self._who("block_suggestion", user),
                "block_id": block_id,
                "action_id": action_id,
                "value": query,
                "container": {"type": "view", "view_id": view.view_id},
                "view": view.json(),
            }
        ack = self.delivery.ask(INTERACTION, payload)
        given = ack.payload if ack.is_ok and isinstance(ack.payload, Mapping) else {}
        if check_blocks([{"type": "actions", "elements": [{"type": "static_select", **given}]}], "modal"):
            given = {}
        groups = given.get("option_groups") or [{"options": given.get("options") or []}]
        found = self.completed(
            [{"type": "options", "options": [o for group in groups for o in group["options"]]}]
        )
        with self.changed:
            earlier = view.offered_before.setdefault(item.place, [])
            earlier += [one for one in view.offered.get(item.place, ()) if one not in earlier]
            view.offered[item.place] = found[0]["options"]
            return list(view.offered[item.place])

    def submit(self, user: str, *, clicks: int = 1) -> dict[str, str]:
        """Press a modal's submit button and return the errors it then shows, by block_id.

        Like Slack's client, sends nothing while a required input is empty. With several `clicks`, the same
        submission is delivered that many times at once.
        """
        with self.changed:
            view = self._open_view(user, in_home=False)
            if not view.given.get("submit"):
                raise EntryError("the modal has no submit button")
            view.trouble, view.errors = None, self._refusals(view)
            if view.errors:
                self.announce("view", user=user)
                return dict(view.errors)
            payload = {
                **self._who("view_submission", user),
                "trigger_id": self.trigger(user),
                "view": view.json(),
                "response_urls": self._response_urls(view),
            }
            self._submissions[user] = payload
        if clicks == 1:
            return self._submitted(view, self.delivery.ask(INTERACTION, payload))
        with ThreadPoolExecutor(clicks) as hands:
            acks = list(hands.map(lambda _: self.delivery.ask(INTERACTION, payload), range(clicks)))
        shown = [self._submitted(view, ack) for ack in acks]
        return shown[0]

    def resubmit(self, user: str) -> Ack:
        """Deliver a person's last submission again; the answer changes nothing on screen."""
        return self.delivery.ask(INTERACTION, self._submissions[user])

    def close(self, user: str, *, everything: bool = False) -> None:
        """Cancel a person's topmost modal, or `everything` as its × button does."""
        with self.changed:
            view = self._open_view(user, in_home=False)
            stack = list(self.views.stacks[user])
            is_cleared = everything or bool(view.given.get("clear_on_close"))
            closed = stack[::-1] if is_cleared else [view]
            self.views.take_off(stack[0] if is_cleared else view)
            self.announce("view", user=user)
        for gone in closed:
            if gone.given.get("notify_on_close"):
                told = {**self._who("view_closed", user), "view": gone.json(), "is_cleared": is_cleared}
                self.delivery.ask(INTERACTION, told)

    def _open_view(self, user: str, in_home: bool) -> View:
        with self.changed:
            view = self.views.homes.get(user) if in_home else self.views.top(user)
        if view is None:
            raise EntryError(f"{self.people[user].name} has no {'home tab' if in_home else 'modal'} open")
        return view

    def _enter(self, view: View, item: Placed, value: Any) -> None:
        kind, choices = item.element["type"], view.offered.get(item.place, [])
        if kind == "file_input" and value is not None:
            value = [self._file(view.user, one) for one in (value if isinstance(value, list) else [value])]
        if kind.endswith("external_select") and value is not None and not choices:
            self.options(view.user, *item.place[:1], str(value), item.place[1])
            choices = view.offered.get(item.place, [])
        choices = [*choices, *view.offered_before.get(item.place, [])]
        state = entered(item.element, value, choices=choices, people=self.names())
        with self.changed:
            if item.place in view.values:
                view.values[item.place] = state
                view.errors.pop(item.place[0], None)
            self.announce("view", user=view.user)

    def _file(self, user: str, given: Any) -> dict[str, Any]:
        file = given if isinstance(given, SlackFile) else self.upload(user, *given)
        if len(file.content) > LARGEST_FILE:
            raise EntryError(f"{file.name} has {len(file.content):,} bytes; a form takes 10 MB")
        return file.json()

    def _menu_choice(self, item: Placed, value: Any) -> dict[str, Any] | None:
        return entered(item.element, value, people={}) if item.element["type"] == "overflow" else None

    def _refusals(self, view: View) -> dict[str, str]:
        inputs = [item for item in view.items() if item.block["type"] == "input" and item.keeps_state]
        said = {item.place[0]: refusal(item, view.values[item.place]) for item in inputs}
        return {block_id: words for block_id, words in said.items() if words is not None}

    def _submitted(self, view: View, ack: Ack) -> dict[str, str]:
        """Apply the app's answer to a submission; the person sees an error if it is unusable."""
        answer = ack.payload if isinstance(ack.payload, Mapping) else {}
        with self.changed:
            if view not in self.views.stacks.get(view.user, []):
                return {}
            if not ack.is_ok or not self._respond(view, answer):
                view.trouble = TROUBLE
            self.announce("view", user=view.user)
            return {**view.errors, **({"": view.trouble} if view.trouble else {})}

    def _respond(self, view: View, answer: Mapping[str, Any]) -> bool:
        given = answer.get("view")
        match answer.get("response_action"):
            case None:
                self.views.take_off(view)
            case "clear":
                self.views.take_off(self.views.stacks[view.user][0])
            case "errors":
                inputs = {block["block_id"] for block in view.given["blocks"] if block["type"] == "input"}
                view.errors = dict(answer.get("errors") or {})
                if not view.errors or not inputs >= view.errors.keys():
                    view.errors = {}
                    return False
            case "update" if isinstance(given, Mapping) and not check_view(given):
                self.views.redraw(view, given)
            case "push" if isinstance(given, Mapping) and not check_view(given):
                if len(self.views.stacks[view.user]) >= DEEPEST_STACK:
                    return False
                self.views.push(view.user, given)
            case _:
                return False
        return True

    def _response_urls(self, view: View) -> list[dict[str, str]]:
        """A response_url for each conversation chosen in a menu that requests one."""
        found = []
        for item in view.items():
            chosen = view.values.get(item.place, {}).get("selected_conversation")
            if item.element.get("response_url_enabled") and chosen:
                block_id, action_id = item.place
                url = self.response_url(view.user, chosen)
                found.append(
                    {"block_id": block_id, "action_id": action_id, "channel_id": chosen, "response_url": url}
                )
        return found

    def _who(self, kind: str, user: str) -> dict[str, Any]:
        person = self.people[user]
        return {
            "type": kind,
            "token": TOKEN,
            "team": TEAM,
            "user": {
                "id": user,
                "username": person.handle,
                "name": person.handle,
                "team_id": person.workspace,
            },
            "api_app_id": cast.APP_ID,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _now(self, user: str) -> dict[str, str]:
        return {"trigger_id": self.trigger(user), "action_ts": self.new_ts()}
