"""The sandbox's fictional people and channels, for the demo, the page and the tests."""

from __future__ import annotations

from dataclasses import dataclass

WORKSPACE_ID = "T0SANDBOX"
WORKSPACE_NAME = "Sandbox"
BOT_USER_ID = "U0BOT"
BOT_ID = "B0BOT"
APP_ID = "A0SANDBOX"

BOT_TOKEN = "xoxb-sandbox-bot"
APP_TOKEN = "xapp-sandbox-app"
SIGNING_SECRET = "sandbox-signing-secret"
GITHUB_TOKEN = "ghp-sandbox-token"
WEBHOOK_SECRET = "sandbox-webhook-secret"

REPOSITORY = "sandbox-org/identity-requests"
RESTRICTED_REPOSITORY = "sandbox-org/identity-restricted"
BOT_LOGIN = "identity-helper-bot"


@dataclass(frozen=True, kw_only=True, slots=True)
class Character:
    """Somebody in the sandbox: usually a member of its workspace and of its GitHub organization.

    `workspace` and `enterprise` are others for somebody who is here by a shared channel only; users.info says
    `user_not_found` of whoever `is_hidden`.
    """

    slack_id: str
    handle: str
    name: str
    title: str
    github_login: str | None
    is_team: bool = False
    is_guest: bool = False
    is_bot: bool = False
    is_hidden: bool = False
    workspace: str = WORKSPACE_ID
    enterprise: str = ""


PEOPLE: tuple[Character, ...] = (
    Character(
        slack_id="U0JUNIPER",
        handle="juniper",
        name="Juniper Vale",
        title="Developer, Benefits Claims",
        github_login="juniper-vale",
    ),
    Character(
        slack_id="U0ROWAN",
        handle="rowan",
        name="Rowan Tidewell",
        title="Designer, Health Records (guest)",
        github_login=None,
        is_guest=True,
    ),
    Character(
        slack_id="U0MARLO",
        handle="marlo",
        name="Marlo Pinesong",
        title="Product manager, Education",
        github_login=None,
    ),
    Character(
        slack_id="U0INDIGO",
        handle="indigo",
        name="Indigo Marshwick",
        title="Engineering lead, Identity",
        github_login="indigo-marshwick",
        is_team=True,
    ),
    Character(
        slack_id="U0SAGE",
        handle="sage",
        name="Sage Hollowell",
        title="Product lead, Identity",
        github_login="sage-hollowell",
        is_team=True,
    ),
    Character(
        slack_id="U0LINDEN",
        handle="linden",
        name="Linden Brookmere",
        title="Engineer, Identity",
        github_login="linden-brookmere",
        is_team=True,
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A channel and its initial members (everyone if empty)."""

    channel_id: str
    name: str
    purpose: str
    is_private: bool = False
    members: tuple[str, ...] = ()
    bot_is_member: bool = True


PLACES: tuple[Place, ...] = (
    Place(channel_id="C0INTAKE", name="vsp-identity", purpose="Ask the Identity Team for help here"),
    Place(
        channel_id="C0TEAM",
        name="identity-surge",
        purpose="The Identity Team's own channel",
        members=("U0INDIGO", "U0SAGE", "U0LINDEN"),
    ),
    Place(channel_id="C0GENERAL", name="general", purpose="Everyone, everything", bot_is_member=False),
    Place(
        channel_id="C0SECRET",
        name="claims-private",
        purpose="A private channel that the bot has not been invited to",
        is_private=True,
        members=("U0JUNIPER", "U0MARLO"),
        bot_is_member=False,
    ),
)
