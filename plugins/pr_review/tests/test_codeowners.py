"""Whose a file is, by the rules that GitHub documents in "About code owners"."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_bot_pr_review.codeowners import TooLarge, may_be_owned, owners_of, rules


def owners(text: str, path: str) -> set[str]:
    return set(owners_of(rules(text), path))


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*", ["a", "a/b/c.rb", ".github/x"], []),
        ("/*", ["a", "a.rb"], ["a/b"]),
        ("*.rb", ["a.rb", "app/a.rb"], ["a.rbx", "a.py", "arb"]),
        ("/app/", ["app/a.rb", "app/b/c.rb"], ["lib/app/a.rb", "app", "apple/a"]),
        ("app/", ["app/a.rb", "lib/app/a.rb"], ["app", "myapp/a"]),
        ("/app", ["app", "app/a.rb"], ["lib/app", "apple"]),
        ("app", ["app", "lib/app/a"], ["apps/a"]),
        ("app/models", ["app/models", "app/models/a.rb"], ["lib/app/models/a.rb"]),
        ("docs/*", ["docs/a.md"], ["docs/b/a.md", "lib/docs/a.md"]),
        ("docs/*.md", ["docs/a.md"], ["docs/b/a.md"]),
        ("docs/**", ["docs/a.md", "docs/b/a.md"], ["docs", "lib/docs/a.md"]),
        ("**/logs", ["logs", "a/logs", "a/b/logs/c"], ["a/mylogs"]),
        ("app/**/auth.rb", ["app/auth.rb", "app/a/b/auth.rb"], ["auth.rb", "app/a/auth.rb.x"]),
        ("app/*/auth.rb", ["app/a/auth.rb"], ["app/auth.rb", "app/a/b/auth.rb"]),
        ("app/a?.rb", ["app/ab.rb"], ["app/a.rb", "app/a/.rb"]),
        ("/a+b(c).{d}$", ["a+b(c).{d}$"], ["aab(c).{d}$"]),
        (r"my\ file.md", ["my file.md"], ["my", "file.md"]),
        ("App/", ["App/a"], ["app/a"]),
        ("spec/**/*sign_in*", ["spec/sign_in_spec.rb", "spec/a/b/x_sign_in.rb"], ["lib/sign_in.rb"]),
    ],
)
def test_patterns_match_as_github_says(pattern: str, matching: list[str], others: list[str]) -> None:
    text = f"{pattern} @octo/identity"

    assert [path for path in matching if not owners(text, path)] == []
    assert [path for path in others if owners(text, path)] == []


def test_the_last_pattern_that_matches_decides() -> None:
    text = "* @octo/all\n*.js @octo/web @Ada # by day\n/app/ @octo/identity\n/app/legal/\n\n#* @octo/nobody\n"

    assert owners(text, "README") == {"@octo/all"}
    assert owners(text, "lib/a.js") == {"@octo/web", "@ada"}
    assert owners(text, "app/a.js") == {"@octo/identity"}
    assert owners(text, "app/legal/a.js") == set()
    assert owners("", "a") == set()


def test_capitals_of_an_owner_do_not_matter() -> None:
    assert may_be_owned(rules("* @Octo/Identity"), ["a"], ["@octo/identity"])
    assert not may_be_owned(rules("* @octo/identity-web"), ["a"], ["@octo/identity"])


@pytest.mark.parametrize(
    "pattern", ["!app/", "app/[ab].rb", "app/[", r"\!app", r"a\b", "a//b", "//", "x" * 1_001]
)
def test_a_pattern_that_github_does_not_define_leaves_it_open_whether_it_is_ours(pattern: str) -> None:
    assert may_be_owned(rules(f"* @octo/all\n{pattern} @octo/identity"), ["a"], ["@octo/identity"])
    assert may_be_owned(rules(f"* @octo/identity\n{pattern} @octo/all"), ["a"], ["@octo/identity"])
    assert not may_be_owned(rules(f"* @octo/all\n{pattern} @octo/all"), ["a"], ["@octo/identity"])


def test_too_much_to_tell_in_time_is_said() -> None:
    many = rules("".join(f"/folder{number}/ @octo/all\n" for number in range(1_000)))

    with pytest.raises(TooLarge):
        may_be_owned(many, [f"a{number}" for number in range(2_001)], ["@octo/identity"])
    with pytest.raises(TooLarge):
        rules("x" * 3_000_001)


def test_patterns_made_to_be_slow_take_no_time() -> None:
    text = "".join(f"{'**/' * 20}{'*a' * 40}{number} @octo/all\n" for number in range(50))
    begun = time.perf_counter()

    assert not may_be_owned(rules(text), ["a/" * 300 + "a" * 400] * 20, ["@octo/identity"])

    assert time.perf_counter() - begun < 2


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=80), st.text(max_size=40))
def test_no_text_is_an_error(text: str, path: str) -> None:
    may_be_owned(rules(text), [path], ["@octo/identity"])
