"""The sandbox's GitHub over HTTP: the list of routes that unchanged GitHub clients can talk to."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from identity_bot_sandbox.github import account_api as github_account_api
from identity_bot_sandbox.github import comments_api as github_comments_api
from identity_bot_sandbox.github import hooks_api as github_hooks_api
from identity_bot_sandbox.github import issues_api as github_issues_api
from identity_bot_sandbox.github import pulls_api as github_pulls_api
from identity_bot_sandbox.github import repository_api as github_repository_api
from identity_bot_sandbox.github.answers import serve
from identity_bot_sandbox.github.call import ROOT
from identity_bot_sandbox.github.state import GitHubWorld

_IN_A_REPOSITORY = (
    *github_issues_api.ENDPOINTS,
    *github_comments_api.ENDPOINTS,
    *github_pulls_api.ENDPOINTS,
    *github_hooks_api.ENDPOINTS,
    *github_repository_api.ENDPOINTS,
)
# GitHub redirects to a repository's number where its name has changed.
_REPOSITORIES = ("/repos/{owner}/{repo}", "/repositories/{repository_id:int}")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def routes(world: GitHubWorld) -> list[BaseRoute]:
    """All of the API below `/github/api`, for a Starlette application."""
    served = [
        Route(ROOT + path, serve(world, endpoint), methods=[method])
        for method, path, endpoint in github_account_api.ENDPOINTS
    ]
    served += [
        Route(ROOT + start + path, serve(world, endpoint), methods=[method])
        for start in _REPOSITORIES
        for method, path, endpoint in _IN_A_REPOSITORY
    ]
    served.append(Route(ROOT + "/{rest:path}", serve(world, github_account_api.not_found), methods=_METHODS))
    return [*served]
