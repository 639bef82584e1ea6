"""The sandbox's GitHub over HTTP: its routes, and how each request is authenticated, limited and answered."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from identity_bot_sandbox.faults import NoAnswer
from identity_bot_sandbox.github import account_api, files_api, issues_api, repository_api
from identity_bot_sandbox.github.access import Credential
from identity_bot_sandbox.github.call import ROOT, Answer, Call, Endpoint, api_path
from identity_bot_sandbox.github.faults import (
    DOCUMENTATION,
    Allowance,
    FaultKind,
    LoggedRequest,
    fault_response,
    logged_headers,
)
from identity_bot_sandbox.github.json import Json
from identity_bot_sandbox.github.model import GitHubError, Role
from identity_bot_sandbox.github.world import GitHubWorld

_IN_A_REPOSITORY = (
    *issues_api.ENDPOINTS,
    *repository_api.ENDPOINTS,
    *files_api.ENDPOINTS,
)
# GitHub redirects to a repository's number where its name has changed.
_REPOSITORIES = ("/repos/{owner}/{repo}", "/repositories/{repository_id:int}")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# Requests for the rate limit are free.
_FREE = "/rate_limit"
_request_ids = itertools.count(1)


def routes(world: GitHubWorld) -> list[BaseRoute]:
    """The API's routes, below `/github/api`."""
    served = [
        Route(ROOT + path, serve(world, endpoint), methods=[method])
        for method, path, endpoint in account_api.ENDPOINTS
    ]
    served += [
        Route(ROOT + start + path, serve(world, endpoint), methods=[method])
        for start in _REPOSITORIES
        for method, path, endpoint in _IN_A_REPOSITORY
    ]
    served.append(Route(ROOT + "/{rest:path}", serve(world, account_api.not_found), methods=_METHODS))
    return [*served]


def serve(world: GitHubWorld, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Wrap an endpoint for Starlette, with faults, errors, rate limits, ETags and the log."""

    async def respond(request: Request) -> Response:
        sent = await request.body()
        path = api_path(request)
        fault = world.faults.meet(request.method, path)
        if fault is not None and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault is None or fault.kind is FaultKind.SLOW:
            response = _answer(world, request, sent, endpoint)
        else:
            if fault.after:
                _answer(world, request, sent, endpoint)
            response = fault_response(fault, world.real_clock())
        logged = LoggedRequest(
            at=world.now().timestamp(),
            method=request.method,
            path=path,
            query=request.url.query,
            headers=logged_headers(request.headers),
            body=sent.decode("utf-8", "replace"),
            status=0 if isinstance(response, NoAnswer) else response.status_code,
        )
        world.traffic.note(logged)
        return response

    return respond


def _answer(world: GitHubWorld, request: Request, sent: bytes, endpoint: Endpoint) -> Response:
    credential = Credential(name="unknown", login=None)
    try:
        with world.mutex:
            credential = world.access.identify(request.headers.get("authorization"))
            if api_path(request) != _FREE:
                _require_allowance(world, credential)
            answer = endpoint(Call(world, request, credential, _decoded(sent)))
    except GitHubError as refusal:
        answer = _refused(world, request, _hide_private(world, credential, refusal))
    headers = dict(answer.headers)
    content = b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode()
    status = answer.status
    if request.method in ("GET", "HEAD") and status == 200:
        headers["etag"] = f'W/"{hashlib.sha256(content).hexdigest()}"'
        headers["cache-control"] = "private, max-age=60, s-maxage=60"
        if answer.modified is not None:
            headers["last-modified"] = format_datetime(answer.modified, usegmt=True)
        if _is_unchanged(request, headers):
            status, content = 304, b""
    free = status == 304 or api_path(request) == _FREE
    allowance = world.traffic.spend(credential.name, world.real_clock().timestamp(), 0 if free else 1)
    headers |= _common_headers(credential, allowance)
    if content:
        headers["content-type"] = "application/json; charset=utf-8"
    return Response(content, status, headers)


def _decoded(sent: bytes) -> Any:
    """The body's JSON; an empty body is an empty object."""
    if not sent.strip():
        return {}
    try:
        body = json.loads(sent)
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise GitHubError(400, "Problems parsing JSON") from None
    if not isinstance(body, dict | list):
        raise GitHubError(400, "Body should be a JSON object")
    return body


def _require_allowance(world: GitHubWorld, credential: Credential) -> None:
    allowance = world.traffic.spend(credential.name, world.real_clock().timestamp(), 0)
    if allowance.remaining == 0:
        raise GitHubError(403, f"API rate limit exceeded for {credential.name}.")


def _hide_private(world: GitHubWorld, credential: Credential, refusal: GitHubError) -> GitHubError:
    """Answer 404 for what moved to a repository that the caller may not read: docs.github.com/rest/issues/issues."""
    moved = re.match(r"/repositories/(\d+)", refusal.location or "")
    if moved is None or world.repository(int(moved[1])).role(credential.login).covers(Role.READ):
        return refusal
    return GitHubError(404, "Not Found")


def _refused(world: GitHubWorld, request: Request, refusal: GitHubError) -> Answer:
    body: Json = {"message": refusal.message}
    if refusal.errors:
        body["errors"] = [dict(error) for error in refusal.errors]
    headers = {}
    if refusal.location is not None:
        url = f"{request.url.scheme}://{request.url.netloc}{ROOT}{refusal.location}"
        body["url"] = headers["location"] = url
    body |= {"documentation_url": DOCUMENTATION, "status": str(refusal.status)}
    return Answer(body, refusal.status, headers)


def _is_unchanged(request: Request, headers: Mapping[str, str]) -> bool:
    asked = request.headers.get("if-none-match")
    if asked is not None:
        known = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return headers["etag"].removeprefix("W/") in known or "*" in known
    since = request.headers.get("if-modified-since")
    if since is None or "last-modified" not in headers:
        return False
    try:
        return parsedate_to_datetime(headers["last-modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _common_headers(credential: Credential, allowance: Allowance) -> dict[str, str]:
    headers = {
        "x-github-media-type": "github.v3; format=json",
        "x-github-api-version-selected": "2022-11-28",
        "x-github-request-id": f"5A9D:B0C1:{next(_request_ids):06X}",
        "x-ratelimit-limit": str(allowance.limit),
        "x-ratelimit-remaining": str(allowance.remaining),
        "x-ratelimit-used": str(allowance.used),
        "x-ratelimit-reset": str(allowance.reset),
        "x-ratelimit-resource": "core",
        "vary": "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With",
    }
    if credential.scopes:
        headers["x-oauth-scopes"] = ", ".join(credential.scopes)
        headers["x-accepted-oauth-scopes"] = "repo"
    return headers
