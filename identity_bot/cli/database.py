"""The bot's database, for commands that look into it or change it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from identity_bot import settings as settings_module
from identity_bot.errors import StoreError

if TYPE_CHECKING:
    from identity_bot.store.store import Store


@contextlib.contextmanager
def open_store() -> Iterator[Store]:
    """The store that DATABASE_URL names; neither the settings file nor a token is needed.

    Raises StoreError if no bot of this version has made it.
    """
    from identity_bot.store import engine as database
    from identity_bot.store.store import Store

    url = settings_module.examine(None, os.environ)[0].database_url
    if (revision := database.revision(url)) != database.NEWEST:
        raise StoreError(
            "DATABASE_URL: there is no database yet; the bot creates it when it first starts"
            if revision is None
            else f"the database has the schema {revision}, not {database.NEWEST}: start this version of the bot first"
        )
    store = Store(url)
    try:
        yield store
    finally:
        store.close()
