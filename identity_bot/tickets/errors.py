"""What can stand in the way of a request or an action."""

from __future__ import annotations

from identity_bot.errors import IdentityBotError
from identity_bot.tickets.model import Action, Ticket


class AlreadyFiled(IdentityBotError):
    """A form was sent again with other answers than those that are filed; `ticket` is what they are filed as."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(f"already filed as {ticket.reference}")
        self.ticket = ticket


class Impossible(IdentityBotError):
    """An action that the ticket as it is does not allow, or that would change nothing (`is_so`)."""

    def __init__(self, ticket: Ticket, action: Action, *, is_so: bool = False) -> None:
        super().__init__(f"{action.value}: not possible at the stage {ticket.stage.value}")
        self.ticket = ticket
        self.action = action
        self.is_so = is_so
