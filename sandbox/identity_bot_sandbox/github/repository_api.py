"""The API's endpoints for a repository: itself, its labels, milestones, people and webhooks."""

from __future__ import annotations

from datetime import datetime

from identity_bot_sandbox.github.call import Answer, Call, Endpoint
from identity_bot_sandbox.github.issues_api import check_assignee, moment
from identity_bot_sandbox.github.json import Json
from identity_bot_sandbox.github.repository_json import full_repository_json, permissions
from identity_bot_sandbox.github.rules import invalid
from identity_bot_sandbox.github.values import GitHubError, Label, Milestone, Role


def get_repository(call: Call) -> Answer:
    """GET a repository with what the asker may do there."""
    shown = full_repository_json(call.show, call.repository, call.credential.login)
    return Answer(shown, modified=call.repository.updated_at)


def list_labels(call: Call) -> Answer:
    """GET all labels by name."""
    repo = call.repository
    found = sorted(repo.labels.values(), key=lambda label: label.name.lower())
    return call.paged(found, lambda label: call.show.label(repo, label))


def create_label(call: Call) -> Answer:
    """POST a label."""
    color = (call.text("color") or "ededed").removeprefix("#")
    label = call.world.new_label(
        call.name, call.needed("name"), color, call.text("description"), actor=call.actor
    )
    return Answer(call.show.label(call.repository, label), 201)


def get_label(call: Call) -> Answer:
    """GET a label by its name in any case."""
    return _label(call, call.repository.label(call.request.path_params["label"]))


def change_label(call: Call) -> Answer:
    """PATCH a label."""
    label = call.world.edit_label(
        call.name,
        call.request.path_params["label"],
        actor=call.actor,
        new_name=call.text("new_name"),
        color=call.text("color"),
        description=call.text("description"),
    )
    return _label(call, label)


def delete_label(call: Call) -> Answer:
    """DELETE a label."""
    call.world.delete_label(call.name, call.request.path_params["label"], actor=call.actor)
    return Answer(status=204)


def list_milestones(call: Call) -> Answer:
    """GET milestones, open ones and the soonest first unless asked otherwise."""
    repo, query = call.repository, call.request.query_params
    state = query.get("state", "open")
    found = [one for one in repo.milestones.values() if state in ("all", one.state)]
    found.sort(key=lambda one: (one.due_on is None, one.due_on, one.number))
    if query.get("direction") == "desc":
        found.reverse()
    return call.paged(found, lambda one: call.show.milestone(repo, one))


def create_milestone(call: Call) -> Answer:
    """POST a milestone."""
    milestone = call.world.new_milestone(
        call.name, call.needed("title"), _due(call), call.text("description"), actor=call.actor
    )
    return _milestone(call, milestone, 201)


def get_milestone(call: Call) -> Answer:
    """GET a milestone."""
    return _milestone(call, call.repository.milestone(call.number))


def change_milestone(call: Call) -> Answer:
    """PATCH a milestone."""
    state = call.text("state")
    if state not in (None, "open", "closed"):
        raise invalid("state", "invalid", resource="Milestone", value=state)
    milestone = call.world.edit_milestone(
        call.name,
        call.number,
        actor=call.actor,
        title=call.text("title"),
        due_on=_due(call),
        has_due_date=call.fields.get("due_on", "") is not None,
        description=call.text("description"),
        is_open=None if state is None else state == "open",
    )
    return _milestone(call, milestone)


def list_assignees(call: Call) -> Answer:
    """GET who may be assigned."""
    return call.paged(list(call.repository.roles), call.show.user_of)


def list_collaborators(call: Call) -> Answer:
    """GET who has been given a role here."""
    repo = call.repository
    repo.require(call.actor, Role.WRITE)

    def draw(login: str) -> Json:
        role = repo.role(login)
        return call.show.user_of(login) | {"permissions": permissions(role), "role_name": role.value}

    return call.paged([login for login, role in repo.roles.items() if role is not Role.NONE], draw)


def check_collaborator(call: Call) -> Answer:
    """GET whether somebody has been given a role here: 204 or 404."""
    return check_assignee(call)


def get_permission(call: Call) -> Answer:
    """GET what somebody may do here, by the four old words and by the role's own name."""
    account = call.world.account(call.request.path_params["login"])
    role = call.repository.role(account.login)
    old_word = {Role.TRIAGE: Role.READ, Role.MAINTAIN: Role.WRITE}.get(role, role)
    user = call.show.user(account) | {"permissions": permissions(role), "role_name": role.value}
    return Answer({"permission": old_word.value, "role_name": role.value, "user": user})


def _label(call: Call, label: Label) -> Answer:
    return Answer(call.show.label(call.repository, label))


def _milestone(call: Call, milestone: Milestone, status: int = 200) -> Answer:
    return Answer(call.show.milestone(call.repository, milestone), status)


def _due(call: Call) -> datetime | None:
    text = call.text("due_on")
    try:
        return moment(text)
    except GitHubError:
        raise invalid("due_on", "invalid", resource="Milestone", value=text) from None


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "", get_repository),
    ("GET", "/labels", list_labels),
    ("POST", "/labels", create_label),
    ("GET", "/labels/{label:path}", get_label),
    ("PATCH", "/labels/{label:path}", change_label),
    ("DELETE", "/labels/{label:path}", delete_label),
    ("GET", "/milestones", list_milestones),
    ("POST", "/milestones", create_milestone),
    ("GET", "/milestones/{number:int}", get_milestone),
    ("PATCH", "/milestones/{number:int}", change_milestone),
    ("GET", "/assignees", list_assignees),
    ("GET", "/assignees/{login}", check_assignee),
    ("GET", "/collaborators", list_collaborators),
    ("GET", "/collaborators/{login}", check_collaborator),
    ("GET", "/collaborators/{login}/permission", get_permission),
)
