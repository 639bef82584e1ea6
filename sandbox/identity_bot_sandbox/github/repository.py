"""One repository of the sandbox's GitHub: its tables, and the look-ups that answer as GitHub does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from identity_bot_sandbox.github.values import Comment, GitHubError, Issue, Label, Milestone, Role


@dataclass(kw_only=True, slots=True)
class Repository:
    """The mutable tables of one repository; only GitHubWorld writes to them, and only under its mutex."""

    id: int
    owner: str
    name: str
    description: str
    is_private: bool
    created_at: datetime
    updated_at: datetime
    has_issues: bool = True
    last_number: int = 0
    roles: dict[str, Role] = field(default_factory=dict)
    labels: dict[int, Label] = field(default_factory=dict)
    milestones: dict[int, Milestone] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    moved: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """`owner/name`, as everybody writes it."""
        return f"{self.owner}/{self.name}"

    def role(self, login: str | None) -> Role:
        """What `login` may do here; a public repository can be read by anybody."""
        floor = Role.NONE if self.is_private else Role.READ
        return self.roles.get(login.lower(), floor) if login else floor

    def require(self, login: str | None, needed: Role) -> None:
        """Refuse, as GitHub words it, unless `login` has at least the role `needed`."""
        if not self.role(login).covers(Role.READ):
            raise GitHubError(404, "Not Found")
        if not self.role(login).covers(needed):
            raise GitHubError(403, "Must have admin rights to Repository.")

    def issue(self, number: int) -> Issue:
        """The issue of that number, or the refusal that tells what became of it."""
        if not self.has_issues:
            raise GitHubError(410, "Issues has been disabled in this repository.")
        if number in self.deleted:
            raise GitHubError(410, "This issue was deleted")
        if number in self.moved:
            repository_id, new_number = self.moved[number]
            location = f"/repositories/{repository_id}/issues/{new_number}"
            raise GitHubError(301, "Moved Permanently", location=location)
        if number not in self.issues:
            raise GitHubError(404, "Not Found")
        return self.issues[number]

    def comment(self, comment_id: int) -> Comment:
        """The comment with that id, or 404."""
        if comment_id not in self.comments:
            raise GitHubError(404, "Not Found")
        return self.comments[comment_id]

    def comments_of(self, issue: Issue) -> list[Comment]:
        """The comments of one issue, oldest first."""
        return [self.comments[comment_id] for comment_id in issue.comments]

    def milestone(self, number: int) -> Milestone:
        """The milestone of that number, or 404."""
        if number not in self.milestones:
            raise GitHubError(404, "Not Found")
        return self.milestones[number]

    def find_label(self, name: str) -> Label | None:
        """The label of that name in any case, as GitHub compares them."""
        return next((label for label in self.labels.values() if label.name.lower() == name.lower()), None)

    def label(self, name: str) -> Label:
        """The label of that name, or 404."""
        label = self.find_label(name)
        if label is None:
            raise GitHubError(404, "Not Found")
        return label

    def labels_of(self, issue: Issue) -> list[Label]:
        """An issue's labels in the order in which they were put on it."""
        return [self.labels[label_id] for label_id in issue.labels]

    def is_assignable(self, login: str) -> bool:
        """Whether an issue may be assigned to `login`: they must have been given a role here."""
        return self.roles.get(login.lower(), Role.NONE).covers(Role.READ)
