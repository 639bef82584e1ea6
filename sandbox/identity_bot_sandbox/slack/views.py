"""Modals and App Homes as Slack keeps them: entered values, hashes and each person's stack of views."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack.entry import Place, Placed, at_first, completed, placed, still_fits

DEEPEST_STACK = 3
_OWN_KEYS = ("title", "submit", "close", "clear_on_close", "notify_on_close", "external_id")


@dataclass(eq=False, kw_only=True, slots=True)
class View:
    """A modal or App Home that a person has open; `errors` are shown at its inputs, by block_id.

    `offered` is what an external menu offers now; a person may just have chosen from `offered_before`.
    """

    view_id: str
    user: str
    root_id: str
    previous_id: str | None
    hash: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    values: dict[Place, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    offered: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)
    offered_before: dict[Place, list[dict[str, Any]]] = field(default_factory=dict)
    trouble: str | None = None

    def items(self) -> Iterator[Placed]:
        """Its elements, in display order."""
        return placed(self.given["blocks"])

    def item(self, name: str | Place, action_id: str | None = None) -> Placed:
        """The element with a block_id (and `action_id`, if the block has several), or with a pair of both."""
        block_id, action_id = name if isinstance(name, tuple) else (name, action_id)
        for item in self.items():
            if item.place[0] == block_id and action_id in (None, item.place[1]):
                return item
        there = ", ".join(item.place[0] for item in self.items())
        raise LookupError(f"the view has no {block_id!r} to enter anything in; it has {there or 'nothing'}")

    def draw(self, given: Mapping[str, Any], new_id: Callable[[], str], new_hash: str) -> None:
        """Replace the content; entered values stay where block_id, action_id and type are unchanged."""
        blocks = completed(given["blocks"], new_id)
        self.given = {**given, "blocks": blocks}
        self.hash = new_hash
        before, self.values = self.values, {}
        for item in placed(blocks):
            if item.keeps_state:
                old = before.get(item.place)
                keeps = old is not None and still_fits(item.element, old)
                self.values[item.place] = old if old is not None and keeps else at_first(item.element)
        self.errors = {}
        self.trouble = None
        self.offered = {place: options for place, options in self.offered.items() if place in self.values}

    def state(self) -> dict[str, Any]:
        """Slack's `state`: the entered values by block_id and action_id."""
        values: dict[str, dict[str, Any]] = {}
        for (block_id, action_id), state in self.values.items():
            values.setdefault(block_id, {})[action_id] = state
        return {"values": values}

    def json(self) -> dict[str, Any]:
        """Slack's view object; it shares its parts with this view, so do not change them."""
        own = {key: self.given.get(key) for key in _OWN_KEYS}
        return {
            "id": self.view_id,
            "team_id": cast.WORKSPACE_ID,
            "type": self.given["type"],
            "blocks": self.given["blocks"],
            "private_metadata": self.given.get("private_metadata", ""),
            "callback_id": self.given.get("callback_id", ""),
            "state": self.state(),
            "hash": self.hash,
            **own,
            "clear_on_close": bool(own["clear_on_close"]),
            "notify_on_close": bool(own["notify_on_close"]),
            "external_id": own["external_id"] or "",
            "previous_view_id": self.previous_id,
            "root_view_id": self.root_id,
            "app_id": cast.APP_ID,
            "app_installed_team_id": cast.WORKSPACE_ID,
            "bot_id": cast.BOT_ID,
        }


@dataclass(slots=True)
class Views:
    """Each person's open modals, topmost last, and App Home; guarded by the world's lock."""

    new_id: Callable[[str], str]
    new_hash: Callable[[], str]
    stacks: dict[str, list[View]] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)

    def top(self, user: str) -> View | None:
        """A person's topmost modal."""
        stack = self.stacks.get(user)
        return stack[-1] if stack else None

    def find(self, *, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """An open view by its id or external_id."""
        everything = [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())
        for view in everything:
            if view_id is not None and view.view_id == view_id:
                return view
            if external_id and view.given.get("external_id") == external_id:
                return view
        return None

    def open(self, user: str, given: Mapping[str, Any]) -> View:
        """Open a modal in place of everything the person had open."""
        self.stacks[user] = []
        return self.push(user, given)

    def push(self, user: str, given: Mapping[str, Any]) -> View:
        """Push a modal onto a person's stack."""
        stack = self.stacks.setdefault(user, [])
        view_id = self.new_id("V")
        view = View(
            view_id=view_id,
            user=user,
            root_id=stack[0].view_id if stack else view_id,
            previous_id=stack[-1].view_id if stack else None,
        )
        self.redraw(view, given)
        stack.append(view)
        return view

    def publish(self, user: str, given: Mapping[str, Any]) -> View:
        """Publish a person's App Home; it keeps its id."""
        view = self.homes.get(user)
        if view is None:
            view_id = self.new_id("V")
            view = self.homes[user] = View(view_id=view_id, user=user, root_id=view_id, previous_id=None)
        self.redraw(view, given)
        return view

    def redraw(self, view: View, given: Mapping[str, Any]) -> None:
        """Replace the content of an open view."""
        view.draw(given, lambda: self.new_id("")[-5:], self.new_hash())

    def take_off(self, view: View) -> None:
        """Close a view and those above it."""
        stack = self.stacks.get(view.user, [])
        if view in stack:
            del stack[stack.index(view) :]
