"""The sandbox's GitHub over HTTP: the list of routes that unchanged GitHub clients can talk to."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from identity_bot.sandbox import (
    github_account_api,
    github_comments_api,
    github_hooks_api,
    github_issues_api,
    github_pulls_api,
    github_repository_api,
)
from identity_bot.sandbox.github_answers import serve
from identity_bot.sandbox.github_call import ROOT
from identity_bot.sandbox.github_state import GitHubWorld

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
