#!/usr/bin/env python3
"""Fetch GitHub's own OpenAPI description, which the tests hold the sandbox to, into .cache/ and print its path.

It is the npm package @octokit/openapi (MIT); npm fetches and checks it. About 28 MB, once.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
PATH = Path(__file__).resolve().parent.parent / ".cache" / "github-openapi-23.0.2.json"


def fetch() -> Path:
    """The path of the description, fetched first if it is not there yet."""
    if PATH.exists():
        return PATH
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed")
    PATH.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PATH.parent) as folder:
        command = [npm, "pack", PACKAGE, "--json", "--pack-destination", folder]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise OSError(f"npm could not fetch {PACKAGE}")
        archive = next(Path(folder).glob("*.tgz"))
        with tarfile.open(archive) as packed:
            member = packed.extractfile(MEMBER)
            if member is None:
                raise OSError(f"{PACKAGE} has no {MEMBER}")
            fetched = Path(folder) / PATH.name
            fetched.write_bytes(member.read())
        json.loads(fetched.read_bytes())
        # In one step, so that several test processes can fetch at once.
        fetched.replace(PATH)
    return PATH


if __name__ == "__main__":
    try:
        print(fetch())
    except (OSError, subprocess.TimeoutExpired) as problem:
        sys.exit(f"GitHub's OpenAPI description: {problem}")
