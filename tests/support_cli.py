"""Commands, run as a user types them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from identity_bot.cli import main


def run(*arguments: str | Path, environ: Mapping[str, str | None] | None = None) -> tuple[int, str, str]:
    """The exit code, and what was said on standard output and standard error."""
    result = CliRunner().invoke(main, [str(one) for one in arguments], env=environ)
    assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    return result.exit_code, result.stdout, result.stderr
