"""The sandbox's GitHub in JSON: every value as the REST API and the webhooks show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from identity_bot_sandbox.github.access import Access, App
from identity_bot_sandbox.github.model import (
    REACTIONS,
    Account,
    Comment,
    Issue,
    Label,
    Milestone,
    Occurrence,
    Reaction,
    Repository,
    Role,
)

Json = dict[str, Any]

APP_PERMISSIONS = {"issues": "write", "metadata": "read"}
APP_EVENTS = ["issues", "issue_comment", "label"]
# Suffixes of the repository's own address.
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


def stamp(moment: datetime | None) -> str | None:
    """A timestamp in GitHub's format: UTC, to the second."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Rendering:
    """Renders values as JSON whose links point to the server at `base`, such as `http://127.0.0.1:8080`."""

    base: str
    access: Access

    @property
    def api(self) -> str:
        """The API's root."""
        return f"{self.base}/github/api"

    @property
    def web(self) -> str:
        """The root of the web pages."""
        return f"{self.base}/github"

    def repository_url(self, repository: Repository) -> str:
        """A repository's address in the API."""
        return f"{self.api}/repos/{repository.full_name}"

    def issue_url(self, repository: Repository, number: int) -> str:
        """An issue's address in the API."""
        return f"{self.repository_url(repository)}/issues/{number}"

    def page_url(self, repository: Repository, number: int) -> str:
        """The page of an issue or a pull request."""
        issue = repository.issues.get(number)
        kind = "issues" if issue is None or issue.pull is None else "pull"
        return f"{self.web}/{repository.full_name}/{kind}/{number}"

    def user(self, account: Account) -> Json:
        """GitHub's simple user."""
        url = f"{self.api}/users/{quote(account.login)}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"U_{account.id}",
            "avatar_url": f"{self.web}/avatars/{account.id}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{quote(account.login)}",
            "followers_url": f"{url}/followers",
            "following_url": f"{url}/following{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{url}/subscriptions",
            "organizations_url": f"{url}/orgs",
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events{{/privacy}}",
            "received_events_url": f"{url}/received_events",
            "type": account.kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def user_of(self, login: str) -> Json:
        """The simple user with that login."""
        return self.user(self.access.account(login))

    def organization(self, account: Account) -> Json:
        """The organization, as in webhooks."""
        url = f"{self.api}/orgs/{account.login}"
        return {
            "login": account.login,
            "id": account.id,
            "node_id": f"O_{account.id}",
            "url": url,
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events",
            "hooks_url": f"{url}/hooks",
            "issues_url": f"{url}/issues",
            "members_url": f"{url}/members{{/member}}",
            "public_members_url": f"{url}/public_members{{/member}}",
            "avatar_url": f"{self.web}/avatars/{account.id}",
            "description": account.name,
        }

    def label(self, repository: Repository, label: Label) -> Json:
        """A label."""
        return {
            "id": label.id,
            "node_id": f"LA_{label.id}",
            "url": f"{self.repository_url(repository)}/labels/{quote(label.name, safe='')}",
            "name": label.name,
            "color": label.color,
            "default": label.is_default,
            "description": label.description,
        }

    def milestone(self, repository: Repository, milestone: Milestone) -> Json:
        """A milestone with its counts of issues."""
        url = f"{self.repository_url(repository)}/milestones/{milestone.number}"
        issues = [issue for issue in repository.issues.values() if issue.milestone == milestone.number]
        still_open = sum(issue.is_open for issue in issues)
        return {
            "url": url,
            "html_url": f"{self.web}/{repository.full_name}/milestone/{milestone.number}",
            "labels_url": f"{url}/labels",
            "id": milestone.id,
            "node_id": f"MI_{milestone.id}",
            "number": milestone.number,
            "title": milestone.title,
            "description": milestone.description,
            "creator": self.user_of(milestone.creator),
            "open_issues": still_open,
            "closed_issues": len(issues) - still_open,
            "state": milestone.state,
            "created_at": stamp(milestone.created_at),
            "updated_at": stamp(milestone.updated_at),
            "due_on": stamp(milestone.due_on),
            "closed_at": stamp(milestone.closed_at),
        }

    def reactions(self, url: str, reactions: tuple[Reaction, ...]) -> Json:
        """The counts of each kind of reaction."""
        counts = {content: sum(one.content == content for one in reactions) for content in REACTIONS}
        return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}

    def reaction(self, reaction: Reaction) -> Json:
        """One reaction."""
        return {
            "id": reaction.id,
            "node_id": f"REA_{reaction.id}",
            "user": self.user_of(reaction.author),
            "content": reaction.content,
            "created_at": stamp(reaction.created_at),
        }

    def association(self, repository: Repository, login: str) -> str:
        """The author's association with the repository."""
        role = repository.role(login)
        if role.covers(Role.WRITE):
            return "MEMBER"
        return "COLLABORATOR" if repository.is_assignable(login) else "NONE"

    def issue(self, repository: Repository, issue: Issue) -> Json:
        """An issue."""
        url = self.issue_url(repository, issue.number)
        assignees = [self.user_of(login) for login in issue.assignees]
        milestone = repository.milestones.get(issue.milestone or 0)
        shown = {
            "id": issue.id,
            "node_id": f"I_{issue.id}",
            "url": url,
            "repository_url": self.repository_url(repository),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": self.page_url(repository, issue.number),
            "number": issue.number,
            "title": issue.title,
            "user": self.user_of(issue.author),
            "labels": [self.label(repository, label) for label in repository.labels_of(issue)],
            "state": "open" if issue.is_open else "closed",
            "locked": issue.is_locked,
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(repository, milestone) if milestone else None,
            "comments": len(issue.comments),
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": stamp(issue.closed_at),
            "author_association": self.association(repository, issue.author),
            "active_lock_reason": issue.lock_reason,
            "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
            "issue_dependencies_summary": {
                "blocked_by": 0,
                "total_blocked_by": 0,
                "blocking": 0,
                "total_blocking": 0,
            },
            "body": issue.body,
            "closed_by": self.user_of(issue.closed_by) if issue.closed_by else None,
            "reactions": self.reactions(url, issue.reactions),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": self.app_behind(issue.author),
            "state_reason": issue.state_reason,
        }
        if issue.pull is not None:
            shown |= {"draft": issue.pull.is_draft, "pull_request": self.pull_links(repository, issue)}
        return shown

    def pull_links(self, repository: Repository, issue: Issue) -> Json:
        """The links that mark an issue as a pull request."""
        page = self.page_url(repository, issue.number)
        return {
            "url": f"{self.repository_url(repository)}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": None,
        }

    def comment(self, repository: Repository, comment: Comment) -> Json:
        """A comment."""
        url = f"{self.repository_url(repository)}/issues/comments/{comment.id}"
        return {
            "url": url,
            "html_url": f"{self.page_url(repository, comment.issue)}#issuecomment-{comment.id}",
            "issue_url": self.issue_url(repository, comment.issue),
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "user": self.user_of(comment.author),
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "body": comment.body,
            "author_association": self.association(repository, comment.author),
            "reactions": self.reactions(url, comment.reactions),
            "performed_via_github_app": self.app_behind(comment.author),
        }

    def occurrence(self, repository: Repository, occurrence: Occurrence) -> Json:
        """An event of an issue."""
        detail = {
            name: self.user_of(value) if name in ("assignee", "assigner") else value
            for name, value in occurrence.detail.items()
        }
        return {
            "id": occurrence.id,
            "node_id": f"E_{occurrence.id}",
            "url": f"{self.repository_url(repository)}/issues/events/{occurrence.id}",
            "actor": self.user_of(occurrence.actor),
            "event": occurrence.event,
            "commit_id": None,
            "commit_url": None,
            "created_at": stamp(occurrence.created_at),
            "performed_via_github_app": self.app_behind(occurrence.actor),
            **detail,
        }

    def spoken(self, repository: Repository, comment: Comment) -> Json:
        """A comment as an entry of the timeline."""
        shown = self.comment(repository, comment)
        return {"event": "commented", "actor": shown["user"], **shown}

    def app_behind(self, login: str) -> Json | None:
        """The GitHub App behind this login, if there is one."""
        app = self.access.app
        return self.app(app) if app is not None and app.login == login else None

    def app(self, app: App) -> Json:
        """A GitHub App (in GitHub's description: an integration)."""
        owner = next(account for account in self.access.accounts.values() if account.kind == "Organization")
        return {
            "id": app.id,
            "slug": app.slug,
            "node_id": f"A_{app.id}",
            "owner": self.user(owner),
            "name": app.slug,
            "description": "",
            "external_url": f"{self.web}/apps/{app.slug}",
            "html_url": f"{self.web}/apps/{app.slug}",
            "created_at": stamp(app.created_at),
            "updated_at": stamp(app.created_at),
            "permissions": APP_PERMISSIONS,
            "events": APP_EVENTS,
        }


def permissions(role: Role) -> dict[str, bool]:
    """A role as GitHub's five permissions."""
    return {name: role.covers(needed) for name, needed in _PERMISSIONS.items()}


def repository_json(show: Rendering, repository: Repository) -> Json:
    """A repository, as in lists and webhooks."""
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
