"""Print showcases as JSON, as the gallery of the sandbox's page shows them.

They are those of all installed request types, and of the plugins in the folders that the arguments name.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from identity_bot import settings as settings_module
from identity_bot.errors import IdentityBotError
from identity_bot.plugins import loader
from identity_bot.showcase.document import gallery
from identity_bot.showcase.play import show


def main(folders: Sequence[str] = ()) -> int:
    """Print the JSON; one line and 2 if there is something to fix first."""
    try:
        settings = settings_module.load(None, os.environ)
        with contextlib.redirect_stdout(sys.stderr):  # what a plugin prints must not end up in the JSON
            installed = loader.load(settings, loader.find([Path(one) for one in folders]))
            cases = [show(name, installed, settings) for name in sorted(installed.types)]
    except IdentityBotError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    json.dump(gallery(cases, installed.skipped), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
