"""How an issue of the sandbox's GitHub goes away: to another repository, into a discussion, or for good."""

from __future__ import annotations

from dataclasses import replace

from identity_bot_sandbox.github.pulls import PullActs
from identity_bot_sandbox.github.repository import Repository
from identity_bot_sandbox.github.repository_json import repository_json
from identity_bot_sandbox.github.values import GitHubError, Issue, Role


class MoveActs(PullActs):
    """The acts after which an issue is no longer what it was, where it was."""

    def transfer(self, repository: str, number: int, to: str, *, actor: str) -> Issue:
        """Move an issue to another repository; its old address answers 301 from now on.

        Labels go along where the other repository has ones of the same name, comments always. Out of a private
        repository into a public one nothing goes: docs.github.com, "Transferring an issue to another repository".
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
        """Delete an issue for good; its address answers 410 from now on."""
        with self.mutex:
            repo, issue = self._changeable(repository, number, actor, Role.ADMIN)
            self._tell(repo, "issues", "deleted", actor, number=number, issue=issue)
            for comment_id in issue.comments:
                del repo.comments[comment_id]
            del repo.issues[number]
            repo.deleted.add(number)

    def convert_to_discussion(self, repository: str, number: int, *, actor: str) -> Issue:
        """Turn an issue into a discussion; what stays of it is closed, locked and takes no comment any more.

        Such an issue is not deleted since 2021, nor does anything in it say what became of it: only its events
        name `converted_to_discussion` (github/docs#20908, maniac103/GitHubSdk#5). GitHub locks it, and nobody
        can comment even when it is unlocked (dessant/lock-threads#24). No page tells its `state_reason` nor its
        webhooks: here it is closed without a reason, and `closed` and `locked` are told as for any issue. The
        discussion itself, and its webhook `discussion.created`, are not imitated.
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
