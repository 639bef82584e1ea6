"""Names that are the same, and names that were probably meant."""

from __future__ import annotations

import re

import pytest

from identity_bot.text.names import MEMBER_ID, did_you_mean, fold, is_same, nearest

TYPES = ("data_pull", "mock_auth", "pr_review")


def test_names_that_differ_in_case_only_are_the_same() -> None:
    assert is_same("Octo/Identity-Requests", "octo/identity-requests")
    assert fold("STRASSE") == fold("straße")
    assert not is_same("octo/identity", "octo/identities")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("pr", "pr_review"),
        ("review", "pr_review"),
        ("dtaa_pull", "data_pull"),
        ("12", ""),
        ("mine", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_begins_like_it_or_is_similar(name: str, known: str) -> None:
    assert nearest(name, TYPES) == known


def test_an_operator_reads_the_nearest_name_or_all() -> None:
    assert did_you_mean("lable", ["label", "leads"]) == "; did you mean 'label'?"
    assert did_you_mean("x", ["label", "leads"]) == "; expected one of label, leads"
    assert did_you_mean("x", []) == "; expected none"
    assert did_you_mean("LABEL", ["label", "leads"]) == "; did you mean 'label'?"
    assert did_you_mean("x", ["label", "leads"], "a word") == "; expected a word"


@pytest.mark.parametrize("slack_id", ["U024BE7LH", "W012A3CDE"])
def test_the_ids_of_members_begin_with_u_or_in_an_enterprise_with_w(slack_id: str) -> None:
    assert re.fullmatch(MEMBER_ID, slack_id)
