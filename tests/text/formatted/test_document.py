from __future__ import annotations

from identity_bot.text.formatted.document import Block, Document, Kind, Run, Style, inline, merged

BOLD = frozenset({Style.BOLD})


def test_runs_that_look_the_same_are_one_run() -> None:
    runs = [Run(text="#"), Run(text=""), Run(text="12"), Run(text="!", styles=BOLD)]

    assert merged(runs) == (Run(text="#12"), Run(text="!", styles=BOLD))


def test_two_mentions_of_one_person_stay_two() -> None:
    twice = (Run(text="@ada", person="ada"), Run(text="@ada", person="ada"))

    assert merged(twice) == twice


def test_an_address_in_the_text_becomes_a_link_without_the_full_stop() -> None:
    runs = inline([Run(text="See https://a.test/x?y=1.")])

    link = Run(text="https://a.test/x?y=1", address="https://a.test/x?y=1")
    assert runs == (Run(text="See "), link, Run(text="."))


def test_what_hides_or_reorders_text_is_taken_out() -> None:
    assert inline([Run(text="a\u202eb\r\nc\u200bd")]) == (Run(text="a\ufffdb\ncd"),)


def test_an_address_in_code_stays_code() -> None:
    code = Run(text="https://a.test", styles=frozenset({Style.CODE}))

    assert inline([code]) == (code,)


def test_only_links_to_the_web_and_to_mailboxes_lead_anywhere() -> None:
    addresses = [
        "javascript:alert(1)",
        "slack://open",
        "/o/r",
        "https://a.test/" + "x" * 2_000,
        "mailto:a@b.test",
    ]

    shown = [inline([Run(text="label", address=address)])[0].address for address in addresses]

    assert shown == ["", "", "", "", "mailto:a@b.test"]


def test_what_would_end_an_address_is_encoded() -> None:
    (run,) = inline([Run(text="label", address="https://a.test/<b>|c d`\\")])

    assert run.address == "https://a.test/%3Cb%3E%7Cc%20d%60%5C"


def test_a_label_that_names_another_address_gives_way_to_the_address() -> None:
    (run,) = inline([Run(text="https://bank.test", address="https://evil.test")])

    assert run.text == "https://evil.test"


def test_the_text_for_the_privacy_gate_has_the_addresses_too() -> None:
    block = Block(runs=(Run(text="the "), Run(text="record", address="https://a.test/?ssn=1")))

    assert Document(blocks=(block,)).text == "the record\nhttps://a.test/?ssn=1"


def test_a_document_names_the_people_whom_it_mentions() -> None:
    block = Block(runs=(Run(text="@ada", person="U1"), Run(text=" and "), Run(text="@bob", person="U2")))

    assert Document(blocks=(block,)).people == {"U1", "U2"}


def test_a_document_of_white_space_is_empty() -> None:
    assert Document(blocks=(Block(runs=(Run(text=" \n"),)),)).is_empty


def test_a_block_is_cut_between_words() -> None:
    head, tail = Block(runs=(Run(text="one two three"),)).cut(9)

    assert (head.text, tail.text) == ("one two ", "three")


def test_a_mention_is_not_cut() -> None:
    block = Block(runs=(Run(text="hi "), Run(text="@ada-lovelace", person="ada"), Run(text="!")))

    head, tail = block.cut(8)

    assert (head.text, tail.text) == ("hi ", "@ada-lovelace!")


def test_the_rest_of_an_item_has_no_bullet_of_its_own() -> None:
    _, tail = Block(kind=Kind.ITEM, number=3, runs=(Run(text="one two"),)).cut(4)

    assert (tail.kind, tail.number) == (Kind.TEXT, None)
