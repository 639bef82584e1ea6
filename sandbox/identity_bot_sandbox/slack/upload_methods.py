"""The Web API methods by which an app uploads files: ask for an address, send the bytes there, and share them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from identity_bot_sandbox import cast
from identity_bot_sandbox.slack import events
from identity_bot_sandbox.slack.call import Arguments, Method, SlackError, channel_of, decoded, need
from identity_bot_sandbox.slack.limits import MESSAGE_TEXT
from identity_bot_sandbox.slack.model import SlackFile
from identity_bot_sandbox.slack.workspace import Upload, Workspace

ALT_TEXT = 1000
"""Characters that an image's description may have (files.getUploadURLExternal)."""
LARGEST_FILE = 1_000_000_000
"""Bytes that a file may have."""


def files_get_upload_url_external(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Name the address that a file is to be sent to."""
    need(arguments, "filename")
    try:
        length = int(arguments.get("length") or 0)
    except ValueError:
        raise SlackError("invalid_arguments") from None
    if length <= 0:
        raise SlackError("missing_argument")
    if length > LARGEST_FILE:
        raise SlackError("file_upload_size_restricted")
    alt_text = str(arguments.get("alt_txt") or "")
    if len(alt_text) > ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    file_id, key = world.new_id("F"), secrets.token_hex(16)
    world.uploads[file_id] = Upload(
        key=key, name=str(arguments["filename"]), length=length, alt_text=alt_text
    )
    return {"upload_url": f"{world.base_url}/slack/upload/{file_id}/{key}", "file_id": file_id}


def receive(world: Workspace, file_id: str, key: str, content: bytes) -> bool:
    """Take in the bytes that were sent to an address; False if there is no such address, or they are too few."""
    with world.changed:
        upload = world.uploads.get(file_id)
        if upload is None or upload.key != key or len(content) != upload.length:
            return False
        upload.content = content
        return True


def files_complete_upload_external(world: Workspace, arguments: Arguments) -> Mapping[str, Any]:
    """Keep files that were sent and share them in a channel, in one message; only once."""
    need(arguments, "files")
    given = decoded(arguments["files"])
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise SlackError("invalid_arguments")
    channel = channel_of(world, {"channel": arguments["channel_id"]}) if arguments.get("channel_id") else None
    if channel and channel.is_archived:
        raise SlackError("is_archived")
    if channel and not channel.bot_is_member:
        raise SlackError("not_in_channel")
    uploads = [(str(one.get("id")), str(one.get("title") or "")) for one in given]
    if any(not (one := world.uploads.get(file_id)) or one.content is None for file_id, _ in uploads):
        raise SlackError("file_not_found")
    files = tuple(_kept(world, file_id, title) for file_id, title in uploads)
    if channel:
        parent = channel.messages.get(str(arguments.get("thread_ts") or ""))
        text = str(arguments.get("initial_comment") or "")[:MESSAGE_TEXT]
        message = world.post(
            channel.channel_id,
            cast.BOT_USER_ID,
            text,
            is_from_app=True,
            thread_ts=(parent.thread_ts or parent.ts) if parent else None,
            files=files,
        )
        events.posted(world, message)
    return {"files": [{"id": file.file_id, "title": file.title or file.name} for file in files]}


def _kept(world: Workspace, file_id: str, title: str) -> SlackFile:
    upload = world.uploads.pop(file_id)
    return world.keep_file(
        cast.BOT_USER_ID,
        upload.name,
        upload.content or b"",
        file_id=file_id,
        title=title,
        alt_text=upload.alt_text,
    )


METHODS: Mapping[str, Method] = {
    "files.getUploadURLExternal": Method(files_get_upload_url_external, "files:write"),
    "files.completeUploadExternal": Method(files_complete_upload_external, "files:write"),
}
