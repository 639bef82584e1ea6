"""Events in a file or at a webhook: each once, signed, and without anything that people typed."""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import pytest
from marshmallow import ValidationError

import identity_bot_event_mirror as mirror
from identity_bot import (
    Action,
    Event,
    EventKind,
    Form,
    Person,
    Priority,
    Stage,
    Ticket,
    TicketState,
    hookimpl,
)
from identity_bot.testing import MemoryDesk

TICKET = Ticket(
    id="3d9a0f6c-2f4e-5b0a-9c59-0d8f4f0f7f11",
    type="bug",
    requestor=Person(slack_id="U1", name="Juniper Vale", team="=Benefits"),
    answers={"actual": "=1+1"},
    submitted_at=0.0,
    number=7,
    url="https://github.test/7",
    title="Bug: =1+1",
    state=TicketState(stage=Stage.ASSIGNED, priority=Priority.HIGH, assignees=("linden", "sage")),
)
EVENT = Event(kind=EventKind.ASSIGNED, ticket_id=TICKET.id, at=1_800_000_000.0, reason="=2+2")
SECRET = "not a real secret"
ROW = {
    "key": "k1",
    "at": "2027-01-15T08:00:00+00:00",
    "event": "assigned",
    "type": "bug",
    "number": "7",
    "url": "https://github.test/7",
    "stage": "assigned",
    "priority": "high",
    "assignees": "linden sage",
    "target": "",
}


@hookimpl
def form() -> Form:
    """A form without questions of its own."""
    return Form(title="Coffee", questions=[])


COFFEE = SimpleNamespace(form=form)
"""A request type to observe."""


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


class Receiver(HTTPServer):
    """A webhook's server that answers with the given statuses in turn, then 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tickets"


class _Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_event_is_one_row_without_what_people_typed(tmp_path: Path) -> None:
    mirror.deliver(TICKET, EVENT, "k1", {"file": str(tmp_path / "events.csv")})

    assert rows(tmp_path / "events.csv") == [ROW]
    assert not {"=1+1", "=2+2", "=Benefits"} & set(ROW.values())


def test_every_event_of_a_ticket_is_a_row(desk: MemoryDesk, tmp_path: Path) -> None:
    desk.load(mirror, settings={"file": str(tmp_path / "events.csv")})
    desk.load(COFFEE, name="coffee")

    ticket = desk.submit("coffee")
    desk.work()
    desk.act(ticket, Action.CLOSE, "completed")
    desk.work()

    told = [(one["type"], one["event"], one["number"]) for one in rows(tmp_path / "events.csv")]
    assert told == [("coffee", "created", "1"), ("coffee", "closed", "1")]


def test_what_is_delivered_twice_is_written_once(tmp_path: Path) -> None:
    settings = {"file": str(tmp_path / "events.csv")}
    for key in ("k1", "k2", "k1", "k2", "k"):
        mirror.deliver(TICKET, EVENT, key, settings)

    assert [one["key"] for one in rows(tmp_path / "events.csv")] == ["k1", "k2", "k"]


@pytest.mark.parametrize("cut", range(0, 150, 7))
def test_a_row_that_was_cut_off_is_written_again(tmp_path: Path, cut: int) -> None:
    """The machine lost its power in the middle, wherever that was."""
    file = tmp_path / "events.csv"
    mirror.deliver(TICKET, EVENT, "k1", {"file": str(file)})
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])

    mirror.deliver(TICKET, EVENT, "k1", {"file": str(file)})

    assert file.read_bytes() == whole


def test_without_settings_there_is_a_file_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    mirror.deliver(TICKET, EVENT, "k1", mirror.MirrorSettings().load({}))

    assert rows(tmp_path / "ticket-events.csv") == [ROW]


def test_a_folder_that_is_missing_is_an_error_that_the_bot_retries(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mirror.deliver(TICKET, EVENT, "k1", {"file": str(tmp_path / "gone" / "events.csv")})


def test_a_webhook_gets_it_signed_and_with_its_key(receiver: Receiver) -> None:
    mirror.deliver(TICKET, EVENT, "k1", {"url": receiver.url, "secret": SECRET})

    [(headers, body)] = receiver.got
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert json.loads(body) == ROW
    assert headers["Idempotency-Key"] == "k1"
    assert headers["X-Signature-256"] == f"sha256={signature}"


@pytest.mark.parametrize("status", [302, 400, 429, 500])
def test_any_other_answer_is_an_error_that_the_bot_retries(receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    settings = {"url": receiver.url, "secret": SECRET}

    with pytest.raises(HTTPError):
        mirror.deliver(TICKET, EVENT, "k1", settings)
    mirror.deliver(TICKET, EVENT, "k1", settings)

    assert [headers["Idempotency-Key"] for headers, _ in receiver.got] == ["k1", "k1"]


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"file": "x.csv", "url": "https://a.test"}, "either file or url"),
        ({"url": "https://a.test"}, "secret"),
        ({"file": "x.csv", "secret": SECRET}, "secret"),
        ({"url": "https://a.test", "secret": "short"}, "at least 16"),
        ({"url": "ftp://a.test", "secret": SECRET}, "a web address"),
        ({"file": ""}, "Shorter than"),
    ],
)
def test_settings_that_do_not_fit_are_refused(section: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        mirror.MirrorSettings().load(section)

    assert problem in str(refused.value)
