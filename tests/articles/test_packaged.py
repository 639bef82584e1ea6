"""A plugin's own articles: found in its package, whatever else lies there."""

from __future__ import annotations

import logging
import sys
import zipfile
from pathlib import Path

import pytest

from identity_bot import Articles

FILES = {
    "articles/users.md": b"# No users in the list\nPull the mock data.",
    "articles/local/setup.md": b"# Setup\nInstall Ruby.",
    "articles/web/setup.md": b"# Setup\nInstall Node.",
    "articles/logo.png": b"\x89PNG",
    "articles/.draft.md": b"# Hidden\nRuby",
    "articles/empty.md": b"",
    "articles/binary.md": b"\x00\x01",
    "articles/huge.md": b"x" * 200_000,
}
LEFT_OUT = {
    "articles/binary.md": "binary.md is left out: it is not text, but binary",
    "articles/empty.md": "empty.md is left out: it has no text",
    "articles/huge.md": "huge.md is left out: it is larger than 100,000 bytes",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for path, data in {"__init__.py": b"", **FILES}.items():
        file = tmp_path / "kb_package" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "kb_package", raising=False)
    return "kb_package"


def test_the_articles_of_a_package_are_found(package: str) -> None:
    articles = Articles.in_package(package)

    assert [answer.title for answer in articles.search("there are no users")] == ["No users in the list"]
    assert {answer.title for answer in articles.search("setup")} == {"Setup", "Setup (web/setup)"}
    assert [answer.name for answer in articles.search("ruby")] == ["local/setup"]


def test_wrong_files_are_left_out_with_a_line_each_once(
    package: str, caplog: pytest.LogCaptureFixture
) -> None:
    articles = Articles.in_package(package)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            articles.search("users")

    said = [f"articles of {package}: {reason}" for reason in LEFT_OUT.values()]
    assert [record.message for record in caplog.records] == said


def test_articles_can_be_asked_for_by_name(package: str) -> None:
    articles = Articles.in_package(package)

    names = [answer.name for answer in articles.named("web/setup", "nowhere", "users")]

    assert names == ["web/setup", "users"]


@pytest.mark.parametrize(
    ("name", "folder", "said"),
    [
        ("kb_package", "nowhere", "the folder 'nowhere' cannot be read"),
        ("kb_nowhere", "articles", "the folder 'articles' cannot be read"),
        ("json.decoder", "articles", "the folder 'articles' cannot be read"),
    ],
)
def test_articles_that_are_nowhere_find_nothing_and_are_logged(
    package: str, name: str, folder: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    articles = Articles.in_package(name, folder)

    assert articles.search("users") == articles.named("users") == []
    assert said in caplog.text or "no Markdown files" in caplog.text
    assert len(caplog.records) == 1


def test_a_folder_beside_a_single_module_is_a_package_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kb_tea_articles").mkdir()
    (tmp_path / "kb_tea_articles" / "kettle.md").write_bytes(b"# The kettle is cold\nSwitch it on.")
    monkeypatch.syspath_prepend(str(tmp_path))

    articles = Articles.in_package("kb_tea_articles", folder="")

    assert [answer.name for answer in articles.search("cold kettle")] == ["kettle"]


def test_articles_in_a_zip_file_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "kb.zip", "w") as zipped:
        zipped.writestr("kb_zipped/__init__.py", "")
        zipped.writestr("kb_zipped/articles/users.md", "# No users\nPull.")
    monkeypatch.syspath_prepend(str(tmp_path / "kb.zip"))

    assert [answer.name for answer in Articles.in_package("kb_zipped").search("users")] == ["users"]
