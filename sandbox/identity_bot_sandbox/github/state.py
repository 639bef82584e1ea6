"""The sandbox's GitHub as one object: what people and the bot do in it, what it remembers, what it tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time

from identity_bot_sandbox.github.access import App
from identity_bot_sandbox.github.delivery import Delivery, Hook
from identity_bot_sandbox.github.json import stamp
from identity_bot_sandbox.github.moves import MoveActs
from identity_bot_sandbox.github.record import utc_now
from identity_bot_sandbox.github.repository import Repository
from identity_bot_sandbox.github.repository_json import hook_json, payload
from identity_bot_sandbox.github.rules import check_label, invalid
from identity_bot_sandbox.github.values import Label, Milestone, Role

# A due date that is picked on the page is midnight on the west coast.
_DUE_TIME = time(8, tzinfo=UTC)
_ZEN = "Say what is so, and to whom it matters."


class GitHubWorld(MoveActs):
    """All of the sandbox's GitHub; any method from any thread.

    The acts on issues, comments and labels check the actor's role and raise GitHubError as GitHub would.
    """

    def __init__(
        self, *, clock: Callable[[], datetime] = utc_now, base_url: str = "http://127.0.0.1:8000"
    ) -> None:
        super().__init__(clock=clock, base_url=base_url)
        self.seed_pulls()

    def new_label(
        self, repository: str, name: str, color: str = "ededed", description: str | None = None, *, actor: str
    ) -> Label:
        """Add a label to a repository."""
        with self.mutex:
            repo = self._administered(repository, actor, Role.WRITE)
            if repo.find_label(name) is not None:
                raise invalid("name", "already_exists", resource="Label")
            return self._new_label(repo, Label(id=0, name=name, color=color, description=description), actor)

    def edit_label(
        self,
        repository: str,
        name: str,
        *,
        actor: str,
        new_name: str | None = None,
        color: str | None = None,
        description: str | None = None,
    ) -> Label:
        """Rename, recolour or describe a label; issues that bear it follow."""
        with self.mutex:
            repo = self._administered(repository, actor, Role.WRITE)
            old = repo.label(name)
            new = replace(
                old,
                name=old.name if new_name is None else new_name,
                color=old.color if color is None else color,
                description=old.description if description is None else description,
            )
            check_label(new)
            clash = repo.find_label(new.name)
            if clash is not None and clash.id != old.id:
                raise invalid("name", "already_exists", resource="Label")
            changes = {
                field: {"from": getattr(old, field) or ""}
                for field in ("name", "color", "description")
                if getattr(old, field) != getattr(new, field)
            }
            repo.labels[new.id] = new
            if changes:
                self._tell(repo, "label", "edited", actor, label=new, changes=changes)
            return new

    def delete_label(self, repository: str, name: str, *, actor: str) -> None:
        """Take a label out of a repository and off all its issues."""
        with self.mutex:
            repo = self._administered(repository, actor, Role.WRITE)
            label = repo.label(name)
            for number, issue in repo.issues.items():
                if label.id in issue.labels:
                    left = tuple(one for one in issue.labels if one != label.id)
                    repo.issues[number] = replace(issue, labels=left)
            del repo.labels[label.id]
            self._tell(repo, "label", "deleted", actor, label=label)

    def new_milestone(
        self,
        repository: str,
        title: str,
        due_on: date | datetime | None = None,
        description: str | None = None,
        *,
        actor: str,
    ) -> Milestone:
        """Add a milestone, mostly for its due date."""
        with self.mutex:
            repo = self._administered(repository, actor, Role.WRITE)
            if not title.strip():
                raise invalid("title", "missing_field", resource="Milestone")
            if any(one.title == title for one in repo.milestones.values()):
                raise invalid("title", "already_exists", resource="Milestone")
            moment = self.now()
            milestone = Milestone(
                id=next(self._ids),
                number=max(repo.milestones, default=0) + 1,
                title=title,
                description=description,
                due_on=_due(due_on),
                creator=self.account(actor).login,
                created_at=moment,
                updated_at=moment,
            )
            repo.milestones[milestone.number] = milestone
            self._tell(repo, "milestone", "created", actor, milestone=milestone)
            return milestone

    def edit_milestone(
        self,
        repository: str,
        number: int,
        *,
        actor: str,
        title: str | None = None,
        due_on: date | datetime | None = None,
        has_due_date: bool = True,
        description: str | None = None,
        is_open: bool | None = None,
    ) -> Milestone:
        """Change what is not None; `has_due_date=False` takes the due date away."""
        with self.mutex:
            repo = self._administered(repository, actor, Role.WRITE)
            old = repo.milestone(number)
            moment = self.now()
            new = replace(
                old,
                title=old.title if title is None else title,
                due_on=(_due(due_on) or old.due_on) if has_due_date else None,
                description=old.description if description is None else description,
            )
            was = {
                "title": old.title,
                "due_on": stamp(old.due_on) or "",
                "description": old.description or "",
            }
            changes = {
                name: {"from": text} for name, text in was.items() if getattr(old, name) != getattr(new, name)
            }
            if changes:
                new = replace(new, updated_at=moment)
                repo.milestones[number] = new
                self._tell(repo, "milestone", "edited", actor, milestone=new, changes=changes)
            if is_open is not None and is_open != (new.state == "open"):
                new = replace(
                    new,
                    state="open" if is_open else "closed",
                    closed_at=None if is_open else moment,
                    updated_at=moment,
                )
                repo.milestones[number] = new
                self._tell(repo, "milestone", "opened" if is_open else "closed", actor, milestone=new)
            return new

    def rename_repository(self, repository: str, new_name: str, *, actor: str) -> Repository:
        """Give a repository another name (without the owner); the old one answers 301 or 307."""
        with self.mutex:
            repo = self._administered(repository, actor, Role.ADMIN)
            before, old_name = repo.full_name, repo.name
            self._former_names[before.lower()] = repo.id
            repo.name = new_name
            self._former_names.pop(repo.full_name.lower(), None)
            self.webhooks.move(before, repo.full_name)
            changes = {"repository": {"name": {"from": old_name}}}
            self._tell(repo, "repository", "renamed", actor, changes=changes)
            return repo

    def set_role(self, repository: str, login: str, role: Role) -> None:
        """Give somebody another role; READ takes push access away, NONE hides a private repository."""
        with self.mutex:
            repo = self.repository(repository)
            repo.roles[login.lower()] = role

    def set_has_issues(self, repository: str, has_issues: bool) -> None:
        """Switch a repository's issues off (410) or on again."""
        with self.mutex:
            self.repository(repository).has_issues = has_issues

    def revoke(self, token: str) -> None:
        """Make a token worthless: 401 from now on."""
        with self.mutex:
            self.access.revoked.add(token)

    def restore(self, token: str) -> None:
        """Let a revoked token work again."""
        with self.mutex:
            self.access.revoked.discard(token)

    def install_app(self, app_id: int, public_key: str, slug: str = "identity-helper") -> App:
        """Install a GitHub App that may write issues everywhere; `public_key` is PEM text."""
        with self.mutex:
            app = self.access.install_app(app_id, slug, public_key)
            for repo in self.repositories():
                repo.roles[app.login.lower()] = Role.WRITE
            return app

    def add_hook(
        self, url: str, *, secret: str | None, events: tuple[str, ...] = ("*",), repository: str | None = None
    ) -> Hook:
        """Register a webhook, of one repository or (None) of the organisation, and send it its ping."""
        with self.mutex:
            repo = self.repositories()[0] if repository is None else self.repository(repository)
            name = None if repository is None else repo.full_name
            hook = self.webhooks.register(url, secret=secret, events=events, repository=name)
            self.ping(hook)
            return hook

    def ping(self, hook: Hook) -> Delivery:
        """Send a hook the first thing that it ever gets."""
        with self.mutex:
            first = self.repositories()[0]
            repo = first if hook.repository is None else self.repository(hook.repository)
            show = self.rendering()
            contents = {"zen": _ZEN, "hook_id": hook.id, "hook": hook_json(show, repo, hook)}
            body = payload(show, repo, repo.owner, contents)
            if hook.repository is None:
                del body["repository"]
            return self.webhooks.send(hook, "ping", None, repo.id, json.dumps(body).encode())

    def redeliver(self, delivery_id: int) -> Delivery:
        """Send a past delivery again, with the same X-GitHub-Delivery."""
        return self.webhooks.redeliver(delivery_id)

    def close_down(self) -> None:
        """Stop the thread that delivers webhooks."""
        self.webhooks.stop()


def _due(moment: date | datetime | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, _DUE_TIME)
