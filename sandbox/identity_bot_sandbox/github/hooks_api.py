"""The API's endpoints for a repository's webhooks and their past deliveries."""

from __future__ import annotations

import json

from identity_bot_sandbox.github.call import Answer, Call, Endpoint, not_a
from identity_bot_sandbox.github.delivery import Delivery, Hook
from identity_bot_sandbox.github.json import Json, stamp
from identity_bot_sandbox.github.repository_json import hook_json
from identity_bot_sandbox.github.rules import invalid
from identity_bot_sandbox.github.values import GitHubError, Role


def list_hooks(call: Call) -> Answer:
    """GET the repository's webhooks."""
    return call.paged(_hooks(call), lambda hook: _shown(call, hook))


def create_hook(call: Call) -> Answer:
    """POST a webhook, which gets its ping at once."""
    _hooks(call)
    config = call.fields.get("config")
    if not isinstance(config, dict):
        raise not_a("object", "config", config)
    url = config.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise invalid("url", "custom", resource="Hook", message="url is not a valid URL")
    hook = call.world.add_hook(
        url,
        secret=config.get("secret"),
        events=tuple(call.texts("events") or ["push"]),
        repository=call.name,
    )
    return Answer(_shown(call, hook), 201)


def get_hook(call: Call) -> Answer:
    """GET one webhook."""
    return Answer(_shown(call, _hook(call)))


def delete_hook(call: Call) -> Answer:
    """DELETE a webhook."""
    call.world.webhooks.remove(_hook(call).id)
    return Answer(status=204)


def ping_hook(call: Call) -> Answer:
    """POST a ping to a webhook."""
    call.world.ping(_hook(call))
    return Answer(status=204)


def list_deliveries(call: Call) -> Answer:
    """GET what was sent to a webhook, newest first."""
    found = call.world.webhooks.deliveries(_hook(call).id)
    return call.paged(found[::-1], _brief)


def get_delivery(call: Call) -> Answer:
    """GET one delivery with all that was sent and answered."""
    delivery = _delivery(call)
    headers = dict(delivery.headers)
    return Answer(
        _brief(delivery)
        | {
            "url": delivery.hook.url,
            "request": {"headers": headers, "payload": json.loads(delivery.body)},
            "response": {"headers": dict(delivery.response_headers), "payload": delivery.response_body},
        }
    )


def redeliver(call: Call) -> Answer:
    """POST a delivery once more."""
    call.world.redeliver(_delivery(call).id)
    return Answer({}, 202)


def _hooks(call: Call) -> list[Hook]:
    repo = call.repository
    if not repo.role(call.actor).covers(Role.WRITE):
        raise GitHubError(404, "Not Found")
    return call.world.webhooks.hooks(repo.full_name)


def _hook(call: Call) -> Hook:
    for hook in _hooks(call):
        if hook.id == call.request.path_params["hook_id"]:
            return hook
    raise GitHubError(404, "Not Found")


def _delivery(call: Call) -> Delivery:
    delivery = call.world.webhooks.delivery(call.request.path_params["delivery_id"])
    if delivery.hook.id != _hook(call).id:
        raise GitHubError(404, "Not Found")
    return delivery


def _shown(call: Call, hook: Hook) -> Json:
    past = [one for one in call.world.webhooks.deliveries(hook.id) if one.status != "waiting"]
    return hook_json(call.show, call.repository, hook, past[-1] if past else None)


def _brief(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": stamp(delivery.delivered_at),
        "redelivery": delivery.is_redelivery,
        "duration": round(delivery.duration, 3),
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": None,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/hooks", list_hooks),
    ("POST", "/hooks", create_hook),
    ("GET", "/hooks/{hook_id:int}", get_hook),
    ("DELETE", "/hooks/{hook_id:int}", delete_hook),
    ("POST", "/hooks/{hook_id:int}/pings", ping_hook),
    ("GET", "/hooks/{hook_id:int}/deliveries", list_deliveries),
    ("GET", "/hooks/{hook_id:int}/deliveries/{delivery_id:int}", get_delivery),
    ("POST", "/hooks/{hook_id:int}/deliveries/{delivery_id:int}/attempts", redeliver),
)
