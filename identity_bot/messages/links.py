"""What people read about linking their Slack account and their GitHub login, in Slack and below an issue. Pure."""

from __future__ import annotations

from identity_bot.text.markdown import mrkdwn

CODES_AN_HOUR = 5
"""How many codes one person can get within an hour."""

TOO_MANY = f"You got {CODES_AN_HOUR} codes in the last hour. Please use the last one, or try again later."
NOT_LINKED = "No GitHub login is linked to you, so nothing changed."
TAKEN_IN_GITHUB = (
    "This login or the person in Slack is linked to somebody else, so nothing changed. If that's wrong, please ask the "
    "bot's operator to correct it."
)


def not_proved(command: str) -> str:
    """To the author of a comment; it does not say which is true, so that nobody learns of other people's codes."""
    return (
        "This code links no account: it may be mistyped, more than an hour old, used, replaced by a newer one, made "
        "for another login, or in an edited comment. To get a new one, type "
        f"`{command} link` and your GitHub login in Slack."
    )


def write_login(command: str) -> str:
    """To somebody who wrote no login, or none that GitHub would have."""
    return f"Please write your GitHub login after `{command} link`, such as `{command} link octocat`."


def claimed(login: str, code: str) -> str:
    """How to prove that a login is one's own."""
    return (
        f"To show that *{mrkdwn(login)}* is your GitHub login, comment this on any of our tickets in GitHub, as "
        f"{mrkdwn(login)}, within an hour:\n`/link {code}`\n"
        "Comment only codes that you asked for yourself: whoever asked for this one will be linked to your login."
    )


def in_settings(login: str) -> str:
    """To somebody whose login the settings name."""
    return (
        f"The bot's settings say that your GitHub login is *{mrkdwn(login)}*, so nothing changed. If that's wrong, "
        "please ask the bot's operator to correct it."
    )


def is_so(login: str) -> str:
    """To somebody who has linked this login before."""
    return f"The GitHub login *{mrkdwn(login)}* is linked to you already."


def taken(login: str) -> str:
    """To somebody who claims a login that is somebody else's here."""
    return (
        f"The GitHub login *{mrkdwn(login)}* is linked to somebody else. If it's yours, please ask the bot's operator "
        "to correct it."
    )


def linked(login: str, command: str) -> str:
    """To somebody who has proved a login."""
    return (
        f"Your GitHub login *{mrkdwn(login)}* is linked to you now. Our messages will mention you for what happens "
        f"under it. To undo this, type `{command} unlink`."
    )


def unlinked(login: str) -> str:
    """To somebody who has removed their link."""
    return f"The GitHub login *{mrkdwn(login)}* is no longer linked to you."
