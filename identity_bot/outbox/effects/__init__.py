"""The effects: one class for each kind of thing that must happen outside."""

from collections.abc import Mapping

from identity_bot.outbox.effect import Effect
from identity_bot.outbox.effects.cards import DrawCard, RedrawSimilar
from identity_bot.outbox.effects.clocks import CloseUntried, Escalate, RecomputeDueTimes
from identity_bot.outbox.effects.comments import Reply, RunCommands
from identity_bot.outbox.effects.conversation import CopyComment, CopyReply
from identity_bot.outbox.effects.deliveries import Deliver
from identity_bot.outbox.effects.digest import PostDigest, ScheduleDigest
from identity_bot.outbox.effects.home import PublishHome
from identity_bot.outbox.effects.issues import (
    AdoptIssue,
    ChangeIssue,
    Comment,
    CreditAction,
    GetIssue,
    IdentifyIssue,
    OpenIssue,
    Reconcile,
)
from identity_bot.outbox.effects.messages import (
    LinkThread,
    Notify,
    PostAlert,
    PostUpdate,
    RetireButtons,
    SendDirectMessage,
    ShowReceipt,
    TellDelay,
)
from identity_bot.outbox.effects.people import FindPerson
from identity_bot.outbox.effects.reading import ReadComments, ReadThread
from identity_bot.outbox.effects.recurring import (
    CatchUp,
    CleanUp,
    Poll,
    Resync,
    ResyncRepository,
)
from identity_bot.outbox.effects.redaction import FindPersonalData, RedactIssue, RedactMessages
from identity_bot.outbox.effects.report import PostReport, ScheduleReport
from identity_bot.outbox.effects.survey import AskSurvey, DrawSurvey, ReportLowAnswer

EFFECTS: Mapping[str, type[Effect]] = {
    effect.kind: effect
    for effect in (
        OpenIssue,
        ChangeIssue,
        CreditAction,
        Comment,
        LinkThread,
        GetIssue,
        AdoptIssue,
        IdentifyIssue,
        Reconcile,
        RunCommands,
        Reply,
        CopyComment,
        CopyReply,
        ReadThread,
        ReadComments,
        CatchUp,
        PostUpdate,
        RetireButtons,
        TellDelay,
        PostAlert,
        SendDirectMessage,
        DrawCard,
        RedrawSimilar,
        ShowReceipt,
        PublishHome,
        Notify,
        FindPerson,
        Deliver,
        FindPersonalData,
        RedactIssue,
        RedactMessages,
        AskSurvey,
        DrawSurvey,
        ReportLowAnswer,
        Poll,
        Resync,
        ResyncRepository,
        CloseUntried,
        Escalate,
        RecomputeDueTimes,
        ScheduleDigest,
        PostDigest,
        CleanUp,
        ScheduleReport,
        PostReport,
    )
}
"""All kinds of effects, by their names in the database."""
