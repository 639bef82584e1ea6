"""The sandbox's page for people: a chat workspace beside an issue tracker, drawn on the server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
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

from identity_bot.errors import IdentityBotError
from identity_bot_sandbox import cast
from identity_bot_sandbox.github.values import GitHubError
from identity_bot_sandbox.page import events as page_events
from identity_bot_sandbox.page import form as page_form
from identity_bot_sandbox.page import github as page_github
from identity_bot_sandbox.page import github_view as page_github_view
from identity_bot_sandbox.page import markdown as page_markdown
from identity_bot_sandbox.page import slack as page_slack
from identity_bot_sandbox.page import slack_view as page_slack_view
from identity_bot_sandbox.page.act import Act, Scene, Sent
from identity_bot_sandbox.page.emoji import EMOJI
from identity_bot_sandbox.page.faults import Switches
from identity_bot_sandbox.page.guard import Guard
from identity_bot_sandbox.page.mrkdwn import Reader
from identity_bot_sandbox.page.where import HOME, Where

if TYPE_CHECKING:
    from identity_bot_sandbox.server import Sandbox

_HERE = Path(__file__).parent
_GUARDED = [Middleware(Guard)]
_MOST_FILES, _MOST_FIELDS = 50, 2000


def routes(sandbox: Sandbox) -> Sequence[BaseRoute]:
    """The page at `/`, at the addresses of issues and messages, and all that it needs below `/page/`."""
    scene = Scene(
        slack=sandbox.slack,
        github=sandbox.github,
        switches=Switches(slack=sandbox.slack, github=sandbox.github),
    )
    draw = partial(_draw, _environment(), scene)

    async def show(request: Request) -> Response:
        here = Where.read(request.query_params, request.path_params)
        return HTMLResponse(await run_in_threadpool(draw, here))

    async def events(request: Request) -> Response:
        stream = page_events.changes(sandbox.slack, sandbox.github, sandbox.closing)
        return StreamingResponse(stream, media_type="text/event-stream")

    def permalink(request: Request) -> Response:
        here = Where().leads_to(str(request.url.replace(scheme="", netloc="")), "")
        return RedirectResponse(here or "/", 303)

    def file(request: Request) -> Response:
        found = sandbox.slack.files.get(request.path_params["file_id"])
        if found is None:
            return HTMLResponse("No such file.", 404)
        name = re.sub(r"[^\w.-]", "_", found.name, flags=re.ASCII)
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(found.content, headers=headers, media_type="application/octet-stream")

    acts: dict[str, Act] = {**page_slack.ACTS, **page_github.ACTS, "faults": _set_faults}
    return [
        *(_get(path, show) for path in _PAGES),
        _get("/archives/{channel}/p{digits:int}", permalink),
        _get("/page/events", events),
        _get("/page/files/{file_id}", file),
        Mount("/page/static", StaticFiles(directory=_HERE / "static"), middleware=_GUARDED),
        *(
            Route(f"/page/{name}", _post(act, scene, draw), methods=["POST"], middleware=_GUARDED)
            for name, act in acts.items()
        ),
    ]


_PAGES = (
    "/",
    "/github/{owner}/{name}",
    "/github/{owner}/{name}/issues",
    "/github/{owner}/{name}/issues/{number:int}",
    "/github/{owner}/{name}/pull/{number:int}",
)


def _get(path: str, endpoint: Callable[[Request], Any]) -> Route:
    return Route(path, endpoint, methods=["GET"], middleware=_GUARDED)


def _post(act: Act, scene: Scene, draw: Callable[..., str]) -> Callable[[Request], Awaitable[Response]]:
    """An address where a form is sent; the answer leads back to the page, or is the page with what was wrong."""

    async def answer(request: Request) -> Response:
        here = Where.read(request.query_params)
        async with request.form(max_files=_MOST_FILES, max_fields=_MOST_FIELDS) as form:
            sent = Sent(form=form, files=await page_form.files_in(form))
            try:
                there = await run_in_threadpool(act, scene, here, sent)
            except (IdentityBotError, LookupError) as refusal:
                html = await run_in_threadpool(draw, here, _words(refusal))
                return HTMLResponse(html, headers={"x-refused": "yes"})
        return RedirectResponse(there.url(), 303)

    return answer


def _set_faults(scene: Scene, here: Where, sent: Sent) -> Where:
    """Set the switches as they are in the form, or break the app's connection off."""
    if sent.text("do") == "drop":
        scene.switches.drop_socket()
    else:
        scene.switches.set(sent.texts("on"))
    return here


def _draw(environment: Environment, scene: Scene, here: Where, notice: str = "") -> str:
    """The whole page for one place."""
    slack = page_slack_view.pane(scene.slack, scene.looks, here)
    github = page_github_view.pane(scene.github, here)
    here = here.at(
        channel=HOME if slack.is_home else slack.channel.channel_id,
        thread=here.thread if slack.channel.channel_id == here.channel else "",
        repository=github.repository.full_name if github.repository else here.repository,
        issue=github.row.issue.number if github.row else here.issue,
    )
    leads_to = partial(here.leads_to, base=scene.slack.base_url)
    reader = Reader(
        people={user: person.name for user, person in scene.slack.people.items()}
        | {cast.BOT_USER_ID: page_slack_view.APP_NAME},
        channels={one.channel_id: one.name for one in tuple(scene.slack.channels.values())},
        groups={"S0IDENTITY": "@identity-team"},
        leads_to=leads_to,
        now=lambda: github.now,
    )
    return environment.get_template("page.html").render(
        here=here,
        slack=slack,
        github=github,
        reader=reader,
        markdown=partial(page_markdown.html, repository=here.repository, leads_to=leads_to),
        ago=lambda moment: page_github_view.ago(moment, github.now),
        switches=scene.switches,
        notice=notice,
        commands=sorted(scene.slack.commands or page_slack.USUAL_COMMANDS),
        moment=scene.slack.clock(),
    )


def _words(refusal: Exception) -> str:
    """What a person reads who could not do what they tried."""
    if not isinstance(refusal, GitHubError):
        return str(refusal.args[0]) if refusal.args else str(refusal)
    fields = ", ".join(str(error.get("message") or error.get("field")) for error in refusal.errors)
    return f"GitHub refused: {refusal.message}" + (f" ({fields})" if fields else "")


@cache
def _environment() -> Environment:
    """The templates, compiled once for all sandboxes of a process."""
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
        "SHORTCUTS": page_slack.SHORTCUTS,
        "MESSAGE_SHORTCUTS": page_slack.MESSAGE_SHORTCUTS,
        "key": page_slack_view.key,
        "mark": page_slack_view.mark,
        "place_of": page_slack_view.element_place,
        "choices": page_slack_view.choices,
        "chosen": page_form.chosen,
        "initials": page_slack_view.initials,
        "tint": page_slack_view.tint,
        "untouched": page_form.untouched,
    }
    return environment
