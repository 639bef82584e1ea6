"""Mirrors what happens to tickets to a CSV file or to a webhook, each event once, and nothing that people typed."""

import csv
import hashlib
import hmac
import io
import json
import os
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from identity_bot import Event, ObserverSettings, Ticket, hookimpl

COLUMNS = ("key", "at", "event", "type", "number", "url", "stage", "priority", "assignees", "target")
DEFAULT_FILE = "ticket-events.csv"
"""In the working directory, so that it can be tried without any settings."""
TIME_OUT = 8
"""Seconds: the bot expects a delivery to take less than ten."""


class MirrorSettings(ObserverSettings):
    """What `[observers.event_mirror]` holds: where events go."""

    file = fields.String(validate=validate.Length(min=1), metadata={"expected": "the path of a CSV file"})
    url = fields.Url(
        schemes={"https", "http"},
        require_tld=False,
        error_messages={"invalid": "expected a web address, such as https://events.example.gov/tickets"},
    )
    secret = fields.String(
        load_only=True, validate=validate.Length(min=16, error="expected at least 16 characters")
    )

    @validates_schema
    def _has_one_place(self, section: Mapping[str, Any], **_: Any) -> None:
        if "file" in section and "url" in section:
            raise ValidationError("expected either file or url")
        if ("url" in section) is not ("secret" in section):
            raise ValidationError(
                "expected secret where there is a url, and only there: it signs what is sent"
            )


@hookimpl
def settings_schema() -> type[MirrorSettings]:
    """A file, or a webhook's address and the secret that signs what is sent there."""
    return MirrorSettings


@hookimpl
def deliver(ticket: Ticket, event: Event, idempotency_key: str, settings: Mapping[str, Any]) -> None:
    """Write the event where the settings say; raise if that did not work, and the bot tries again."""
    found = row(ticket, event, idempotency_key)
    if "url" in settings:
        send(settings["url"], settings["secret"], found)
    else:
        append(Path(settings.get("file", DEFAULT_FILE)), found)


def row(ticket: Ticket, event: Event, key: str) -> dict[str, str]:
    """The event as a row."""
    state = ticket.state
    return {
        "key": key,
        "at": datetime.fromtimestamp(event.at, UTC).isoformat(timespec="seconds"),
        "event": event.kind.value,
        "type": ticket.type,
        "number": str(ticket.number or ""),
        "url": ticket.url,
        "stage": state.stage.value,
        "priority": state.priority.value if state.priority else "",
        "assignees": " ".join(state.assignees),
        "target": state.target.isoformat() if state.target else "",
    }


def append(file: Path, found: Mapping[str, str]) -> None:
    """Add a row to the file unless its key is there; the bot delivers one event at a time."""
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    whole = [line for line in lines if line.endswith(b"\n")]  # the last one may be cut off by a crash
    if any(line.startswith(f"{found['key']},".encode()) for line in whole):
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    if not whole:
        writer.writeheader()
    writer.writerow(found)
    with file.open("r+b" if file.exists() else "wb") as opened:
        opened.truncate(sum(map(len, whole)))
        opened.seek(0, os.SEEK_END)
        opened.write(text.getvalue().encode())
        opened.flush()
        os.fsync(opened.fileno())


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Makes a redirect an error: urllib would turn the POST into a GET of another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(url: str, secret: str, found: Mapping[str, str]) -> None:
    """Post a row as JSON; the receiver checks the signature, and knows by the key what it has had before."""
    body = json.dumps(found).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": found["key"],
        "X-Signature-256": f"sha256={signature}",
    }
    request = urllib.request.Request(url, body, headers, method="POST")
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIME_OUT):
        pass  # any status but 2xx has raised HTTPError
