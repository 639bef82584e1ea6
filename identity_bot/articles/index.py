"""Finds the articles that fit what somebody typed: BM25 by SQLite's full-text search, in memory."""

from __future__ import annotations

import logging
import math
import re
import sqlite3
import threading
import unicodedata
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache

from identity_bot.articles.answer import Answer
from identity_bot.articles.article import Article
from identity_bot.logs import scrubbed

log = logging.getLogger(__name__)

TITLE_WEIGHT, KEYWORDS_WEIGHT, BODY_WEIGHT = 2.0, 2.0, 1.0
"""A word in the title or the keywords counts twice: there the author says what an article is about."""
IN_BODY = 0.5
FIT = 0.35
"""An article fits if its words weigh so much, times the square root of how many words were typed.

A word weighs 1 if no other article has it, less if others have it, and `IN_BODY` of that outside title and keywords.
Half of what people type about a trouble is in no article, and more of it the longer they write, hence the root. An
article with all words fits whatever they weigh.
"""
LONGEST = 3_000
"""The most characters of a text that are read."""
MOST_WORDS = 12
"""The most words of a text that are looked for: the rarest ones."""
COMMON = 0.1
"""The weight of a word that is left out if there are others."""
CANDIDATES = 8
"""How many of the best articles are looked at more closely, if no more are asked for."""
_WORD = re.compile(r"[^\W_]{2,40}")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKENIZER = "porter unicode61 remove_diacritics 2"
_STOP_WORDS = """
    about actually after again all already also always am an and another any anybody anyone anything are aren around as
    ask asked asking at away be because been before being but by came can cannot come comes coming could couldn did
    didn do does doesn doing don done each either else even ever every everybody everyone everything few for from get
    gets getting give go goes going gone got had has hasn have haven having he hello help her here hey hi him his how
    however if in into is isn it its just keep keeps know last let like ll look looks lot made make makes many may maybe
    me might mine more most much must my need needed needs never no nor not now of off ok okay on
    once one only onto or other others our out over own people per please possible put quite rather re really said same
    say says see seem seems shall she should shouldn since so some somebody someone something sometimes somewhere still
    such sure take taken takes team than thank thanks that the their them then there these they thing things think this
    those though through thru to today together too tried tries try trying under until up upon us use used uses using ve
    very via want wanted wants was wasn way we well went were weren what whatever when where whether which while who
    whole whom whose why will with within without won work worked working works would wouldn yes yesterday yet you your
    """
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English words that tell no article from another."""


class Index:
    """Articles that can be searched from any thread; they never change."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._articles = list(articles)
        self._lock = threading.Lock()
        self._database = _database(self._articles) if self._articles and has_full_text() else None
        self._counts: dict[str, int] = {}
        """In how many articles each stem is."""
        if self._database:
            weakref.finalize(self, self._database.close)
            self._counts = dict(self._database.execute("SELECT term, doc FROM vocabulary"))

    def __len__(self) -> int:
        return len(self._articles)

    def search(self, text: str, limit: int = 3) -> list[Answer]:
        """The articles that fit a text, the best one first; none if nothing fits."""
        words = meaningful(text)
        if not words or self._database is None or limit < 1:
            return []
        try:
            with self._lock:
                found = self._fitting(self._database, words, max(limit, CANDIDATES))
        except sqlite3.Error as error:  # a form without answers is better than no form
            log.error("search of articles failed; showing none", exc_info=scrubbed(error))
            return []
        return [self._articles[number].answer for number in found[:limit]]

    def fits(self, text: str) -> list[float]:
        """How well each article fits a text, in the order in which they were given; 0 for not at all."""
        words = meaningful(text)
        numbers = range(len(self._articles))
        if not words or self._database is None:
            return [0.0 for _ in numbers]
        try:
            with self._lock:
                weights, _, _ = self._weights(self._database, words)
                fit, _ = _fit(self._database, weights, numbers)
        except sqlite3.Error as error:
            log.error("weighing of articles failed; leaving their order", exc_info=scrubbed(error))
            return [0.0 for _ in numbers]
        return [fit[number] for number in numbers]

    def _fitting(self, database: sqlite3.Connection, words: Sequence[str], most: int) -> list[int]:
        """The numbers of the articles that fit, the best one first."""
        weights, count, unknown = self._weights(database, words)
        if not weights:
            return []
        weighed = (TITLE_WEIGHT, KEYWORDS_WEIGHT, BODY_WEIGHT)
        rows = database.execute(
            "SELECT rowid FROM articles WHERE articles MATCH ? ORDER BY bm25(articles, ?, ?, ?) LIMIT ?",
            (" OR ".join(map(_quoted, weights)), *weighed, most),
        )
        candidates = [number for (number,) in rows]
        fit, found = _fit(database, weights, candidates)
        all_words = unknown + len(weights)
        enough = FIT * math.sqrt(count)
        return [number for number in candidates if fit[number] >= enough or found[number] == all_words]

    def _weights(
        self, database: sqlite3.Connection, words: Sequence[str]
    ) -> tuple[dict[str, float], int, int]:
        """How much each word that occurs tells, 1 if it is in one article only; how many there are; how many do not."""
        total = len(self._articles)
        most = _rarity(total, 1)
        stems: dict[str, str] = {}
        for word, stem in _stems(database, words):
            stems.setdefault(stem, word)
        weights = {}
        for stem, word in stems.items():
            if having := self._counts.get(stem):
                weights[word] = _rarity(total, having) / most
        unknown = len(stems) - len(weights)
        rarest = sorted(weights, key=lambda word: -weights[word])[:MOST_WORDS]
        if telling := [word for word in rarest if weights[word] >= COMMON]:
            rarest = telling  # a word of half of all articles costs the most time and tells the least
        return {word: weights[word] for word in rarest}, len(stems), unknown


def meaningful(text: str) -> list[str]:
    """The words of a text that can tell articles apart, in lower case, each once."""
    words = _WORD.findall(folded(text[:LONGEST]).lower())
    return [word for word in dict.fromkeys(words) if word not in STOP_WORDS]


def folded(text: str) -> str:
    """A text as the index and those who search it write it: names in camel case are several words."""
    return _HUMP.sub(" ", unicodedata.normalize("NFKC", text))


@cache
def has_full_text() -> bool:
    """Whether this Python's SQLite has FTS5; says once if not."""
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.execute("CREATE VIRTUAL TABLE try USING fts5(text)")
    except sqlite3.OperationalError as error:
        log.error("no answers can be found: this Python's SQLite has no full-text search (%s)", error)
        return False
    return True


def _rarity(total: int, having: int) -> float:
    return math.log(1 + (total - having + 0.5) / (having + 0.5))


def _quoted(word: str) -> str:
    """A word in the language of full-text queries; it holds letters and digits only."""
    return f'"{word}"'


def _with(database: sqlite3.Connection, query: str, numbers: Collection[int]) -> set[int]:
    """Which of these articles match a query."""
    if not numbers:
        return set()
    places = ", ".join("?" * len(numbers))
    statement = f"SELECT rowid FROM articles WHERE articles MATCH ? AND rowid IN ({places})"
    return {number for (number,) in database.execute(statement, (query, *numbers))}


def _fit(
    database: sqlite3.Connection, weights: Mapping[str, float], numbers: Collection[int]
) -> tuple[dict[int, float], dict[int, int]]:
    """What the words of each of these articles weigh together, and how many of them it has."""
    fit, found = dict.fromkeys(numbers, 0.0), dict.fromkeys(numbers, 0)
    for word, weight in weights.items():
        having = _with(database, _quoted(word), numbers)
        named = _with(database, f"{{title keywords}} : {_quoted(word)}", having)
        for number in having:
            fit[number] += weight if number in named else weight * IN_BODY
            found[number] += 1
    return fit, found


def _stems(database: sqlite3.Connection, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each word, and its stem as the index has it."""
    database.execute("INSERT INTO asked (asked) VALUES ('delete-all')")
    database.executemany("INSERT INTO asked (rowid, word) VALUES (?, ?)", enumerate(words))
    for number, stem in database.execute("SELECT doc, term FROM asked_words ORDER BY doc"):
        yield words[number], stem


def _database(articles: Sequence[Article]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    database.execute(
        f"CREATE VIRTUAL TABLE articles USING fts5(title, keywords, body, content='', tokenize='{_TOKENIZER}')"
    )
    database.execute("CREATE VIRTUAL TABLE vocabulary USING fts5vocab(articles, row)")
    database.execute(f"CREATE VIRTUAL TABLE asked USING fts5(word, content='', tokenize='{_TOKENIZER}')")
    database.execute("CREATE VIRTUAL TABLE asked_words USING fts5vocab(asked, instance)")
    database.executemany(
        "INSERT INTO articles (rowid, title, keywords, body) VALUES (?, ?, ?, ?)",
        (
            (number, *map(folded, (one.answer.title, one.keywords, one.body)))
            for number, one in enumerate(articles)
        ),
    )
    return database
