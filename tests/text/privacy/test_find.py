from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot.text.privacy import REDACTED, Kind, find, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----"

PERSONAL = [
    (Kind.SSN, "the number 123-45-6789 is hers", "123-45-6789"),
    (Kind.SSN, "SSN123-45-6789", "123-45-6789"),
    (Kind.SSN, "123 45 6789", "123 45 6789"),
    (Kind.SSN, "123.45.6789.", "123.45.6789"),
    (Kind.SSN, "123 - 45 - 6789", "123 - 45 - 6789"),
    (Kind.SSN, "SSN: 123456789", "123456789"),
    (Kind.SSN, "her social is 123456789", "123456789"),
    (Kind.SSN, "social_security_number=123456789", "123456789"),
    (Kind.SSN, '{"userSsn": "123456789"}', "123456789"),
    (Kind.ITIN, "912-70-1234", "912-70-1234"),
    (Kind.ITIN, "ITIN 912701234", "912701234"),
    (Kind.ICN, "icn is 1012345678V123456.", "1012345678V123456"),
    (Kind.ICN, "icn_1012345678v123456", "1012345678v123456"),
    (Kind.ICN, "1012345678V123456^NI^200M^USVHA", "1012345678V123456"),
    (Kind.ICN, "0000001012345678V123456000000", "0000001012345678V123456000000"),
    (Kind.EDIPI, "EDIPI: 1234567890", "1234567890"),
    (Kind.EDIPI, "dod id number 1234567890", "1234567890"),
    (Kind.BIRTH_DATE, "DOB: 01/31/1990", "01/31/1990"),
    (Kind.BIRTH_DATE, "dob=19900131", "19900131"),
    (Kind.BIRTH_DATE, "date of birth 1990-01-31T00:00:00", "1990-01-31"),
    (Kind.BIRTH_DATE, "D.O.B. Jan 31, 1990", "Jan 31, 1990"),
    (Kind.BIRTH_DATE, "born on 31 January 1990", "31 January 1990"),
    (Kind.BIRTH_DATE, "born on the 4th of July, 1990", "4th of July, 1990"),
    (Kind.BIRTH_DATE, "birthday is 31-Jan-90", "31-Jan-90"),
    (Kind.BIRTH_DATE, '"birth_date": "1990-01-31"', "1990-01-31"),
    (Kind.BIRTH_DATE, "Date of Birth (MM/DD/YYYY): 01.02.90", "01.02.90"),
    (Kind.PASSWORD, "password: hunter2", "hunter2"),
    (Kind.PASSWORD, "Password : hunter2.", "hunter2"),
    (Kind.PASSWORD, "*Password:* hunter2!", "hunter2!"),
    (Kind.PASSWORD, "pw=hunter2", "hunter2"),
    (Kind.PASSWORD, "the pwd is hunter2", "hunter2"),
    (Kind.PASSWORD, "password was set to hunter2", "hunter2"),
    (Kind.PASSWORD, "password: swordfish", "swordfish"),
    (Kind.PASSWORD, "user: ada password: swordfish env: staging", "swordfish"),
    (Kind.PASSWORD, '"password": "sword fish"', "sword fish"),
    (Kind.PASSWORD, "passphrase: correct horse battery staple", "correct horse battery staple"),
    (Kind.PASSWORD, "password for the test account: hunter2", "hunter2"),
    (Kind.PASSWORD, "password = $ecret1!", "$ecret1!"),
    (Kind.PASSWORD, "password: @Dmin123", "@Dmin123"),
    (Kind.PASSWORD, "password: <hunter2>", "<hunter2>"),
    (Kind.PASSWORD, "DB_PASSWORD=abcdef", "abcdef"),
    (Kind.PASSWORD, "postgres://bob:hunter2@db.internal/x", "hunter2"),
    (Kind.SECRET, "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    (Kind.SECRET, "gho_abcdefghijklmnopqrstuvwxyz0123456789", "gho_abcdefghijklmnopqrstuvwxyz0123456789"),
    (Kind.SECRET, "use github_pat_11ABCDEFG0abcdefghijkl_mn", "github_pat_11ABCDEFG0abcdefghijkl_mn"),
    (Kind.SECRET, "xoxb-123456789012-abcdefGHIJ", "xoxb-123456789012-abcdefGHIJ"),
    (Kind.SECRET, "xapp-1-A0123456789-abcdef", "xapp-1-A0123456789-abcdef"),
    (Kind.SECRET, "id AKIAIOSFODNN7Q4RTZB2", "AKIAIOSFODNN7Q4RTZB2"),
    (Kind.SECRET, f"Cookie: {JWT}; Path=/", JWT),
    (Kind.SECRET, f"this:\n{KEY}\nends", KEY),
    (Kind.SECRET, "api_key = 4f3a9b8c7d6e5f4a3b2c1d0e", "4f3a9b8c7d6e5f4a3b2c1d0e"),
    (Kind.SECRET, "Authorization: Bearer abcDEF123ghiJKL456mno", "abcDEF123ghiJKL456mno"),
    (
        Kind.SECRET,
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYq4Rt9bN2Zk",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYq4Rt9bN2Zk",
    ),
    (Kind.EMAIL, "write to ada.byron+1@va.co.uk.", "ada.byron+1@va.co.uk"),
    (Kind.PHONE, "call 202-555-0143", "202-555-0143"),
    (Kind.PHONE, "call (202) 555-0143 now", "(202) 555-0143"),
    (Kind.PHONE, "+1 202 555 0143", "+1 202 555 0143"),
    (Kind.PHONE, "+44 20 7946 0958", "+44 20 7946 0958"),
]

HARMLESS = [
    "PR 12345 and issue #123456",
    "https://github.com/example-org/vets-api/pull/12345/files#diff-123",
    "build 123456789, run 11234567890",
    "550e8400-e29b-41d4-a716-446655440000",
    "X-Request-Id: 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "fc6107d0fb79abfbb8ab804be61d1ae16995177d",
    "2024-01-15T10:30:45.123-05:00",
    "Tue Nov 21 20:20:49 2026 +0000",
    "1700000000 and 1732221649123",
    "v1.2.3, 10.15.7 and 120.0.6099.71",
    "192.168.123.45:8080, 10.0.0.1, localhost:3000",
    "since 2024-01-15 or 01/02/2024",
    "000-12-3456, 666-12-3456, 123-00-4567, 123-45-0000, 900-10-1234",
    "1234-123-45-6789 and 123-45-67890",
    "12345678901V123456",
    "order 1234567890, SKU 123456789012",
    "classname: 123456789",
    "the SSN field is empty, and the ssn lookup fails in build 123456789",
    "ICN not found",
    "EDIPI is missing for 3 of 10 users",
    "DOB mismatch on 2024-01-15",
    "the date of birth field, see 2024-01-15",
    "the feature was reborn 2024-01-15",
    "password reset flow",
    "the password field",
    "password is required",
    "the password is not accepted",
    "password is SHA256 hashed",
    "my password is longer than 8 characters",
    "Password: the user cannot reset it",
    "forgot password? is broken",
    "passwords are rejected",
    "password: ********",
    "password: <your password>",
    "password: ${DB_PASSWORD}",
    "password: [redacted]",
    "password = Settings.database.password",
    "password = params[:password]",
    "password: string",
    "password: @juniper knows it",
    "pwd: /home/app",
    "token expired, session token is null",
    "access token: 15 minutes",
    "secret: projects/vets-api/settings/2024",
    "token: authentication_failed_for_user",
    "api key rotation",
    "git@github.com:org/repo.git",
    "npm i @example-org/component-library@1.2.3",
    "user@localhost",
]

PIECES = [
    "123-45-6789",
    "912-70-1234",
    "123456789",
    "1012345678V123456",
    "1234567890",
    "01/31/1990",
    "Jan 31, 1990",
    "hunter2",
    "SSN",
    "social",
    "EDIPI",
    "DOB",
    "born",
    "password",
    "passphrase",
    "pw",
    "is",
    "for a",
    "[redacted]",
    "[",
    "]",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "xoxb-123456789012-abc",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    JWT,
    "token",
    "Bearer",
    "4f3a9b8c7d6e5f4a3b2c1d0e",
    "https://a:b1@c.org",
    "ada@va.gov",
    "202-555-0143",
    *":=-.,/'\"\n\t`<>()1V\u200b\u2011\u00a0２\u0301\ud800\ufdfa",
    " ",
]
personal = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=25).map("".join)
SEPARATORS = str.maketrans("", "", "- ")
repeatable = settings(max_examples=200, deadline=None, derandomize=True)


@pytest.mark.parametrize(("kind", "text", "value"), PERSONAL)
def test_personal_data_is_found_without_the_words_around_it(kind: Kind, text: str, value: str) -> None:
    [finding] = find(text)

    assert (finding.kind, finding.value) == (kind, value)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    "disguised",
    [
        "１２３-４５-６７８９",
        "١٢٣-٤٥-٦٧٨٩",
        "123\u201145\u20116789",
        "123\u201345\u20146789",
        "123\u00a045\u20096789",
        "1\u200b2\u200c3\u200d-\u206045-6\ufeff789",
        "1\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e3-4\ufe0f\u20e35\ufe0f\u20e3-6789",
        "12\x003-45-67\ufffd89",
        "1\u03312\u03313\u0331-45-6789",
    ],
)
def test_odd_digits_dashes_spaces_and_invisible_characters_hide_nothing(disguised: str) -> None:
    [finding] = find(f"é {disguised} é")

    assert (finding.kind, finding.value.translate(SEPARATORS)) == (Kind.SSN, "123456789")


def test_a_password_in_full_width_letters_is_found() -> None:
    assert [finding.value for finding in find("ｐａｓｓｗｏｒｄ：hunter2")] == ["hunter2"]


def test_only_e_mail_addresses_and_phone_numbers_do_not_block() -> None:
    assert {kind for kind in Kind if not kind.blocks} == {Kind.EMAIL, Kind.PHONE}


def test_findings_come_in_the_order_of_the_text() -> None:
    text = "ada@va.gov, SSN 123456789, 202-555-0143, password: hunter2"

    assert [finding.kind for finding in find(text)] == [Kind.EMAIL, Kind.SSN, Kind.PHONE, Kind.PASSWORD]


def test_only_the_values_are_found_and_not_the_words_before_them() -> None:
    text = "ada@va.gov, SSN 123-45-6789, DOB: 01/31/1990; password: hunter2, tel. 202-555-0143"

    values = [finding.value for finding in find(text)]

    assert values == ["ada@va.gov", "123-45-6789", "01/31/1990", "hunter2", "202-555-0143"]


def test_a_key_that_was_cut_off_is_found_to_the_end() -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk"

    assert [finding.value for finding in find(f"see {key}")] == [key]


def test_a_finding_says_where_it_stands_in_the_text_as_it_was_given() -> None:
    text = "é\u200b\ufdfa ｓｓｎ: 1\u200b23\u201145\u20116789, password: ｈunter2 \r\n"

    assert [text[one.start : one.end] for one in find(text)] == [
        "1\u200b23\u201145\u20116789",
        "ｈunter2",
    ]


def test_redacting_replaces_what_must_not_be_in_a_ticket_and_nothing_else() -> None:
    text = "ada@va.gov:\r\n\tSSN 123\u201145\u20116789; password: `hunter2`, DOB\u200b: 01/31/1990."

    assert redact(text) == (
        f"ada@va.gov:\r\n\tSSN {REDACTED}; password: `{REDACTED}`, DOB\u200b: {REDACTED}."
    )


@given(personal)
@repeatable
def test_redacting_leaves_the_rest_of_the_text_as_it_was(text: str) -> None:
    blocking = [one for one in find(text) if one.kind.blocks]
    left = "".join(
        character
        for place, character in enumerate(text)
        if not any(one.start <= place < one.end for one in blocking)
    )

    assert redact(text).replace(REDACTED, "") == left.replace(REDACTED, "")


def test_a_finding_does_not_show_its_value() -> None:
    assert "hunter2" not in repr(find("password: hunter2"))


@given(personal)
@repeatable
def test_nothing_found_is_empty_and_warnings_do_not_repeat_what_blocks(text: str) -> None:
    found = find(text)

    assert all(finding.value for finding in found)
    assert find(text) == found


@pytest.mark.parametrize(
    "piece",
    [
        *("pw=", "password: ", "password for a ", "ssn number of ", "dob jan ", "token:'"),
        *("eyJ", "eyJaaaaaaaa.", "a@", "://a:", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----"),
        *("123-45-6789-", "1", "1-", " ", "\n", "\ufdfa"),
    ],
)
def test_65_000_hostile_characters_come_to_an_end(piece: str) -> None:
    found = find((piece * 65_000)[:65_000])

    assert all(finding.value for finding in found)
