"""The sandbox's GitHub as one object: issues, pull requests, labels, milestones, repositories and webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.access import App
from identity_bot_sandbox.github.issues import IssueActs
from identity_bot_sandbox.github.json import repository_json, stamp
from identity_bot_sandbox.github.model import (
    ChangedFile,
    GitHubError,
    Issue,
    Label,
    Milestone,
    PullRequest,
    Repository,
    Role,
    StoredFile,
    check_label,
    invalid,
)
from identity_bot_sandbox.github.record import payload, utc_now
from identity_bot_sandbox.github.webhooks import Delivery, Hook, hook_json

CODE_REPOSITORY = f"{cast.REPOSITORY.partition('/')[0]}/vets-api"
# GitHub's page stores a due date as midnight on the west coast.
_DUE_TIME = time(8, tzinfo=UTC)
CODE_OWNERS = """\
* @sandbox-org/platform
sign_in/ @sandbox-org/identity
"""
_ZEN = "Say what is so, and to whom it matters."


class GitHubWorld(IssueActs):
    """All of the sandbox's GitHub. Safe from any thread.

    Methods with an `actor` check the actor's role and raise GitHubError as GitHub would.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        base_url: str = "http://127.0.0.1:8000",
        real_clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(clock=clock, base_url=base_url, real_clock=real_clock)
        self._seed_pulls()

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
        """Change a label's name, color or description, on its issues too."""
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
        """Delete a label from a repository and all its issues."""
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
        """Add a milestone."""
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
        """Change what is not None; `has_due_date=False` removes the due date."""
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
        """Rename a repository (`new_name` is without the owner); the old name answers 301 or 307."""
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
        """Change someone's role; READ removes push access, NONE hides a private repository."""
        with self.mutex:
            repo = self.repository(repository)
            repo.roles[login.lower()] = role

    def set_has_issues(self, repository: str, has_issues: bool) -> None:
        """Disable a repository's issues (410) or enable them again."""
        with self.mutex:
            self.repository(repository).has_issues = has_issues

    def revoke(self, token: str) -> None:
        """Revoke a token (401)."""
        with self.mutex:
            self.access.revoked.add(token)

    def restore(self, token: str) -> None:
        """Restore a revoked token."""
        with self.mutex:
            self.access.revoked.discard(token)

    def install_app(self, app_id: int, public_key: str, slug: str = "identity-helper") -> App:
        """Install a GitHub App with write access to all repositories; `public_key` is PEM."""
        with self.mutex:
            app = self.access.install_app(app_id, slug, public_key)
            for repo in self.repositories():
                repo.roles[app.login.lower()] = Role.WRITE
            return app

    def add_hook(
        self, url: str, *, secret: str | None, events: tuple[str, ...] = ("*",), repository: str | None = None
    ) -> Hook:
        """Add a webhook of one repository or (None) of the organization, and ping it."""
        with self.mutex:
            repo = self.repositories()[0] if repository is None else self.repository(repository)
            name = None if repository is None else repo.full_name
            hook = self.webhooks.register(url, secret=secret, events=events, repository=name)
            self.ping(hook)
            return hook

    def ping(self, hook: Hook) -> Delivery:
        """Send a hook its ping."""
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

    def transfer(self, repository: str, number: int, to: str, *, actor: str) -> Issue:
        """Transfer an issue to another repository; its old address answers 301.

        It keeps its comments, and the labels that exist in the other repository. Issues cannot move from a
        private repository to a public one: docs.github.com, "Transferring an issue to another repository".
        """
        with self.mutex:
            source, issue = self._changeable(repository, number, actor, Role.WRITE)
            target = self._administered(to, actor, Role.WRITE)
            if target is source or (source.is_private and not target.is_private):
                raise GitHubError(422, "The issue cannot be transferred to that repository.")
            names = [label.name for label in source.labels_of(issue)]
            known = [label.id for name in names if (label := target.find_label(name)) is not None]
            target.last_number += 1
            arrived = replace(
                issue,
                id=next(self._ids),
                number=target.last_number,
                labels=tuple(known),
                assignees=tuple(login for login in issue.assignees if target.is_assignable(login)),
                milestone=None,
            )
            for comment_id in issue.comments:
                target.comments[comment_id] = replace(source.comments[comment_id], issue=arrived.number)
            arrived = self._save(target, arrived, actor, "transferred")
            show = self.rendering()
            new_issue, old_issue = show.issue(target, arrived), show.issue(source, issue)
            new_repository, old_repository = repository_json(show, target), repository_json(show, source)
            del source.issues[number]
            for comment_id in issue.comments:
                del source.comments[comment_id]
            source.moved[number] = (target.id, arrived.number)
            there = {"new_issue": new_issue, "new_repository": new_repository}
            here = {"old_issue": old_issue, "old_repository": old_repository}
            self._tell(source, "issues", "transferred", actor, number=number, issue=issue, changes=there)
            self._tell(target, "issues", "opened", actor, number=arrived.number, issue=arrived, changes=here)
            return arrived

    def delete(self, repository: str, number: int, *, actor: str) -> None:
        """Delete an issue; its address answers 410."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.ADMIN)
            self._tell(repo, "issues", "deleted", actor, number=number, issue=issue)
            for comment_id in issue.comments:
                del repo.comments[comment_id]
            del repo.issues[number]
            repo.deleted.add(number)

    def convert_to_discussion(self, repository: str, number: int, *, actor: str) -> Issue:
        """Convert an issue to a discussion; the issue stays, closed, locked and without new comments.

        Since 2021 GitHub keeps such issues. Only their event `converted_to_discussion` says what became of them
        (github/docs#20908, maniac103/GitHubSdk#5). GitHub locks them, and nobody can comment even if they are
        unlocked (dessant/lock-threads#24). Their `state_reason` and webhooks are not documented: here they are
        closed without a reason, with the usual `closed` and `locked` webhooks. The sandbox does not imitate
        the discussion itself or its webhook `discussion.created`.
        """
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.TRIAGE)
            moment, login = self.now(), self.account(actor).login
            if issue.is_open:
                issue = replace(issue, is_open=False, closed_at=moment, closed_by=login, state_reason=None)
                issue = self._save(repo, issue, actor, "closed", {"state_reason": None})
                self._tell(repo, "issues", "closed", actor, number=number, issue=issue)
            issue = replace(issue, is_discussion=True)
            if not issue.is_locked:
                issue = self._save(
                    repo, replace(issue, is_locked=True), actor, "locked", {"lock_reason": None}
                )
                self._tell(repo, "issues", "locked", actor, number=number, issue=issue)
            return self._save(repo, issue, actor, "converted_to_discussion")

    def _administered(self, repository: str, actor: str, needed: Role) -> Repository:
        repo = self.repository(repository)
        repo.require(actor, needed)
        return repo

    def open_pull(
        self,
        repository: str,
        title: str,
        body: str | None = None,
        *,
        actor: str,
        branch: str,
        files: Sequence[ChangedFile],
    ) -> Issue:
        """Open a pull request from `branch` that changes `files`."""
        with self.mutex:
            pull = PullRequest(branch=branch, files=tuple(files))
            return self.open_issue(repository, title, body, actor=actor, pull=pull)

    def put_file(self, repository: str, path: str, data: bytes | str, *, mode: str = "100644") -> None:
        """Put a file on the default branch, with Git's mode (`120000` is a symbolic link)."""
        with self.mutex:
            written = data.encode() if isinstance(data, str) else data
            self.repository(repository).files[path] = StoredFile(data=written, mode=mode)

    def remove_file(self, repository: str, path: str) -> None:
        """Remove a file from the default branch."""
        with self.mutex:
            del self.repository(repository).files[path]

    def _seed_pulls(self) -> None:
        """Add the code repository, with its owners and two pull requests to request reviews of."""
        self.add_repository(CODE_REPOSITORY, "Code that requests are about")
        self.put_file(CODE_REPOSITORY, ".github/CODEOWNERS", CODE_OWNERS)
        author = next(one.github_login for one in cast.PEOPLE if one.github_login and not one.is_team)
        self.open_pull(
            CODE_REPOSITORY,
            "Keep the session when a sign-in is repeated",
            "A second sign-in no longer ends the first one.",
            actor=author,
            branch="keep-session",
            files=(
                ChangedFile(path="app/services/sign_in/session.rb", additions=24, deletions=7),
                ChangedFile(path="spec/services/sign_in/session_spec.rb", additions=41),
            ),
        )
        self.open_pull(
            CODE_REPOSITORY,
            "Correct a spelling in the README",
            actor=author,
            branch="spelling",
            files=(ChangedFile(path="README.md", additions=1, deletions=1),),
        )


def _due(moment: date | datetime | None) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, _DUE_TIME)
