"""Pull request reviews by the Identity Team."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from identity_bot import Form, IssueDraft, Ticket, Url, YesNo, default_issue, hookimpl, line

PULL_REQUEST = re.compile(
    r"(?i:https?://(?:www\.)?github\.com)/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/"
    r"(?P<repo>(?!\.{1,2}/)[A-Za-z0-9._-]{1,100})/pull/(?P<number>[1-9][0-9]{0,8})"
    r"(?:/[^\s?#]*)?(?:\?[^\s#]*)?(?:#\S*)?"
)


def pull_request(link: str) -> str:
    """The plain address of a pull request, from the link to any of its pages."""
    found = PULL_REQUEST.fullmatch(link)
    if not found:
        raise ValidationError(
            "Please paste the link of a GitHub pull request, for example "
            "https://github.com/department-of-veterans-affairs/vets-api/pull/1234."
        )
    return "https://github.com/{owner}/{repo}/pull/{number}".format(**found.groupdict())


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
