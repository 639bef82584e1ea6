"""An authenticated request to the sandbox's GitHub, and an endpoint's answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from starlette.requests import Request

from identity_bot_sandbox.github.access import Credential
from identity_bot_sandbox.github.json import Json, Rendering
from identity_bot_sandbox.github.model import GitHubError, Repository, Role, invalid
from identity_bot_sandbox.github.world import GitHubWorld

ROOT = "/github/api"


@dataclass(frozen=True, slots=True)
class Answer:
    """An endpoint's answer; None as the body is no content."""

    body: Json | Sequence[Json] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request."""

    world: GitHubWorld
    request: Request
    credential: Credential
    body: Any

    @property
    def actor(self) -> str:
        """The caller's login; 401 if there is none."""
        if self.credential.login is None:
            raise GitHubError(401, "Requires authentication")
        return self.credential.login

    @property
    def show(self) -> Rendering:
        """Renders values as JSON with links to the requested host."""
        return self.world.rendering(f"{self.request.url.scheme}://{self.request.url.netloc}")

    @property
    def number(self) -> int:
        """The number of the issue or milestone in the path."""
        return int(self.request.path_params["number"])

    @property
    def repository(self) -> Repository:
        """The repository in the path, if the caller may read it."""
        path = self.request.path_params
        try:
            found = self.world.repository(
                path["repository_id"] if "repository_id" in path else f"{path['owner']}/{path['repo']}"
            )
        except GitHubError as refusal:
            self._follow(refusal, f"/repos/{path.get('owner')}/{path.get('repo')}")
        found.require(self.credential.login, Role.READ)
        return found

    @property
    def name(self) -> str:
        """The repository's full name."""
        return self.repository.full_name

    def _follow(self, refusal: GitHubError, start: str) -> NoReturn:
        """Redirect to the same path below a renamed repository's new address."""
        if refusal.location is None:
            raise refusal
        rest = api_path(self.request)[len(start) :]
        # Following 301 may turn a POST into a GET, so GitHub answers 307 to everything that writes.
        status, message = (
            (301, "Moved Permanently") if self.request.method == "GET" else (307, "Temporary Redirect")
        )
        raise GitHubError(status, message, location=refusal.location + rest) from None

    @property
    def fields(self) -> Json:
        """The body as an object; 422 if it is a list."""
        if not isinstance(self.body, dict):
            raise GitHubError(422, "Invalid request.\n\nThe body is not an object.")
        return self.body

    def text(self, name: str) -> str | None:
        """A text field of the body; None if it is null or missing."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, str):
            raise not_a("string", name, value)
        return value

    def needed(self, name: str) -> str:
        """A required text field of the body."""
        value = self.text(name)
        if value is None:
            raise GitHubError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def texts(self, name: str) -> list[str] | None:
        """A field with a list of texts or of objects with a name; None if it is missing."""
        value = self.body.get(name) if isinstance(self.body, dict) else self.body
        if value is None:
            return None
        if not isinstance(value, list):
            raise not_a("array", name, value)
        texts: list[str] = []
        for one in value:
            text = one.get("name") if isinstance(one, dict) else one
            if not isinstance(text, str):
                raise not_a("string", name, one)
            texts.append(text)
        return texts

    def paged(self, items: Sequence[Any], draw: Callable[[Any], Json]) -> Answer:
        """One page of a list, with the Link header to the others."""
        query = self.request.query_params
        size = min(_positive(query.get("per_page"), 30), 100)
        page = _positive(query.get("page"), 1)
        last = max(1, -(-len(items) // size))
        others = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        links = [
            f'<{self.request.url.include_query_params(page=other)}>; rel="{name}"'
            for name, other in others.items()
            if (1 <= other <= last) and ((page < last) if name in ("next", "last") else (page > 1))
        ]
        shown = [draw(item) for item in items[(page - 1) * size : page * size]]
        return Answer(shown, headers={"link": ", ".join(links)} if links else {})


Endpoint = Callable[[Call], Answer]


def not_a(kind: str, name: str, value: object) -> GitHubError:
    """The error for a field of the wrong type."""
    text = json.dumps(value)[:80]
    return GitHubError(422, f"Invalid request.\n\nFor 'properties/{name}', {text} is not a {kind}.")


def moment(text: str | None) -> datetime | None:
    """A timestamp in a query, such as `since`; 422 if it is invalid."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("since", "invalid", value=text) from None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def api_path(request: Request) -> str:
    """A request's path below the API's root."""
    path: str = request.scope["path"]
    return path[len(ROOT) :] if path.startswith(ROOT) else path


def _positive(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 and int(text) > 0 else default
