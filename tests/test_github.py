"""GitHub as the desk sees it, with PyGithub as it is against the sandbox: what each of GitHub's answers comes to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from identity_bot import issue as issue_text
from identity_bot.errors import IdentityBotError, Later, Refused, SettingsError, Unsure
from identity_bot.github import GitHubTracker
from identity_bot.model import IssueDraft, Person, Ticket, ticket_id
from identity_bot.sandbox import cast
from identity_bot.sandbox.github_api import routes
from identity_bot.sandbox.github_faults import FaultKind
from identity_bot.sandbox.github_state import GitHubWorld
from identity_bot.sandbox.github_values import Role
from identity_bot.settings import GitHubApp

REPOSITORY = cast.REPOSITORY
ISSUES = f"/repos/{REPOSITORY}/issues"
TICKET = Ticket(
    id=ticket_id("V1"), type="pr_review", requestor=Person(slack_id="U0JUNIPER", name="Juniper"), answers={},
    submitted_at=0.0, repository=REPOSITORY,
)  # fmt: skip
DRAFT = IssueDraft(
    title="A title",
    body=issue_text.body(TICKET, "What is asked"),
    labels=("identity-slackbot", "pr_review"),
    assignees=("indigo-marshwick",),
)


class Served:
    """One server for all tests of this module; `app` is what answers now."""

    def __init__(self) -> None:
        self.app = Starlette()
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self.serve, interface="asgi3", log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self.thread.start()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.should_exit = served.server.force_exit = True
    served.thread.join(5)


@pytest.fixture
def github(served: Served) -> Iterator[GitHubWorld]:
    """A fresh GitHub behind the module's one server."""
    world = GitHubWorld(base_url=served.url)
    served.app = Starlette(routes=routes(world))
    yield world
    world.close_down()


@pytest.fixture
def tracker(github: GitHubWorld) -> GitHubTracker:
    return GitHubTracker(cast.GITHUB_TOKEN, f"{github.base_url}/github/api")


def posts(github: GitHubWorld) -> int:
    """How many times an issue was asked for."""
    return github.traffic.count("POST", ISSUES)


def fails(tracker: GitHubTracker, kind: type[IdentityBotError]) -> IdentityBotError:
    with pytest.raises(kind) as raised:
        tracker.open_issue(REPOSITORY, DRAFT)
    assert type(raised.value) is kind
    return raised.value


def test_an_issue_has_all_that_was_asked_for(tracker: GitHubTracker, github: GitHubWorld) -> None:
    opened = tracker.open_issue(REPOSITORY, DRAFT)

    made = github.issue(REPOSITORY, 1)
    assert (made.title, made.body, made.assignees) == (DRAFT.title, DRAFT.body, DRAFT.assignees)
    assert set(github.labels(REPOSITORY, 1)) == set(DRAFT.labels)
    assert (opened.refused, opened.snapshot.number, opened.snapshot.ticket_id) == ((), 1, TICKET.id)
    assert opened.snapshot.url.endswith(f"{REPOSITORY}/issues/1")
    assert posts(github) == 1


def test_missing_labels_are_made_once_and_standing_ones_are_left_alone(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.new_label(REPOSITORY, "PR_review", "ff0000", "mine", actor="indigo-marshwick")

    tracker.open_issue(REPOSITORY, DRAFT)
    tracker.open_issue(REPOSITORY, DRAFT)

    assert github.traffic.count("POST", f"/repos/{REPOSITORY}/labels") == 1
    assert {"identity-slackbot", "PR_review"} <= set(github.labels(REPOSITORY))
    assert github.traffic.count("GET", f"/repos/{REPOSITORY}/labels") == 2


def test_what_a_token_without_push_access_may_not_set_is_noticed(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.set_role(REPOSITORY, cast.BOT_LOGIN, Role.READ)

    opened = tracker.open_issue(REPOSITORY, DRAFT)

    assert opened.snapshot.number == 1
    assert opened.refused == (
        "the label identity-slackbot",
        "the label pr_review",
        "the assignee indigo-marshwick",
    )


def test_somebody_who_cannot_be_assigned_costs_neither_the_issue_nor_the_others(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    draft = replace(DRAFT, assignees=("indigo-marshwick", "somebody-else"))

    opened = tracker.open_issue(REPOSITORY, draft)

    assert opened.refused == ("the assignee somebody-else",)
    assert github.issue(REPOSITORY, 1).assignees == ("indigo-marshwick",)
    assert len(github.issues(REPOSITORY)) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (401, Later), (403, Refused), (404, Refused), (408, Unsure), (410, Refused),
     (422, Refused), (429, Later), (500, Unsure), (502, Unsure), (503, Unsure), (504, Unsure)],
)  # fmt: skip
def test_every_status_is_told_apart_by_what_may_be_done_about_it(
    tracker: GitHubTracker, github: GitHubWorld, status: int, kind: type[IdentityBotError]
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=status)

    error = fails(tracker, kind)

    assert str(error).startswith(f"GitHub: {status} ")
    assert REPOSITORY in str(error)
    assert posts(github) == 1
    assert not github.issues(REPOSITORY)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_lost_after_the_act_is_an_unknown_outcome_and_posted_once(
    tracker: GitHubTracker, github: GitHubWorld, status: int
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=status, after=True)

    fails(tracker, Unsure)

    assert posts(github) == len(github.issues(REPOSITORY)) == 1


@pytest.mark.parametrize("kind", [FaultKind.CUT, FaultKind.HTML, FaultKind.BROKEN_JSON])
@pytest.mark.parametrize("after", [False, True])
def test_garbage_and_cut_connections_are_unknown_outcomes(
    tracker: GitHubTracker, github: GitHubWorld, kind: FaultKind, after: bool
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", kind=kind, after=after)

    fails(tracker, Unsure)

    assert posts(github) == 1
    assert len(github.issues(REPOSITORY)) == after


def test_silence_is_an_unknown_outcome(github: GitHubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity_bot.github_connection.TIMEOUT", 1)
    tracker = GitHubTracker(cast.GITHUB_TOKEN, f"{github.base_url}/github/api")
    github.faults.add("POST", "/repos/*/*/issues", kind=FaultKind.HANG, after=True)

    fails(tracker, Unsure)

    assert len(github.issues(REPOSITORY)) == 1


def test_a_server_that_is_not_there_was_certainly_not_asked() -> None:
    tracker = GitHubTracker(cast.GITHUB_TOKEN, "http://127.0.0.1:9/github/api")

    fails(tracker, Later)


@pytest.mark.parametrize(
    ("kind", "seconds"), [(FaultKind.SECONDARY_LIMIT, 45), (FaultKind.PRIMARY_LIMIT, 120)]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_limit_says_how_long_to_wait_and_nobody_sleeps(
    tracker: GitHubTracker, github: GitHubWorld, kind: FaultKind, seconds: int, method: str
) -> None:
    github.faults.add(method, "/repos/**", kind=kind, retry_after=seconds)
    began = time.monotonic()

    error = fails(tracker, Later)

    assert isinstance(error, Later)
    assert error.seconds == pytest.approx(seconds, abs=2)
    assert time.monotonic() - began < 2
    assert not github.issues(REPOSITORY)


@pytest.mark.parametrize("kind", [FaultKind.SECONDARY_LIMIT, FaultKind.ERROR])
def test_a_limit_without_a_time_is_waited_for_a_minute(
    tracker: GitHubTracker, github: GitHubWorld, kind: FaultKind
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", kind=kind, status=429)

    error = fails(tracker, Later)

    assert isinstance(error, Later)
    assert error.seconds == 60


@pytest.mark.parametrize("status", [429, 503])
def test_a_read_that_is_told_to_wait_is_not_repeated_by_the_library(
    tracker: GitHubTracker, github: GitHubWorld, status: int
) -> None:
    github.faults.add("GET", "/repos/**", status=status, retry_after=30, times=None)
    began = time.monotonic()

    fails(tracker, Later)

    assert github.traffic.count("GET") == 1
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502}, {"kind": FaultKind.CUT}, {"kind": FaultKind.HTML}, {"kind": FaultKind.BROKEN_JSON},
        {"status": 401},
    ],
)  # fmt: skip
def test_what_fails_before_the_post_was_certainly_not_done(
    tracker: GitHubTracker, github: GitHubWorld, fault: dict[str, Any]
) -> None:
    github.faults.add("GET", "/repos/**", **fault)

    fails(tracker, Later)

    assert posts(github) == 0


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_label_that_cannot_be_made_does_not_cost_the_issue(
    tracker: GitHubTracker, github: GitHubWorld, status: int
) -> None:
    github.faults.add("POST", "/repos/*/*/labels", status=status, times=None)

    opened = tracker.open_issue(REPOSITORY, DRAFT)

    assert opened.snapshot.number == 1


def test_a_refusal_says_which_fields_were_at_fault_and_never_their_values(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    errors = ({"resource": "Issue", "field": "title", "code": "invalid", "value": "hunter2"},)
    github.faults.add("POST", "/repos/*/*/issues", status=422, errors=errors)

    error = fails(tracker, Refused)

    assert str(error) == f"GitHub: 422 Validation Failed ({REPOSITORY}, title)"


def test_a_repository_without_issues_refuses(tracker: GitHubTracker, github: GitHubWorld) -> None:
    github.set_has_issues(REPOSITORY, False)

    assert "410 Issues has been disabled" in str(fails(tracker, Refused))


def test_a_revoked_token_can_be_mended(tracker: GitHubTracker, github: GitHubWorld) -> None:
    github.revoke(cast.GITHUB_TOKEN)
    fails(tracker, Later)

    github.restore(cast.GITHUB_TOKEN)

    assert tracker.open_issue(REPOSITORY, DRAFT).snapshot.number == 1


def test_a_renamed_repository_is_followed(tracker: GitHubTracker, github: GitHubWorld) -> None:
    github.rename_repository(REPOSITORY, "requests-of-old", actor="indigo-marshwick")

    opened = tracker.open_issue(REPOSITORY, DRAFT)

    assert opened.snapshot.number == 1
    assert opened.refused == ()
    assert len(github.issues("sandbox-org/requests-of-old")) == 1
    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())
    assert found
    assert found.number == 1


def test_an_issue_is_found_again_by_its_marker(tracker: GitHubTracker, github: GitHubWorld) -> None:
    tracker.open_issue(REPOSITORY, replace(DRAFT, body="another"))
    tracker.open_issue(REPOSITORY, DRAFT)
    for number in range(60):
        github.open_issue(REPOSITORY, f"other {number}", "body", actor="juniper-vale")

    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())

    assert found
    assert found.number == 2
    assert tracker.find_issue(REPOSITORY, ticket_id("V2"), time.time()) is None


def test_a_marker_that_somebody_quotes_is_not_taken_for_the_issue(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.open_issue(REPOSITORY, "quoted", DRAFT.body + "\nsee above", actor="juniper-vale")

    assert tracker.find_issue(REPOSITORY, TICKET.id, time.time()) is None


def test_a_closed_issue_is_found_too(tracker: GitHubTracker, github: GitHubWorld) -> None:
    tracker.open_issue(REPOSITORY, DRAFT)
    github.close(REPOSITORY, 1, actor="indigo-marshwick")

    found = tracker.find_issue(REPOSITORY, TICKET.id, time.time())

    assert found
    assert not found.is_open


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.CUT, FaultKind.HTML, FaultKind.BROKEN_JSON])
def test_a_look_that_fails_says_nothing_about_the_issue(
    tracker: GitHubTracker, github: GitHubWorld, kind: FaultKind
) -> None:
    github.faults.add("GET", "/repos/**", kind=kind, times=None)

    with pytest.raises(Unsure):
        tracker.find_issue(REPOSITORY, TICKET.id, time.time())


def key() -> tuple[str, str]:
    """A private key and its public half, as PEM text."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return (
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode(),
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )  # fmt: skip


def test_a_github_app_opens_issues_under_its_own_name(github: GitHubWorld) -> None:
    private, public = key()
    app = github.install_app(4711, public)
    auth = GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private)

    opened = GitHubTracker(auth, f"{github.base_url}/github/api").open_issue(REPOSITORY, DRAFT)

    assert opened.refused == ()
    assert github.issue(REPOSITORY, 1).author == "identity-helper[bot]"


@pytest.mark.parametrize("wrong", ["app_id", "installation_id", "private_key"])
def test_a_github_app_that_github_does_not_know_can_be_mended(github: GitHubWorld, wrong: str) -> None:
    private, public = key()
    app = github.install_app(4711, public)
    right = GitHubApp(app_id=4711, installation_id=app.installation_id, private_key=private)
    other: dict[str, Any] = {"app_id": 1, "installation_id": 1, "private_key": key()[0]}
    tracker = GitHubTracker(replace(right, **{wrong: other[wrong]}), f"{github.base_url}/github/api")

    with pytest.raises((Later, Refused)):
        tracker.open_issue(REPOSITORY, DRAFT)

    assert posts(github) == 0


def test_a_key_that_cannot_sign_is_found_at_once() -> None:
    text = "-----BEGIN RSA PRIVATE KEY-----\nnonsense\n-----END RSA PRIVATE KEY-----\n"

    with pytest.raises(SettingsError) as refused:
        GitHubTracker(GitHubApp(app_id=1, installation_id=2, private_key=text), "http://127.0.0.1:9")

    assert "GITHUB_APP_PRIVATE_KEY: cannot sign with it" in str(refused.value)
    assert "nonsense" not in str(refused.value)


def test_the_time_of_githubs_last_answer_is_known_even_if_it_was_no(
    tracker: GitHubTracker, github: GitHubWorld
) -> None:
    github.faults.add("POST", "/repos/*/*/issues", status=422)
    before = tracker.last_contact

    fails(tracker, Refused)

    assert before is None
    assert tracker.last_contact
