"""The base of everything that the sandbox refuses."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox refuses something, as Slack, GitHub or their clients would; the text says what."""
