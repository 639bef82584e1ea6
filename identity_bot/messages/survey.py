"""The words of the survey: the question, what was answered, and what the leads are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from identity_bot.messages import words
from identity_bot.messages.updates import Choice, Message
from identity_bot.text.markdown import mrkdwn
from identity_bot.tickets.model import Ticket
from identity_bot.tickets.survey import LONGEST_COMMENT, Satisfaction, Survey

ANSWERS: Mapping[Satisfaction, str] = {
    Satisfaction.VERY_SATISFIED: "Very satisfied",
    Satisfaction.SATISFIED: "Satisfied",
    Satisfaction.NEITHER: "Neither",
    Satisfaction.DISSATISFIED: "Dissatisfied",
    Satisfaction.VERY_DISSATISFIED: "Very dissatisfied",
}
"""What can be answered, the best first."""
CHOICE, COMMENT = "survey:", "survey:comment"
"""How the choices are named: the first before the number of an answer."""
QUESTION = "How satisfied are you with how we handled your request?"
FOR_A_WEEK = "You can answer for one week."
CHANGEABLE = "You can change your answer for one week after we asked."
VISIBLE = "Others in this thread can see your answer, but not a comment that you add to it."
COMMENTED = "Your comment went to the team."
ADD_COMMENT, CHANGE_COMMENT = "Add a comment…", "Change your comment…"

TITLE = "Your comment"
LABEL = "What should we know?"
HINT = "One sentence is enough. Please leave out names, passwords and other personal data."
SEND = "Save"
TOO_LONG = f"Please write at most {LONGEST_COMMENT} characters."

NOT_YOURS = "Only the person who made this request can answer this question."
OVER = (
    "Thank you, but this question could only be answered for one week. If something is still wrong, please tell the "
    "team."
)
NO_SURVEY = "This question can't be answered anymore. If something is still wrong, please tell the team."
NOT_ANSWERED = "Please choose one of the five answers first."


def question(ticket: Ticket, survey: Survey, *, is_shared: bool) -> Message:
    """The question as the requestor sees it now; `is_shared` says that others can see it, too."""
    about = f"{ticket.requestor.mention} {words.link_for_anybody(ticket)}: {QUESTION}"
    if survey.answer is None:
        said = [FOR_A_WEEK]
    else:
        said = [f"You answered *{ANSWERS[survey.answer]}*. Thank you!"]
        said += [COMMENTED] if survey.comment else []
        said += [CHANGEABLE]
    said += [VISIBLE] if is_shared else []
    return Message(text=f"{about}\n{' '.join(said)}", choices=tuple(_choices(survey)), ticket_id=ticket.id)


def _choices(survey: Survey) -> list[Choice]:
    choices = [
        Choice(name=f"{CHOICE}{answer.value}", label=label, is_chosen=answer is survey.answer)
        for answer, label in ANSWERS.items()
    ]
    if survey.answer is None:
        return choices
    return [*choices, Choice(name=COMMENT, label=CHANGE_COMMENT if survey.comment else ADD_COMMENT)]


def low_answer(ticket: Ticket, survey: Survey, leads: str) -> str:
    """To the leads, in the thread of the card: somebody is not satisfied."""
    answer = ANSWERS[survey.answer].casefold() if survey.answer else ""
    who = mrkdwn(ticket.requestor.name, limit=100) or "The requestor"
    told = f"{leads} {words.link(ticket)}: {who} is *{answer}* with how this request was handled.".strip()
    return told + _added(ticket, survey)


def later_comment(ticket: Ticket, survey: Survey) -> str:
    """In the same thread: what somebody said about an answer of which the leads know already."""
    who = mrkdwn(ticket.requestor.name, limit=100) or "The requestor"
    return f"{words.link(ticket)}: {who} commented on their answer.{_added(ticket, survey)}"


def _added(ticket: Ticket, survey: Survey) -> str:
    if not survey.comment:
        return ""
    if ticket.is_sensitive:
        return " Their comment isn't shown here because the ticket is sensitive. Please ask them about it."
    return f"\n> {mrkdwn(survey.comment, limit=2 * LONGEST_COMMENT)}"
