"""Checks with GitHub: the sign-in, the repositories and their labels, and who can be assigned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from identity_bot.checks import Finding, ok, problem, warning
from identity_bot.errors import IdentityBotError
from identity_bot.github.connection import UNREADABLE_RESPONSE, Connection, Response, reason_of
from identity_bot.plugins.loader import Plugins, Repository, Use
from identity_bot.settings import GitHubApp, Settings
from identity_bot.text.names import fold, is_same

EVENTS = "Issues, Issue comments, Labels, Milestones, Repositories"
"""The events that a webhook should send, by their names in GitHub's settings."""


def check_github(settings: Settings, installed: Plugins) -> Iterator[Finding]:
    """What GitHub says about the sign-in, each repository that tickets may go to, and the people."""
    yield _updates(settings)
    try:
        github = Connection(settings.github_auth, settings.github_api_url)
        is_in, finding = _signed_in(github, settings)
        yield finding
        if is_in:
            for repository in installed.repositories.values():
                yield from _repository(github, repository, settings, installed)
            yield from _people(github, settings, installed)
    except IdentityBotError as error:
        yield from map(problem, str(error).splitlines())


def _updates(settings: Settings) -> Finding:
    """How the bot learns what happens in GitHub."""
    polled = f"GitHub is asked every {settings.poll_seconds} seconds"
    if not settings.github_webhook_secret:
        return ok(
            f"GitHub: GITHUB_WEBHOOK_SECRET is not set, so the webhook is off; {polled} what has changed"
        )
    missed = f"{polled} for what it missed" if settings.poll_seconds else "polling is off"
    return ok(f"GitHub: the webhook is served at /github/webhook (events {EVENTS}); {missed}")


def _signed_in(github: Connection, settings: Settings) -> tuple[bool, Finding]:
    is_app = isinstance(settings.github_auth, GitHubApp)
    try:
        # An App's installation is not a user, so it asks for something that needs no permission.
        response = github.get("/rate_limit" if is_app else "/user")
    except IdentityBotError as error:
        said = str(error)
        if said.startswith(UNREADABLE_RESPONSE):
            return False, problem(_wrong_address(settings.github_api_url))
        if is_app and "GitHub: 40" in said:
            said = f"GITHUB_APP_ID, …_INSTALLATION_ID or …_PRIVATE_KEY: {said.partition(' (')[0]}"
        return False, problem(said)
    is_json = _text(response, "message") or (
        response.status == 200 and _text(response, "rate" if is_app else "login")
    )
    if response.status < 500 and (not is_json or (response.status == 404 and not is_app)):
        return False, problem(_wrong_address(settings.github_api_url))
    if response.status == 401:
        return False, problem("GITHUB_TOKEN: GitHub does not accept it (401); create a new one")
    if response.status == 200:
        return True, ok(f"GitHub: signed in as {'a GitHub App' if is_app else _text(response, 'login')}")
    if response.status == 403 and not _is_limit(response):
        return True, warning(
            "GitHub: does not tell whose token this is, so the bot cannot recognize its own issues after a failure; "
            "use the token of a user or a GitHub App"
        )
    return False, problem(f"GitHub: {_said(response)}")


def _wrong_address(url: str) -> str:
    """What to say of an address that answers, but not as GitHub's API does."""
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    expected = f"{server}/api/v3 for GitHub Enterprise Server"
    if parts.hostname in ("github.com", "www.github.com"):
        expected = "https://api.github.com, which is the default"
    elif parts.path == "/api/v3":
        expected = "the address of GitHub's REST API"
    return (
        f"GITHUB_API_URL: {server}{parts.path} does not answer as GitHub's REST API does; expected {expected}"
    )


def _repository(
    github: Connection, repository: Repository, settings: Settings, installed: Plugins
) -> Iterator[Finding]:
    name = repository.name
    where = f"repository {name} ({_purpose(repository)})"
    response = github.get(f"/repos/{name}")
    found = response.content if isinstance(response.content, dict) else {}
    if unusable := _unusable(response, found):
        yield problem(f"{where}: {unusable}")
        return
    now = str(found.get("full_name", name))
    if not is_same(now, name):
        yield warning(f"{where}: is called {now} now; set the new name, because its webhooks use it")
    readers = "private; " if found.get("private") else "public; "
    if any(use.is_sensitive for use in repository.uses) and not found.get("private"):
        yield warning(f"{where}: is public, so everybody can read sensitive requests")
        readers = ""
    may_push = _may_push(found, settings)
    if may_push:
        yield ok(f"{where}: {readers}the token may set labels and assignees")
    else:
        yield problem(f"{where}: the token has no push access, so GitHub silently drops labels and assignees")
    types = [installed.types[name] for name in dict.fromkeys(use.type for use in repository.uses if use.type)]
    extra = [label for one in types for label in one.settings["labels"]]
    labels = dict.fromkeys([settings.label, *(one.name for one in types), *extra])
    yield from _labels(github, name, list(labels), may_push)
    leads = [lead["github"] for one in types for lead in one.settings["leads"] if "github" in lead]
    for lead in dict.fromkeys(leads):
        yield _lead(github, name, lead)


def _purpose(repository: Repository) -> str:
    """Which tickets go to a repository; a request type is named where it differs from the others."""
    common = [use.is_sensitive for use in repository.uses if not use.type]
    said = []
    for use in repository.uses:
        if not use.type:
            said.append("restricted" if use.is_sensitive else "default")
        elif use.is_sensitive in common:
            continue
        elif not use.is_sensitive:
            said.append(f"for {use.type}")
        elif Use(type=use.type, is_sensitive=False) in repository.uses:
            said.append(f"sensitive requests too, for {use.type}")
        else:
            said.append(f"restricted, for {use.type}")
    return "; ".join(said)


def _unusable(response: Response, found: Mapping[str, Any]) -> str:
    """Why no issue can be opened in a repository; empty where one can."""
    if response.status == 404:
        return "does not exist, or the token may not see it"
    if response.status != 200 or not found:
        return f"GitHub answers {_said(response)}"
    if found.get("archived"):
        return "is archived, so no issue can be opened in it"
    return "its issues are switched off" if found.get("has_issues") is False else ""


def _may_push(found: Mapping[str, Any], settings: Settings) -> bool:
    """Whether GitHub keeps labels and assignees; an App's permissions are not in its role."""
    permissions = found.get("permissions")
    if isinstance(settings.github_auth, GitHubApp) or not isinstance(permissions, dict):
        return True
    return bool(permissions.get("push") or permissions.get("triage"))


def _labels(github: Connection, repository: str, labels: Sequence[str], may_push: bool) -> Iterator[Finding]:
    by_status: dict[int, list[str]] = {200: [], 404: []}
    for label in labels:
        response = github.get(f"/repos/{repository}/labels/{quote(label, safe='')}")
        if response.status in by_status:
            by_status[response.status].append(label)
        else:
            yield problem(f"label {label} in {repository}: GitHub answers {_said(response)}")
    if existing := by_status[200]:
        yield ok(f"labels in {repository}: {', '.join(existing)}")
    if missing := by_status[404]:
        verdict, what = (
            (ok, "that will be created") if may_push else (problem, "that are missing and cannot be created")
        )
        yield verdict(f"labels in {repository} {what}: {', '.join(missing)}")


def _lead(github: Connection, repository: str, login: str) -> Finding:
    response = github.get(f"/repos/{repository}/assignees/{quote(login, safe='')}")
    if response.status == 204:
        return ok(f"lead {login}: can be assigned in {repository}")
    if response.status == 404:
        return problem(f"lead {login}: cannot be assigned in {repository}; give them access to it")
    return problem(f"lead {login} in {repository}: GitHub answers {_said(response)}")


def _people(github: Connection, settings: Settings, installed: Plugins) -> Iterator[Finding]:
    """Whether the logins of `people` exist; those of leads have been checked with their repositories."""
    leads = {
        fold(lead.get("github", "")) for one in installed.types.values() for lead in one.settings["leads"]
    }
    logins = {fold(entry["github"]): entry["github"] for entry in settings.people}
    known = 0
    for login in (login for folded, login in logins.items() if folded not in leads):
        response = github.get(f"/users/{quote(login, safe='')}")
        if response.status == 200:
            known += 1
        elif response.status == 404:
            yield warning(f"people: {login}: there is no such account in GitHub")
        else:
            yield warning(f"people: {login}: GitHub answers {_said(response)}")
    if known:
        yield ok(f"people: {known} other login{'s' * (known != 1)} found in GitHub")


def _is_limit(response: Response) -> bool:
    return (
        response.status == 429
        or "retry-after" in response.headers
        or response.headers.get("x-ratelimit-remaining") == "0"
    )


def _said(response: Response) -> str:
    return reason_of(response.status, response.headers)


def _text(response: Response, name: str) -> str:
    return str(response.content.get(name, "")) if isinstance(response.content, dict) else ""
