"""How well texts are understood: recall by language and kind, false alarms, and published rules of others beside ours.

`make classify-report TEXTS=path [EVERYDAY=path]`: TEXTS has a line each of text, right answer and language/kind, with
tabs between; EVERYDAY a text a line that means nothing. Both are given by path: neither is part of the project.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from processors.opt_out.classifier import classifier
from processors.opt_out.normalise import normalise
from processors.opt_out.rules import VERSION
from processors.opt_out.words.keywords import RULES

#: Right answer -> the actions that are right.
RIGHT = {
    "out": {"out"}, "hold": {"hold", "out"}, "out_or_hold": {"out", "hold"}, "none": {"none"}, "in": {"in"},
}  # fmt: skip
WISHES = ("out", "out_or_hold")

_TWILIO = frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"])
_AWS = ("arret", "cancel", "end", "optout", "quit", "remove", "stop", "td", "unsubscribe")
_OURS = frozenset(word for rule in RULES if rule.tier == "A" for word in rule.words)
_STOPS = re.compile(r"\b(?:stop|unsubscribe|opt ?out|remove me|cancel|end|quit)\b")


class Text(NamedTuple):
    """A text, its right answer, and what it is an example of."""

    text: str
    right: str
    kind: str


class Rules(NamedTuple):
    """Rules that decide: a name, and the action for a text."""

    name: str
    decide: Callable[[str], str]


def ours(number: int) -> Rules:
    """Our own rule set of this number."""
    made = classifier(number=number)
    return Rules(f"ours, rule set {number}", lambda text: made.classify(text).action)


def _out(says_stop: Callable[[str], bool]) -> Callable[[str], str]:
    return lambda text: "out" if says_stop(normalise(text)) else "none"


def _fuzzy(message: str) -> bool:
    """Short, and like a keyword: what Braze describes as fuzzy opt-out, at a similarity of 0.75."""
    words = message.split()
    return len(words) <= 3 and any(
        difflib.SequenceMatcher(None, word, keyword).ratio() >= 0.75 for word in words for keyword in _TWILIO
    )


#: Published rules, in our own words: what each provider's documentation said in November 2026.
PEERS = (
    Rules("Twilio: is one of 8 words", _out(lambda message: message in _TWILIO)),
    Rules("is one of all our keywords", _out(lambda message: message in _OURS)),
    Rules("AWS: begins with a keyword", _out(lambda message: message.startswith(_AWS))),
    Rules("Postscript: a keyword and two words at most", _out(lambda message: bool(
        (words := message.split()) and len(words) <= 3 and not _TWILIO.isdisjoint(words)
    ))),
    Rules("Braze: fuzzy", _out(_fuzzy)),
    Rules("a keyword anywhere", _out(lambda message: _STOPS.search(message) is not None)),
)  # fmt: skip


def read(path: Path) -> list[Text]:
    """The texts of a file; lines that begin with # are none."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [Text(text.replace("\\n", "\n"), right, kind) for text, right, kind in rows]


def recall(texts: Iterable[Text], rules: Rules) -> float | None:
    """The share of the wishes among `texts` that is out or held; None: there is none."""
    wishes = [text for text in texts if text.right in WISHES]
    return None if not wishes else sum(rules.decide(text.text) in ("out", "hold") for text in wishes) / len(wishes)


def false_alarms(texts: Sequence[str], rules: Rules) -> tuple[float, float]:
    """False outs and holds per 10,000 of `texts`, which mean nothing."""
    actions = [rules.decide(text) for text in texts]
    return tuple(10_000 * actions.count(action) / max(1, len(actions)) for action in ("out", "hold"))  # type: ignore[return-value]


def report(texts: Sequence[Text], everyday: Sequence[str]) -> str:
    """The tables, in Markdown."""
    nothing = [text.text for text in texts if text.right == "none"]
    lines = ["| rules | wishes found | false outs, holds among the rest | false outs, holds per 10,000 everyday |"]
    lines += ["|---|---:|---:|---:|"]
    for rules in (*PEERS, *(ours(number) for number in range(1, VERSION + 1))):
        beside = _alarms(false_alarms(nothing, rules), len(nothing))
        daily = "{:.1f}, {:.1f}".format(*false_alarms(everyday, rules)) if everyday else "-"
        lines.append(f"| {rules.name} | {_percent(recall(texts, rules))} | {beside} | {daily} |")
    sets = [ours(number) for number in range(1, VERSION + 1)]
    for title, key in (("language", _language), ("kind", lambda text: text.kind.partition("/")[2])):
        groups: dict[str, list[Text]] = defaultdict(list)
        for text in texts:
            groups[key(text)].append(text)
        names = " | ".join(rules.name for rules in sets)
        lines += ["", f"| {title} | texts | right: {names} |", f"|---|---:|{'---:|' * len(sets)}"]
        for name, group in sorted(groups.items()):
            shares = [
                sum(rules.decide(labelled.text) in RIGHT[labelled.right] for labelled in group) / len(group)
                for rules in sets
            ]
            lines.append(f"| {name} | {len(group)} | {' | '.join(map(_percent, shares))} |")
    return "\n".join(lines)


def _language(text: Text) -> str:
    return text.kind.partition("/")[0]


def _alarms(per_ten_thousand: tuple[float, float], texts: int) -> str:
    return ", ".join(f"{round(rate * texts / 10_000)}" for rate in per_ten_thousand) + f" of {texts}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def main(arguments: Sequence[str]) -> int:
    """Print the tables for the files that are named."""
    if not arguments or not arguments[0]:
        print("which texts? make classify-report TEXTS=path [EVERYDAY=path]", file=sys.stderr)
        return 64
    everyday = Path(arguments[1]).read_text("utf-8").splitlines() if len(arguments) > 1 and arguments[1] else []
    print(report(read(Path(arguments[0])), [text for text in everyday if text and not text.startswith("#")]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
