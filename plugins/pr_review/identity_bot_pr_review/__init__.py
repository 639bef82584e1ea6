"""Pull request reviews by the Identity Team."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError, fields
from marshmallow.validate import Regexp

from identity_bot import (
    Answer,
    Code,
    CodeUnreadable,
    Form,
    IssueDraft,
    PullRequest,
    Ticket,
    TypeSettings,
    Url,
    YesNo,
    default_issue,
    hookimpl,
    line,
    span,
)

from . import codeowners

PULL_REQUEST = re.compile(
    r"(?i:https?://(?:www\.)?github\.com)/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/"
    r"(?P<repo>(?!\.{1,2}/)[A-Za-z0-9._-]{1,100})/pull/(?P<number>[1-9][0-9]{0,8})"
    r"(?:/[^\s?#]*)?(?:\?[^\s#]*)?(?:#\S*)?"
)
OWNER = r"@[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+)?\Z|[^@\s]+@[^@\s]+\Z"
"""A user, a team, or an e-mail address."""
MOST_OWNERS = 5
"""How many owners of the changed files are named."""


def pull_request(link: str) -> str:
    """The plain address of a pull request, from the link to any of its pages."""
    found = PULL_REQUEST.fullmatch(link)
    if not found:
        raise ValidationError(
            "Please paste the link of a GitHub pull request, for example "
            "https://github.com/department-of-veterans-affairs/vets-api/pull/1234."
        )
    return "https://github.com/{owner}/{repo}/pull/{number}".format(**found.groupdict())


class ReviewSettings(TypeSettings):
    """What `[request_types.pr_review]` may hold, besides what every type has."""

    owners = fields.List(
        fields.String(
            validate=Regexp(OWNER, error='expected an owner as CODEOWNERS names it, such as "@org/team"')
        ),
        load_default=list,
    )


@hookimpl
def settings_schema() -> type[ReviewSettings]:
    """Adds the names under which the team owns code."""
    return ReviewSettings


@hookimpl
def self_service(
    text: str, answers: Mapping[str, Any], settings: Mapping[str, Any], code: Code
) -> list[Answer]:
    """Says so if a pull request changes no file of the team's, where its CODEOWNERS names the team; nothing in doubt.

    Nor of a private repository, whose link is known to people who may not read it.
    """
    link = _link_in(text) or _link_in(str(answers.get("pull_request") or ""))
    if not (link and settings["owners"]):
        return []
    try:
        pull = code.pull_request(link)
        if pull.is_private or not pull.files:
            return []
        found = _rules(pull, code)
        if (
            found is None
            or not codeowners.names(found[1], settings["owners"])
            or codeowners.may_be_owned(found[1], pull.files, settings["owners"])
        ):
            return []
    except (CodeUnreadable, codeowners.TooLarge):
        return []
    return [_not_ours(pull, *found)]


def _link_in(text: str) -> str:
    """The plain address of the first pull request that a text links to; empty if there is none."""
    for word in text.split():
        if PULL_REQUEST.fullmatch(plain := word.strip("<>()[],.;:\"'")):
            return pull_request(plain)
    return ""


def _rules(pull: PullRequest, code: Code) -> tuple[str, tuple[codeowners.Rule, ...]] | None:
    """Where the CODEOWNERS of a pull request's branch is, and its rules; None if there is none."""
    for path in codeowners.PLACES:
        text = code.read_file(pull.repository, path, pull.base)
        if text is not None:
            return path, codeowners.rules(text)
    return None


def _not_ours(pull: PullRequest, path: str, rules: tuple[codeowners.Rule, ...]) -> Answer:
    """What to tell somebody whose pull request is not for this team to review."""
    owners = sorted({owner for file in pull.files for owner in codeowners.owners_of(rules, file)})
    sentences = ["By the CODEOWNERS of its repository, none of the files that it changes is ours to review."]
    if owners:
        shown = ", ".join(span(owner, limit=100) for owner in owners[:MOST_OWNERS])
        more = len(owners) - MOST_OWNERS
        sentences.append(
            f"They belong to {shown}{f' and {more} more' if more > 0 else ''}. Ask them for the review."
        )
    sentences.append("If you would like our opinion all the same, send the form.")
    return Answer(
        title="This pull request changes no code of the Identity Team",
        text=" ".join(sentences),
        url=f"https://github.com/{pull.repository}/blob/{quote(pull.base)}/{path}",
        name="not-our-code",
    )


@hookimpl
def form() -> Form:
    """Asks for the link and whether the code was tested."""
    return Form(
        title="PR review",
        description="Have the Identity Team review a pull request",
        questions=[
            Url(
                name="pull_request",
                label="Link to the pull request",
                placeholder="https://github.com/…/pull/1234",
                parse=pull_request,
            ),
            YesNo(name="tested", label="Has the code been tested?"),
        ],
    )


@hookimpl
def render_issue(ticket: Ticket, form: Form, settings: Mapping[str, Any]) -> IssueDraft:
    """The default issue, titled after the pull request; its link leaves no mention in the pull request's timeline."""
    draft = default_issue(ticket, form)
    *_, owner, repo, _, number = ticket.answers["pull_request"].split("/")
    link = f"[Open the pull request](https://redirect.github.com/{owner}/{repo}/pull/{number})"
    title = f"PR review: {repo} pull request {number} ({ticket.requestor.team})"
    return replace(draft, title=line(title), body=f"{link}\n\n{draft.body}")
