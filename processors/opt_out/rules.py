"""What a rule is, and all of them together: the rule set, its version and its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Tier = Literal["A", "B", "C", "D", "in"]
Action = Literal["out", "hold", "none", "in"]
#: How a rule's words and pattern are read; classifier.py has one method or lookup for each.
Kind = Literal[
    "whole", "courtesy", "phrase", "typo", "first", "object", "spelled", "several", "reaction", "rest", "pattern",
    "shape", "outside",
]  # fmt: skip

#: Raise it with any change to a rule, a word or the way they are applied: the ledger keeps it with each decision.
VERSION = 6

#: English cannot be switched off: the carriers' words and 47 CFR 64.1200(a)(10) hold whatever a customer speaks.
ALWAYS = "en"
LANGUAGES = frozenset(
    [
        "en",
        "es",
        "fr",
        "de",
        "pt",
        "it",
        "nl",
        "zh",
        "vi",
        "tl",
        "ko",
        "ja",
        "ru",
        "uk",
        "pl",
        "ar",
        "ht",
        "hi",
        "tr",
        "id",
        "sv",
        "fi",
        "ro",
        "cs",
        "hu",
        "el",
        "he",
        "th",
        "fa",
        "ur",
        "so",
        "bg",
        "ca",
        "am",
    ]
)

ACTIONS: dict[Tier, Action] = {"A": "out", "B": "out", "C": "hold", "D": "none", "in": "in"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of saying stop (or start), or of seeming to."""

    id: str  #: never used again for another meaning: old ledger rows name it
    tier: Tier
    kind: Kind
    says: str  #: for people: what it recognises
    languages: tuple[str, ...] = (ALWAYS,)
    #: whole, typo, first, object: the words; phrase: at least one of them is in every text that matches.
    words: tuple[str, ...] = ()
    pattern: str = ""  #: a regular expression over the normalised message
    #: phrase: at least one of these is in it too, so that common words do not cost time for nothing.
    also: tuple[str, ...] = ()
    since: int = 1  #: the first rule set that has it
    until: int | None = None  #: the last rule set that has it; None: the newest has it
    source: str = ""  #: where the wording comes from
    examples: tuple[str, ...] = ()  #: texts that it finds, of our own making


@dataclass(frozen=True, slots=True)
class Unless:
    """Words beside a phrase that take its meaning away, or make it doubtful."""

    id: str
    says: str
    of: tuple[str, ...]  #: ids of the phrases that it concerns
    becomes: Tier | Literal["same"]  #: D: the phrase counts for nothing; C: a person decides; same: it stands
    before: str = ""  #: what precedes it in its clause, up to 60 characters
    after: str = ""  #: what follows it in its clause, up to 60 characters
    itself: str = ""  #: what the phrase must begin with for this to apply
    anywhere: str = ""  #: what stands somewhere in the text; for patterns
    around: str = ""  #: what stands somewhere in the text; for phrases
    since: int = 1  #: the first rule set that has it
    until: int | None = None  #: the last rule set that has it; None: the newest has it


def listed(name: str) -> list[str]:
    """The words of a file in words/, comments left out."""
    lines = (_WORDS / name).read_text("utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


def either(*lists: str) -> str:
    """A pattern for any one of the expressions in `lists`, which are separated by " / "."""
    return f"(?:{'|'.join(part.strip() for text in lists for part in text.split(' / '))})"


#: What a rule and an exception of rule set 1 were made of: its fingerprint is over these.
_RULE = ("id", "tier", "kind", "says", "languages", "words", "pattern", "also")
_UNLESS = ("id", "says", "of", "becomes", "before", "after", "itself")
#: What rule set 2 has beside its rules, in words/.
_FILES = ("common_words.txt", "confusables.json", "names.txt", "real_words.txt")
_WORDS = Path(__file__).parent / "words"

RuleSet = tuple[tuple[Rule, ...], tuple[Unless, ...]]


def rule_set(number: int = VERSION) -> RuleSet:
    """The rules of rule set `number` in the order in which they are tried, and what takes a phrase's meaning away."""
    from processors.opt_out.words import (
        abroad,
        closed_texts,
        keywords,
        languages,
        outside,
        phrases,
        requests,
        shapes,
        unless,
    )

    rules = (
        *keywords.RULES, *phrases.RULES, *requests.RULES, *abroad.RULES, *shapes.RULES, *languages.RULES,
        *outside.RULES, *closed_texts.RULES,
    )  # fmt: skip
    exceptions = (*unless.UNLESS, *languages.UNLESS, *outside.UNLESS, *closed_texts.UNLESS)
    return (
        tuple(rule for rule in rules if alive(rule, number)),
        tuple(exception for exception in exceptions if alive(exception, number)),
    )


def alive(rule: Rule | Unless, number: int) -> bool:
    """Whether rule set `number` has `rule`."""
    return rule.since <= number and (rule.until is None or number <= rule.until)


def fingerprint(number: int = VERSION) -> str:
    """SHA-256 over every rule and word list of rule set `number`: it changes with any of them."""
    from processors.opt_out.words import (
        added_words,
        after_stop,
        closed_texts,
        keywords,
        language,
        languages,
        outside,
        reactions,
        shapes,
    )

    rules, taken_away = rule_set(number)
    parts = [
        *(repr(tuple(getattr(rule, name) for name in _RULE)) for rule in rules),
        *(repr(tuple(getattr(unless, name) for name in _UNLESS)) for unless in taken_away),
        *(repr(part) for part in (keywords.COURTESIES, keywords.OWN_WORDS, keywords.OPENERS)),
        *(repr(part) for part in (after_stop.PATTERN, after_stop.STILL_A_STOP, reactions.OPENER, reactions.CLOSER)),
    ]
    if number >= 2:
        parts += [repr((exception.anywhere, exception.around)) for exception in taken_away]
        parts += [
            after_stop.NO_MESSAGE,
            after_stop.OTHER_THINGS,
            after_stop.IN_FUN,
            outside.COURTESIES,
            repr(sorted(language.CHAT_WORDS)),
            repr(languages.LEXICONS),
        ]
        parts += [(_WORDS / name).read_text("utf-8") for name in _FILES]
    if number >= 5:
        parts += [
            repr(added_words.ADDED),
            repr(sorted(shapes.MESSAGE_WORDS)),
            after_stop.NO_MESSAGE_EITHER,
            after_stop.LAUGHING_FACES + after_stop.IN_BANTER,
        ]
    if number >= 6:
        parts += [
            repr([(language.lexicon, language.added) for language in closed_texts.LANGUAGES.values()]),
            repr(sorted(closed_texts.OWN_WORDS)),
            repr(closed_texts.CLAUSE_NEEDS),
            after_stop.NO_MESSAGE_DUTCH,
        ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
