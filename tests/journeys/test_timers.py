"""Timers ring once each, whichever of three processes is there, and whichever is killed meanwhile."""

from __future__ import annotations

from pathlib import Path

from bench.timers import ring


def test_each_answer_that_is_missed_is_told_once_while_processes_are_killed(
    tmp_path: Path, empty_url: str
) -> None:
    rung = ring(tmp_path, empty_url, tickets=30, within=5, kill_every=0.5, lease=3)

    assert rung.killed > 3
    assert len(rung.late) == 30
    assert min(rung.late) >= 0
    assert len(rung.told) == 30, "each ticket has a message of its own"
    assert set(rung.told.values()) == {1}
