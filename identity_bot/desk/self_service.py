"""Answers that may solve a problem before a request is filed: found, kept to be read, and counted."""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, islice
from typing import Any

from identity_bot.articles.answer import Answer
from identity_bot.articles.article import Article
from identity_bot.articles.index import Index
from identity_bot.articles.suggestion import OWN, ShownAnswer, Source, Suggestion
from identity_bot.logs import scrubbed
from identity_bot.plugins.loader import Plugins
from identity_bot.store.answers import ShownAnswers
from identity_bot.store.store import Store
from identity_bot.text.markdown import clean

log = logging.getLogger(__name__)

MOST = 3
"""Answers that a form shows."""
FOUND = 8
"""Answers that a search lists."""
SHORTEST_TEXT = 4
"""Characters below which nothing is looked for: anything would fit."""
SHORTEST_WORDS = 2
"""Characters below which a search finds nothing."""
MOST_AT_ONCE = 8
"""How many forms and searches may wait for one type's plugin at a time: one that hangs must not hold up the others."""
KEPT = 200
"""Answers that are remembered as they were shown, to be read."""


class SelfService:
    """Asks the request types' plugins and the sources, which may fail or be slow without harm to anything else.

    `is_colleague` says whether somebody with this Slack id is of the bot's own organization; if it raises, they count
    as if they were not.
    """

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        sources: Sequence[Source] = (),
        is_colleague: Callable[[str], bool] = lambda slack_id: False,
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._sources = sources
        self._is_colleague = is_colleague
        self._kept: OrderedDict[str, Suggestion] = OrderedDict()
        self._turn = threading.Lock()
        self._asking: Counter[str] = Counter()
        """How often each type's plugin is being asked now."""

    def can_answer(self, type_name: str) -> bool:
        """Whether anything may answer in this type's form; at once, from memory."""
        request_type = self._plugins.types.get(type_name)
        return request_type is not None and (bool(self._sources) or request_type.answers_first)

    def suggest(
        self, type_name: str, text: str, answers: Mapping[str, Any], *, by: str
    ) -> tuple[Suggestion, ...]:
        """At most three answers for a form as filled in so far, the best one first: the plugin's, then the sources'.

        `by` is the Slack id of whoever fills it in. A source is asked only about a text of some length, and only while
        there is room for its answers. A type that is not installed has no answers.
        """
        text = text.strip()
        if len(text) < SHORTEST_TEXT:
            text = ""
        asks: list[Callable[[], list[Suggestion]]] = [partial(self._own, type_name, text, answers)]
        if text:
            asks += [partial(self._searched, source, text, MOST, by) for source in self._sources]
        return self._keep(islice(_different(one for ask in asks for one in ask()), MOST))

    def search(self, text: str, *, by: str) -> tuple[Suggestion, ...]:
        """What fits these words in all types' own answers and all sources, what fits best first."""
        text = text.strip()
        if not self.is_enough(text):
            return ()
        own = (self._own(name, text, {}) for name in self._plugins.types)
        several = [*(self._searched(source, text, FOUND, by) for source in self._sources), *own]
        return self._keep(islice(_different(_by_fit(text, several)), FOUND))

    @staticmethod
    def is_enough(text: str) -> bool:
        """Whether these are words to search for; abbreviations are short."""
        return len(text.strip()) >= SHORTEST_WORDS

    def kept(self, digest: str) -> Suggestion | None:
        """A suggestion that this process has made lately."""
        with self._turn:
            return self._kept.get(digest)

    def record_shown(self, view_id: str, type_name: str, suggestions: Iterable[Suggestion]) -> None:
        """Count answers that somebody sees, each once for a view; may raise StoreError."""
        with self._store.begin(durable=False) as transaction:
            shown = [_shown(view_id, type_name, one, transaction.now) for one in suggestions]
            ShownAnswers(transaction).add(shown)

    def record_solved(self, view_id: str, source: str, name: str) -> bool:
        """Count that an answer solved it, once for a view; False, changing nothing, if it was not shown there.

        May raise StoreError.
        """
        with self._store.begin() as transaction:
            is_new = ShownAnswers(transaction).solve(view_id, source, name)
        if is_new:
            log.info("solved by self-service")
        return is_new

    def is_filed(self, view_id: str) -> bool:
        """Whether a ticket was filed from a form that showed answers; may raise StoreError."""
        with self._store.begin(durable=False) as transaction:
            return any(one.ticket_id for one in ShownAnswers(transaction).of_view(view_id))

    def _own(self, type_name: str, text: str, answers: Mapping[str, Any]) -> list[Suggestion]:
        request_type = self._plugins.types.get(type_name)
        if request_type is None or not request_type.answers_first:
            return []
        with self._turn:
            if self._asking[type_name] >= MOST_AT_ONCE:
                log.warning("self-service: %r answers too slowly; going on without it", type_name)
                return []
            self._asking[type_name] += 1
        try:
            found = request_type.self_service(text, answers)
        finally:
            with self._turn:
                self._asking[type_name] -= 1
        return [Suggestion(answer=answer, source=f"{OWN}{type_name}") for answer in found]

    def _searched(self, source: Source, text: str, limit: int, by: str) -> list[Suggestion]:
        try:
            if source.is_internal and not self._is_colleague(by):
                return []
            found = list(source.searchable.search(text, limit))
            for answer in found:
                if not isinstance(answer, Answer):
                    raise TypeError(f"found {type(answer).__name__}; expected an Answer")
        except Exception as error:
            log.error("self-service: the source %r failed", source.name, exc_info=scrubbed(error))
            return []
        return [Suggestion(answer=one, source=source.name, is_ours=source.is_ours) for one in found]

    def _keep(self, suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
        made = tuple(suggestions)
        with self._turn:
            for one in made:
                self._kept[one.digest] = one
                self._kept.move_to_end(one.digest)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def _by_fit(text: str, several: Sequence[Sequence[Suggestion]]) -> list[Suggestion]:
    """Several lists as one, by how well their answers fit a text; what fits equally well, in turn.

    Each list keeps its order, which may rest on more than what an answer says, such as an article's keywords: an answer
    fits no worse than those below it.
    """
    joined = Index(Article(answer=one.answer) for found in several for one in found)
    fits = iter(joined.fits(text))
    ranked: list[tuple[float, int, Suggestion]] = []
    for found in several:
        own = [next(fits) for _ in found]
        best = reversed(list(accumulate(reversed(own), max)))
        ranked += [(-fit, place, one) for place, (fit, one) in enumerate(zip(best, found, strict=True))]
    return [one for _, _, one in sorted(ranked, key=lambda row: row[:2])]


def _different(suggestions: Iterable[Suggestion]) -> Iterator[Suggestion]:
    """The suggestions without those that have the title, the address, or the source and name of an earlier one."""
    seen: set[tuple[str, ...]] = set()
    for one in suggestions:
        title = " ".join(one.answer.title.casefold().split())
        marks = {("title", title), ("name", one.source, one.name)}
        if one.answer.url:
            marks.add(("url", one.answer.url))
        if not marks & seen:
            yield one
        seen |= marks


def _shown(view_id: str, type_name: str, suggestion: Suggestion, now: float) -> ShownAnswer:
    return ShownAnswer(
        view_id=view_id,
        type=type_name,
        source=suggestion.source,
        name=suggestion.name,
        title=clean(suggestion.answer.title) if suggestion.is_ours else "",
        url=clean(suggestion.answer.url),
        at=now,
    )
