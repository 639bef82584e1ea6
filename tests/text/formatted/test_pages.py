from __future__ import annotations

import time

import pytest

from identity_bot.text.formatted import from_markdown, from_slack, to_markdown, to_mrkdwn
from identity_bot.text.formatted.document import Block, Run
from identity_bot.text.formatted.pages import pages

SHORT, LONG = 1_024, 16_384


def paragraphs(*texts: str) -> list[tuple[Block, str]]:
    return [(Block(runs=(Run(text=text),)), "\n\n" if place else "") for place, text in enumerate(texts)]


def write(block: Block, divider: str) -> str:
    return divider + block.text.replace("&", "&amp;")


def test_what_fits_is_one_page() -> None:
    assert pages(paragraphs("one", "two"), write, limit=8, most=2) == ("one\n\ntwo",)


def test_a_short_paragraph_moves_to_the_next_page_whole() -> None:
    shown = pages(paragraphs("one two three", "four five"), write, limit=22, most=2)

    assert shown == ("one two three", "four five")


def test_a_long_paragraph_is_cut_between_words() -> None:
    shown = pages(paragraphs("one two three four five six"), write, limit=12, most=4)

    assert shown == ("one two ", "three four ", "five six")


def test_what_is_left_out_is_said_on_the_last_page() -> None:
    shown = pages(paragraphs("one two three four five six seven"), write, limit=16, most=2, more="MORE")

    assert shown == ("one two three ", "four five \n\nMORE")


def test_text_that_gets_longer_when_it_is_written_fits_too() -> None:
    shown = pages(paragraphs("&" * 100), write, limit=50, most=2, more="MORE")

    assert all(len(page) <= 50 for page in shown)
    assert shown[1].endswith("&amp;\n\nMORE")


def test_a_block_that_cannot_be_cut_small_enough_is_left_out() -> None:
    mention = (Block(runs=(Run(text="@" + "a" * 50, person="a"),)), "")

    assert pages([mention, *paragraphs("next")], write, limit=20, most=3) == ("next",)


@pytest.mark.parametrize("piece", ["a ", "**a", "`a``b", "[a](", "a\n", "<@U1> "])
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def carried(length: int) -> float:
        written = piece * (length // len(piece))
        began = time.process_time()
        to_mrkdwn(from_markdown(written), slack_id=lambda _: "", more="more")
        to_markdown(
            from_slack({"text": written}), login=lambda _: "", name=lambda _: "", limit=length, more="more"
        )
        return time.process_time() - began

    # Sixteen times the text; what grows with its square would take 256 times as long, and a busy machine twice.
    assert min(carried(LONG) for _ in range(3)) < 64 * max(carried(SHORT), 0.01)
