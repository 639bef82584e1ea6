"""What stands below the head of a column."""

from __future__ import annotations

import pytest

from identity_bot.text.privacy import Kind, find


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "name,ssn,dob\nRuth Hale,418226735,1951-07-30",
            [(Kind.SSN, "418226735"), (Kind.BIRTH_DATE, "1951-07-30")],
        ),
        (" id | edipi\n----+------------\n 12 | 1013590059", [(Kind.EDIPI, "1013590059")]),
        ("EDIPI\n----------\n1013590059", [(Kind.EDIPI, "1013590059")]),
        ("name\tssn\nHale\t418226735", [(Kind.SSN, "418226735")]),
        (
            "INSERT INTO users (name, password) VALUES ('ada', 'Magnolia22!');",
            [(Kind.PASSWORD, "Magnolia22!")],
        ),
    ],
)
def test_the_head_of_a_column_says_what_its_cells_are(text: str, expected: list[tuple[Kind, str]]) -> None:
    assert [(one.kind, one.value) for one in find(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "column | type\npassword | varchar(255)",
        "field,required\nssn,yes\npassword,no",
        "name,ssn\nada,000000000",
        "INSERT INTO users (name, password) VALUES (?, ?);",
    ],
)
def test_tables_without_personal_data_are_left_alone(text: str) -> None:
    assert find(text) == []
