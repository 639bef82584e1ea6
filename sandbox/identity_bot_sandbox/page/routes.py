"""The routes of the sandbox's page: Slack and GitHub side by side, rendered on the server."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from identity_bot_sandbox import cast
from identity_bot_sandbox.errors import SandboxError
from identity_bot_sandbox.github.model import GitHubError
from identity_bot_sandbox.github.world import GitHubWorld
from identity_bot_sandbox.page import form, github, markdown, messages, slack
from identity_bot_sandbox.page.emoji import EMOJI
from identity_bot_sandbox.page.faults import Switches
from identity_bot_sandbox.page.gallery import Gallery
from identity_bot_sandbox.page.guard import Guard
from identity_bot_sandbox.page.mrkdwn import Reader, distance
from identity_bot_sandbox.page.scene import Act, RefusedError, Scene, Sent
from identity_bot_sandbox.page.where import HOME, Where
from identity_bot_sandbox.slack.world import SlackWorld

if TYPE_CHECKING:
    from identity_bot_sandbox.server import Sandbox

_HERE = Path(__file__).parent
_GUARDED = [Middleware(Guard)]
_MOST_FILES, _MOST_FIELDS = 50, 2000
# Changes that the page does not show.
_SILENT = frozenset({"call"})
_KEEP_ALIVE = 15.0
_PAGES = (
    "/",
    "/github/{owner}/{name}",
    "/github/{owner}/{name}/issues",
    "/github/{owner}/{name}/issues/{number:int}",
    "/github/{owner}/{name}/pull/{number:int}",
)


def routes(sandbox: Sandbox) -> Sequence[BaseRoute]:
    """The page at `/` and at the addresses of issues and messages, with its resources below `/page/`."""
    scene = Scene(
        slack=sandbox.slack,
        github=sandbox.github,
        switches=Switches(slack=sandbox.slack, github=sandbox.github),
        clock=sandbox.clock,
        problems=lambda: sandbox.problems,
    )
    draw = partial(_draw, _environment(), scene)

    async def show(request: Request) -> Response:
        here = Where.read(request.query_params, request.path_params)
        return HTMLResponse(await run_in_threadpool(draw, here))

    async def events(request: Request) -> Response:
        stream = changes(sandbox.slack, sandbox.github, sandbox.closing)
        return StreamingResponse(stream, media_type="text/event-stream")

    def permalink(request: Request) -> Response:
        here = Where().leads_to(str(request.url.replace(scheme="", netloc="")), "")
        return RedirectResponse(here or "/", 303)

    def file(request: Request) -> Response:
        found = sandbox.slack.files.get(request.path_params["file_id"])
        if found is None:
            return HTMLResponse("No such file.", 404)
        if found.is_image:  # which the page shows
            return Response(found.content, media_type=found.mimetype)
        name = re.sub(r"[^\w.-]", "_", found.name, flags=re.ASCII)
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(found.content, headers=headers, media_type="application/octet-stream")

    gallery = Gallery(_environment())

    async def show_gallery(request: Request) -> Response:
        again = "again" in request.query_params
        html = await run_in_threadpool(partial(gallery.html, sandbox.showcase, again=again))
        return HTMLResponse(html)

    acts: dict[str, Act] = {
        **slack.ACTS,
        **messages.ACTS,
        **github.ACTS,
        "faults": _set_faults,
        "clock": _set_clock,
    }
    return [
        *(_get(path, show) for path in _PAGES),
        _get("/archives/{channel}/p{digits:int}", permalink),
        _get("/gallery", show_gallery),
        _get("/page/events", events),
        _get("/page/files/{file_id}", file),
        Mount("/page/static", StaticFiles(directory=_HERE / "static"), middleware=_GUARDED),
        *(
            Route(f"/page/{name}", _post(act, scene, draw), methods=["POST"], middleware=_GUARDED)
            for name, act in acts.items()
        ),
    ]


def _get(path: str, endpoint: Callable[[Request], Any]) -> Route:
    return Route(path, endpoint, methods=["GET"], middleware=_GUARDED)


def _post(act: Act, scene: Scene, draw: Callable[..., str]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for a form; it redirects to the page, or returns the page with an error."""

    async def answer(request: Request) -> Response:
        here = Where.read(request.query_params)
        async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as fields:
            sent = Sent(form=fields, files=await form.files_in(fields))
            try:
                there = await run_in_threadpool(act, scene, here, sent)
            except (SandboxError, LookupError) as refusal:
                html = await run_in_threadpool(draw, here, _words(refusal))
                return HTMLResponse(html, headers={"x-refused": "yes"})
        return RedirectResponse(there.url(), 303)

    return answer


def _set_faults(scene: Scene, here: Where, sent: Sent) -> Where:
    """Set the switches as in the form, or abort the app's connection."""
    if sent.text("do") == "drop":
        scene.switches.drop_socket()
    elif sent.text("do") == "silence":
        scene.switches.silence_socket()
    else:
        scene.switches.set(sent.texts("on"))
    return here


def _set_clock(scene: Scene, here: Where, sent: Sent) -> Where:
    """Set the clock of everybody forward, for every open page to see."""
    if not scene.clock.is_followed:
        raise RefusedError("No bot goes by this clock, so it stays as it is.")
    match sent.text("to"):
        case "hour":
            scene.clock.forward(hours=1)
        case "day":
            scene.clock.forward(days=1)
        case "monday":
            scene.clock.to_monday()
    scene.slack.announce("clock")
    return here


def _draw(environment: Environment, scene: Scene, here: Where, notice: str = "") -> str:
    """The whole page for one place."""
    chat = slack.pane(scene.slack, scene.looks, here)
    tracker = github.pane(scene.github, here)
    here = here.at(
        channel=HOME if chat.is_home else chat.channel.channel_id,
        thread=here.thread if chat.channel.channel_id == here.channel else "",
        repository=tracker.repository.full_name if tracker.repository else here.repository,
        issue=tracker.row.issue.number if tracker.row else here.issue,
    )
    leads_to = partial(here.leads_to, base=scene.slack.base_url)
    reader = Reader(
        people={user: person.name for user, person in scene.slack.people.items()}
        | {cast.BOT_USER_ID: slack.APP_NAME},
        channels={one.channel_id: one.name for one in tuple(scene.slack.channels.values())},
        groups={"S0IDENTITY": "@identity-team"},
        leads_to=leads_to,
        now=lambda: tracker.now,
    )
    return environment.get_template("page.html").render(
        here=here,
        slack=chat,
        github=tracker,
        reader=reader,
        markdown=partial(markdown.html, repository=here.repository, leads_to=leads_to),
        ago=lambda moment: distance(min(moment, tracker.now), tracker.now),
        switches=scene.switches,
        notice=notice,
        problems=scene.problems(),
        commands=sorted(scene.slack.commands or slack.USUAL_COMMANDS),
        moment=scene.slack.clock(),
        clock=scene.clock,
        now=scene.clock.local(),
    )


def _words(refusal: Exception) -> str:
    """The error message for a person."""
    if not isinstance(refusal, GitHubError):
        return str(refusal.args[0]) if refusal.args else str(refusal)
    fields = ", ".join(str(error.get("message") or error.get("field")) for error in refusal.errors)
    return f"GitHub refused: {refusal.message}" + (f" ({fields})" if fields else "")


@cache
def _environment() -> Environment:
    """The templates, compiled once for each process."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "PEOPLE": cast.PEOPLE,
        "WORKSPACE": cast.WORKSPACE_NAME,
        "EMOJI": EMOJI,
        "REACTIONS": messages.OFFERED_REACTIONS,
        "SHORTCUTS": slack.SHORTCUTS,
        "MESSAGE_SHORTCUTS": slack.MESSAGE_SHORTCUTS,
        "key": form.key,
        "mark": slack.mark,
        "place_of": form.element_place,
        "choices": slack.choices,
        "chosen": form.chosen,
        "initials": slack.initials,
        "tint": slack.tint,
        "untouched": form.untouched,
    }
    return environment


async def changes(
    slack: SlackWorld, github: GitHubWorld, closing: Callable[[], Awaitable[None]]
) -> AsyncIterator[str]:
    """Server-sent events, one after each burst of changes, until the sandbox stops."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(changed.set)

    stops = [
        slack.subscribe(lambda change: None if change.kind in _SILENT else wake()),
        github.subscribe(lambda change: wake()),
    ]
    end = asyncio.ensure_future(closing())
    end.add_done_callback(lambda _: changed.set())
    try:
        yield "retry: 1000\n\n"
        while not end.done():
            # Wait without a task of its own, so that none is left when the page is closed.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_KEEP_ALIVE):
                    await changed.wait()
            yield "data: changed\n\n" if changed.is_set() else ": still here\n\n"
            changed.clear()
    finally:
        end.cancel()
        for stop in stops:
            stop()
