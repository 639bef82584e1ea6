"""The API's endpoints for a repository: its labels, milestones, people, pull requests and webhooks."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from identity_bot_sandbox.github.call import Answer, Call, Endpoint, moment, not_a
from identity_bot_sandbox.github.issues_api import check_assignee
from identity_bot_sandbox.github.json import Json, full_repository_json, permissions, repository_json, stamp
from identity_bot_sandbox.github.model import (
    ChangedFile,
    GitHubError,
    Issue,
    Label,
    Milestone,
    PullRequest,
    Repository,
    Role,
    invalid,
)
from identity_bot_sandbox.github.webhooks import Delivery, Hook, hook_json


def get_repository(call: Call) -> Answer:
    """GET a repository with the caller's permissions."""
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
    """GET a label by its name, ignoring case."""
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
    """GET milestones; by default open ones, soonest first."""
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
    """GET everyone who may be assigned."""
    return call.paged(list(call.repository.roles), call.show.user_of)


def list_collaborators(call: Call) -> Answer:
    """GET everyone with a role here."""
    repo = call.repository
    repo.require(call.actor, Role.WRITE)

    def draw(login: str) -> Json:
        role = repo.role(login)
        return call.show.user_of(login) | {"permissions": permissions(role), "role_name": role.value}

    return call.paged([login for login, role in repo.roles.items() if role is not Role.NONE], draw)


def check_collaborator(call: Call) -> Answer:
    """GET whether someone has a role here: 204 or 404."""
    return check_assignee(call)


def get_permission(call: Call) -> Answer:
    """GET someone's permission, as one of the four legacy permissions and as the role's name."""
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


def list_pulls(call: Call) -> Answer:
    """GET pull requests; by default open ones, newest first."""
    repo, state = call.repository, call.request.query_params.get("state", "open")
    found = [
        issue
        for issue in call.world.issues(repo.full_name)
        if issue.pull is not None and (state == "all" or issue.is_open == (state == "open"))
    ]
    return call.paged(found, lambda issue: _pull_json(call, repo, issue))


def get_pull(call: Call) -> Answer:
    """GET one pull request with the size of its change."""
    repo = call.repository
    issue, pull = _pull(call)
    counts = {
        "merged": False,
        "mergeable": True,
        "rebaseable": True,
        "mergeable_state": "clean",
        "merged_by": None,
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": sum(file.additions for file in pull.files),
        "deletions": sum(file.deletions for file in pull.files),
        "changed_files": len(pull.files),
    }
    return Answer(_pull_json(call, repo, issue) | counts, modified=issue.updated_at)


def list_files(call: Call) -> Answer:
    """GET the files that a pull request changes."""
    repo = call.repository
    _, pull = _pull(call)
    sha = _sha(pull.branch)
    page, url = f"{call.show.web}/{repo.full_name}", call.show.repository_url(repo)

    def draw(file: ChangedFile) -> Json:
        renamed = {"previous_filename": file.previous} if file.previous else {}
        return renamed | {
            "sha": _sha(file.path),
            "filename": file.path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": f"{page}/blob/{sha}/{file.path}",
            "raw_url": f"{page}/raw/{sha}/{file.path}",
            "contents_url": f"{url}/contents/{file.path}?ref={sha}",
        }

    return call.paged(pull.files, draw)


def _pull(call: Call) -> tuple[Issue, PullRequest]:
    issue = call.repository.issue(call.number)
    if issue.pull is None:
        raise GitHubError(404, "Not Found")
    return issue, issue.pull


def _pull_json(call: Call, repo: Repository, issue: Issue) -> Json:
    """A pull request, as in lists: the fields it shares with its issue, and its branches."""
    assert issue.pull is not None
    shown = call.show.issue(repo, issue)
    links = {name: link for name, link in call.show.pull_links(repo, issue).items() if name != "merged_at"}
    url, api = links["url"], call.show.repository_url(repo)
    sha = _sha(issue.pull.branch)
    alike = (
        *("id", "number", "state", "locked", "title", "user", "body", "labels", "milestone", "draft"),
        *("active_lock_reason", "created_at", "updated_at", "closed_at", "assignee", "assignees"),
        *("author_association", "comments_url"),
    )
    addresses = {
        "issue_url": shown["url"],
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{api}/pulls/comments{{/number}}",
        "statuses_url": f"{api}/statuses/{sha}",
    }
    link_names = {
        "self": url,
        "html": links["html_url"],
        "issue": shown["url"],
        "comments": shown["comments_url"],
        "review_comments": addresses["review_comments_url"],
        "review_comment": addresses["review_comment_url"],
        "commits": addresses["commits_url"],
        "statuses": addresses["statuses_url"],
    }
    return {
        **{name: shown[name] for name in alike},
        **links,
        **addresses,
        "node_id": f"PR_{issue.id}",
        "merged_at": None,
        "merge_commit_sha": None,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _end(call, repo, issue.author, issue.pull.branch),
        "base": _end(call, repo, repo.owner, "main"),
        "auto_merge": None,
        "_links": {name: {"href": link} for name, link in link_names.items()},
    }


def _end(call: Call, repo: Repository, login: str, branch: str) -> Json:
    """A pull request's head or base."""
    return {
        "label": f"{login}:{branch}",
        "ref": branch,
        "sha": _sha(branch),
        "user": call.show.user_of(login),
        "repo": repository_json(call.show, repo),
    }


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def list_hooks(call: Call) -> Answer:
    """GET the repository's webhooks."""
    return call.paged(_hooks(call), lambda hook: _hook_json(call, hook))


def create_hook(call: Call) -> Answer:
    """POST a webhook, which is pinged at once."""
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
    return Answer(_hook_json(call, hook), 201)


def get_hook(call: Call) -> Answer:
    """GET one webhook."""
    return Answer(_hook_json(call, _hook(call)))


def delete_hook(call: Call) -> Answer:
    """DELETE a webhook."""
    call.world.webhooks.remove(_hook(call).id)
    return Answer(status=204)


def ping_hook(call: Call) -> Answer:
    """POST a ping to a webhook."""
    call.world.ping(_hook(call))
    return Answer(status=204)


def list_deliveries(call: Call) -> Answer:
    """GET a webhook's deliveries, newest first."""
    found = call.world.webhooks.deliveries(_hook(call).id)
    return call.paged(found[::-1], _delivery_json)


def get_delivery(call: Call) -> Answer:
    """GET one delivery with its request and response."""
    delivery = _delivery(call)
    headers = dict(delivery.headers)
    return Answer(
        _delivery_json(delivery)
        | {
            "url": delivery.hook.url,
            "request": {"headers": headers, "payload": json.loads(delivery.body)},
            "response": {"headers": dict(delivery.response_headers), "payload": delivery.response_body},
        }
    )


def redeliver(call: Call) -> Answer:
    """POST to redeliver a delivery."""
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


def _hook_json(call: Call, hook: Hook) -> Json:
    past = [one for one in call.world.webhooks.deliveries(hook.id) if one.status != "waiting"]
    return hook_json(call.show, call.repository, hook, past[-1] if past else None)


def _delivery_json(delivery: Delivery) -> Json:
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
    ("GET", "/pulls", list_pulls),
    ("GET", "/pulls/{number:int}", get_pull),
    ("GET", "/pulls/{number:int}/files", list_files),
    ("GET", "/hooks", list_hooks),
    ("POST", "/hooks", create_hook),
    ("GET", "/hooks/{hook_id:int}", get_hook),
    ("DELETE", "/hooks/{hook_id:int}", delete_hook),
    ("POST", "/hooks/{hook_id:int}/pings", ping_hook),
    ("GET", "/hooks/{hook_id:int}/deliveries", list_deliveries),
    ("GET", "/hooks/{hook_id:int}/deliveries/{delivery_id:int}", get_delivery),
    ("POST", "/hooks/{hook_id:int}/deliveries/{delivery_id:int}/attempts", redeliver),
)
