"""What people can do to an issue in the sandbox's GitHub and what they can say below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from identity_bot_sandbox.github.model import (
    CLOSE_REASONS,
    LOCK_REASONS,
    Change,
    Comment,
    GitHubError,
    Issue,
    Label,
    PullRequest,
    Reaction,
    Repository,
    Role,
    check_comment,
    check_label,
    check_reaction,
    check_text,
    invalid,
)
from identity_bot_sandbox.github.record import GitHubRecord


class IssueActs(GitHubRecord):
    """What people do to an issue and its comments; `actor` is the login, with GitHub's permissions.

    An action that changes nothing leaves no trace: no history, no webhook, no new `updated_at`.
    """

    def open_issue(
        self,
        repository: str,
        title: str,
        body: str | None = None,
        *,
        actor: str,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        milestone: int | None = None,
        pull: PullRequest | None = None,
    ) -> Issue:
        """Open an issue, or a pull request if `pull` is given; creates missing labels.

        Without the role `triage`, labels, assignees and milestone are silently ignored.
        """
        with self.mutex:
            repo = self.repository(repository)
            repo.require(actor, Role.READ)
            if not repo.has_issues:
                raise GitHubError(410, "Issues has been disabled in this repository.")
            check_text(title=title, body=body)
            if not repo.role(actor).covers(Role.TRIAGE):
                labels, assignees, milestone = (), (), None
            labels, assignees = tuple(labels), tuple(assignees)
            self.check_plan(repo, labels, assignees, milestone)
            moment = self.now()
            repo.last_number += 1
            issue = Issue(
                id=next(self._ids),
                number=repo.last_number,
                title=title.strip(),
                body=body,
                author=self.account(actor).login,
                created_at=moment,
                updated_at=moment,
                pull=pull,
            )
            repo.issues[issue.number] = issue
            self._tell(repo, "issues", "opened", actor, number=issue.number, issue=issue)
            for name in labels:
                self.label(repository, issue.number, name, actor=actor)
            for login in assignees:
                self.assign(repository, issue.number, login, actor=actor)
            if milestone is not None:
                self.set_milestone(repository, issue.number, milestone, actor=actor)
            return repo.issues[issue.number]

    def edit(
        self, repository: str, number: int, *, actor: str, title: str | None = None, body: str | None = None
    ) -> Issue:
        """Change the title, body or both (None keeps it); for the author and the role `write`."""
        with self.mutex:
            repo, issue = self._own(repository, number, actor)
            check_text(title=issue.title if title is None else title, body=body)
            before, changes = issue, {}
            if title is not None and title.strip() != issue.title:
                changes["title"] = {"from": issue.title}
                issue = replace(issue, title=title.strip())
                rename = {"rename": {"from": before.title, "to": issue.title}}
                issue = self._save(repo, issue, actor, "renamed", rename)
            if body is not None and body != (issue.body or ""):
                changes["body"] = {"from": issue.body or ""}
                issue = self._save(repo, replace(issue, body=body), actor)
            if changes:
                self._tell(repo, "issues", "edited", actor, number=number, issue=issue, changes=changes)
            return issue

    def label(self, repository: str, number: int, name: str, *, actor: str) -> Issue:
        """Add a label, creating it in the repository if missing."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.TRIAGE)
            label = repo.find_label(name) or self._new_label(repo, Label(id=0, name=name), actor)
            if label.id in issue.labels:
                return issue
            detail = {"label": {"name": label.name, "color": label.color}}
            issue = replace(issue, labels=(*issue.labels, label.id))
            issue = self._save(repo, issue, actor, "labeled", detail)
            self._tell(repo, "issues", "labeled", actor, number=number, issue=issue, label=label)
            return issue

    def unlabel(self, repository: str, number: int, name: str, *, actor: str) -> Issue:
        """Remove a label; 404 if the issue does not have it."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.TRIAGE)
            label = repo.find_label(name)
            if label is None or label.id not in issue.labels:
                raise GitHubError(404, "Label does not exist")
            detail = {"label": {"name": label.name, "color": label.color}}
            issue = replace(issue, labels=tuple(one for one in issue.labels if one != label.id))
            issue = self._save(repo, issue, actor, "unlabeled", detail)
            self._tell(repo, "issues", "unlabeled", actor, number=number, issue=issue, label=label)
            return issue

    def assign(self, repository: str, number: int, login: str, *, actor: str) -> Issue:
        """Assign someone who has a role in the repository."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.TRIAGE)
            self.check_plan(repo, assignees=(login,))
            account = self.account(login)
            if account.login in issue.assignees:
                return issue
            detail = {"assignee": account.login, "assigner": actor}
            issue = replace(issue, assignees=(*issue.assignees, account.login))
            issue = self._save(repo, issue, actor, "assigned", detail)
            self._tell(repo, "issues", "assigned", actor, number=number, issue=issue, assignee=account)
            return issue

    def unassign(self, repository: str, number: int, login: str, *, actor: str) -> Issue:
        """Unassign someone."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.TRIAGE)
            account = self.account(login)
            if account.login not in issue.assignees:
                return issue
            detail = {"assignee": account.login, "assigner": actor}
            issue = replace(issue, assignees=tuple(one for one in issue.assignees if one != account.login))
            issue = self._save(repo, issue, actor, "unassigned", detail)
            self._tell(repo, "issues", "unassigned", actor, number=number, issue=issue, assignee=account)
            return issue

    def set_milestone(self, repository: str, number: int, milestone: int | None, *, actor: str) -> Issue:
        """Set the milestone; None removes it."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.TRIAGE)
            if issue.milestone == milestone:
                return issue
            self.check_plan(repo, milestone=milestone)
            if issue.milestone is not None:
                old = repo.milestone(issue.milestone)
                issue = replace(issue, milestone=None)
                issue = self._save(repo, issue, actor, "demilestoned", {"milestone": {"title": old.title}})
                self._tell(repo, "issues", "demilestoned", actor, number=number, issue=issue, milestone=old)
            if milestone is not None:
                new = repo.milestone(milestone)
                issue = replace(issue, milestone=milestone)
                issue = self._save(repo, issue, actor, "milestoned", {"milestone": {"title": new.title}})
                self._tell(repo, "issues", "milestoned", actor, number=number, issue=issue, milestone=new)
            return issue

    def close(self, repository: str, number: int, reason: str = "completed", *, actor: str) -> Issue:
        """Close an issue as `completed`, `not_planned` or `duplicate`."""
        with self.mutex:
            repo, issue = self._own(repository, number, actor, Role.TRIAGE)
            if reason not in CLOSE_REASONS:
                raise invalid("state_reason", "invalid", value=reason)
            if not issue.is_open:
                return issue
            issue = replace(
                issue,
                is_open=False,
                state_reason=reason,
                closed_at=self.now(),
                closed_by=self.account(actor).login,
            )
            issue = self._save(repo, issue, actor, "closed", {"state_reason": reason})
            self._tell(repo, "issues", "closed", actor, number=number, issue=issue)
            return issue

    def reopen(self, repository: str, number: int, *, actor: str) -> Issue:
        """Reopen an issue."""
        with self.mutex:
            repo, issue = self._own(repository, number, actor, Role.TRIAGE)
            if issue.is_open:
                return issue
            issue = replace(issue, is_open=True, state_reason="reopened", closed_at=None, closed_by=None)
            issue = self._save(repo, issue, actor, "reopened", {"state_reason": None})
            self._tell(repo, "issues", "reopened", actor, number=number, issue=issue)
            return issue

    def lock(self, repository: str, number: int, reason: str | None = None, *, actor: str) -> Issue:
        """Lock the conversation: only people with the role `write` can comment."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.WRITE)
            if reason is not None and reason not in LOCK_REASONS:
                raise invalid("lock_reason", "invalid", value=reason)
            if issue.is_locked:
                return issue
            issue = replace(issue, is_locked=True, lock_reason=reason)
            issue = self._save(repo, issue, actor, "locked", {"lock_reason": reason})
            self._tell(repo, "issues", "locked", actor, number=number, issue=issue)
            return issue

    def unlock(self, repository: str, number: int, *, actor: str) -> Issue:
        """Unlock the conversation."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.WRITE)
            if not issue.is_locked:
                return issue
            issue = replace(issue, is_locked=False, lock_reason=None)
            issue = self._save(repo, issue, actor, "unlocked", {"lock_reason": None})
            self._tell(repo, "issues", "unlocked", actor, number=number, issue=issue)
            return issue

    def check_plan(
        self,
        repository: Repository,
        labels: Iterable[str] = (),
        assignees: Iterable[str] = (),
        milestone: int | None = None,
    ) -> None:
        """Refuse invalid labels, assignees or milestone before anything changes."""
        for name in labels:
            check_label(Label(id=0, name=name))
        for login in assignees:
            if not repository.is_assignable(login):
                raise invalid("assignees", "invalid", value=login)
        if milestone is not None and milestone not in repository.milestones:
            raise invalid("milestone", "invalid", value=milestone)

    def _changeable(self, repository: str, number: int, actor: str, needed: Role) -> tuple[Repository, Issue]:
        repo = self.repository(repository)
        repo.require(actor, Role.READ)
        issue = repo.issue(number)
        repo.require(actor, needed)
        return repo, issue

    def _own(
        self, repository: str, number: int, actor: str, needed: Role = Role.WRITE
    ) -> tuple[Repository, Issue]:
        """The issue, if the actor opened it or has the role `needed`."""
        repo = self.repository(repository)
        repo.require(actor, Role.READ)
        issue = repo.issue(number)
        if issue.author.lower() != actor.lower():
            repo.require(actor, needed)
        return repo, issue

    def _new_label(self, repository: Repository, label: Label, actor: str) -> Label:
        check_label(label)
        label = replace(label, id=next(self._ids))
        repository.labels[label.id] = label
        self._tell(repository, "label", "created", actor, label=label)
        return label

    def comment(self, repository: str, number: int, body: str, *, actor: str) -> Comment:
        """Comment on an issue; on a locked one this needs the role `write`."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.READ)
            is_shut = issue.is_locked and not repo.role(actor).covers(Role.WRITE)
            if is_shut or issue.is_discussion:
                raise GitHubError(403, "Unable to create comment because issue is locked.")
            check_comment(body)
            moment = self.now()
            comment = Comment(
                id=next(self._ids),
                issue=number,
                author=self.account(actor).login,
                body=body,
                created_at=moment,
                updated_at=moment,
            )
            repo.comments[comment.id] = comment
            issue = self._save(repo, replace(issue, comments=(*issue.comments, comment.id)), actor)
            self._tell(repo, "issue_comment", "created", actor, number=number, issue=issue, comment=comment)
            return comment

    def edit_comment(self, repository: str, comment_id: int, body: str, *, actor: str) -> Comment:
        """Edit a comment; for its author and the role `write`."""
        with self.mutex:
            repo, comment = self._own_comment(repository, comment_id, actor)
            check_comment(body)
            changes = {"body": {"from": comment.body}}
            comment = replace(comment, body=body, updated_at=self.now())
            repo.comments[comment_id] = comment
            issue = self._save(repo, repo.issue(comment.issue), actor)
            self._tell(
                repo,
                "issue_comment",
                "edited",
                actor,
                number=issue.number,
                issue=issue,
                comment=comment,
                changes=changes,
            )
            return comment

    def delete_comment(self, repository: str, comment_id: int, *, actor: str) -> None:
        """Delete a comment."""
        with self.mutex:
            repo, comment = self._own_comment(repository, comment_id, actor)
            issue = repo.issue(comment.issue)
            issue = replace(issue, comments=tuple(one for one in issue.comments if one != comment_id))
            issue = self._save(repo, issue, actor)
            del repo.comments[comment_id]
            self._tell(
                repo, "issue_comment", "deleted", actor, number=issue.number, issue=issue, comment=comment
            )

    def react(
        self, repository: str, number: int, content: str, *, actor: str, comment_id: int | None = None
    ) -> tuple[Reaction, bool]:
        """React to an issue or one of its comments; returns the reaction and whether it is new."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.READ)
            check_reaction(content)
            target = issue if comment_id is None else repo.comment(comment_id)
            for reaction in target.reactions:
                if reaction.author.lower() == actor.lower() and reaction.content == content:
                    return reaction, False
            author = self.account(actor).login
            reaction = Reaction(id=next(self._ids), author=author, content=content, created_at=self.now())
            self._set_reactions(repo, number, comment_id, (*target.reactions, reaction))
            return reaction, True

    def unreact(
        self, repository: str, number: int, reaction_id: int, *, actor: str, comment_id: int | None = None
    ) -> None:
        """Remove one's own reaction."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.READ)
            target = issue if comment_id is None else repo.comment(comment_id)
            mine = [one for one in target.reactions if one.id == reaction_id]
            if not mine:
                raise GitHubError(404, "Not Found")
            if mine[0].author.lower() != actor.lower():
                raise GitHubError(403, "Must have admin rights to Repository.")
            left = tuple(one for one in target.reactions if one.id != reaction_id)
            self._set_reactions(repo, number, comment_id, left)

    def _set_reactions(
        self, repo: Repository, number: int, comment_id: int | None, reactions: tuple[Reaction, ...]
    ) -> None:
        if comment_id is None:
            repo.issues[number] = replace(repo.issue(number), reactions=reactions)
        else:
            repo.comments[comment_id] = replace(repo.comment(comment_id), reactions=reactions)
        # GitHub sends no webhook for reactions, but the page shows them.
        self._notify(Change(repository=repo.full_name, event="reaction", number=number))

    def _own_comment(self, repository: str, comment_id: int, actor: str) -> tuple[Repository, Comment]:
        repo = self.repository(repository)
        repo.require(actor, Role.READ)
        comment = repo.comment(comment_id)
        if comment.author.lower() != actor.lower():
            repo.require(actor, Role.WRITE)
        return repo, comment
