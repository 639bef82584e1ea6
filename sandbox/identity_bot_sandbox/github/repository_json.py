"""A repository of the sandbox in JSON, which is mostly addresses, and the webhook payloads that carry one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox.github.delivery import Delivery, Hook
from identity_bot_sandbox.github.json import Json, Rendering, stamp
from identity_bot_sandbox.github.repository import Repository
from identity_bot_sandbox.github.values import Account, Comment, Issue, Label, Milestone, Role

# Each address is the repository's own with this behind it.
_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_PERMISSIONS = {
    "admin": Role.ADMIN,
    "maintain": Role.MAINTAIN,
    "push": Role.WRITE,
    "triage": Role.TRIAGE,
    "pull": Role.READ,
}


def permissions(role: Role) -> dict[str, bool]:
    """A role as the five claims that GitHub makes of it."""
    return {name: role.covers(needed) for name, needed in _PERMISSIONS.items()}


def repository_json(show: Rendering, repository: Repository) -> Json:
    """A repository as a list or a webhook shows it."""
    url = show.repository_url(repository)
    page = f"{show.web}/{repository.full_name}"
    open_issues = sum(issue.is_open for issue in repository.issues.values())
    return {
        "id": repository.id,
        "node_id": f"R_{repository.id}",
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.is_private,
        "visibility": "private" if repository.is_private else "public",
        "owner": show.user_of(repository.owner),
        "html_url": page,
        "description": repository.description,
        "fork": False,
        "url": url,
        **{name: url + suffix for name, suffix in _LINKS.items()},
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@{show.base.partition('://')[2]}:{repository.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "topics": [],
        "size": 0,
        "default_branch": "main",
        "is_template": False,
        "has_issues": repository.has_issues,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "forks": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        "created_at": stamp(repository.created_at),
        "updated_at": stamp(repository.updated_at),
        "pushed_at": stamp(repository.created_at),
    }


def full_repository_json(show: Rendering, repository: Repository, login: str | None) -> Json:
    """A repository as GET /repos/{owner}/{repo} shows it to `login`."""
    return repository_json(show, repository) | {
        "permissions": permissions(repository.role(login)),
        "organization": show.user_of(repository.owner),
        "network_count": 0,
        "subscribers_count": 0,
    }


def hook_json(show: Rendering, repository: Repository, hook: Hook, last: Delivery | None = None) -> Json:
    """A webhook as the API shows it, its secret hidden, with how its last delivery went."""
    owner = f"orgs/{repository.owner}" if hook.repository is None else f"repos/{repository.full_name}"
    url = f"{show.api}/{owner}/hooks/{hook.id}"
    config = {"url": hook.url, "content_type": "json", "insecure_ssl": "0"}
    return {
        "type": "Organization" if hook.repository is None else "Repository",
        "id": hook.id,
        "name": "web",
        "active": hook.is_active,
        "events": list(hook.events),
        "config": config | ({"secret": "********"} if hook.secret else {}),
        "created_at": stamp(hook.created_at),
        "updated_at": stamp(hook.created_at),
        "url": url,
        "test_url": f"{url}/test",
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
        "last_response": {
            "code": last.status_code if last else None,
            "status": last.status if last else "unused",
            "message": last.status if last else None,
        },
    }


def payload(show: Rendering, repository: Repository, sender: str, contents: Mapping[str, Any]) -> Json:
    """A webhook's body: `contents` in JSON with what every webhook of an organisation's repository adds."""
    body = {name: _rendered(show, repository, value) for name, value in contents.items()}
    body["repository"] = repository_json(show, repository)
    body["organization"] = show.organization(show.access.account(repository.owner))
    body["sender"] = show.user_of(sender)
    app = show.access.app
    if app is not None:
        body["installation"] = {"id": app.installation_id, "node_id": f"IN_{app.installation_id}"}
    return body


def _rendered(show: Rendering, repository: Repository, value: object) -> object:
    match value:
        case Issue():
            return show.issue(repository, value)
        case Comment():
            return show.comment(repository, value)
        case Label():
            return show.label(repository, value)
        case Milestone():
            return show.milestone(repository, value)
        case Account():
            return show.user(value)
        case _:
            return value
