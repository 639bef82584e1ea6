"""Reads a Markdown file as an article: its title, its text, and what else it is found by. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import urljoin, urlsplit

from identity_bot.articles.answer import TEXT, TITLE, Answer
from identity_bot.text.formatted import from_markdown
from identity_bot.text.markdown import clean, line

LARGEST = 100_000
"""The most bytes of a file."""
LONGEST_LINE = 1_000
"""The most characters of a heading that are read."""
ENDINGS = (".md", ".markdown")
"""How the name of an article's file ends, in lower case."""
_FRONT = re.compile(r"\A---[^\S\n]*\n(.*?\n)?---[^\S\n]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z]+)[^\S\n]*:[^\S\n]*(.*)")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}[^\S\n]+(?P<text>[^\n]+)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|--+)[^\S\n]*")
_LINK = re.compile(
    r"(?P<code>(?P<tick>(?<!`)`+)(?!`).{0,5000}?(?<!`)(?P=tick)(?!`))|(?P<image>!?)\[(?P<text>[^\[\]\n]*)\]\([^\S\n]{0,99}<?(?P<target>[^()\s<>]*)>?(?:[^\S\n]{1,99}[\"'(][^\n]{0,200}?[\"')])?[^\S\n]{0,99}\)"
)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_TARGET = re.compile(r"\]\([^()\s]*\)")


class UnreadableArticle(ValueError):
    """A file is no article, in words that follow its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """An answer, and words that it is found by although they are not in it."""

    answer: Answer
    keywords: str = ""

    @property
    def body(self) -> str:
        """What the index reads of the text: no HTML tags and no addresses of links."""
        return _TARGET.sub("] ", _TAG.sub(" ", self.answer.text))


def is_article(name: str) -> bool:
    """Whether a file of this name may be an article: Markdown that is not hidden."""
    path = PurePosixPath(name)
    return name.lower().endswith(ENDINGS) and not any(part.startswith(".") for part in path.parts)


def read(path: str, data: bytes, address: str = "") -> Article:
    """The article in the Markdown file at a path; raises UnreadableArticle if there is none.

    The file may begin with `title`, `keywords` and `url` between two lines of `---`, each as `name: value` in a line of
    its own. Without a title there, it is the first heading, or the name of the file. `address` is where the file itself
    can be read, and ends with its path: links in the article that are not complete lead from there, those that begin
    with `/` from where the path begins. They are plain text where it is empty.
    """
    name = re.sub(r"\.\w+\Z", "", path)
    fields, text = _front_matter(_text(data))
    lines = list(_COMMENT.sub("", text).split("\n"))
    heading, rest = _without_heading(lines)
    title = plain(fields.get("title", "")) or plain(heading) or _named(name)
    if "title" in fields and plain(fields["title"]) != plain(heading):
        rest = lines  # a heading that says something else than the title stays
    root = address.rsplit("/", path.count("/") + 1)[0]
    body = "\n".join(_linked(rest, address, root)).strip()
    if not body:
        raise UnreadableArticle("has no text")
    if len(body) > TEXT:
        raise UnreadableArticle(f"has {len(body):,} characters; expected at most {TEXT:,}")
    url = fields.get("url", "")
    if url and not _is_address(url):
        raise UnreadableArticle("url: expected https://…")
    answer = Answer(title=line(title, limit=TITLE), text=body, url=url or address, name=name)
    return Article(answer=answer, keywords=fields.get("keywords", ""))


def told_apart(articles: Iterable[Article]) -> list[Article]:
    """The same articles; where several have the same title, their own names are added to the later ones."""
    taken: set[str] = set()
    found = []
    for one in articles:
        title = one.answer.title
        if title.casefold() in taken:
            room = max(20, TITLE - len(one.answer.name) - 3)
            title = line(f"{line(title, limit=room)} ({one.answer.name})", limit=TITLE)
            one = replace(one, answer=replace(one.answer, title=title))
        taken.add(title.casefold())
        found.append(one)
    return found


def plain(markdown: str) -> str:
    """A line of Markdown without its marks."""
    return " ".join(from_markdown(markdown[:LONGEST_LINE]).text.split()) if markdown.strip() else ""


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise UnreadableArticle(f"is larger than {LARGEST:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableArticle("is not text in UTF-8") from None
    if _CONTROL.search(text):
        raise UnreadableArticle("is not text, but binary")
    if _PAGE.match(text):
        raise UnreadableArticle("is a page of HTML; expected Markdown")
    return clean(text)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    found = _FRONT.match(text)
    if not found:
        return {}, text
    fields = {}
    for row in (found[1] or "").split("\n"):
        if field := _FIELD.fullmatch(row.strip()):
            fields[field[1].lower()] = field[2].strip().strip("'\"")
    return fields, text[found.end() :]


def _outside_fences(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is read as Markdown rather than shown as it is."""
    fence = ""
    for row in lines:
        mark = _FENCE.match(row)
        if not fence and mark:
            fence = mark[1]
            yield row, False
        elif fence:
            yield row, False
            if row.strip().startswith(fence) and not row.strip().strip(fence[0]):
                fence = ""
        else:
            yield row, True


def _without_heading(lines: list[str]) -> tuple[str, list[str]]:
    """The first heading, and the lines without it if nothing stands before it."""
    before = False
    read_as = list(_outside_fences(lines))
    for number, (row, is_markdown) in enumerate(read_as):
        if is_markdown and (found := _HEADING.fullmatch(row)) and (heading := found["text"].strip(" \t#")):
            return heading, lines if before else lines[number + 1 :]
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if is_markdown and row.strip() and _UNDERLINE.fullmatch(following):
            return row.strip(), lines if before else lines[number + 2 :]
        before = before or bool(row.strip())
    return "", lines


def _named(name: str) -> str:
    words = re.sub(r"[-_\s]+", " ", PurePosixPath(name).stem).strip() or name
    return words[:1].upper() + words[1:]


def _linked(lines: Iterable[str], address: str, root: str) -> Iterator[str]:
    """The lines with links that lead somewhere; those that lead nowhere are plain text."""

    def complete(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        target = _complete(found["target"], address, root)
        if not target:
            return found["text"]
        return f"[{found['text'] or target}]({target})"

    for row, is_markdown in _outside_fences(lines):
        yield _LINK.sub(complete, row) if is_markdown else row


def _complete(target: str, address: str, root: str) -> str:
    """Where a link on the page at an address leads; empty if nowhere.

    In GitHub, `/docs/a.md` is a file of the same repository (docs.github.com, "Basic writing and formatting syntax").
    """
    try:
        if target and address and not urlsplit(target).scheme:
            is_from_root = target.startswith("/") and not target.startswith("//")
            target = urljoin(f"{root}/", target[1:]) if is_from_root else urljoin(address, target)
    except ValueError:
        return ""
    return target if _is_address(target) else ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
