"""Bodies of requests that anybody may send: read to their end only while they may still be worth it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from starlette.requests import Request

from identity_bot.web.bodies import SMALL, Bodies, Refused, Signature, github_signature, slack_signature
from identity_bot_sandbox.slack.delivery import signed

SECRET = "shibboleth"
NOW = 1_790_000_000.0
Found = TypeVar("Found")


def signature(body: bytes) -> Signature:
    received = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return github_signature({"x-hub-signature-256": received}, SECRET)


def request(
    chunks: Sequence[bytes], *, length: int | None = None, pause: float = 0.0, ends: bool = True
) -> Request:
    """A request whose body arrives in these chunks, with a pause before each."""
    left = chunks if isinstance(chunks, list) else list(chunks)
    headers = [] if length is None else [(b"content-length", str(length).encode())]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not ends}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def awaited(make: Callable[[], Awaitable[Found]]) -> Found:
    """In a thread of its own: where a browser was tested before, this one has a loop already."""

    async def run() -> Found:
        return await make()

    with ThreadPoolExecutor() as threads:
        return threads.submit(lambda: asyncio.run(run())).result(10)


def status(bodies: Bodies, sent: Request, signed_by: Signature, *, largest: int = 1000) -> int:
    """The status of the refusal; 200 if there is none."""

    async def read() -> int:
        try:
            async with bodies.read(sent, signed_by, largest=largest):
                return 200
        except Refused as refused:
            return refused.status

    return awaited(read)


def test_a_signed_body_is_read_whole() -> None:
    async def read() -> bytes:
        async with Bodies().read(request([b"ab", b"", b"c"]), signature(b"abc"), largest=3) as body:
            return bytes(body)

    assert awaited(read) == b"abc"


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (request([b"abd"]), 401), (request([b"ab"]), 401), (request([b"x" * 1001]), 413),
        (request([], length=1001), 413), (request([b"x" * 600] * 2), 413), (request([b"abc"], ends=False), 400),
        (request([b"abc"], pause=5), 408),
    ],
    ids=["forged", "cut", "large", "said to be large", "large in parts", "hung up", "slow"],
)  # fmt: skip
def test_what_is_not_worth_reading_is_refused(sent: Request, expected: int) -> None:
    assert status(Bodies(patience=0.2), sent, signature(b"abc")) == expected


def test_large_bodies_at_once_are_bounded_and_small_ones_always_find_room() -> None:
    large, small = b"x" * (3 * SMALL), b"y" * SMALL

    async def read() -> list[int]:
        bodies, answers = Bodies(most=3 * SMALL), []
        async with bodies.read(request([large]), signature(large), largest=4 * SMALL):
            for body in (large, small):
                try:
                    async with bodies.read(request([body]), signature(body), largest=4 * SMALL):
                        answers.append(200)
                except Refused as refused:
                    answers.append(refused.status)
        async with bodies.read(request([large]), signature(large), largest=4 * SMALL):
            answers.append(200)
        return answers

    assert awaited(read) == [503, 200, 200]


# Signatures


RIGHT = "sha256=" + hmac.new(SECRET.encode(), b"payload=1", hashlib.sha256).hexdigest()


@pytest.mark.parametrize("received", ["", "sha1=abc", "sha256", "é", RIGHT.upper()])
def test_what_github_would_not_sign_is_refused_unread(received: str) -> None:
    with pytest.raises(Refused, match="does not match"):
        github_signature({"x-hub-signature-256": received}, SECRET)


@pytest.mark.parametrize(
    ("received", "is_good"),
    [(RIGHT, True), (RIGHT[:-1], False), ("sha256=00", False), ("sha256=é\u2028", False), ("sha256=\ud800", False)],
)  # fmt: skip
def test_githubs_signature_is_that_of_all_chunks(received: str, is_good: bool) -> None:
    found = github_signature({"x-hub-signature-256": received}, SECRET)

    for chunk in (b"pay", b"load=1"):
        found.update(chunk)

    assert found.matches() is is_good


def slack_headers(body: bytes, at: float = NOW) -> dict[str, str]:
    return {name.lower(): value for name, value in signed(SECRET, body, at).items()}


@pytest.mark.parametrize(("body", "is_good"), [(b"payload=1", True), (b"payload=2", False)])
def test_slacks_signature_is_that_of_all_chunks(body: bytes, is_good: bool) -> None:
    found = slack_signature(slack_headers(b"payload=1"), SECRET, NOW + 299)

    for at in range(len(body)):
        found.update(body[at : at + 1])

    assert found.matches() is is_good


@pytest.mark.parametrize("age", [301, -301])
def test_an_old_signature_of_slacks_is_refused_unread(age: float) -> None:
    with pytest.raises(Refused, match="wrong or old"):
        slack_signature(slack_headers(b""), SECRET, NOW + age)


@pytest.mark.parametrize(
    "change",
    [{"x-slack-signature": ""}, {"x-slack-signature": "v1=0"}, {"x-slack-request-timestamp": "now"},
     {"x-slack-request-timestamp": "9" * 400}, {"x-slack-request-timestamp": "٣"}],
)  # fmt: skip
def test_a_request_that_slack_did_not_sign_is_refused_unread(change: dict[str, str]) -> None:
    with pytest.raises(Refused, match="not signed"):
        slack_signature(slack_headers(b"") | change, SECRET, NOW)


def left_after_drain(sent: Request, chunks: list[bytes]) -> int:
    """How many chunks of a refused body stay unread."""
    awaited(lambda: Bodies(patience=0.2).drain(sent))
    return len(chunks)


@pytest.mark.parametrize(
    ("chunks", "length", "unread"),
    [
        ([b"a", b"b"], 2, 0),
        ([b"a" * SMALL, b"b"], SMALL + 1, 2),
        ([b"a" * SMALL, b"b", b"c"], None, 1),
    ],
)
def test_what_is_left_of_a_small_refused_body_is_read_so_that_its_sender_gets_the_answer(
    chunks: list[bytes], length: int | None, unread: int
) -> None:
    assert left_after_drain(request(chunks, length=length), chunks) == unread


def test_a_refused_body_that_was_read_or_never_ends_holds_nothing_up() -> None:
    whole = request([b"a"], length=1)
    awaited(whole.body)

    awaited(lambda: Bodies().drain(whole))
    awaited(lambda: Bodies(patience=0.05).drain(request([b"a"] * 9, length=9, pause=0.03)))
