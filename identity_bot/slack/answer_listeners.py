"""Slack listeners for answers before the form is sent: shown as people type, read, searched for, and done with."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from identity_bot.articles.suggestion import Suggestion
from identity_bot.desk.self_service import SHORTEST_TEXT, SelfService
from identity_bot.errors import IdentityBotError, Retryable, StoreError
from identity_bot.forms.form import Form
from identity_bot.logs import scrubbed
from identity_bot.messages import answers as said
from identity_bot.slack import answers as blocks
from identity_bot.slack import open_forms
from identity_bot.slack.errors import code_of, translating_errors
from identity_bot.slack.inputs import QUESTION, Json
from identity_bot.slack.modal import TYPE, Draft, describing, description, draft_in, modal
from identity_bot.slack.open_forms import OpenForm, OpenForms, Pace
from identity_bot.slack.payloads import refuse_forged
from identity_bot.slack.side_threads import SideThreads
from identity_bot.text.markdown import clean

log = logging.getLogger(__name__)

WORDS = "search-docs"
"""What follows the command before the words to look for."""
THREADS = 32
"""For how many forms answers are looked for at a time, some of which wait for Slack's pace; the others wait."""
CLICKS = 8
"""How many searches, and answers that must be found again to be read, are answered at a time."""
DRAWING = 1.0
"""Seconds that a form which was sent waits for answers that are being drawn in it; Slack waits three for the form."""
PATIENCE = 5.0
"""Seconds in which answers that are being looked for may come to an end when the bot stops."""
CONFLICT = "hash_conflict"


class AnswerListeners:
    """Shows answers in forms that are open already, in threads of its own, which slow plugins may hold.

    For each form there is one thread at most. It answers what is newest: whatever was entered meanwhile replaces what
    was to be answered before. `run_in_thread` runs what somebody has clicked, and logs whatever it raises.
    """

    def __init__(
        self,
        *,
        self_service: SelfService,
        forms: Mapping[str, Form],
        run_in_thread: Callable[..., Any],
        pace: Pace | None = None,
    ) -> None:
        self._self_service = self_service
        self._forms = forms
        self._run_in_thread = run_in_thread
        self._pace = pace or Pace()
        self.open = OpenForms()
        self._asking = SideThreads("identity-bot-answers", most=THREADS)
        self._clicks = SideThreads("identity-bot-searches", most=CLICKS)
        self._closing = threading.Event()

    def attach(self, app: App) -> None:
        """Adds the listeners; before the one that answers all other actions of ours."""
        for action_id, listener in (
            (blocks.READ, self.read),
            (blocks.OPEN, self.opened_elsewhere),
            (blocks.SOLVED, self.solved),
        ):
            click: Json = {"type": "block_actions", "action_id": action_id}
            app.action(click, middleware=[refuse_forged])(listener)

    def close(self) -> None:
        """Waits a little for what is being drawn, but for no plugin that hangs; drops what waits for its turn."""
        self._closing.set()
        if still := self._asking.close(PATIENCE) + self._clicks.close(PATIENCE):
            log.warning("self-service: stopped while %s plugin calls had not returned", still)

    def answer(self, typed: str) -> Callable[[WebClient, Json, Respond], None] | None:
        """What answers these words after the command; None if they search for no answers."""
        word, _, rest = typed.partition(" ")
        return (
            partial(self._aside, self._clicks, self._search, rest.strip())
            if word.casefold() == WORDS
            else None
        )

    # A form: how it is drawn, and what was entered in it

    def at_first(self, draft: Draft) -> tuple[Suggestion, ...] | None:
        """The answers of a form that is drawn for the first time: none yet; None if nothing can answer."""
        return () if self._self_service.can_answer(draft.type or "") else None

    def carried(self, draft: Draft, view: Mapping[str, Any]) -> Sequence[Suggestion] | None:
        """The answers that a form shows and keeps while it is drawn anew."""
        if self.at_first(draft) is None:
            return None
        return [one for digest in blocks.drawn_in(view) if (one := self._self_service.kept(digest))]

    def opened(self, client: WebClient, answer: Any, draft: Draft, by: str) -> None:
        """Look for answers to a form that Slack has just opened for somebody with this Slack id."""
        if view := view_in(answer):
            self.open.heard(view["id"], draft, hash=view.get("hash") or "", drawn=(), at=0.0)
            self._begin(client, view["id"], draft, by)

    def redraw(self, client: WebClient, body: Json, draft: Draft, drawn: Json) -> None:
        """Draw a form anew as something chosen in it asks for, and look for answers to what it now is.

        Does nothing if something else was chosen since. Raises what views.update does.
        """
        view, at = body["view"], moment(body)
        is_newest = self.open.chose(
            view["id"],
            draft,
            hash=view.get("hash") or "",
            drawn=blocks.drawn_in(view),
            at=at,
            is_type=any(action.get("action_id") == TYPE for action in body.get("actions", ())),
        )
        if not is_newest:
            return
        with self.open.drawing(view["id"]) as now:
            if now and at is not None and at < now.chosen_at:
                return  # somebody chose again while this waited for its turn
            known = now.hash if now else view.get("hash")
            try:
                with translating_errors("views.update"):
                    answer = client.views_update(view_id=view["id"], hash=known, view=drawn)
            except Retryable as error:
                self._pace.stop(error.seconds or 0.0)
                raise
            shown = blocks.drawn_in(drawn)
            self.open.drew(view["id"], hash=hash_in(answer), drawn=shown, at=self._pace.clock())
        self._begin(client, view["id"], draft, body["user"]["id"])

    def sent(self, view_id: str) -> None:
        """Show no more answers in a form that somebody has sent: a redraw would hide what is wrong with it."""
        self.open.end(view_id, patience=DRAWING)

    def is_description(self, body: Json) -> bool:
        """Whether somebody typed into the question that answers are shown for."""
        view = body.get("view") or {}
        draft = draft_in(view, self._forms)
        form = self._forms.get(draft.type or "")
        question = describing(form, draft) if form else None
        typed_in = {action.get("block_id") for action in body.get("actions", ())}
        return question is not None and typed_in == {f"{QUESTION}{question.name}"}

    def typed(self, client: WebClient, body: Json) -> None:
        """Look for answers to what somebody typed; short text asks nothing."""
        view = body["view"]
        draft = draft_in(view, self._forms)
        shown = blocks.drawn_in(view)
        is_newest = self.open.heard(
            view["id"], draft, hash=view.get("hash") or "", drawn=shown, at=moment(body)
        )
        if is_newest and len(description(self._forms, draft).strip()) >= SHORTEST_TEXT:
            self._begin(client, view["id"], draft, body["user"]["id"])

    def _begin(self, client: WebClient, view_id: str, draft: Draft, by: str) -> None:
        if self.at_first(draft) is not None and self.open.begin(view_id):
            self._aside(self._asking, self._answer, client, view_id, by)

    @staticmethod
    def _aside(threads: SideThreads, call: Callable[..., None], *arguments: Any) -> None:
        """Run what may ask a slow plugin where it holds up nothing but answers."""

        def run() -> None:
            try:
                call(*arguments)
            except Exception as error:
                log.error("unexpected error while looking for answers", exc_info=scrubbed(error))

        threads.submit(run)

    def _answer(self, client: WebClient, view_id: str, by: str) -> None:
        """Answer what was entered in a form until nothing newer was."""
        is_second, rests = False, 0
        while form := self.open.newest(view_id):
            if form.version and not is_second and rests < open_forms.MOST_RESTS:
                self._closing.wait(open_forms.QUIET)
                if not self._is_newest(view_id, form):
                    rests += 1
                    continue
            rests = 0
            try:
                is_conflict = self._show(client, view_id, form, by)
            except Exception as error:
                log.error("unexpected error while looking for answers", exc_info=scrubbed(error))
                is_conflict = False
            # Somebody else drew the form meanwhile: once more, if it is known by now how it is drawn.
            newest = self.open.newest(view_id)
            is_second = bool(is_conflict and not is_second and newest and newest.hash != form.hash)
            if not is_second and self.open.rest(view_id, form.version):
                return

    def _show(self, client: WebClient, view_id: str, form: OpenForm, by: str) -> bool:
        """Draw a form with answers unless something newer was entered; whether Slack says that it has changed."""
        draft = form.draft
        text = description(self._forms, draft)
        if 0 < len(text.strip()) < SHORTEST_TEXT:
            return False
        suggestions = self._self_service.suggest(draft.type or "", text, draft.values, by=by)
        view = modal(self._forms, draft, answers=suggestions)
        shown = blocks.drawn_in(view)
        if shown == form.drawn or not self._is_newest(view_id, form):
            return False
        seconds = self._pace.wait(form.drawn_at)
        if seconds is None or self._closing.wait(seconds):
            return False
        with self.open.drawing(view_id) as now:
            if now is None or now.version != form.version:
                self._pace.give_back()
                return False
            try:
                with translating_errors("views.update"):
                    answer = client.views_update(view_id=view_id, hash=now.hash, view=view)
            except IdentityBotError as error:
                log.info("cannot show answers: %s", error)
                if isinstance(error, Retryable):
                    self._pace.stop(error.seconds or 0.0)
                return code_of(error) == CONFLICT
            self.open.drew(view_id, hash=hash_in(answer), drawn=shown, at=self._pace.clock())
        new = [one for one in suggestions if one.digest in shown and one.digest not in form.drawn]
        self._record(view_id, draft.type or "", new)
        return False

    def _is_newest(self, view_id: str, form: OpenForm) -> bool:
        newest = self.open.newest(view_id)
        return newest is not None and newest.version == form.version

    def _record(self, view_id: str, type_name: str, suggestions: Sequence[Suggestion]) -> None:
        try:
            self._self_service.record_shown(view_id, type_name, suggestions)
        except StoreError as error:
            log.warning("cannot count the answers that were shown: %s", error)

    # What people do with answers

    def read(self, ack: Ack, body: Json, client: WebClient) -> None:
        """The button that shows an answer: over the form, or in a modal of its own if it was searched for."""
        ack()
        pressed = blocks.pressed(_value(body))
        kept = self._self_service.kept(pressed.digest) if pressed else None
        is_kept = pressed is None or (kept is not None and kept.is_ours)
        run = self._run_in_thread if is_kept else partial(self._aside, self._clicks)
        run(self._read, client, body)

    def opened_elsewhere(self, ack: Ack) -> None:
        """A button that Slack itself follows."""
        ack()

    def solved(self, ack: Ack, body: Json, client: WebClient) -> None:
        """The button that says that an answer solved it."""
        ack()
        self._run_in_thread(self._solved, client, body)

    def _read(self, client: WebClient, body: Json) -> None:
        over = body.get("view")
        pressed = blocks.pressed(_value(body))
        found = self._find(pressed, body) if pressed else None
        view = blocks.article(found, is_pushed=over is not None) if found else blocks.gone()
        method = client.views_push if over else client.views_open
        try:
            with translating_errors("views.push" if over else "views.open"):
                answer = method(trigger_id=body.get("trigger_id") or "", view=view)
        except IdentityBotError as error:
            log.warning("cannot show an answer: %s", error)
            return
        if found and not over and (opened := view_in(answer)):
            self._record(opened["id"], "", [found])

    def _find(self, pressed: blocks.Pressed, body: Json) -> Suggestion | None:
        """The answer as it was shown; from another process or before a restart, as it is found now.

        So is one that a requestor wrote: it may have been hidden, or some of it removed, since it was shown.
        """
        kept = self._self_service.kept(pressed.digest)
        if kept and kept.is_ours:
            return kept
        by = body["user"]["id"]
        if over := body.get("view"):
            draft = draft_in(over, self._forms)
            text = description(self._forms, draft)
            found = self._self_service.suggest(draft.type or "", text, draft.values, by=by)
        else:
            found = self._self_service.search(pressed.words, by=by)
        if kept:  # what it was shown for may have been deleted since
            found = (*found, *self._self_service.search(kept.answer.title, by=by))
        return next((one for one in found if (one.source, one.name) == (pressed.source, pressed.name)), None)

    def _solved(self, client: WebClient, body: Json) -> None:
        view, pressed = body.get("view") or {}, blocks.pressed(_value(body))
        if not pressed or not view.get("id"):
            return
        is_article = view.get("callback_id") == blocks.ARTICLE
        form_id = (is_article and view.get("root_view_id")) or view["id"]
        kept, form = self._self_service.kept(pressed.digest), self.open.newest(form_id)
        if kept and (form or (is_article and form_id == view["id"])):
            # Somebody may press this before it is counted that they were shown it.
            self._record(form_id, (form.draft.type or "") if form else "", [kept])
        try:
            is_new = self._self_service.record_solved(form_id, pressed.source, pressed.name)
        except StoreError as error:
            log.warning("cannot count an answer that solved it: %s", error)
            is_new = True  # for the person, it did
        if not is_new:
            log.info("an answer was said to solve it again, or was never shown there")
            return
        self.open.end(form_id)
        for view_id in dict.fromkeys((view["id"], form_id)):
            if self._is_filed(form_id):
                log.info("a request was filed while an answer was said to solve it; its receipt stays")
                return
            try:
                with translating_errors("views.update"):
                    client.views_update(view_id=view_id, view=blocks.thanks())
            except IdentityBotError as error:
                log.warning("cannot thank somebody whom an answer helped: %s", error)

    def _is_filed(self, form_id: str) -> bool:
        """Whether the form was sent after all; not if the store cannot tell."""
        try:
            return self._self_service.is_filed(form_id)
        except StoreError:
            return False

    def _search(self, typed: str, client: WebClient, body: Json, respond: Respond) -> None:
        typed = clean(typed).strip()[: blocks.LONGEST_SEARCH]
        command = body.get("command") or ""
        found = self._self_service.search(typed, by=body["user_id"])
        if found:
            respond(**blocks.found(typed, found), response_type="ephemeral", replace_original=False)
            return
        sentence = (
            said.nothing_found(command) if self._self_service.is_enough(typed) else said.search_for(command)
        )
        respond(text=sentence, response_type="ephemeral", replace_original=False)


def moment(body: Mapping[str, Any]) -> float | None:
    """When somebody did something, by Slack's clock; None if Slack does not say."""
    try:
        return float(body["actions"][0]["action_ts"])
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def view_in(answer: Any) -> Json | None:
    """The view that Slack drew, as its answer describes it."""
    view = answer.get("view") if hasattr(answer, "get") else None
    return view if isinstance(view, dict) and isinstance(view.get("id"), str) else None


def hash_in(answer: Any) -> str:
    """The mark of how Slack drew a view."""
    return str((view_in(answer) or {}).get("hash") or "")


def _value(body: Mapping[str, Any]) -> Any:
    return (body.get("actions") or [{}])[0].get("value")
