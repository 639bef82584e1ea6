"""What somebody can say below an issue in the sandbox's GitHub: comments and reactions."""

from __future__ import annotations

from dataclasses import replace

from identity_bot_sandbox.github.issues import IssueActs
from identity_bot_sandbox.github.repository import Repository
from identity_bot_sandbox.github.rules import check_comment, check_reaction
from identity_bot_sandbox.github.values import Change, Comment, GitHubError, Reaction, Role


class CommentActs(IssueActs):
    """The acts on comments and reactions; `actor` is the login of who does it."""

    def comment(self, repository: str, number: int, body: str, *, actor: str) -> Comment:
        """Say something below an issue; a locked one takes it only from people with the role `write`."""
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
        """Change what a comment says; its author may, and whoever has the role `write`."""
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
        """Take a comment away for good."""
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
        """Put a reaction on an issue, or on one of its comments; and whether it is new."""
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
        """Take one's own reaction back."""
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
        # GitHub sends no webhook for reactions; the page still wants to know.
        self._notify(Change(repository=repo.full_name, event="reaction", number=number))

    def _own_comment(self, repository: str, comment_id: int, actor: str) -> tuple[Repository, Comment]:
        repo = self.repository(repository)
        repo.require(actor, Role.READ)
        comment = repo.comment(comment_id)
        if comment.author.lower() != actor.lower():
            repo.require(actor, Role.WRITE)
        return repo, comment
