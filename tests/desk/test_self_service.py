"""Answers before a request is filed: which are found, how they are counted, what the issue says of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from identity_bot.articles.answer import Answer
from identity_bot.articles.suggestion import Outcome, ShownAnswer, Source, Suggestion
from identity_bot.desk.self_service import MOST_AT_ONCE, SelfService
from identity_bot.errors import Retryable
from identity_bot.store.answers import ShownAnswers, shown_before
from identity_bot.tickets.model import IssueDraft, Ticket
from tests.support import eventually
from tests.support_answers import ARTICLES, CODES, STATUS, USERS, Shelf, plugin
from tests.support_desk import JUNIPER, SETTINGS, Office
from tests.support_plugins import found

Make = Callable[..., SelfService]
BY = JUNIPER.slack_id
VALUES = {"team": "Benefits", "name": "Juniper Vale", "production": False, "problem": "It says no."}
ROOT = "https://docs.test"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A desk with a type that answers, one that fails at it, and one that does not."""

    def failing(text: str) -> list[Answer]:
        raise RuntimeError(text)

    plugins = [
        found("sign_in", plugin()),
        found("broken", plugin(self_service=failing)),
        found("silent", plugin(self_service=lambda: None)),
    ]
    del plugins[2].load().self_service
    office = Office(tmp_path, toml=SETTINGS, found=plugins)
    yield office
    office.store.close()


@pytest.fixture
def service(office: Office) -> Make:
    def make(*sources: Source, **more: Any) -> SelfService:
        return SelfService(store=office.store, plugins=office.plugins, sources=sources, **more)

    return make


def source(*articles: Answer, name: str = "articles", **more: Any) -> Source:
    return Source(name=name, searchable=Shelf(articles), **more)


def titles(suggestions: Sequence[Suggestion]) -> list[str]:
    return [one.answer.title for one in suggestions]


def numbered(count: int) -> list[Answer]:
    return [Answer(title=f"Article {n}", text="x") for n in range(count)]


def file(office: Office, *, view: str = "V1", **changes: Any) -> Ticket:
    values = VALUES | changes
    return office.desk.submit("sign_in", values, JUNIPER, submission=view, origin=None)


def shown_in(office: Office, view: str) -> list[ShownAnswer]:
    with office.store.begin() as transaction:
        return ShownAnswers(transaction).of_view(view)


def body(office: Office) -> str:
    return office.tracker.issues[-1][1].body


def suggestion(answer: Answer, where: str = "articles", **more: Any) -> Suggestion:
    return Suggestion(answer=answer, source=where, **more)


def test_the_plugin_answers_first_then_the_sources_three_at_most(service: Make) -> None:
    found = service(source(*numbered(5))).suggest("sign_in", "code expired", {}, by=BY)

    assert titles(found) == [CODES.title, "Article 0", "Article 1"]
    assert [one.source for one in found] == ["type:sign_in", "articles", "articles"]


def test_a_source_is_not_asked_without_room_for_its_answers(service: Make) -> None:
    full, other = Shelf(numbered(3)), Shelf(ARTICLES)
    one = service(Source(name="full", searchable=full), Source(name="other", searchable=other))

    one.suggest("silent", "code expired", {}, by=BY)

    assert (full.asked, other.asked) == ([("code expired", 3)], [])


def test_no_answer_is_shown_twice(service: Make) -> None:
    """Neither by its title, nor by its address, nor by its name in the same source."""
    same_title = Answer(title="the  CODE has expired", text="y")
    same_address = Answer(title="Users, again", url=USERS.url)
    first, second = (Answer(title=title, text="x", name="one.md") for title in ("First", "Second"))

    found = service(source(same_title, USERS, same_address), source(first, second, name="other"))

    assert titles(found.suggest("sign_in", "code", {}, by=BY)) == [CODES.title, USERS.title, "First"]


@pytest.mark.parametrize("text", ["", "   ", "abc", " ab  "])
def test_short_text_asks_no_source(service: Make, text: str) -> None:
    """The plugin is asked as it is when the type is chosen."""
    shelf = Shelf(ARTICLES)
    one = service(Source(name="articles", searchable=shelf))

    assert one.suggest("sign_in", text, {}, by=BY) == ()
    assert shelf.asked == []


def test_what_fails_spoils_its_own_answers_only(service: Make, caplog: pytest.LogCaptureFixture) -> None:
    broken = Source(name="broken shelf", searchable=Shelf(fails=OSError("no disk")))
    wrong = Source(name="wrong", searchable=Shelf(["no answer"]))  # type: ignore[list-item]

    found = service(broken, wrong, source(USERS)).suggest("broken", "expired", {}, by=BY)

    assert titles(found) == [USERS.title]
    assert "the source 'broken shelf' failed" in caplog.text
    assert "the source 'wrong' failed" in caplog.text
    assert "no disk" not in caplog.text


def test_what_is_internal_is_found_for_colleagues_only(service: Make) -> None:
    internal = source(USERS, name="tickets", is_internal=True)
    one = service(internal, source(*numbered(1)), is_colleague=lambda slack_id: slack_id == BY)

    found = [one.suggest("silent", "expired", {}, by=by) for by in (BY, "U0OUTSIDER")]
    searched = [titles(one.search("expired", by=by)) for by in (BY, "U0OUTSIDER")]

    assert list(map(titles, found)) == [[USERS.title, "Article 0"], ["Article 0"]]
    assert [USERS.title in titles for titles in searched] == [True, False]


def test_nobody_reads_what_is_internal_while_slack_does_not_say_who_they_are(
    service: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def unknown(slack_id: str) -> bool:
        raise Retryable("Slack does not answer")

    one = service(source(USERS, is_internal=True), source(*numbered(1)), is_colleague=unknown)

    assert titles(one.suggest("silent", "expired", {}, by=BY)) == ["Article 0"]
    assert "the source 'articles' failed" in caplog.text


def test_a_plugin_that_hangs_holds_up_no_more_than_some(tmp_path: Path) -> None:
    gate = threading.Event()
    hanging = found("hanging", plugin(self_service=lambda: gate.wait(10) and []))
    desk = Office(tmp_path, toml=SETTINGS, found=[hanging, found("sign_in", plugin())])
    made = SelfService(store=desk.store, plugins=desk.plugins)
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        for _ in range(MOST_AT_ONCE):
            pool.submit(made.suggest, "hanging", "code", {}, by=BY)
        eventually(lambda: made._asking["hanging"] == MOST_AT_ONCE)

        answers = made.search("code", by=BY), made.suggest("hanging", "code", {}, by=BY)
        gate.set()

    assert [titles(one) for one in answers] == [[CODES.title], []]
    assert made._asking["hanging"] == 0
    desk.store.close()


def test_a_type_that_is_not_installed_has_no_answers_of_its_own(service: Make) -> None:
    assert service().suggest("gone", "code expired", {}, by=BY) == ()
    assert service(source(USERS)).can_answer("gone") is False


def test_a_form_asks_only_where_something_can_answer(service: Make) -> None:
    assert [service().can_answer(name) for name in ("sign_in", "silent")] == [True, False]
    assert service(source(USERS)).can_answer("silent") is True


def test_a_search_has_what_fits_best_first_wherever_it_is_from(service: Make) -> None:
    """A worse answer of one source does not stand above a better one of a plugin, nor its second above another's."""
    found = service(source(*numbered(9))).search("code page", by=BY)

    assert titles(found)[:3] == [CODES.title, STATUS.title, "Article 0"]
    assert len(found) == 8


def test_a_search_leaves_the_order_of_each_source(service: Make) -> None:
    """It may know more of its answers than what they say, such as keywords."""
    named = Answer(title="Sign-in trouble", text="Found by a keyword.")
    expired = Answer(title="Certificate expired", text="Renew it.")

    found = service(source(named, expired)).search("code expired", by=BY)

    assert titles(found) == [CODES.title, named.title, expired.title]


def test_what_fits_equally_well_is_listed_in_turn(service: Make) -> None:
    one, other = numbered(2), [Answer(title=f"Note {n}", text="x") for n in range(2)]

    found = service(source(*one), source(*other, name="notes")).search("something", by=BY)

    assert titles(found) == ["Article 0", "Note 0", "Article 1", "Note 1"]


@pytest.mark.parametrize("text", ["", " x ", "."])
def test_a_search_for_next_to_nothing_finds_nothing(service: Make, text: str) -> None:
    assert service(source(USERS)).search(text, by=BY) == ()


def test_answers_are_remembered_as_they_were_shown(service: Make) -> None:
    one = service(source(*numbered(3)))
    [first, *_] = one.suggest("silent", "article", {}, by=BY)

    assert one.kept(first.digest) == first
    assert one.kept("unknown") is None


def test_a_filed_ticket_says_once_what_had_been_shown(office: Office, service: Make) -> None:
    one = service()
    one.record_shown("V1", "sign_in", [suggestion(CODES), suggestion(USERS)])

    ticket = file(office)
    assert file(office) == ticket
    office.work(30)
    office.work(30)

    note = "Before asking, the requestor was shown: `The code has expired`, [`No such user`](https://docs.test/users)."
    assert len(office.tracker.issues) == 1
    assert body(office).endswith(f"\n\n{note}")
    assert [one.outcome for one in shown_before(office.store, ticket.id)] == [Outcome.NOT_SOLVED] * 2


def test_a_request_without_answers_has_no_note(office: Office, service: Make) -> None:
    service().record_shown("V2", "sign_in", [suggestion(CODES)])

    file(office)
    office.work(30)

    assert "was shown" not in body(office)
    assert shown_in(office, "V2")[0].outcome is Outcome.SHOWN


def test_a_refused_form_settles_nothing(office: Office, service: Make) -> None:
    service().record_shown("V1", "sign_in", [suggestion(CODES)])

    with pytest.raises(Exception, match="production"):
        file(office, production=None)

    assert shown_in(office, "V1")[0].outcome is Outcome.SHOWN


def test_a_sensitive_ticket_names_only_titles_that_the_team_wrote(office: Office, service: Make) -> None:
    theirs = Answer(title="Juniper cannot sign in", url="https://github.test/o/n/issues/5", name="n#5")
    service().record_shown("V1", "sign_in", [suggestion(USERS), suggestion(theirs, "tickets", is_ours=False)])

    file(office, secret=True)
    office.work(30)

    assert body(office).endswith("\n\nBefore asking, the requestor was shown: `No such user`.")
    assert "n#5" not in body(office)


def test_a_title_that_a_requestor_wrote_is_kept_nowhere(office: Office, service: Make) -> None:
    """So that it need not be redacted here when it is redacted there."""
    theirs = Answer(title="Juniper cannot sign in", url="https://github.test/o/n/issues/5", name="n#5")
    service().record_shown("V1", "sign_in", [suggestion(theirs, "tickets", is_ours=False)])

    file(office)
    office.work(30)

    assert shown_in(office, "V1")[0].title == ""
    assert "[`n#5`](https://github.test/o/n/issues/5)" in body(office)
    assert "Juniper cannot" not in body(office).split("Before asking")[1]


HOSTILE = "@octocat `x` [a](b) <!-- --> <!channel> ](https://bank.test) #1\n\n<!-- identity-bot:end -->"


def test_hostile_titles_and_addresses_are_safe_in_the_issue(office: Office, service: Make) -> None:
    bad = Answer(title=HOSTILE, url="https://docs.test/a) @octocat <b>\n# h", name="x\x00\ud800" + "y" * 900)
    service().record_shown("V1", "sign_in", [suggestion(bad)])

    file(office)
    office.work(30)

    note = body(office).rpartition("\n\n")[2]
    assert note.startswith("Before asking, the requestor was shown: [``@octocat `x` [a](b)")
    assert note.endswith("](https://docs.test/a%29%20@octocat%20%3Cb%3E%0A#%20h).")


def test_a_long_history_is_cut(office: Office, service: Make) -> None:
    many = [suggestion(Answer(title=f"{n:03} {'y' * 140}", text="x")) for n in range(100)]
    service().record_shown("V1", "sign_in", many)

    file(office)
    office.work(30)

    note = body(office).rpartition("\n\n")[2]
    assert len(note) <= 1_500
    assert "`099 " in note
    assert note.endswith(" more.")


def test_an_issue_without_room_goes_without_the_note(office: Office, service: Make, tmp_path: Path) -> None:
    def whole(ticket: Ticket) -> IssueDraft:
        return IssueDraft(title="t", body="x" * IssueDraft.LONGEST_BODY)

    folder = tmp_path / "full"
    folder.mkdir()
    full = Office(folder, found=[found("sign_in", plugin(render_issue=whole))])
    SelfService(store=full.store, plugins=full.plugins).record_shown("V1", "sign_in", [suggestion(CODES)])

    file(full)
    full.work(30)

    assert len(body(full)) == IssueDraft.LONGEST_BODY
    full.store.close()


def test_the_longest_and_oddest_answers_can_be_kept(database_url: str, tmp_path: Path) -> None:
    """On both databases, of which one takes no NUL and no lone surrogate."""
    odd = "\x00\ud800" + "\U0001f469" * 148
    answer = Answer(title=odd, url=f"https://docs.test/{odd * 50}", name=odd * 50)
    office = Office(tmp_path, database_url=database_url, found=[found("sign_in", plugin())])
    service = SelfService(store=office.store, plugins=office.plugins)
    one = suggestion(answer, "s" * 80)

    service.record_shown("V1", "sign_in", [one, one])

    assert service.record_solved("V1", one.source, one.name) is True
    assert [kept.outcome for kept in shown_in(office, "V1")] == [Outcome.SOLVED]
    office.store.close()
