"""The report agrees with what `identity-bot export` writes, to the last ticket, counted again in another way."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from identity_bot.store.store import Store
from identity_bot.store.surveys import SurveyRows
from identity_bot.tickets.model import CloseReason, Person, Priority, Stage, TicketState, ticket_id
from identity_bot.tickets.survey import Satisfaction, Survey
from tests.support_cli import run
from tests.support_outbox import ticket

EASTERN = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 26, 12, tzinfo=EASTERN).timestamp()
DAY = 86400.0
HOLIDAYS = ("09-07", "10-12", "11-11")
"""From September to early November 2026: Labor Day, Columbus Day and Veterans Day."""
TEAMS = ("Benefits", " benefits", "BENEFITS", "Health  Apps", "=1+1", "", "Mobile <b>")
COUNT = 600


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of tickets of all sorts: reopened, adopted, deleted, moved away, sensitive."""
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
    monkeypatch.setenv("DATABASE_URL", url)
    store = Store(url)
    store.migrate()
    chance = random.Random(7)
    with store.begin() as transaction:
        for number in range(COUNT):
            # To the minute, as the export writes no fractions of a second; some at the very ends of a month.
            submitted_at = (NOW - chance.randrange(400) * DAY) // 60 * 60
            if number % 40 == 0:
                submitted_at = datetime(2026, chance.choice((10, 11)), 1, tzinfo=EASTERN).timestamp()
            is_closed = chance.random() < 0.7
            was_closed = is_closed or chance.random() < 0.2  # reopened
            closed_at = submitted_at + chance.randrange(60 * 24 * 20) * 60 if was_closed else None
            reason = chance.choice(list(CloseReason)) if is_closed else None
            if reason in (CloseReason.DELETED, CloseReason.MOVED) and chance.random() < 0.5:
                closed_at = None  # nobody knows when
            answered = chance.random() < 0.8
            transaction.add_ticket(
                ticket(
                    f"V{number}",
                    number=number + 1,
                    type=chance.choice(("pr_review", "data_pull", "")),
                    requestor=Person(slack_id="U0JUNIPER", name="Juniper Vale", team=chance.choice(TEAMS)),
                    submitted_at=submitted_at,
                    state=TicketState(
                        stage=Stage.CLOSED if is_closed else chance.choice(list(Stage)[:-1]),
                        priority=chance.choice((None, *Priority)),
                        close_reason=reason,
                    ),
                    closed_at=closed_at,
                    is_sensitive=chance.random() < 0.1,
                    is_timed=chance.random() < 0.9,
                    responded_at=submitted_at + chance.randrange(3000) * 60 if answered else None,
                    response_due=submitted_at + chance.randrange(3000) * 60
                    if chance.random() < 0.9
                    else None,
                    resolution_due=submitted_at + 10 * DAY if chance.random() < 0.5 else None,
                )
            )
            if closed_at is not None and number % 2:
                # Some are answered, some in the first and the last second of a month.
                asked_at = closed_at if number % 10 else datetime(2026, 10, 1, tzinfo=EASTERN).timestamp() - 1
                survey = Survey(ticket_id=ticket_id(f"V{number}"), slack_id="U0JUNIPER", asked_at=asked_at)
                if number % 3:
                    answer = chance.choice(list(Satisfaction))
                    survey = replace(survey, answer=answer, answered_at=asked_at + number % 2)
                SurveyRows(transaction).add(survey)
    store.close()
    return url


def exported(folder: Path, name: str = "tickets") -> list[Mapping[str, str]]:
    """The rows of the exported file, as a spreadsheet has them."""
    code, _, said = run("export", folder, "--format", "csv")
    assert code == 0, said
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def month_of(moment: str) -> str:
    """The month of an exported moment where the team is; empty if there is none."""
    return f"{datetime.fromisoformat(moment).astimezone(EASTERN):%Y-%m}" if moment else ""


def business_minutes(start: str, end: str) -> int:
    """The minutes of the team's hours between two exported moments, one by one."""
    minute = datetime.fromisoformat(start).astimezone(UTC)
    last, count = datetime.fromisoformat(end).astimezone(UTC), 0
    while minute < last:
        there = minute.astimezone(EASTERN)
        count += there.weekday() < 5 and 9 <= there.hour < 17 and f"{there:%m-%d}" not in HOLIDAYS
        minute += timedelta(minutes=1)
    return count


def nearest_rank(ordered: list[float]) -> float:
    """The least that was enough for nine of ten."""
    return next(one for one in ordered if sum(other <= one for other in ordered) * 10 >= len(ordered) * 9)


def seconds(moment: str) -> float:
    """An exported moment in seconds since the epoch."""
    return datetime.fromisoformat(moment).timestamp()


def team(name: str) -> str:
    """A team's name, whoever typed it."""
    typed = name.removeprefix("'")
    return " ".join(typed.split()).lower() or "no team given"


@pytest.mark.parametrize("month", ["2026-10", "2026-09"])
def test_the_report_agrees_with_the_export(database: str, tmp_path: Path, month: str) -> None:
    before = {"2026-10": "2026-09", "2026-09": "2026-08"}[month]

    code, said, wrong = run("report", "--month", month, "--output", tmp_path)
    rows = exported(tmp_path / "export")

    assert code == 0, wrong
    assert said.splitlines() == [str(tmp_path / f"report-{month}.{kind}") for kind in ("html", "csv", "json")]
    told = json.loads((tmp_path / f"report-{month}.json").read_text("utf-8"))["figures"]
    closed = [row for row in rows if row["stage"] == "closed"]
    open_now = [row for row in rows if row["stage"] != "closed"]
    done = [row for row in closed if month_of(row["closed_at"]) == month]
    new = [row for row in rows if month_of(row["submitted_at"]) == month]
    assert len(rows) == COUNT
    assert told["opened"][month] == len(new)
    assert told["opened"][before] == sum(month_of(row["submitted_at"]) == before for row in rows)
    assert told["opened"]["all_time"] == sum(month_of(row["submitted_at"]) <= month for row in rows)
    assert told["closed"][month] == len(done)
    assert told["closed"][before] == sum(month_of(row["closed_at"]) == before for row in closed)
    assert told["closed"]["all_time"] == sum(month_of(row["closed_at"]) <= month for row in closed)
    assert told["open"]["all"] == len(open_now)
    assert told["open_by_stage"] == Counter(row["stage"] for row in open_now)
    assert told["open_by_type"] == Counter(row["type"] or "no type" for row in open_now)
    assert told["open_by_priority"] == Counter(row["priority"] or "not prioritized" for row in open_now)
    assert folded(told["open_by_team"]) == Counter(team(row["requestor_team"]) for row in open_now)
    assert folded(told["opened_by_team"]) == Counter(team(row["requestor_team"]) for row in new)
    assert told["closed_by_reason"] == Counter(row["close_reason"] for row in done)
    promised = [row for row in done if row["resolution_due"]]
    kept = sum(moment(row, "closed_at") <= moment(row, "resolution_due") for row in promised)
    assert told["resolution_within_service_level"]["kept"] == kept
    assert told["resolution_within_service_level"]["missed"] == len(promised) - kept
    timed = [row for row in new if row["is_timed"] in ("True", "1")]
    answered = [row for row in timed if row["responded_at"]]
    assert told["first_response"]["count"] == len(answered)
    assert told["first_response"]["unanswered"] == sum(
        not row["responded_at"] and row["stage"] != "closed" for row in timed
    )
    kept = sum(
        moment(row, "responded_at") <= moment(row, "response_due") for row in answered if row["response_due"]
    )
    assert told["first_response_within_service_level"]["kept"] == kept
    late = sum(
        moment(row, "responded_at") > moment(row, "response_due") for row in answered if row["response_due"]
    )
    never = [row for row in timed if row["response_due"] and not row["responded_at"]]
    ends = [
        moment(row, "closed_at") if row["stage"] == "closed" and row["closed_at"] else NOW for row in never
    ]
    late += sum(moment(row, "response_due") <= end for row, end in zip(never, ends, strict=True))
    assert told["first_response_within_service_level"]["missed"] == late
    waited = sorted(business_minutes(row["submitted_at"], row["responded_at"]) / 60 for row in answered)
    middle = (waited[(len(waited) - 1) // 2] + waited[len(waited) // 2]) / 2
    assert told["first_response"]["median_business_hours"] == round(middle, 3)
    assert told["first_response"]["percentile_90_business_hours"] == round(nearest_rank(waited), 3)
    assert told["opened_by_type"] == Counter(row["type"] or "no type" for row in new)
    took = sorted(seconds(row["closed_at"]) - seconds(row["submitted_at"]) for row in done)
    middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2
    assert told["time_to_close"]["median_days"] == round(middle / DAY, 3)
    assert told["time_to_close"]["average_days"] == round(sum(took) / len(took) / DAY, 3)
    assert told["time_to_close"]["percentile_90_days"] == round(nearest_rank(took) / DAY, 3)
    answers = [
        int(row["answer"])
        for row in exported(tmp_path / "surveys", "surveys")
        if row["answer"] and month_of(row["answered_at"]) == month
    ]
    assert told["satisfaction"]["answers"] == len(answers)
    assert told["satisfaction"]["percent"] == pytest.approx(
        100 * sum(one >= 4 for one in answers) / len(answers)
    )


def moment(row: Mapping[str, str], column: str) -> float:
    """A moment of a row in seconds since the epoch."""
    return seconds(row[column])


def folded(counts: Mapping[str, int]) -> Counter[str]:
    """Counts by team, each name folded; no two may fold to the same."""
    found = Counter({team(name): count for name, count in counts.items()})
    assert len(found) == len(counts)
    return found


def test_the_csv_says_what_the_json_says_and_holds_no_formula(database: str, tmp_path: Path) -> None:
    run("report", "--month", "2026-10", "--output", tmp_path)

    told = json.loads((tmp_path / "report-2026-10.json").read_text("utf-8"))["figures"]
    with (tmp_path / "report-2026-10.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["figure"], row["name"].removeprefix("'")): row["value"] for row in rows} == {
        (figure, name): "" if value is None else str(value)
        for figure, values in told.items()
        for name, value in values.items()
    }
    assert not [row for row in rows if row["name"].startswith("=")]


def test_the_page_has_the_titles_of_types_and_the_other_files_their_names(
    database: str, tmp_path: Path
) -> None:
    run("report", "--month", "2026-10", "--output", tmp_path)

    page, table, figures = (
        (tmp_path / f"report-2026-10.{kind}").read_text("utf-8") for kind in ("html", "csv", "json")
    )
    assert "<bdi>PR review</bdi>" in page
    assert "pr_review" not in page
    assert "opened_by_type,pr_review," in table
    assert '"pr_review"' in figures


def test_without_plugins_that_can_be_loaded_the_page_has_the_names_of_types(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "identity-bot.toml").write_text("[request_types.pr_review]\nunknown = 1\n", "utf-8")
    monkeypatch.setenv("IDENTITY_BOT_CONFIG", str(tmp_path / "identity-bot.toml"))

    code, _, _ = run("report", "--month", "2026-10", "--output", tmp_path)

    assert code == 0
    assert "<bdi>pr_review</bdi>" in (tmp_path / "report-2026-10.html").read_text("utf-8")


def test_nobody_s_name_is_on_the_page(database: str, tmp_path: Path) -> None:
    run("report", "--month", "2026-10", "--output", tmp_path)

    for file in tmp_path.glob("report-*"):
        assert "Juniper" not in file.read_text("utf-8")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A database without tickets."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'bot.db'}")
    opened = Store(f"sqlite:///{tmp_path / 'bot.db'}")
    opened.migrate()
    yield opened
    opened.close()


def test_a_database_without_tickets_has_a_page_that_says_so(store: Store, tmp_path: Path) -> None:
    code, said, _ = run("report", "--output", tmp_path)

    assert code == 0
    assert "There are no tickets yet." in Path(said.splitlines()[0]).read_text("utf-8")


@pytest.mark.parametrize(
    ("month", "said"),
    [
        ("2999-01", "2999-01 has not begun yet; the latest month to report on is "),
        ("1999-01", "there was no ticket yet in 1999-01; the first one is of 2026-11"),
        ("2026-13", "--month: found '2026-13'; expected a month such as 2026-11"),
        ("=1", "--month: found '=1'; expected a month such as 2026-11"),
        ("", "--month: found ''; expected a month such as 2026-11"),
        ("2" * 99, f"--month: found '{'2' * 40}'; expected a month such as 2026-11"),
    ],
)
def test_a_month_without_a_report_is_refused_in_one_sentence(
    store: Store, tmp_path: Path, month: str, said: str
) -> None:
    with store.begin() as transaction:
        transaction.add_ticket(replace(ticket(), submitted_at=NOW))

    code, out, wrong = run("report", "--month", month, "--output", tmp_path)

    assert (code, out) == (2, "")
    assert wrong.startswith(said)
    assert len(wrong.splitlines()) == 1


def test_a_folder_that_cannot_be_written_to_is_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    code, _, wrong = run("report", "--output", tmp_path / "file" / "inside")

    assert code == 2
    assert "cannot be written to" in wrong
