"""A folder of articles: what is read of it, what is left out, and when there is nothing new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from identity_bot.articles import source
from identity_bot.articles.source import Folder
from identity_bot.errors import Rejected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    (folder / "below" / "deeper").mkdir(parents=True)
    (folder / "a.md").write_text("# A\nText.")
    (folder / "below" / "deeper" / "b.MD").write_text("# B\nText.")
    return folder


def paths(found: Folder) -> list[str] | None:
    files = found.read()
    return None if files is None else [file.path for file in files if not file.problem]


def test_markdown_files_are_read_with_those_in_folders_below(folder: Path) -> None:
    (folder / "notes.txt").write_text("no Markdown")
    (folder / ".hidden.md").write_text("hidden")
    (folder / ".git").mkdir()
    (folder / ".git" / "c.md").write_text("hidden")

    files = Folder(str(folder)).read()

    assert files is not None
    assert [(file.path, file.data) for file in files] == [
        ("a.md", b"# A\nText."),
        ("below/deeper/b.MD", b"# B\nText."),
    ]


def test_nothing_is_read_while_nothing_changes(folder: Path) -> None:
    found = Folder(str(folder))

    assert paths(found) == ["a.md", "below/deeper/b.MD"]
    assert paths(found) is None
    (folder / "c.md").write_text("# C\nText.")
    assert paths(found) == ["a.md", "below/deeper/b.MD", "c.md"]
    (folder / "c.md").unlink()
    assert paths(found) == ["a.md", "below/deeper/b.MD"]
    (folder / "a.md").write_text("# A\nOther text.")
    assert paths(found) == ["a.md", "below/deeper/b.MD"]


def test_links_do_not_lead_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.md").write_text("secret")
    (folder / "out.md").symlink_to(secret)
    (folder / "folder").symlink_to(tmp_path / "elsewhere")
    (folder / "nowhere.md").symlink_to(tmp_path / "missing.md")
    (folder / "circle.md").symlink_to("circle.md")
    (folder / "up").symlink_to("..")
    (folder / "inside.md").symlink_to("a.md")

    assert paths(Folder(str(folder))) == ["a.md", "below/deeper/b.MD", "inside.md"]


def test_a_folder_that_kubernetes_mounts_is_read(tmp_path: Path) -> None:
    """A ConfigMap's files are links into a hidden folder beside them."""
    (tmp_path / "..2026_11").mkdir()
    (tmp_path / "..2026_11" / "a.md").write_text("# A\nText.")
    (tmp_path / "..data").symlink_to("..2026_11")
    (tmp_path / "a.md").symlink_to("..data/a.md")

    assert paths(Folder(str(tmp_path))) == ["a.md"]


def test_what_is_no_plain_file_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    (folder / "folder.md").mkdir()

    assert paths(Folder(str(folder))) == ["a.md", "below/deeper/b.MD"]


def test_a_huge_file_is_not_read(folder: Path) -> None:
    with (folder / "huge.md").open("wb") as file:
        file.truncate(10**12)

    files = Folder(str(folder)).read()

    assert files is not None
    assert [(file.path, file.problem) for file in files if file.problem] == [
        ("huge.md", "is larger than 100,000 bytes")
    ]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere", "cannot be read: No such file or directory"),
        ("a.md", "cannot be read: Not a directory"),
        ("empty", "no Markdown files found"),
        ("x" * 5_000, "cannot be read: File name too long"),
    ],
)
def test_a_folder_that_cannot_be_read_says_why(folder: Path, path: str, reason: str) -> None:
    (folder / "empty").mkdir()
    found = Folder(str(folder / path))

    for _ in range(2):
        with pytest.raises(Rejected, match=reason):
            found.read()


def test_a_folder_that_comes_back_is_read_anew(folder: Path) -> None:
    found = Folder(str(folder))
    found.read()
    folder.rename(folder.with_name("away"))
    with pytest.raises(Rejected):
        found.read()

    folder.with_name("away").rename(folder)

    assert paths(found) == ["a.md", "below/deeper/b.MD"]


def test_only_the_first_of_very_many_files_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(source, "MOST_FILES", 1)

    assert paths(Folder(str(folder))) == ["a.md"]
    assert "only the first 1 files of 2 are read" in caplog.text


def test_a_folder_of_everything_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_ENTRIES", 1)
    (folder / "x.txt").touch()

    with pytest.raises(Rejected, match="cannot be read"):
        Folder(str(folder)).read()
