"""GitHub's names are the same in any case."""

from __future__ import annotations

from identity_bot.text.names import fold, is_same


def test_names_that_differ_in_case_only_are_the_same() -> None:
    assert is_same("Octo/Identity-Requests", "octo/identity-requests")
    assert fold("STRASSE") == fold("straße")
    assert not is_same("octo/identity", "octo/identities")
