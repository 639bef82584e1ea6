"""The API's endpoints for pull requests: list them, read one, and see which files it changes."""

from __future__ import annotations

import hashlib

from identity_bot_sandbox.github.call import Answer, Call, Endpoint
from identity_bot_sandbox.github.json import Json
from identity_bot_sandbox.github.repository import Repository
from identity_bot_sandbox.github.repository_json import repository_json
from identity_bot_sandbox.github.values import ChangedFile, GitHubError, Issue, PullRequest


def list_pulls(call: Call) -> Answer:
    """GET pull requests, open and newest first unless asked otherwise."""
    repo, state = call.repository, call.request.query_params.get("state", "open")
    found = [
        issue
        for issue in call.world.issues(repo.full_name)
        if issue.pull is not None and (state == "all" or issue.is_open == (state == "open"))
    ]
    return call.paged(found, lambda issue: _brief(call, repo, issue))


def get_pull(call: Call) -> Answer:
    """GET one pull request with how much it changes."""
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
    return Answer(_brief(call, repo, issue) | counts, modified=issue.updated_at)


def list_files(call: Call) -> Answer:
    """GET which files a pull request changes."""
    repo = call.repository
    _, pull = _pull(call)
    sha = _sha(pull.branch)
    page, url = f"{call.show.web}/{repo.full_name}", call.show.repository_url(repo)

    def draw(file: ChangedFile) -> Json:
        return {
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


def _brief(call: Call, repo: Repository, issue: Issue) -> Json:
    """A pull request as a list shows it: the issue's fields, where they are alike, and its branches."""
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
    """One of the two branches of a pull request."""
    return {
        "label": f"{login}:{branch}",
        "ref": branch,
        "sha": _sha(branch),
        "user": call.show.user_of(login),
        "repo": repository_json(call.show, repo),
    }


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/pulls", list_pulls),
    ("GET", "/pulls/{number:int}", get_pull),
    ("GET", "/pulls/{number:int}/files", list_files),
)
