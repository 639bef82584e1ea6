"""What the sandbox's GitHub stores, and what follows from each change: history, webhooks, subscribers."""

from __future__ import annotations

import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.access import Access, cast_accounts
from identity_bot_sandbox.github.faults import Faults, Traffic
from identity_bot_sandbox.github.json import Json, Rendering, repository_json
from identity_bot_sandbox.github.model import (
    Account,
    Change,
    Comment,
    GitHubError,
    Issue,
    Label,
    Milestone,
    Occurrence,
    Repository,
    Role,
)
from identity_bot_sandbox.github.webhooks import Delivery, Webhooks

log = logging.getLogger(__name__)

# The labels that every new repository has.
_DEFAULT_LABELS = (
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
)


def utc_now() -> datetime:
    """The real time, the default clock."""
    return datetime.now(UTC)


class GitHubRecord:
    """The stored repositories and accounts; hold `mutex` to make several changes at once.

    Links in webhooks begin with `base_url`. `access` holds accounts and tokens, `webhooks` hooks and
    deliveries, `faults` the active faults, `traffic` the requests.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        base_url: str,
        real_clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.mutex = threading.RLock()
        self.base_url = base_url
        self.real_clock = real_clock or clock
        """For what clients compare with their own clock: when tokens expire, and limits begin anew."""
        self.access = Access(clock=self.real_clock)
        self.faults = Faults()
        self.traffic = Traffic()
        self.webhooks = Webhooks(clock, self._tell_of_delivery)
        self._clock = clock
        self._ids = itertools.count(2001)
        self._repositories: dict[int, Repository] = {}
        self._former_names: dict[str, int] = {}
        self._subscribers: list[Callable[[Change], None]] = []
        cast_accounts(self.access)
        self.add_repository(cast.REPOSITORY, "Where requests to the Identity Team are kept")
        self.add_repository(cast.RESTRICTED_REPOSITORY, "Requests that not everybody may read", private=True)

    def now(self) -> datetime:
        """The time to the second, as GitHub stores it."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let what is done meanwhile have happened at another moment; for setting up, before anybody connects."""
        with self.mutex:
            usual, self._clock = self._clock, lambda: moment
            try:
                yield
            finally:
                self._clock = usual

    def subscribe(self, subscriber: Callable[[Change], None]) -> Callable[[], None]:
        """Call `subscriber` after every change, in the changing thread; returns how to unsubscribe.

        It must not block: it holds the lock. Webhook deliveries are changes too, with the event `delivery`.
        """
        with self.mutex:
            self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with self.mutex:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)

        return unsubscribe

    def add_repository(self, full_name: str, description: str = "", *, private: bool = False) -> Repository:
        """Add a repository in which the cast and the bot have their usual roles."""
        owner, _, name = full_name.partition("/")
        moment = self.now()
        with self.mutex:
            repository = Repository(
                id=next(self._ids),
                owner=self.access.account(owner).login,
                name=name,
                description=description,
                is_private=private,
                created_at=moment,
                updated_at=moment,
            )
            repository.roles[cast.BOT_LOGIN.lower()] = Role.WRITE
            for person in cast.PEOPLE:
                if person.github_login is None or (private and not person.is_team):
                    continue
                lead = person.is_team and "lead" in person.title
                role = Role.ADMIN if lead else Role.WRITE if person.is_team else Role.READ
                repository.roles[person.github_login.lower()] = role
            for label_name, color, text in _DEFAULT_LABELS:
                label = Label(
                    id=next(self._ids), name=label_name, color=color, description=text, is_default=True
                )
                repository.labels[label.id] = label
            self._repositories[repository.id] = repository
            return repository

    def repositories(self) -> list[Repository]:
        """All repositories, oldest first; read them under `mutex`."""
        with self.mutex:
            return list(self._repositories.values())

    def repository(self, full_name: str | int) -> Repository:
        """The repository with that name (ignoring case) or id; 301 for a former name, otherwise 404."""
        with self.mutex:
            if isinstance(full_name, int):
                found = self._repositories.get(full_name)
                if found is None:
                    raise GitHubError(404, "Not Found")
                return found
            for repository in self._repositories.values():
                if repository.full_name.lower() == full_name.lower():
                    return repository
            moved_to = self._former_names.get(full_name.lower())
        if moved_to is None:
            raise GitHubError(404, "Not Found")
        raise GitHubError(301, "Moved Permanently", location=f"/repositories/{moved_to}")

    def issues(self, repository: str) -> list[Issue]:
        """A repository's issues, newest first."""
        with self.mutex:
            found = self.repository(repository).issues
            return [found[number] for number in sorted(found, reverse=True)]

    def issue(self, repository: str, number: int) -> Issue:
        """One issue; 410 if deleted, 301 if moved, 404 if unknown."""
        with self.mutex:
            return self.repository(repository).issue(number)

    def labels(self, repository: str, number: int | None = None) -> list[str]:
        """The names of a repository's labels, or of those on one of its issues."""
        with self.mutex:
            repo = self.repository(repository)
            labels = repo.labels.values() if number is None else repo.labels_of(repo.issue(number))
            return [label.name for label in labels]

    def comments(self, repository: str, number: int) -> list[Comment]:
        """An issue's comments, oldest first."""
        with self.mutex:
            repo = self.repository(repository)
            return repo.comments_of(repo.issue(number))

    def timeline(self, repository: str, number: int) -> list[Occurrence | Comment]:
        """An issue's events and comments, oldest first."""
        with self.mutex:
            repo = self.repository(repository)
            issue = repo.issue(number)
            entries: list[Occurrence | Comment] = [*issue.history, *repo.comments_of(issue)]
            return sorted(entries, key=lambda entry: (entry.created_at, entry.id))

    def account(self, login: str) -> Account:
        """The account of that login, or 404."""
        with self.mutex:
            return self.access.account(login)

    def rendering(self, base_url: str | None = None) -> Rendering:
        """Renders values as JSON whose links begin with `base_url`."""
        return Rendering(base_url or self.base_url, self.access)

    def _save(
        self,
        repository: Repository,
        issue: Issue,
        actor: str,
        event: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Issue:
        """Store a changed issue with a new `updated_at` and, if `event` is given, an event."""
        moment = self.now()
        history = issue.history
        if event is not None:
            line = Occurrence(
                id=next(self._ids),
                event=event,
                actor=self.access.account(actor).login,
                created_at=moment,
                detail=detail or {},
            )
            history = (*history, line)
        issue = replace(issue, updated_at=moment, history=history)
        repository.issues[issue.number] = issue
        return issue

    def _tell(
        self,
        repository: Repository,
        event: str,
        action: str | None,
        actor: str,
        *,
        number: int | None = None,
        **contents: object,
    ) -> None:
        """Send webhooks and tell subscribers; `contents` are the payload's values."""
        issue = contents.get("issue")
        if event == "issues" and isinstance(issue, Issue) and issue.pull is not None:
            # GitHub sends `pull_request` webhooks instead; the sandbox does not imitate them.
            self._notify(
                Change(repository=repository.full_name, event="pull_request", action=action, number=number)
            )
            return
        hooks = self.webhooks.wanted(event, repository.full_name)
        if hooks:
            opening = {} if action is None else {"action": action}
            body = payload(self.rendering(), repository, actor, opening | contents)
            sent = json.dumps(body, separators=(",", ":")).encode()
            for hook in hooks:
                self.webhooks.send(hook, event, action, repository.id, sent)
        self._notify(Change(repository=repository.full_name, event=event, action=action, number=number))

    def _notify(self, change: Change) -> None:
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(change)
            except Exception:
                # A failing subscriber must not undo the change or end the webhooks' thread.
                log.exception("a subscriber of the sandbox's GitHub failed")

    def _tell_of_delivery(self, delivery: Delivery) -> None:
        repository = self._repositories.get(delivery.repository_id)
        name = repository.full_name if repository else ""
        self._notify(Change(repository=name, event="delivery", action=delivery.status))


def payload(show: Rendering, repository: Repository, sender: str, contents: Mapping[str, Any]) -> Json:
    """A webhook's body: `contents` as JSON, with the fields that every webhook of a repository has."""
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
