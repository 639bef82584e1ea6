"""Carries what people write between Slack and GitHub: formatting survives, nothing pings, links or breaks out.

`from_slack` and `from_markdown` read a message into a `Document`; `to_markdown` and `to_mrkdwn` write it. The privacy
gate must read the document's `text` before anything is copied.
"""

from identity_bot.text.formatted.document import Document
from identity_bot.text.formatted.from_markdown import from_markdown
from identity_bot.text.formatted.from_slack import from_slack
from identity_bot.text.formatted.to_markdown import to_markdown
from identity_bot.text.formatted.to_mrkdwn import to_mrkdwn

__all__ = ["Document", "from_markdown", "from_slack", "to_markdown", "to_mrkdwn"]
