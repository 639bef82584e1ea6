"""What this process knows of the forms that people have open, so that no redraw undoes a newer one."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from identity_bot.slack.modal import Draft

KEPT = 1_000
"""Forms that are remembered, the newest."""
OWN_HASHES = 20
"""Hashes of a form's own redraws that are remembered."""
BURST, REFILL = 20.0, 1.0
"""Redraws with answers at once, and each second after that: Slack takes 100 calls a minute (its Tier 4), and the
redraws that people wait for come first."""
BETWEEN = 1.0
"""Seconds between two redraws of one form with answers."""
QUIET = 0.3
"""Seconds that somebody's typing must rest before answers to it are looked for, as one who types on wants others."""
MOST_RESTS = 5
"""How often that is waited for, as some never rest."""
LONGEST_WAIT = 30.0
"""Seconds after which answers come too late to be of use: so many people may type at once, besides BURST."""


@dataclass(kw_only=True, slots=True)
class OpenForm:
    """A form as it was last heard of."""

    draft: Draft
    hash: str
    """Slack's mark of how the view is drawn now."""
    drawn: tuple[str, ...] = ()
    """Digests of the answers that it shows."""
    at: float = 0.0
    """When its newest interaction happened, by Slack's clock."""
    chosen_at: float = 0.0
    """When its newest choice that changes what it shows happened."""
    version: int = 0
    """Grows with each interaction."""
    drawn_at: float = float("-inf")
    is_busy: bool = False
    """Whether answers to it are being looked for."""
    made: list[str] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)


class OpenForms:
    """The forms by their view's id; safe to use from any thread. Another process has its own."""

    def __init__(self) -> None:
        self._forms: OrderedDict[str, OpenForm] = OrderedDict()
        self._over: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def heard(
        self,
        view_id: str,
        draft: Draft,
        *,
        hash: str,  # noqa: A002 (Slack's name)
        drawn: tuple[str, ...],
        at: float | None = None,
    ) -> bool:
        """Keep what somebody has entered now; False if something newer is known, or if the form is done with.

        Without a time it counts as the newest.
        """
        with self._lock:
            form = self._forms.get(view_id)
            if view_id in self._over or (form and _is_replaced(form, draft, hash)):
                return False
            if form and at is not None and at < form.at:
                return False
            self._keep(view_id, draft, hash, drawn, at)
            return True

    def chose(
        self,
        view_id: str,
        draft: Draft,
        *,
        hash: str,  # noqa: A002 (Slack's name)
        drawn: tuple[str, ...],
        at: float | None,
        is_type: bool,
    ) -> bool:
        """Keep a choice that changes what a form shows; False if a newer one is known, so this is not to be drawn."""
        with self._lock:
            if view_id in self._over:
                return True
            form = self._forms.get(view_id)
            if form and not is_type and _is_replaced(form, draft, hash):
                return False
            if form and at is not None and at < form.chosen_at:
                return False
            if form is None or is_type or at is None or at >= form.at:
                self._keep(view_id, draft, hash, drawn, at)
            self._forms[view_id].chosen_at = at or self._forms[view_id].chosen_at
            return True

    def _keep(self, view_id: str, draft: Draft, known: str, drawn: tuple[str, ...], at: float | None) -> None:
        form = self._forms.get(view_id)
        if form is None:
            self._forms[view_id] = OpenForm(draft=draft, hash=known, drawn=drawn, at=at or 0.0)
            while len(self._forms) > KEPT:
                self._forms.popitem(last=False)
            return
        self._forms.move_to_end(view_id)
        form.draft, form.at, form.version = draft, max(at or 0.0, form.at), form.version + 1
        if known not in form.made:  # else this was on its way while we drew the form anew
            form.hash, form.drawn = known, drawn

    def newest(self, view_id: str) -> OpenForm | None:
        """A copy of what is known of a form; None if it is done with."""
        with self._lock:
            form = self._forms.get(view_id)
            return None if form is None else _copy(form)

    def begin(self, view_id: str) -> bool:
        """Whether to look for answers now; if somebody does so already, they go on with what is newest."""
        with self._lock:
            form = self._forms.get(view_id)
            if form is None or form.is_busy:
                return False
            form.is_busy = True
            return True

    def rest(self, view_id: str, version: int) -> bool:
        """Whether nothing newer than this version is to be answered; then nobody is at it anymore."""
        with self._lock:
            form = self._forms.get(view_id)
            if form is not None and form.version != version:
                return False
            if form is not None:
                form.is_busy = False
            return True

    @contextmanager
    def drawing(self, view_id: str) -> Iterator[OpenForm | None]:
        """What is known of a form, while nobody else in this process draws it."""
        with self._lock:
            form = self._forms.get(view_id)
        if form is None:
            yield None
            return
        with form.turn:
            yield self.newest(view_id)

    def drew(self, view_id: str, *, hash: str, drawn: tuple[str, ...], at: float) -> None:  # noqa: A002 (Slack's name)
        """Keep how a form was drawn anew."""
        with self._lock:
            if form := self._forms.get(view_id):
                form.made = [*form.made, form.hash][-OWN_HASHES:]
                form.hash, form.drawn, form.drawn_at = hash, drawn, at

    def forget(self, view_id: str) -> None:
        """Know nothing of a form that could not be drawn anew, until it is heard of again."""
        with self._lock:
            self._forms.pop(view_id, None)

    def end(self, view_id: str, *, patience: float = 0.0) -> None:
        """Know no more of a form: it was sent, or what it asked for is solved.

        Waits so many seconds for whoever is drawing it.
        """
        with self._lock:
            form = self._forms.pop(view_id, None)
            self._over[view_id] = None
            while len(self._over) > KEPT:
                self._over.popitem(last=False)
        if form and form.turn.acquire(timeout=patience):
            form.turn.release()


class Pace:
    """Spreads redraws with answers over time; safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._left, self._at = BURST, clock()
        self._not_before = float("-inf")
        self._lock = threading.Lock()

    def wait(self, drawn_at: float) -> float | None:
        """Take the next turn: in how many seconds it is, for a form that was last redrawn then; None if too many."""
        with self._lock:
            now = self.clock()
            left = min(BURST, self._left + (now - self._at) * REFILL)
            seconds = max(0.0, (1.0 - left) / REFILL, drawn_at + BETWEEN - now, self._not_before - now)
            if seconds > LONGEST_WAIT:
                return None
            self._left, self._at = left - 1.0, now
            return seconds

    def give_back(self) -> None:
        """Let others have a turn that was not used."""
        with self._lock:
            self._left += 1.0

    def stop(self, seconds: float) -> None:
        """Let nobody draw for so long, as Slack asks for it."""
        with self._lock:
            self._not_before = max(self._not_before, self.clock() + seconds)


def _is_replaced(form: OpenForm, draft: Draft, known: str) -> bool:
    """Whether something was entered in a form in whose place the form of another type is being drawn."""
    return draft.type != form.draft.type and known in (form.hash, *form.made)


def _copy(form: OpenForm) -> OpenForm:
    return OpenForm(
        draft=form.draft,
        hash=form.hash,
        drawn=form.drawn,
        at=form.at,
        chosen_at=form.chosen_at,
        version=form.version,
        drawn_at=form.drawn_at,
    )
