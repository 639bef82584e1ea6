"""How long a search of many articles takes, and how often the first answer is the right one."""

from __future__ import annotations

import random
import statistics
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from identity_bot import Answer
from identity_bot.articles.article import Article
from identity_bot.articles.index import Index

QUESTIONS = Path(__file__).with_suffix(".toml")
CONSONANTS, VOWELS = (
    ("b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "w", "br", "dr", "gl", "st"),
    "aeiou",
)
Search = Callable[[str, int], list[Answer]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Precision:
    """What became of questions whose right answers are known."""

    asked: int
    first: int
    """Questions whose first answer was the right one."""
    among_three: int
    nothing: int
    """Questions that found nothing."""

    @property
    def share(self) -> float:
        """How often the first answer is the right one."""
        return self.first / self.asked


def questions(part: str = "questions") -> Mapping[str, list[str]]:
    """Questions as people ask them, by the name of the article that answers them; and a list under `texts`."""
    read: dict[str, dict[str, list[str]]] = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))
    return read[part]


def precision(search: Search, part: str = "questions") -> Precision:
    """How well a search of mock_auth's articles answers the questions."""
    asked = [(name, text) for name, texts in questions(part).items() for text in texts]
    found = [(name, [answer.name for answer in search(text, 3)]) for name, text in asked]
    return Precision(
        asked=len(asked),
        first=sum(names[:1] == [name] for name, names in found),
        among_three=sum(name in names for name, names in found),
        nothing=sum(not names for _, names in found),
    )


def false_answers(search: Search) -> tuple[int, int]:
    """How many unrelated texts find something, and how many there are."""
    texts = questions("unrelated")["texts"]
    return sum(bool(search(text, 1)) for text in texts), len(texts)


def made_up(count: int, seed: int = 10) -> list[Article]:
    """Articles of 60 to 400 words that are as unevenly common as those of a language."""
    chance = random.Random(seed)
    words = sorted(
        {
            "".join(
                map("".join, zip(chance.choices(CONSONANTS, k=n), chance.choices(VOWELS, k=n), strict=True))
            )
            for n in chance.choices((2, 3, 4), k=12_000)
        }
    )
    weights = [1 / (rank + 3) for rank in range(len(words))]
    return [
        Article(
            answer=Answer(
                title=" ".join(chance.choices(words, weights, k=6)),
                text=" ".join(chance.choices(words, weights, k=chance.randint(60, 400))),
                name=f"article-{number}",
            ),
            keywords=" ".join(chance.choices(words, weights, k=8)),
        )
        for number in range(count)
    ]


def texts_to_search(articles: Iterable[Article], seed: int = 11) -> list[str]:
    """Texts of 1 to 500 words, up to 3,000 characters, from such articles."""
    chance = random.Random(seed)
    pool = [word for one in list(articles)[:200] for word in one.answer.text.split()]
    return [
        " ".join(chance.choices(pool, k=length))[:3_000]
        for length in (1, 3, 8, 20, 60, 500)
        for _ in range(20)
    ]


def search_times(index: Index, texts: Iterable[str]) -> tuple[float, float]:
    """The median and the 95th percentile of a search, in milliseconds."""
    times = []
    for text in texts:
        begun = time.perf_counter()
        index.search(text)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]
