"""A request type that asks one question of every kind."""

from __future__ import annotations

from types import SimpleNamespace

from identity_bot import hookimpl
from identity_bot.forms.form import Form
from identity_bot.forms.questions import (
    Choice,
    Choices,
    Date,
    Email,
    Files,
    LongText,
    Member,
    Number,
    Option,
    ShortText,
    Url,
    When,
    YesNo,
)

FORM = Form(
    title="Every kind",
    description="One question of each kind",
    questions=[
        ShortText(name="short", label="Short text", max_length=30, hint="At most 30 characters."),
        LongText(name="long", label="Long text", placeholder="Several lines"),
        Url(name="link", label="A web address"),
        Email(name="mail", label="An e-mail address", required=False),
        Number(name="number", label="A number", minimum=1, maximum=10),
        Date(name="day", label="A day"),
        Choice(name="pick", label="One of a few", options=[Option("a", "Apple", "Red"), "Pear", "Plum"]),
        Choice(name="far", label="One of many", options=[f"Town {number}" for number in range(1, 151)]),
        Choices(name="some", label="Some of a few", options=["Bread", "Butter", "Salt"]),
        Choices(name="lots", label="Some of many", options=[f"Star {number}" for number in range(1, 151)]),
        YesNo(name="more", label="Is there more?"),
        ShortText(name="extra", label="What more?", shown_when=When("more", equals=True)),
        Member(name="who", label="A person"),
        Files(name="files", label="Files", required=False, max_files=2, filetypes=["txt", "png"]),
    ],
)


@hookimpl
def form() -> Form:
    """The form of this request type."""
    return FORM


PLUGIN = SimpleNamespace(form=form)
