"""Closed texts: what nobody writes who does not want it to stop, whatever the order of its words.

Each language has a few classes of words (words/closed/): what forbids, what is sent, what stops, what removes, what is
removed, and what people put between these. A text in which every word is of one of the classes is closed. Ordinary talk
nearly always has a word besides; what is left is a wish if it forbids what is sent, stops it, or removes the number.

| class | what it holds |
|---|---|
| `not`, `none` | what forbids: "don't", "never"; "no" before a noun; `last`: behind one |
| `more` | again, any more, further |
| `write`, `order`, `texts` | what is done, in any form; a verb that stands before its negation; what is sent |
| `these` | what stands for what is sent: these, them, anything |
| `stop`, `remove`, `lose` | ends it; takes the number out; does so only with a number behind it |
| `take`, `off` | "take ... off" |
| `thing`, `my`, `me` | what is removed: a number, a list; whose |
| `self`, `you`, `want`, `get` | who, whom, wishes, receives |
| `limit`, `instead`, `invite` | a time or another channel: only part of it is forbidden |
| `refusal`, `fill`, `key` | no interest, courtesy and temper, words for removal itself |
| `got` | has received |
| `tired`, `again`, `stopit`, `unwanted` | is tired of it, never again, ends it by itself, is not wanted |
| `report`, `spam` | blocked or reported, as what |
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from processors.opt_out.requests import Language
from processors.opt_out.rules import Rule, Unless, listed
from processors.opt_out.words.closed import ClosedWords, dutch, english, french, german, italian, portuguese, spanish
from processors.opt_out.words.language import LAW

#: The first rule set that reads closed texts.
SINCE = 6
_WORDS = {
    "en": english.WORDS, "es": spanish.WORDS, "fr": french.WORDS, "de": german.WORDS, "pt": portuguese.WORDS,
    "it": italian.WORDS, "nl": dutch.WORDS,
}  # fmt: skip
#: What may stand between two words that belong together.
_GAP = ("fill", "you", "me", "my", "more", "get", "these", "self", "thing")
_NO_GAP = ("refusal", "limit", "instead", "stop", "remove", "lose", "want", "write", "order", "texts")
_CLASS = re.compile(r"\{([a-z]+)\}")

#: A clause of a short open text is looked at if it has a word of one class of each of these, in one of three ways; of
#: a longer one the first and the last clause are.
CLAUSE_NEEDS = (
    (("{not}", "{none}", "{order}"), ("{more}",), ("{write}", "{texts}")),
    (("{remove}", "{take}"), ("{thing}",)),
    (("{stop}",), ("{texts}",)),
)

#: Kind -> what it says, and its shapes: in a text that is closed (`...`), in a clause that is (`,,`), or
#: at either end of a clause (`,,,`).
_SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "forbids": (
        "forbids to write or call",
        (
            "... {not} {gap}{0,6} {write} ...", "... {order} {gap}{0,6} {not} ...",
            ",,, {not} {gap}{0,6} {write} {gap}{0,4} {more} ,,,", ",,, {not} {gap}{0,3} {more} {gap}{0,4} {texts}{0,1} {write} ,,,", ",,, {order} {gap}{0,4} {not} {gap}{0,2} {more} ,,,",
        ),
    ),
    "refuses": (
        "wants none of what is sent",
        (
            "... {none} {gap}{0,5} {write}{0,1} {texts} ...", "... {texts} {gap}{0,4} {last} ...",
            "... {not} {gap}{0,4} {want} {free}{0,6} ({texts}|{write}) ...",
            "... {not} {gap}{0,4} {want} {gap}{0,4} {these} {gap}{0,4} {more} ...",
            "... {want} {gap}{0,4} ({not}|{none}) {gap}{0,5} ({texts}|{write}) ...",
            "... {want} {gap}{0,4} {texts} {gap}{0,3} {not} {gap}{0,3} {get} ...",
            ",,, {want} {gap}{0,3} {not} {gap}{0,3} {get} {gap}{0,3} {texts} {gap}{0,3} {more} ,,,",
            ",,, {want} {gap}{0,4} {texts} {gap}{0,3} {not} {gap}{0,2} {more} {gap}{0,2} {get} ,,,",
            "... {tired} {gap}{0,5} ({texts}|{write}) ...", "... {tired} {gap}{0,3} {get} {gap}{0,2} {these} ...",
            "... ({texts}|{write}) {gap}{0,3} {unwanted} ...", "~ ({fill}|;){0,3} {not} {again} ({fill}|;){0,3} %",
            "~ ({courtesy}|;){0,4} {none} {more} ({courtesy}|;){1,4} %",
            "~ ({refusal}|{courtesy}|;){1,8} {none} {more} ({courtesy}|;){0,4} %",
            ",,, {none} {gap}{0,3} {more} {gap}{0,4} {write}{0,1} {texts} ,,,", ",,, {none} {gap}{0,4} {texts} {gap}{0,3} {more} ,,,",
        ),
    ),
    "stops": (
        "what is sent has to stop",
        (
            ",, {stop} {gap}{0,3} {more}{0,1} {texts} ,,", "... {stop} {gap}{0,6} ({write}|{texts}) ...", "... ({texts}|{write}) {gap}{0,6} {stop} ...",
            "~ ({fill}|{you}|{these}|{my}|;){0,8} {stopit} ({fill}|{you}|{these}|{my}|;){0,6} %",
        ),
    ),
    "removes": (
        "the number has to go",
        (
            "... {remove} {gap}{0,6} ({thing}|{me}) ...", "... ({thing}|{me}) {gap}{0,6} {remove} ...",
            "... {lose} {gap}{0,3} {my} {gap}{0,3} {thing} ...",
            "... {take} {free}{0,5} ({thing}|{me}|{texts}) {free}{0,4} {off} ...",
            ",, {remove} {gap}{0,4} {my} {gap}{0,3} {thing} ,,",
            ",, {take} {free}{0,6} {thing} {gap}{0,3} {off} {gap}{0,3} {thing} ,,",
        ),
    ),
    "reports": (
        "the sender is blocked or reported, the texts are spam",
        (
            "... {report} {gap}{0,4} ({spam}|{you}) ...", "... {you} {gap}{0,4} {report} ...",
            "... {report} {gap}{0,2} {report} ...", "... {spam} {gap}{0,3} {report} ...", "... {you} {gap}{0,2} {spam} ...",
        ),
    ),
    "key": ("a word for removal and courtesy", ("~ ({fill}|{you}|{me}|{my}|{more}|;){0,12} {key} ({fill}|{you}|{me}|{my}|{more}|;){0,12} %",)),
}  # fmt: skip

#: Name -> what it says, the kinds that it takes back, and its shapes.
_TAKEN_BACK: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "not-to-stop": (
        "is not to stop, not to be removed", ("stops", "removes", "key", "refuses"),
        (
            "{not} {close}{0,4} {stop}", "{not} {close}{0,4} {remove}", "{not} {close}{0,4} {lose}", "{not} {close}{0,4} {key}",
            "{not} {gap}{0,3} {want} {gap}{0,4} {stop}", "{not} {gap}{0,3} {want} {gap}{0,4} {texts} {gap}{0,3} {stop}",
            "{not} {close}{0,4} {take} {free}{0,5} {off}", "{stop} {gap}{0,4} {notlast} $", "{remove} {gap}{0,4} {notlast} $",
        ),
    ),
    "myself": (
        "the writer does not", ("forbids", "stops", "removes"),
        (
            "{self} {gap}{0,4} {stopit}", "{stopit} {self}", "{self} {aux}{0,3} {not} {gap}{0,4} {write}", "{self} {order}", "{order} {self}",
            "{self} {aux}{0,3} {stop}", "{self} {aux}{0,3} {remove}", "{self} {aux}{0,3} {lose}", "{self} {aux}{0,3} {take}",
        ),
    ),
    "blocks-me": ("the writer is blocked, or asks to be", ("reports",), ("{report} {gap}{0,2} {me}", "{not} {gap}{0,3} {report}")),
    "only-bother": ("no more than: don't bother", ("forbids",), ("~ {fill}{0,4} {not} {weak} {fill}{0,4} %",)),
    "you-do-not": ("somebody is missed", ("forbids",), ("{you} {aux}{0,2} {never} {gap}{0,2} {write}",)),
    "not-to-bother": (
        "does not want to disturb", ("forbids", "refuses"),
        (
            "{not} {gap}{0,3} {want} {gap}{0,3} {disturb} (?! {gap}{0,2} {me})",
            "{want} {gap}{0,3} {not} {gap}{0,3} {disturb} (?! {gap}{0,2} {me})",
        ),
    ),
    "has-none": (
        "has got none", ("refuses",),
        ("{got} {gap}{0,3} {none} {gap}{0,3} {texts}", "~ {gap}{0,3} {none} {gap}{0,3} {texts} {gap}{0,4} {got} {gap}{0,3} %"),
    ),
    "not-yet": (
        "none has come yet", ("refuses", "forbids"),
        ("{yet} {gap}{0,2} {none}", "{none} {gap}{0,2} {texts} {gap}{0,3} {yet}", "{yet} {gap}{0,2} {not} {gap}{0,2} {write}"),
    ),
    "in-this-language": ("a turn of the language's own", tuple(_SHAPES), ("{turns}",)),
    "a-limit": ("only for now", ("forbids", "refuses"), ("{limit} (?! on)",)),
    "another-way": (
        "another way instead", ("forbids", "refuses", "stops"),
        ("{instead} ({me}|{you}){0,1} {write}", "{instead} {invite}", "{instead} {gap}{0,1} {texts} %", "{write} {gap}{0,2} {channel} {me}", "; {channel} {me}", "^ {gap}{0,3} {channel} {me} (;|%)", "^ {gap}{0,2} {invite}"),
    ),
}  # fmt: skip


def _shape(text: str) -> str:
    """A shape with what may stand around it: in the whole text, or on one side of it in a clause."""
    core = text.strip(" .,")
    if text.startswith("..."):
        return f"~ ({{word}}|;){{0,30}} {core} ({{word}}|;){{0,30}} %"
    if text.startswith(",, "):
        return f"^ {{word}}{{0,12}} {core} {{word}}{{0,8}} $"
    if text.startswith(",,,"):
        return f"^ {{word}}{{0,12}} {core} | {core} {{word}}{{0,8}} $"
    return core


def _classes(words: ClosedWords) -> dict[str, str]:
    """Every class of a language: those of its file, and those that are made of these."""
    listed_by_file = (words.with_slips, words.without_slips, {"key": words.key})
    of: dict[str, set[str]] = {}
    for classes in listed_by_file:
        for name, spelled in classes.items():
            of.setdefault(name, set()).update(spelled.split())

    def any_of(*names: str) -> set[str]:
        return {word for name in names for word in of.get(name, ())}

    gap = any_of(*_GAP)
    every = any_of(*of)
    of["gap"] = gap - any_of(*_NO_GAP)
    of["close"] = gap - any_of("fill", *_NO_GAP)
    of["free"] = (gap | any_of("refusal")) - any_of("write", "texts")
    of["word"] = every
    return {name: " ".join(sorted(found)) for name, found in of.items()}


def _alternatives(shapes: tuple[str, ...], classes: Mapping[str, str]) -> str:
    """The shapes that the language has all classes for."""
    return " | ".join(_shape(shape) for shape in shapes if classes.keys() >= set(_CLASS.findall(shape)))


def _language(code: str) -> Language:
    words = _WORDS[code]
    classes = _classes(words)
    rules = tuple(
        Rule(
            f"c.{code}.closed-{kind}", "C", "pattern", f"nothing but words that belong to a wish: {says}", (code,),
            pattern=_alternatives(shapes, classes), since=SINCE, source=LAW, examples=words.examples[kind],
        )
        for kind, (says, shapes) in _SHAPES.items()
    )  # fmt: skip
    exceptions = tuple(
        Unless(
            f"d.{code}.closed-{name}", says, tuple(f"c.{code}.closed-{kind}" for kind in kinds), "D",
            anywhere=anywhere, since=SINCE,
        )
        for name, (says, kinds, shapes) in _TAKEN_BACK.items()
        if (anywhere := words.turns if shapes == ("{turns}",) else _alternatives(shapes, classes))
    )  # fmt: skip
    return Language(code, words.with_slips, rules, exceptions, classes, OWN_WORDS)


#: Words that are no slips of a word of closed texts.
OWN_WORDS = frozenset(listed("closed/own_words.txt"))
LANGUAGES = {code: _language(code) for code in _WORDS}
RULES = tuple(rule for language in LANGUAGES.values() for rule in language.rules)
UNLESS = tuple(exception for language in LANGUAGES.values() for exception in language.unless)
