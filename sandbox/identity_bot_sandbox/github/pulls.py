"""Pull requests in the sandbox's GitHub: enough of them to ask for a review, in a repository of code."""

from __future__ import annotations

from collections.abc import Sequence

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.comments import CommentActs
from identity_bot_sandbox.github.values import ChangedFile, Issue, PullRequest

CODE_REPOSITORY = f"{cast.REPOSITORY.partition('/')[0]}/vets-api"


class PullActs(CommentActs):
    """What somebody can do with pull requests; they are issues in all else, as with GitHub."""

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
        """A pull request from `branch` that changes `files`."""
        with self.mutex:
            pull = PullRequest(branch=branch, files=tuple(files))
            return self.open_issue(repository, title, body, actor=actor, pull=pull)

    def seed_pulls(self) -> None:
        """Make the repository of code with two pull requests to ask about."""
        self.add_repository(CODE_REPOSITORY, "Code that requests are about")
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
