"""An example host: a Slack bot with its own listeners, and identity_bot attached to it.

A host only has to build the bot from its settings and attach it to its Bolt app.
"""

from __future__ import annotations

import logging
import os

from slack_bolt import Ack, App, Respond, Say
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from identity_bot.app import build
from identity_bot.logs import set_up_logging
from identity_bot.settings import load

COMMAND = "/sign-in-status"


def host_app(client: WebClient, signing_secret: str = "unused in Socket Mode") -> App:
    """The host's own bot: a command, a button, an answer to mentions and an error handler."""
    app = App(client=client, signing_secret=signing_secret)

    @app.command(COMMAND)
    def status(ack: Ack, respond: Respond) -> None:
        ack()
        button = {
            "type": "button",
            "action_id": "status_again",
            "text": {"type": "plain_text", "text": "Look again"},
        }
        section = {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "Sign-in works."},
            "accessory": button,
        }
        respond(text="Sign-in works.", blocks=[section])

    @app.action("status_again")
    def status_again(ack: Ack, respond: Respond) -> None:
        ack()
        respond(text="Sign-in still works.", replace_original=True)

    @app.event("app_mention")
    def mentioned(say: Say) -> None:
        say(f"To see whether sign-in works, use {COMMAND}.")

    @app.error
    def failed(error: Exception) -> None:
        logging.getLogger("host_bot").error("listener failed: %s", type(error).__name__)

    return app


def main() -> None:
    """Run the host bot with identity_bot attached, until SIGTERM."""
    set_up_logging()
    settings = load(None, os.environ)
    client = WebClient(token=settings.slack_bot_token, base_url=settings.slack_api_url)
    app = host_app(client)
    bot = build(settings).attach(app)
    # By default slack_sdk takes most of a minute to notice a broken connection.
    handler = SocketModeHandler(app, settings.slack_app_token, web_client=client, ping_interval=3)
    handler.connect()  # type: ignore[no-untyped-call]
    bot.serve()


if __name__ == "__main__":
    main()
