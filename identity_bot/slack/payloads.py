"""The shapes of what Slack sends, as far as the bot reads them, and what tells one delivery from another."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, fields, validate
from slack_bolt import BoltRequest, BoltResponse
from slack_bolt.request.payload_utils import (
    to_action,
    to_command,
    to_event,
    to_message,
    to_options,
    to_shortcut,
    to_step,
    to_view,
)
from slack_sdk import WebClient

from identity_bot.errors import Rejected

log = logging.getLogger(__name__)

BOLT_READS = (to_action, to_command, to_event, to_message, to_options, to_shortcut, to_step, to_view)
"""How Bolt finds the parts of each payload that it gives to listeners."""
UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError)
"""What Bolt raises for a payload that it cannot read."""

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
"""Where response_urls lead: Slack's host, and that of GovSlack, which has a domain of its own."""


class _Shape(Schema):
    """Fields that nobody reads may be anything."""

    class Meta:
        unknown = EXCLUDE


def _text(*, required: bool = False) -> fields.String:
    least = validate.Length(min=1 if required else 0)
    return fields.String(required=required, allow_none=not required, validate=least)


def _nested(shape: type[Schema], *, required: bool = False) -> fields.Nested:
    return fields.Nested(shape, required=required, allow_none=not required)


def _list(of: fields.Field[Any], *, least: int = 0) -> fields.List[Any]:
    return fields.List(of, required=bool(least), allow_none=not least, validate=validate.Length(min=least))


class _Named(_Shape):
    """A person or a channel."""

    id = _text(required=True)
    name = _text()
    username = _text()


class _Option(_Shape):
    value = _text()


class _File(_Shape):
    id = _text()
    name = _text()
    permalink = _text()


class _Entered(_Shape):
    """The state of an element of any kind."""

    value = _text()
    selected_date = _text()
    selected_user = _text()
    selected_option = _nested(_Option)
    selected_options = _list(fields.Nested(_Option))
    files = _list(fields.Nested(_File))


class _State(_Shape):
    values = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Nested(_Entered)),
        allow_none=True,
    )


class _Block(_Shape):
    block_id = _text()


class _Title(_Shape):
    text = _text()


class _View(_Shape):
    id = _text(required=True)
    callback_id = fields.String(required=True)
    """Empty for a view of the host's that has none."""
    type = _text(required=True)
    hash = _text()
    title = _nested(_Title)
    root_view_id = _text()
    team_id = _text()
    private_metadata = _text()
    blocks = fields.List(fields.Nested(_Block))
    state = _nested(_State)


class _Pressed(_Shape):
    action_id = _text(required=True)
    action_ts = _text()
    block_id = _text()
    selected_option = _nested(_Option)


class _Message(_Shape):
    ts = _text()
    text = _text()
    thread_ts = _text()


class _Container(_Shape):
    thread_ts = _text()


class _Payload(_Shape):
    """A payload of any kind."""

    type = _text()
    response_url = _text()
    trigger_id = _text()
    channel_id = _text()
    action_id = _text()
    event = fields.Nested(_Shape)
    view = fields.Nested(_Shape)


class _Command(_Payload):
    command = _text(required=True)
    text = _text()
    user_id = _text(required=True)
    trigger_id = _text(required=True)
    channel_name = _text()


class _Interaction(_Payload):
    user = _nested(_Named, required=True)
    view = fields.Nested(_View)
    message = _nested(_Message)
    container = _nested(_Container)


class _Click(_Interaction):
    actions = _list(fields.Nested(_Pressed), least=1)


class _Search(_Interaction):
    action_id = _text(required=True)
    block_id = _text()
    value = _text()


class _ViewEnd(_Interaction):
    view = _nested(_View, required=True)


class _Shortcut(_Interaction):
    callback_id = _text(required=True)
    trigger_id = _text(required=True)


class _AnchoredMessage(_Message):
    ts = _text(required=True)


class _MessageShortcut(_Shortcut):
    message = _nested(_AnchoredMessage, required=True)
    channel = _nested(_Named, required=True)


class _Event(_Shape):
    type = _text(required=True)
    function = fields.Nested(_Shape)


class _EventCallback(_Payload):
    event = _nested(_Event, required=True)


_COMMAND, _OTHER = _Command(), _Payload()
_KINDS: Mapping[str, Schema] = {
    "block_actions": _Click(),
    "block_suggestion": _Search(),
    "view_submission": _ViewEnd(),
    "view_closed": _ViewEnd(),
    "shortcut": _Shortcut(),
    "message_action": _MessageShortcut(),
    "event_callback": _EventCallback(),
}


def checked(read: Callable[[], BoltRequest]) -> BoltRequest:
    """The request that `read` makes; Rejected if Bolt cannot read it, or if it is not as Slack sends it."""
    try:
        request = read()
        for part in BOLT_READS:
            part(request.body)
    except UNREADABLE as error:
        raise Rejected(f"it cannot be read ({type(error).__name__})") from error
    if fields_named := malformed(request.body):
        raise Rejected(f"it is malformed ({fields_named})")
    return request


def malformed(body: object) -> str:
    """The fields of a payload that are not as Slack sends them; empty if it is well formed."""
    if not isinstance(body, dict):
        return "payload"
    kind = body.get("type")
    shape = _COMMAND if "command" in body else _KINDS.get(kind, _OTHER) if isinstance(kind, str) else _OTHER
    return ", ".join(sorted(shape.validate(body)))


def fingerprint(body: Mapping[str, Any]) -> str:
    """Tells one interaction from every other: only a delivery that is repeated has the same."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def is_slacks(response_url: str, api_url: str) -> bool:
    """Whether a response_url leads to Slack: to its own host, or to the host of the Web API's address."""
    try:
        target, api = urlsplit(response_url), urlsplit(api_url)
        own = target.scheme == "https" and target.hostname in SLACK_HOSTS and target.port in (None, 443)
        return own or (target.scheme, target.hostname, target.port) == (api.scheme, api.hostname, api.port)
    except ValueError:
        return False


def refuse_forged(
    body: Mapping[str, Any],
    client: WebClient,
    next: Callable[[], Any],  # noqa: A002 (Bolt's name)
) -> BoltResponse | None:
    """Middleware of our listeners: answers 400 to what Slack cannot have sent, so that they need not doubt it."""
    if fields_named := malformed(body):
        log.warning("refused a payload that is malformed (%s)", fields_named)
    elif (url := body.get("response_url")) and not is_slacks(url, client.base_url):
        log.warning("refused a payload whose response_url does not lead to Slack")
    else:
        next()
        return None
    return BoltResponse(status=400)
