"""What a check says of the team's own articles."""

from __future__ import annotations

from pathlib import Path

from identity_bot_sandbox.server import Sandbox
from tests.checks.conftest import Check

HANDBOOK = "sandbox-org/handbook"


def test_a_folder_of_articles_is_counted_and_wrong_files_are_named(check: Check, tmp_path: Path) -> None:
    (tmp_path / "help").mkdir()
    (tmp_path / "help" / "users.md").write_text("# No users\nPull.")
    (tmp_path / "help" / "binary.md").write_bytes(b"\x00")

    found = check(also=f'\n[answers]\nfolder = "{tmp_path}/help"\n', offline=True)

    assert f"answers: folder {tmp_path}/help: 1 article" in found.ok
    assert found.warnings == [
        f"answers: folder {tmp_path}/help: binary.md is left out: it is not text, but binary"
    ]


def test_a_folder_that_cannot_be_read_is_a_problem(check: Check, tmp_path: Path) -> None:
    found = check(also=f'\n[answers]\nfolder = "{tmp_path}/nowhere"\n', offline=True)

    assert found.problems == [
        f"answers: folder {tmp_path}/nowhere: cannot be read: No such file or directory"
    ]


def test_a_repository_of_articles_is_counted_or_a_problem(check: Check, sandbox: Sandbox) -> None:
    sandbox.github.add_repository(HANDBOOK)
    sandbox.github.put_file(HANDBOOK, "docs/users.md", "# No users\nPull.")

    good = check(also=f'\n[answers]\nrepository = "{HANDBOOK}"\npath = "docs"\n')
    sandbox.github.remove_file(HANDBOOK, "docs/users.md")
    gone = check()

    assert f"answers: repository {HANDBOOK}, folder docs: 1 article" in good.ok
    assert gone.problems == [
        f"answers: GitHub: 404 not found, or hidden from the token (repository {HANDBOOK}, folder docs)"
    ]
