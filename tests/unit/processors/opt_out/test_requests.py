"""Rule set 2: requests in ordinary words, keywords in other shapes, and texts of every day that are neither."""

from __future__ import annotations

import itertools
import random
import re
import time
from pathlib import Path

import pytest

from processors.opt_out.classifier import Classifier, classifier, classify
from processors.opt_out.explanation import explain
from processors.opt_out.nearest import Nearest, is_typo
from processors.opt_out.rules import VERSION, Rule, Unless, rule_set
from tests.unit.processors.opt_out.labelled import TEXTS

RULES, UNLESS = rule_set()
NEW = [rule for rule in RULES if rule.since > 1]
TEMPLATES = Path(__file__).parent / "everyday" / "templates.txt"
CLASS_WORDS = Path(__file__).parent / "everyday" / "class_words"
SLOTS = {
    "day": ["Monday", "tomorrow", "Friday", "next week"], "hour": ["5", "9", "8:30"],
    "name": ["Maria", "Tom", "Mr Lee"], "place": ["warehouse", "office", "clinic"],
    "thing": ["paperwork", "package", "badge", "invoice"], "number": ["3", "20"],
}  # fmt: skip
_SLOT = re.compile(r"\{(\w+)\}")


def everyday() -> list[str]:
    """The templates with their slots filled in, a dozen of each at most."""
    texts: list[str] = []
    for line in TEMPLATES.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        for values in itertools.islice(itertools.product(*(SLOTS[name] for name in _SLOT.findall(line))), 12):
            text = line
            for value in values:
                text = _SLOT.sub(value, text, count=1)
            texts.append(text)
    return texts


def class_words() -> list[str]:
    """Texts of every day that are made of the words of closed texts, each with one slot filled in."""
    lines = [line for path in sorted(CLASS_WORDS.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    return [_SLOT.sub("Anna", line) for line in lines]


TAKEN_BACK = {
    by
    for text in (*everyday(), *class_words(), *(text.text for text in TEXTS))
    for _, _, by in classifier().fitting(text)
}


@pytest.mark.parametrize("rule", NEW, ids=lambda rule: rule.id)
def test_each_example_of_a_rule_is_found(rule: Rule) -> None:
    assert rule.source
    assert rule.examples
    let_through = [text for text in rule.examples if classify(text).action not in ("out", "hold")]
    assert not let_through


@pytest.mark.parametrize("rule", [rule for rule in NEW if rule.kind != "outside"], ids=lambda rule: rule.id)
def test_a_new_rule_has_a_text_that_it_fits(rule: Rule) -> None:
    texts = [*rule.examples, *(text.text for text in TEXTS)]
    fitting = {found for text in texts for found, _, _ in classifier().fitting(text)}
    decided = {classify(text).rule for text in rule.examples}
    assert rule.id in fitting | decided


@pytest.mark.parametrize(
    "unless", [exception for exception in UNLESS if exception.since > 1], ids=lambda exception: exception.id
)
def test_each_new_exception_takes_something_back(unless: Unless) -> None:
    """Those of closed texts are made for all languages at once: one of them is enough."""
    _, _, name = unless.id.split(".", 2) if ".closed-" in unless.id else ("", "", unless.id)
    assert any(taken_back.endswith(name) for taken_back in TAKEN_BACK)


def test_everyday_texts_say_nothing() -> None:
    texts = everyday()
    assert len(texts) > 1000
    said = [(text, decision.rule) for text in texts if (decision := classify(text)).action in ("out", "hold")]
    assert not said


def test_what_rule_set_1_opted_out_still_is() -> None:
    """But where a text means somebody else or a thing: those exceptions are named."""
    older, lost = classifier(number=1), set()
    for labelled in TEXTS:
        if older.classify(labelled.text).action == "out" and classify(labelled.text).action != "out":
            lost.add(classify(labelled.text).rule)
    assert lost <= {
        "d.thing-removed", "d.somebody-told", "c.somebody-told", "d.called-a-name", "d.off-a-shift",
        "d.negated-in-chat", "d.will-leave", "d.quoted-like", "c.leave-alone-in-fun", "c.leave-alone-a-guess",
        "d.text-a-thing", "c.somebody-said", "c.somebody-quoted", "c.somebody-removes",
    }  # fmt: skip


# One of each kind that is spelled otherwise than it is meant.
@pytest.mark.parametrize(
    "text",
    [
        "Quit2Stop!", "stoptoquit", "cancel 2 end", "pleasestop", "STOP7", "Stopy", "qiut", "Wuit", "enf", "st]op",
        "S T O P", "q.u.i.t", "\u0405\u0422\u041e\u0420", "ST\u041eP", "\u0421\u0422\u041e\u041f",
        "🆂🆃🅾🅿", "🇸🇹🇴🇵", "🛑", "✋🏽",
        "get off my f***ing phone", "s†op", "stooooopppp",
    ],
)  # fmt: skip
def test_shapes_are_held_at_least(text: str) -> None:
    assert classify(text).action in ("out", "hold")


@pytest.mark.parametrize(
    "text",
    [
        "tell Anna to leave me alone", "she's going to sue me", "Stop calling me Karen",
        "remove my phone from the truck",
        "Haal me morgen op", "Schrijf me even", "the rain just stopped", "stop talking about him",
        "opt out of the warranty", "Do you have attorney positions?", "We have a paralegal for the attorney",
        "\u0421\u0422\u041e\u041f\u041a\u0410", "quiet", "quite", "stops", "Friend", "haha stop",
    ],
)  # fmt: skip
def test_no_false_alarm(text: str) -> None:
    assert classify(text).action == "none"


# The kind that went from B to D: a refusal before the phrase is a sentence of its own.
@pytest.mark.parametrize(
    "text",
    ["Definitely not take me off this list", "Hell no quit texting my number", "leave soon after you STOP texting me"],
)
def test_a_refusal_before_a_phrase_takes_nothing_away(text: str) -> None:
    assert classify(text).action in ("out", "hold")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("remve", "remove"), ("rremove", "remove"), ("removr", "remove"), ("ermove", "remove"), ("remvoe", "remove")],
)
def test_a_slip_is_one_letter_or_two_neighbours(word: str, meant: str) -> None:
    assert is_typo(word, meant)
    assert Nearest([meant], frozenset()).to(word) == meant
    assert Nearest([meant], frozenset({word})).to(word) is None


def test_two_letters_are_no_slip() -> None:
    assert not is_typo("rmvoe", "remove")
    assert Nearest(["remove"], frozenset()).to("rmoev") is None


def test_the_rule_set_of_a_decision_is_its_own() -> None:
    assert classifier(number=1).classify("STOP").rule_set == 1
    assert classify("STOP").rule_set == VERSION
    assert classifier(number=1).classify("Quit2End").action == "none"


def test_an_explanation_tells_what_was_overridden_and_what_came_near() -> None:
    explanation = explain(classifier(), "Please don't lose my number. Thanks")
    assert explanation.clauses == ("please dont lose my number", "thanks")
    assert ("b.lose-my-number", "d.negated") in {
        (overriding.rule, overriding.by) for overriding in explanation.overridden
    }

    near = explain(classifier(), "my number is new").nearest
    assert near is not None
    assert near.rule.startswith("c.")
    assert near.lacks


def test_time_grows_with_length() -> None:
    """The worst of what a search finds: ten times the text takes fifteen times as long at most.

    It starts from words that patterns are made of and keeps what takes longest for its length.
    """
    held: Classifier = classifier()
    words = sorted({word for rule in NEW if rule.kind == "pattern" for word in re.findall(r"[a-z]{2,}", rule.pattern)})
    chance = random.Random(7)

    def filled(unit: str, length: int) -> str:
        return (unit * (length // len(unit) + 1))[:length]

    def seconds(text: str) -> float:
        best = 1.0
        for _ in range(5):
            start = time.thread_time()
            for _ in range(3):
                held.decide(text)
            best = min(best, time.thread_time() - start)
        return best

    units = [
        " ".join(chance.choices(words, k=chance.randint(1, 6))) + chance.choice([" ", ". ", "\n"]) for _ in range(60)
    ]
    units += [
        "stop ",
        "dont ",
        "do not ",
        "please ",
        "no more texts ",
        "to stop ",
        "my ",
        "remove me from ",
        "I never ",
    ]
    worst = sorted(units, key=lambda unit: -seconds(filled(unit, 1600)))[:5]
    ratios = [seconds(filled(unit, 1600)) / seconds(filled(unit, 160)) for unit in worst]
    assert min(ratios) < 15
    assert sorted(ratios)[len(ratios) // 2] < 15, list(zip(worst, ratios, strict=True))
