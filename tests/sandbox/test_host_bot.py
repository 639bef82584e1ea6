"""The bot's process in the sandbox goes by the sandbox's clock."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from identity_bot.app import Bot
from identity_bot.outbox.queue import Queue
from identity_bot.store.store import Store
from identity_bot_sandbox.host_bot import MOVED, HostClock
from tests.support import new_sqlite


def test_the_clock_is_followed_once_the_database_is_no_longer_busy(tmp_path: Path) -> None:
    """A jump of days makes much to write, and the next jump may come meanwhile."""
    store = Store(new_sqlite(tmp_path / "bot.db"), patience=0.05)
    host = cast(Bot, SimpleNamespace(moving_clock=Queue(store).carrying_leases))
    clock, is_busy, is_done = HostClock(0.0), threading.Event(), threading.Event()

    def write() -> None:
        with store.begin():
            is_busy.set()
            is_done.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    is_busy.wait(10)
    threading.Timer(0.3, is_done.set).start()
    clock.follow(host, ["3600.0"])
    writer.join()
    store.close()

    assert clock() - time.time() == pytest.approx(3600, abs=1)


def test_the_clock_is_said_to_be_set_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a line of the log could come between the words and the end of their line, and nobody would hear of it."""
    written: list[str] = []
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(write=written.append, flush=lambda: None))
    host = cast(Bot, SimpleNamespace(moving_clock=lambda seconds: nullcontext()))

    HostClock(0.0).follow(host, ["3600.0", "60.0"])

    assert written == [f"{MOVED}\n", f"{MOVED}\n"]
