"""How many texts a second opt-out understands: texts that are all different, and texts that come again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from processors.opt_out.classifier import Classifier, Decision
from tests.bench.figures import Bound, Figure, Series
from tests.bench.options import Options

TEXTS = 20_000
#: What people write to a recruiter, and one in twenty that looks like a stop and is none.
_EVERYDAY = Path(__file__).parent / "everyday.txt"
_LOOKALIKES = Path(__file__).parents[1] / "unit" / "processors" / "opt_out" / "everyday" / "templates.txt"
_RARE = 20


def run(options: Options) -> list[Figure]:
    """Texts a second of the processor's time, in one process: whatever else the machine does hardly counts."""
    texts = everyday(TEXTS)
    classifier = Classifier()
    for text in texts:
        classifier.decide(text)  # words are remembered with what they may be a part of
    distinct: list[float] = []
    again: list[float] = []
    for number in range(1, options.rounds + 1):
        options.note(f"classify: round {number} of {options.rounds}")
        distinct.append(_rate(classifier.decide, texts))
        again.append(_rate(classifier.classify, texts[:2_000] * 10))
    return [
        Figure("classify, texts all different", "/s", Series(tuple(distinct)), bound=Bound(least=50_000)),
        Figure("classify, texts that come again", "/s", Series(tuple(again)), bound=Bound(least=50_000)),
    ]


def everyday(count: int) -> list[str]:
    """So many different texts that say nothing about stopping, of one sentence to three."""
    chance = random.Random(1)
    plain, rare = _lines(_EVERYDAY), [line for line in _lines(_LOOKALIKES) if "{" not in line]
    texts: dict[str, None] = {}
    while len(texts) < count:
        sentences = [
            chance.choice(rare if chance.randrange(_RARE) == 0 else plain) for _ in range(chance.choice((1, 2, 2, 3)))
        ]
        texts[". ".join(sentences)] = None
    return list(texts)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def _rate(decide: Callable[[str], Decision], texts: Sequence[str]) -> float:
    start = time.thread_time()
    for text in texts:
        decide(text)
    return len(texts) / (time.thread_time() - start)
