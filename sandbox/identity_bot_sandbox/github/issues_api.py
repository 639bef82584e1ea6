"""The API's endpoints for issues: list, create, read and change them, their labels, comments and history."""

from __future__ import annotations

from typing import Any

from identity_bot_sandbox.github.call import Answer, Call, Endpoint, moment, not_a
from identity_bot_sandbox.github.json import Json
from identity_bot_sandbox.github.model import (
    CLOSE_REASONS,
    Comment,
    GitHubError,
    Issue,
    Occurrence,
    Role,
    check_text,
    invalid,
)


def list_issues(call: Call) -> Answer:
    """GET issues; by default open ones, newest first."""
    repo, query = call.repository, call.request.query_params
    if not repo.has_issues:
        raise GitHubError(410, "Issues has been disabled in this repository.")
    state = query.get("state", "open")
    wanted = [name.strip().lower() for name in query.get("labels", "").split(",") if name.strip()]
    since = moment(query.get("since"))

    def is_asked_for(issue: Issue) -> bool:
        names = {label.name.lower() for label in repo.labels_of(issue)}
        return (
            (state == "all" or issue.is_open == (state == "open"))
            and all(name in names for name in wanted)
            and (since is None or issue.updated_at >= since)
            and query.get("creator", issue.author).lower() == issue.author.lower()
            and _fits(query.get("assignee"), [login.lower() for login in issue.assignees])
            and _fits(query.get("milestone"), [str(issue.milestone)] if issue.milestone else [])
        )

    orders = {
        "created": lambda issue: (issue.created_at, issue.number),
        "updated": lambda issue: (issue.updated_at, issue.number),
        "comments": lambda issue: (len(issue.comments), issue.number),
    }
    order = orders.get(query.get("sort", "created"), orders["created"])
    found = [issue for issue in repo.issues.values() if is_asked_for(issue)]
    found.sort(key=order, reverse=query.get("direction", "desc") != "asc")
    return call.paged(found, lambda issue: call.show.issue(repo, issue))


def create_issue(call: Call) -> Answer:
    """POST an issue; without the role `triage`, labels, assignees and milestone are silently ignored."""
    repo = call.repository
    issue = call.world.open_issue(
        repo.full_name,
        call.needed("title"),
        call.text("body"),
        actor=call.actor,
        labels=call.texts("labels") or (),
        assignees=_assignees(call) or (),
        milestone=_milestone(call),
    )
    shown = call.show.issue(repo, issue)
    return Answer(shown, 201, headers={"location": shown["url"]})


def get_issue(call: Call) -> Answer:
    """GET one issue."""
    issue = call.repository.issue(call.number)
    return Answer(call.show.issue(call.repository, issue), modified=issue.updated_at)


def change_issue(call: Call) -> Answer:
    """PATCH an issue: everything requested, or nothing if one part is refused."""
    repo, world, name, number, actor = call.repository, call.world, call.name, call.number, call.actor
    issue = repo.issue(number)
    may_plan = repo.role(actor).covers(Role.TRIAGE)
    title, body, state = call.text("title"), call.text("body"), call.text("state")
    reason = call.text("state_reason") or "completed"
    labels, assignees = call.texts("labels"), _assignees(call)
    check_text(title=issue.title if title is None else title, body=body)
    if state not in (None, "open", "closed"):
        raise invalid("state", "invalid", value=state)
    if state == "closed" and reason not in CLOSE_REASONS:
        raise invalid("state_reason", "invalid", value=reason)
    milestone = _milestone(call)
    world.check_plan(repo, labels or (), assignees or (), milestone)
    world.edit(
        name, number, actor=actor, title=title, body="" if "body" in call.fields and body is None else body
    )
    if may_plan and labels is not None:
        _replace_labels(call, labels)
    if may_plan and assignees is not None:
        _replace_assignees(call, assignees)
    if may_plan and "milestone" in call.fields:
        world.set_milestone(name, number, milestone, actor=actor)
    if state == "closed":
        world.close(name, number, reason, actor=actor)
    elif state == "open":
        world.reopen(name, number, actor=actor)
    return get_issue(call)


def list_labels(call: Call) -> Answer:
    """GET an issue's labels."""
    repo = call.repository
    labels = repo.labels_of(repo.issue(call.number))
    return call.paged(labels, lambda label: call.show.label(repo, label))


def add_labels(call: Call) -> Answer:
    """POST labels onto an issue."""
    labels = call.texts("labels") or []
    call.world.check_plan(call.repository, labels)
    for label in labels:
        call.world.label(call.name, call.number, label, actor=call.actor)
    return _all_labels(call)


def set_labels(call: Call) -> Answer:
    """PUT exactly these labels on an issue."""
    call.repository.require(call.actor, Role.TRIAGE)
    labels = call.texts("labels") or []
    call.world.check_plan(call.repository, labels)
    _replace_labels(call, labels)
    return _all_labels(call)


def clear_labels(call: Call) -> Answer:
    """DELETE all labels of an issue."""
    call.repository.require(call.actor, Role.TRIAGE)
    _replace_labels(call, [])
    return Answer(status=204)


def remove_label(call: Call) -> Answer:
    """DELETE one label of an issue."""
    call.world.unlabel(call.name, call.number, call.request.path_params["label"], actor=call.actor)
    return _all_labels(call)


def add_assignees(call: Call) -> Answer:
    """POST assignees; silently ignores those who cannot be assigned."""
    for login in _assignees(call) or []:
        if call.repository.is_assignable(login):
            call.world.assign(call.name, call.number, login, actor=call.actor)
    return Answer(call.show.issue(call.repository, call.repository.issue(call.number)), 201)


def check_assignee(call: Call) -> Answer:
    """GET whether someone may be assigned: 204 or 404."""
    if not call.repository.is_assignable(call.request.path_params["login"]):
        raise GitHubError(404, "Not Found")
    return Answer(status=204)


def remove_assignees(call: Call) -> Answer:
    """DELETE assignees."""
    for login in _assignees(call) or []:
        if call.repository.is_assignable(login):
            call.world.unassign(call.name, call.number, login, actor=call.actor)
    return get_issue(call)


def lock(call: Call) -> Answer:
    """PUT a lock on an issue."""
    call.world.lock(call.name, call.number, call.text("lock_reason"), actor=call.actor)
    return Answer(status=204)


def unlock(call: Call) -> Answer:
    """DELETE an issue's lock."""
    call.world.unlock(call.name, call.number, actor=call.actor)
    return Answer(status=204)


def list_events(call: Call) -> Answer:
    """GET an issue's events."""
    repo = call.repository
    return call.paged(repo.issue(call.number).history, lambda one: call.show.occurrence(repo, one))


def list_all_events(call: Call) -> Answer:
    """GET the events of all issues, newest first."""
    return call.paged(_all_events(call)[::-1], lambda found: _event_with_issue(call, *found))


def get_event(call: Call) -> Answer:
    """GET one event."""
    for issue, occurrence in _all_events(call):
        if occurrence.id == call.request.path_params["event_id"]:
            return Answer(_event_with_issue(call, issue, occurrence))
    raise GitHubError(404, "Not Found")


def list_timeline(call: Call) -> Answer:
    """GET an issue's events and comments."""
    repo = call.repository

    def draw(entry: Occurrence | Comment) -> Json:
        if isinstance(entry, Comment):
            return call.show.spoken(repo, entry)
        return call.show.occurrence(repo, entry)

    return call.paged(call.world.timeline(call.name, call.number), draw)


def _fits(asked: str | None, values: list[str]) -> bool:
    """Whether values match a filter, where `*` is any and `none` is none."""
    if asked is None:
        return True
    if asked in ("*", "none"):
        return bool(values) == (asked == "*")
    return asked.lower() in values


def _assignees(call: Call) -> list[str] | None:
    """The requested assignees, from the list or the old single field."""
    single = call.text("assignee")
    return [single] if single else call.texts("assignees")


def _milestone(call: Call) -> int | None:
    """The requested milestone's number."""
    value: Any = call.fields.get("milestone")
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if value is None:
        return None
    if not isinstance(value, int):
        raise not_a("integer", "milestone", value)
    return value


def _replace_labels(call: Call, names: list[str]) -> None:
    repo, world, number, actor = call.repository, call.world, call.number, call.actor
    wanted = {name.lower() for name in names}
    for label in repo.labels_of(repo.issue(number)):
        if label.name.lower() not in wanted:
            world.unlabel(call.name, number, label.name, actor=actor)
    for name in names:
        world.label(call.name, number, name, actor=actor)


def _replace_assignees(call: Call, logins: list[str]) -> None:
    world, number, actor = call.world, call.number, call.actor
    wanted = {login.lower() for login in logins}
    for login in call.repository.issue(number).assignees:
        if login.lower() not in wanted:
            world.unassign(call.name, number, login, actor=actor)
    for login in logins:
        world.assign(call.name, number, login, actor=actor)


def _all_events(call: Call) -> list[tuple[Issue, Occurrence]]:
    found = [(issue, line) for issue in call.repository.issues.values() for line in issue.history]
    return sorted(found, key=lambda pair: pair[1].id)


def _event_with_issue(call: Call, issue: Issue, occurrence: Occurrence) -> Json:
    repo = call.repository
    return call.show.occurrence(repo, occurrence) | {"issue": call.show.issue(repo, issue)}


def _all_labels(call: Call) -> Answer:
    repo = call.repository
    return Answer([call.show.label(repo, label) for label in repo.labels_of(repo.issue(call.number))])


def list_comments(call: Call) -> Answer:
    """GET an issue's comments, oldest first."""
    repo, since = call.repository, moment(call.request.query_params.get("since"))
    comments = repo.comments_of(repo.issue(call.number))
    found = [comment for comment in comments if since is None or comment.updated_at >= since]
    return call.paged(found, lambda comment: call.show.comment(repo, comment))


def list_all_comments(call: Call) -> Answer:
    """GET the comments of all issues."""
    repo, query = call.repository, call.request.query_params
    since = moment(query.get("since"))
    found = [one for one in repo.comments.values() if since is None or one.updated_at >= since]
    if query.get("sort") == "updated":
        found.sort(key=lambda one: (one.updated_at, one.id))
    if query.get("direction") == "desc":
        found.reverse()
    return call.paged(found, lambda comment: call.show.comment(repo, comment))


def create_comment(call: Call) -> Answer:
    """POST a comment."""
    comment = call.world.comment(call.name, call.number, call.needed("body"), actor=call.actor)
    shown = call.show.comment(call.repository, comment)
    return Answer(shown, 201, headers={"location": shown["url"]})


def get_comment(call: Call) -> Answer:
    """GET one comment."""
    comment = _comment(call)
    return Answer(call.show.comment(call.repository, comment), modified=comment.updated_at)


def change_comment(call: Call) -> Answer:
    """PATCH a comment."""
    call.world.edit_comment(call.name, _comment(call).id, call.needed("body"), actor=call.actor)
    return get_comment(call)


def delete_comment(call: Call) -> Answer:
    """DELETE a comment."""
    call.world.delete_comment(call.name, _comment(call).id, actor=call.actor)
    return Answer(status=204)


def list_reactions(call: Call) -> Answer:
    """GET the reactions to an issue or a comment."""
    number, comment_id = _target(call)
    repo = call.repository
    target = repo.issue(number) if comment_id is None else repo.comment(comment_id)
    asked = call.request.query_params.get("content")
    found = [one for one in target.reactions if asked in (None, one.content)]
    return call.paged(found, call.show.reaction)


def create_reaction(call: Call) -> Answer:
    """POST a reaction; 200 instead of 201 if it already exists."""
    number, comment_id = _target(call)
    content = call.needed("content")
    reaction, is_new = call.world.react(call.name, number, content, actor=call.actor, comment_id=comment_id)
    return Answer(call.show.reaction(reaction), 201 if is_new else 200)


def delete_reaction(call: Call) -> Answer:
    """DELETE one's own reaction."""
    number, comment_id = _target(call)
    reaction_id = call.request.path_params["reaction_id"]
    call.world.unreact(call.name, number, reaction_id, actor=call.actor, comment_id=comment_id)
    return Answer(status=204)


def _comment(call: Call) -> Comment:
    return call.repository.comment(call.request.path_params["comment_id"])


def _target(call: Call) -> tuple[int, int | None]:
    """The issue, and the comment if any, that a reaction belongs to."""
    if "comment_id" not in call.request.path_params:
        return call.number, None
    comment = _comment(call)
    return comment.issue, comment.id


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/issues", list_issues),
    ("POST", "/issues", create_issue),
    ("GET", "/issues/{number:int}", get_issue),
    ("PATCH", "/issues/{number:int}", change_issue),
    ("GET", "/issues/{number:int}/labels", list_labels),
    ("POST", "/issues/{number:int}/labels", add_labels),
    ("PUT", "/issues/{number:int}/labels", set_labels),
    ("DELETE", "/issues/{number:int}/labels", clear_labels),
    ("DELETE", "/issues/{number:int}/labels/{label:path}", remove_label),
    ("POST", "/issues/{number:int}/assignees", add_assignees),
    ("DELETE", "/issues/{number:int}/assignees", remove_assignees),
    ("PUT", "/issues/{number:int}/lock", lock),
    ("DELETE", "/issues/{number:int}/lock", unlock),
    ("GET", "/issues/events", list_all_events),
    ("GET", "/issues/events/{event_id:int}", get_event),
    ("GET", "/issues/{number:int}/assignees/{login}", check_assignee),
    ("GET", "/issues/{number:int}/events", list_events),
    ("GET", "/issues/{number:int}/timeline", list_timeline),
    ("GET", "/issues/comments", list_all_comments),
    ("GET", "/issues/comments/{comment_id:int}", get_comment),
    ("PATCH", "/issues/comments/{comment_id:int}", change_comment),
    ("DELETE", "/issues/comments/{comment_id:int}", delete_comment),
    ("GET", "/issues/comments/{comment_id:int}/reactions", list_reactions),
    ("POST", "/issues/comments/{comment_id:int}/reactions", create_reaction),
    ("DELETE", "/issues/comments/{comment_id:int}/reactions/{reaction_id:int}", delete_reaction),
    ("GET", "/issues/{number:int}/comments", list_comments),
    ("POST", "/issues/{number:int}/comments", create_comment),
    ("GET", "/issues/{number:int}/reactions", list_reactions),
    ("POST", "/issues/{number:int}/reactions", create_reaction),
    ("DELETE", "/issues/{number:int}/reactions/{reaction_id:int}", delete_reaction),
)
