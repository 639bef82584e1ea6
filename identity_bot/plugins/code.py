"""What a plugin may read of the code in GitHub: pull requests and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from identity_bot.errors import IdentityBotError


class CodeUnreadable(IdentityBotError):
    """GitHub does not tell, or not in time: treat it as not knowing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A pull request: where it goes, and what it changes."""

    repository: str
    """`owner/name` as it now is."""
    base: str
    """The branch that it is to be merged into."""
    files: tuple[str, ...]
    """The paths of all files that it changes; of a renamed file, the old and the new one."""
    is_private: bool = False
    """Whether the repository is, so that what is read there should not be told to everybody."""


class Code(Protocol):
    """Code in GitHub, to read while somebody waits: all answers come within three seconds, and are kept for minutes."""

    def pull_request(self, link: str) -> PullRequest:
        """The pull request at `https://…/owner/name/pull/number`. Raises CodeUnreadable, also if it is too large."""

    def read_file(self, repository: str, path: str, branch: str = "") -> str | None:
        """A text file on a branch, by default the repository's own; None if there is none. Raises CodeUnreadable."""


class NoCode:
    """Where there is no GitHub: nothing can be read."""

    def pull_request(self, link: str) -> PullRequest:
        """Raise CodeUnreadable."""
        raise CodeUnreadable(f"there is no GitHub to read {link} from")

    def read_file(self, repository: str, path: str, branch: str = "") -> str | None:
        """Raise CodeUnreadable."""
        raise CodeUnreadable(f"there is no GitHub to read {path} of {repository} from")
