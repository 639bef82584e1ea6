"""The API's endpoints for what is said about issues: comments and reactions."""

from __future__ import annotations

from identity_bot_sandbox.github.call import Answer, Call, Endpoint
from identity_bot_sandbox.github.issues_api import moment
from identity_bot_sandbox.github.values import Comment


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
    """POST a reaction; 200 instead of 201 where it is there already."""
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
    """The issue that a reaction is about, and the comment if it is about one."""
    if "comment_id" not in call.request.path_params:
        return call.number, None
    comment = _comment(call)
    return comment.issue, comment.id


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
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
