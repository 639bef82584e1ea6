"""The page takes only its own forms and runs only its own scripts."""

from __future__ import annotations

import httpx
import pytest

from identity_bot_sandbox.server import Sandbox

INTAKE = "C0INTAKE"


def test_every_answer_allows_only_the_pages_own_scripts(visitor: httpx.Client) -> None:
    for path in ("/", "/page/static/page.js", "/page/files/none", "/github/a/b/issues"):
        headers = visitor.get(path).headers

        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_has_no_script_or_style_of_its_own_inside(visitor: httpx.Client) -> None:
    html = visitor.get("/").text

    assert html.count("<script") == 1
    assert "<style" not in html
    assert " style=" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1"},
    ],
)
def test_a_form_from_elsewhere_is_refused(sandbox: Sandbox, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{sandbox.url}/page/say", data={"text": "hi"}, headers=headers)

    assert answer.status_code == 403
    assert sandbox.slack.messages(INTAKE) == []


def test_a_form_from_the_page_is_taken(sandbox: Sandbox) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}

    httpx.post(f"{sandbox.url}/page/say", data={"text": "hi"}, headers=headers)

    assert [one.text for one in sandbox.slack.messages(INTAKE)] == ["hi"]


def test_a_file_is_given_only_to_be_saved(sandbox: Sandbox, visitor: httpx.Client) -> None:
    file = sandbox.slack.upload("U0JUNIPER", 'a"<b>.html', b"<script>alert(1)</script>")

    answer = visitor.get(f"/page/files/{file.file_id}")

    assert answer.headers["content-disposition"] == 'attachment; filename="a__b_.html"'
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_shared_picture_is_shown_and_described(sandbox: Sandbox, visitor: httpx.Client) -> None:
    file = sandbox.slack.keep_file("U0JUNIPER", "a.png", b"\x89PNG", alt_text='Two "bar" charts')
    sandbox.slack.say("U0JUNIPER", INTAKE, "look", files=[file])

    answer = visitor.get(f"/page/files/{file.file_id}")
    page = visitor.get(f"/?channel={INTAKE}&person=U0JUNIPER").text

    assert answer.headers["content-type"] == "image/png"
    assert "content-disposition" not in answer.headers
    assert f'src="/page/files/{file.file_id}" alt="Two &#34;bar&#34; charts"' in page
