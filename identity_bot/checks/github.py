"""Asks GitHub what stands in the bot's way: sign-in, repositories, labels, and whom it can assign."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from identity_bot.checks.findings import Finding, ok, problem, warning
from identity_bot.errors import IdentityBotError
from identity_bot.github.connection import Connection, Response
from identity_bot.plugins.loader import Plugins
from identity_bot.settings import GitHubApp, Settings

EVENTS = "Issues, Issue comments, Labels, Milestones, Repositories"
"""What a webhook should send, as GitHub's settings call it."""


def check_github(settings: Settings, installed: Plugins) -> Iterator[Finding]:
    """What GitHub says of the sign-in, each repository that tickets may go to, its labels and its leads."""
    yield _hearing(settings)
    try:
        github = Connection(settings.github_auth, settings.github_api_url)
        is_in, finding = _signed_in(github, settings)
        yield finding
        if is_in:
            for name, why in _repositories(settings, installed).items():
                yield from _repository(github, name, why, settings, installed)
            yield from _people(github, settings, installed)
    except IdentityBotError as error:
        yield from map(problem, str(error).splitlines())


def _hearing(settings: Settings) -> Finding:
    """How the bot learns what happens in GitHub."""
    asked = f"GitHub is asked every {settings.poll_seconds} seconds"
    if not settings.github_webhook_secret:
        return ok(
            f"GitHub: GITHUB_WEBHOOK_SECRET is not set, so the webhook is off; {asked} what has changed"
        )
    missed = f"{asked} for what it missed" if settings.poll_seconds else "polling is off"
    return ok(f"GitHub: the webhook is taken at /github/webhook (events {EVENTS}); {missed}")


def _people(github: Connection, settings: Settings, installed: Plugins) -> Iterator[Finding]:
    """Whether the logins of `people` exist; leads have been looked at with their repositories."""
    leads = {
        lead.get("github", "").casefold() for t in installed.types.values() for lead in t.settings["leads"]
    }
    logins = {entry["github"].casefold(): entry["github"] for entry in settings.people}
    known = 0
    for login in (written for folded, written in logins.items() if folded not in leads):
        answer = github.get(f"/users/{quote(login, safe='')}")
        if answer.status == 200:
            known += 1
        elif answer.status == 404:
            yield warning(f"people: {login}: there is no such account in GitHub")
        else:
            yield warning(f"people: {login}: GitHub answers {_said(answer)}")
    if known:
        yield ok(f"people: {known} other login{'s' * (known != 1)} found in GitHub")


def _signed_in(github: Connection, settings: Settings) -> tuple[bool, Finding]:
    is_app = isinstance(settings.github_auth, GitHubApp)
    try:
        # An App's installation is nobody, so it is asked for something that anybody may know.
        answer = github.get("/rate_limit" if is_app else "/user")
    except IdentityBotError as error:
        said = str(error)
        if is_app and "GitHub: 40" in said:
            said = f"GITHUB_APP_ID, …_INSTALLATION_ID or …_PRIVATE_KEY: {said.partition(' (')[0]}"
        return False, problem(said)
    if answer.status == 401:
        return False, problem("GITHUB_TOKEN: GitHub does not accept it (401); make a new one")
    if answer.status == 200 and not is_app:
        return True, ok(f"GitHub: signed in as {_text(answer, 'login')}")
    if answer.status == 200:
        return True, ok("GitHub: signed in as a GitHub App")
    if answer.status == 403 and not _is_limit(answer):
        return True, ok("GitHub: signed in, as somebody who is no user")
    return False, problem(f"GitHub: {_said(answer)}")


def _repositories(settings: Settings, installed: Plugins) -> dict[str, list[str]]:
    """Every repository that tickets may go to, with what it is used for."""
    uses: dict[str, list[str]] = {settings.repository: ["default"]}
    if settings.restricted_repository:
        uses.setdefault(settings.restricted_repository, []).append("restricted")
    for name, request_type in sorted(installed.types.items()):
        own = request_type.settings
        if own["repository"] != settings.repository:
            uses.setdefault(own["repository"], []).append(f"for {name}")
        if own["restricted_repository"] and own["restricted_repository"] != settings.restricted_repository:
            uses.setdefault(own["restricted_repository"], []).append(f"restricted, for {name}")
        if request_type.form.sensitive_when and not own["restricted_repository"]:
            uses.setdefault(own["repository"], []).append(f"sensitive requests too, for {name}")
    return uses


def _repository(
    github: Connection, name: str, why: list[str], settings: Settings, installed: Plugins
) -> Iterator[Finding]:
    where = f"repository {name} ({'; '.join(why)})"
    answer = github.get(f"/repos/{name}")
    if answer.status == 404:
        yield problem(f"{where}: does not exist, or the token may not see it")
        return
    if answer.status != 200 or not isinstance(answer.content, dict):
        yield problem(f"{where}: GitHub answers {_said(answer)}")
        return
    found = answer.content
    if found.get("archived"):
        yield problem(f"{where}: is archived, so no issue can be opened in it")
        return
    if found.get("has_issues") is False:
        yield problem(f"{where}: its issues are switched off")
        return
    if str(found.get("full_name", name)).casefold() != name.casefold():
        yield warning(
            f"{where}: is called {found['full_name']} now; set the new name, as its webhooks bear it"
        )
    is_private = bool(found.get("private"))
    if any(use.startswith(("restricted", "sensitive")) for use in why) and not is_private:
        yield warning(f"{where}: is public, so everybody can read sensitive requests")
    may_push = _may_push(found, settings)
    if may_push:
        yield ok(f"{where}: {'private' if is_private else 'public'}; the token may set labels and assignees")
    else:
        yield problem(
            f"{where}: the token has no push access, so GitHub drops labels and assignees without a word"
        )
    used = [
        request_type
        for request_type in installed.types.values()
        if name in (request_type.settings["repository"], request_type.settings["restricted_repository"])
    ]
    labels = [
        settings.label,
        *(t.name for t in used),
        *(label for t in used for label in t.settings["labels"]),
    ]
    yield from _labels(github, name, list(dict.fromkeys(labels)), may_push)
    leads = [lead["github"] for t in used for lead in t.settings["leads"] if "github" in lead]
    for lead in dict.fromkeys(leads):
        yield from _assignable(github, name, lead)


def _labels(github: Connection, repository: str, labels: list[str], may_push: bool) -> Iterator[Finding]:
    standing: list[str] = []
    missing: list[str] = []
    for label in labels:
        answer = github.get(f"/repos/{repository}/labels/{quote(label, safe='')}")
        if answer.status not in (200, 404):
            yield problem(f"label {label} in {repository}: GitHub answers {_said(answer)}")
        else:
            (standing if answer.status == 200 else missing).append(label)
    if standing:
        yield ok(f"labels in {repository}: {', '.join(standing)}")
    if missing and may_push:
        yield ok(f"labels in {repository} that will be made: {', '.join(missing)}")
    elif missing:
        yield problem(f"labels in {repository} that are missing and cannot be made: {', '.join(missing)}")


def _assignable(github: Connection, repository: str, login: str) -> Iterator[Finding]:
    answer = github.get(f"/repos/{repository}/assignees/{quote(login, safe='')}")
    if answer.status == 204:
        yield ok(f"lead {login}: can be assigned in {repository}")
    elif answer.status == 404:
        yield problem(f"lead {login}: cannot be assigned in {repository}; give them access to it")
    else:
        yield problem(f"lead {login} in {repository}: GitHub answers {_said(answer)}")


def _may_push(repository: Mapping[str, Any], settings: Settings) -> bool:
    """Whether labels and assignees are kept; what an App may do is in its permissions, not in its role."""
    permissions = repository.get("permissions")
    if isinstance(settings.github_auth, GitHubApp) or not isinstance(permissions, dict):
        return True
    return bool(permissions.get("push") or permissions.get("triage"))


def _is_limit(answer: Response) -> bool:
    return answer.status == 429 or "retry-after" in answer.headers or "rate limit" in _text(answer, "message")


def _said(answer: Response) -> str:
    return f"{answer.status} {_text(answer, 'message')[:200]}".strip()


def _text(answer: Response, name: str) -> str:
    return str(answer.content.get(name, "")) if isinstance(answer.content, dict) else ""
