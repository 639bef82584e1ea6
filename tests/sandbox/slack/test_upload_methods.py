"""Files that the app uploads: an address for each, the bytes, and one message that shares them."""

from __future__ import annotations

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from identity_bot_sandbox.slack.workspace import SCOPES
from identity_bot_sandbox.slack.world import SlackWorld

INTAKE, GENERAL = "C0INTAKE", "C0GENERAL"


@pytest.fixture
def uploaded(client: WebClient) -> str:
    """The id of a file whose bytes were sent."""
    asked = client.files_getUploadURLExternal(filename="a.png", length=3, alt_txt="A picture")
    assert httpx.post(asked["upload_url"], content=b"abc").status_code == 200
    return str(asked["file_id"])


def refusal(call: object, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)  # type: ignore[operator]
    return str(caught.value.response["error"])


def test_a_file_is_shared_only_once(client: WebClient, world: SlackWorld, uploaded: str) -> None:
    files = [{"id": uploaded, "title": "A"}]

    answer = client.files_completeUploadExternal(files=files, channel_id=INTAKE, initial_comment="Look")

    assert answer["files"] == [{"id": uploaded, "title": "A"}]
    message = world.messages(INTAKE)[-1]
    assert (message.text, message.json()["files"][0]["alt_txt"]) == ("Look", "A picture")
    assert refusal(client.files_completeUploadExternal, files=files, channel_id=INTAKE) == "file_not_found"


def test_a_file_that_was_not_sent_is_not_found(client: WebClient) -> None:
    asked = client.files_getUploadURLExternal(filename="a.png", length=3)

    sent = httpx.post(asked["upload_url"], content=b"too long")

    assert sent.status_code == 400
    assert refusal(client.files_completeUploadExternal, files=[{"id": asked["file_id"]}]) == "file_not_found"


def test_the_app_must_be_in_the_channel(client: WebClient, uploaded: str) -> None:
    """The scope chat:write.public does not help here."""
    files = [{"id": uploaded}]

    assert refusal(client.files_completeUploadExternal, files=files, channel_id=GENERAL) == "not_in_channel"
    assert (
        refusal(client.files_completeUploadExternal, files=files, channel_id="C0NONE") == "channel_not_found"
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "a", "length": 0}, "missing_argument"),
        ({"filename": "a", "length": 1, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
        ({"filename": "a", "length": 10**10}, "file_upload_size_restricted"),
        ({"filename": "", "length": 1}, "invalid_arguments"),
    ],
)
def test_an_address_is_refused_for_what_slack_refuses(
    client: WebClient, arguments: dict[str, object], error: str
) -> None:
    assert refusal(client.files_getUploadURLExternal, **arguments) == error


def test_uploading_needs_its_scope(client: WebClient, world: SlackWorld) -> None:
    world.scopes = SCOPES - {"files:write"}

    assert refusal(client.files_getUploadURLExternal, filename="a", length=1) == "missing_scope"

    world.scopes = SCOPES
