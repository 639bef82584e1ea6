"""Reads a Slack message, as an event or the API describes it.

What people write in Slack's own apps is one block of rich text: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
Where there is none, the message's text is read as mrkdwn.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from identity_bot.text.formatted.document import PLAIN, Block, Document, Kind, Run, Style, cleaned, inline
from identity_bot.text.markdown import clean
from identity_bot.text.names import MEMBER_ID

Json = Mapping[str, Any]

_STYLES = {"bold": Style.BOLD, "italic": Style.ITALIC, "strike": Style.STRIKE, "code": Style.CODE}
_MARKS = {"*": Style.BOLD, "_": Style.ITALIC, "~": Style.STRIKE}
_DEEPEST = 8
_CODE_BLOCK = re.compile(r"```\n?((?:[^`]|`(?!``))+?)\n?```")
# Each mark looks for its partner no further than the next mark of its kind.
_PIECE = re.compile(
    r"`(?P<code>[^`\n]+)`|<(?P<reference>[^<>\n]+)>"
    r"|(?<!\w)(?P<mark>[*_~])(?P<styled>(?<=\*)[^*\n]+(?=\*)|(?<=_)[^_\n]+(?=_)|(?<=~)[^~\n]+(?=~))(?P=mark)(?!\w)"
)
_PERSON = re.compile(f"@({MEMBER_ID})")


def from_slack(message: Json) -> Document:
    """What the message says: its text, formatted, and a link to each of its files and to what it forwards.

    A link to a file opens for those who can read it in Slack.
    """
    rich = [block for block in _all(message.get("blocks")) if block.get("type") == "rich_text"]
    if rich:
        written = [
            one for block in rich for element in _all(block.get("elements")) for one in _blocks(element)
        ]
    else:
        written = list(_from_mrkdwn(clean(_text(message.get("text")))))
    links = [*_forwarded(message), *_files(message)]
    return Document(blocks=tuple(block for block in [*written, *links] if block.text.strip()))


def _blocks(element: Json) -> Iterator[Block]:
    is_quoted = bool(element.get("border"))
    inner = list(_all(element.get("elements")))
    match element.get("type"):
        case "rich_text_list":
            first = _whole(element.get("offset")) + 1 if element.get("style") == "ordered" else None
            depth = min(_whole(element.get("indent")), _DEEPEST)
            for place, item in enumerate(inner):
                number = None if first is None else first + place
                runs = _trimmed(map(_run, _all(item.get("elements"))))
                yield Block(kind=Kind.ITEM, runs=runs, is_quoted=is_quoted, depth=depth, number=number)
        case "rich_text_preformatted":
            text = "".join(_run(one).text for one in inner)
            yield Block(kind=Kind.CODE, runs=(cleaned(Run(text=text.strip("\n"))),), is_quoted=is_quoted)
        case "rich_text_quote":
            yield Block(runs=_trimmed(map(_run, inner)), is_quoted=True)
        case _:
            yield Block(runs=_trimmed(map(_run, inner)))


def _run(element: Json) -> Run:
    named = element.get("style")
    on = [style for name, style in _STYLES.items() if isinstance(named, Mapping) and named.get(name)]
    run = Run(text=_text(element.get("text")), styles=frozenset(on))
    match element.get("type"):
        case "link":
            address = _text(element.get("url"))
            return replace(run, text=run.text or address, address=address)
        case "user":
            return _person(_text(element.get("user_id")), run.styles)
        case "emoji":
            return replace(
                run, text=_emoji(_text(element.get("unicode"))) or f":{_text(element.get('name'))}:"
            )
        case "broadcast":
            return replace(run, text=f"@{_text(element.get('range'))}")
        case "usergroup":
            return replace(run, text="@group")
        case "channel":
            return replace(run, text="#channel")
        case "date":
            return replace(run, text=_text(element.get("fallback")))
        case "color":
            return replace(run, text=_text(element.get("value")))
    return run


def _person(slack_id: str, styles: frozenset[Style]) -> Run:
    is_id = re.fullmatch(MEMBER_ID, slack_id)
    return Run(text="@somebody", styles=styles, person=slack_id if is_id else "")


def _emoji(codes: str) -> str:
    """The characters of an emoji, which Slack names as `1f468-200d-1f469`."""
    if not re.fullmatch(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,9}", codes):
        return ""
    numbers = [int(code, 16) for code in codes.split("-")]
    return "".join(map(chr, numbers)) if max(numbers) <= 0x10FFFF else ""


def _from_mrkdwn(text: str) -> Iterator[Block]:
    place = 0
    for found in _CODE_BLOCK.finditer(text):
        yield from _paragraphs(text[place : found.start()])
        yield Block(kind=Kind.CODE, runs=(Run(text=html.unescape(found[1])),))
        place = found.end()
    yield from _paragraphs(text[place:])


def _paragraphs(text: str) -> Iterator[Block]:
    """Lines that are quoted, and others, as one block each."""
    lines: list[str] = []
    was_quoted = False
    for line in [*text.strip("\n").split("\n"), None]:
        is_quoted = line is not None and line.startswith(("&gt;", ">"))
        if lines and (line is None or is_quoted is not was_quoted):
            yield Block(runs=_trimmed(_pieces("\n".join(lines), PLAIN)), is_quoted=was_quoted)
            lines = []
        if line is not None:
            lines.append(re.sub(r"\A(?:&gt;|>)+ ?", "", line))
        was_quoted = is_quoted


def _pieces(text: str, styles: frozenset[Style]) -> Iterator[Run]:
    place = 0
    for found in _PIECE.finditer(text):
        yield Run(text=html.unescape(text[place : found.start()]), styles=styles)
        if found["code"]:
            yield Run(text=html.unescape(found["code"]), styles=styles | {Style.CODE})
        elif found["reference"]:
            yield _reference(html.unescape(found["reference"]), styles)
        elif _MARKS[found["mark"]] in styles or found["styled"] != found["styled"].strip():
            yield Run(text=html.unescape(found[0]), styles=styles)
        else:
            yield from _pieces(found["styled"], styles | {_MARKS[found["mark"]]})
        place = found.end()
    yield Run(text=html.unescape(text[place:]), styles=styles)


def _reference(written: str, styles: frozenset[Style]) -> Run:
    """What stands between angle brackets: a link, or somebody or something that is mentioned."""
    target, _, label = written.partition("|")
    if person := _PERSON.fullmatch(target):
        return _person(person[1], styles)
    if target.startswith("#"):
        return Run(text=f"#{label or 'channel'}", styles=styles)
    if target.startswith("!subteam"):
        return Run(text=f"@{label.removeprefix('@') or 'group'}", styles=styles)
    if target.startswith("!date"):
        return Run(text=label, styles=styles)
    if target.startswith("!"):
        return Run(text=f"@{target[1:]}", styles=styles)
    return Run(text=label or target, styles=styles, address=target)


def _forwarded(message: Json) -> Iterator[Block]:
    """A link to each message that somebody forwarded with this one; its text is somebody else's."""
    for attachment in _all(message.get("attachments")):
        address = _text(attachment.get("from_url"))
        if attachment.get("is_share") and address:
            yield Block(runs=inline([Run(text=address, address=address)]))


def _files(message: Json) -> Iterator[Block]:
    for file in _all(message.get("files")):
        if file.get("mode") not in ("tombstone", "hidden_by_limit"):
            name = " ".join((_text(file.get("title")) or _text(file.get("name"))).split()) or "file"
            address = _text(file.get("permalink"))
            yield Block(kind=Kind.ITEM, runs=inline([Run(text=name, address=address)]))


def _trimmed(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The runs of a block without line ends around them."""
    kept = list(inline(runs))
    if kept:
        kept[0] = replace(kept[0], text=kept[0].text.lstrip("\n"))
        kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip("\n"))
    return tuple(run for run in kept if run.text)


def _all(found: Any) -> Iterator[Json]:
    """The objects in a list of them, if it is one."""
    yield from (one for one in found if isinstance(one, Mapping)) if isinstance(found, list) else ()


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""


def _whole(found: Any) -> int:
    return found if isinstance(found, int) and 0 < found < 1_000_000 else 0
