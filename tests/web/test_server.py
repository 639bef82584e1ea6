"""The HTTP server while others hold its connections: whoever asks is answered, and nobody waits for long."""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from pytest_mock import MockerFixture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from identity_bot.web import server
from identity_bot.web.server import MOST_CONNECTIONS, Server, most_connections
from tests.support import eventually

HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
MOST = 10


async def healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a server that keeps ten connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        running = Server(Starlette(routes=[Route("/healthz", healthz)]), most=MOST)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        eventually(lambda: running.started)
        yield listening.getsockname()[1]
        running.should_exit = True
        thread.join(5)


@contextlib.contextmanager
def connected(port: int, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections on which that much of a request was sent."""
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            for _ in range(count)
        ]
        for one in made:
            with contextlib.suppress(ConnectionError):
                one.sendall(sent)
        yield made


def is_closed(one: socket.socket) -> bool:
    one.settimeout(0.05)
    try:
        return one.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"", HALF])
def test_connections_on_which_no_request_comes_make_room_for_one(port: int, sent: bytes) -> None:
    with connected(port, 5 * MOST, sent) as made:
        began = time.monotonic()
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz")

        assert answer.status_code == 200
        assert time.monotonic() - began < server.HEAD_PATIENCE / 2
        eventually(lambda: all(map(is_closed, made[: 4 * MOST])))


def test_one_that_is_kept_alive_makes_room_too(port: int) -> None:
    with connected(port, 1, HALF + b"\r\n") as [kept]:
        eventually(lambda: b"ok" in kept.recv(1000))
        assert not is_closed(kept)

        with connected(port, MOST):
            eventually(lambda: is_closed(kept), seconds=server.HEAD_PATIENCE / 2)


@pytest.mark.parametrize("sent", [b"", HALF])
def test_a_head_must_come_in_time(port: int, mocker: MockerFixture, sent: bytes) -> None:
    mocker.patch.object(server, "HEAD_PATIENCE", 0.3)

    with connected(port, 1, sent) as [one]:
        assert not is_closed(one)
        eventually(lambda: is_closed(one), seconds=5)


def test_the_head_of_the_next_request_must_come_in_time_too(port: int, mocker: MockerFixture) -> None:
    mocker.patch.object(server, "HEAD_PATIENCE", 0.3)

    with connected(port, 1, HALF + b"\r\n" + HALF) as [one]:
        eventually(lambda: b"200 OK" in one.recv(1000))
        one.sendall(HALF)

        assert not is_closed(one)
        eventually(lambda: is_closed(one), seconds=5)


@pytest.mark.parametrize(("files", "expected"), [(256, 85), (1024, 341), (100_000, MOST_CONNECTIONS), (2, 1)])
def test_the_files_that_a_process_may_open_are_enough(
    mocker: MockerFixture, files: int, expected: int
) -> None:
    mocker.patch.object(resource, "getrlimit", return_value=(files, files))

    assert most_connections() == expected
