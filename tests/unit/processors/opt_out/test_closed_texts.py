"""Closed texts: wishes in any order and with any courtesy, and the same words in texts of every day."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path

import pytest

from processors.opt_out.classifier import classifier, classify
from processors.opt_out.words import closed_texts

EVERYDAY = Path(__file__).parent / "everyday" / "class_words"
#: What stands for {day}, {who} and {thing} in the texts of every day.
SLOTS = {
    "en": (["tomorrow", "Friday"], ["Anna", "him"], ["the badge", "the car"]),
    "es": (["mañana", "el viernes"], ["Ana", "mi jefe"], ["la factura", "el coche"]),
    "fr": (["demain", "ce soir"], ["Anne", "mon chef"], ["la facture", "la voiture"]),
    "de": (["morgen", "am Freitag"], ["Anna", "ihm"], ["die Rechnung", "das Auto"]),
    "pt": (["amanhã", "na sexta"], ["Ana", "meu chefe"], ["a fatura", "o carro"]),
    "it": (["domani", "venerdì"], ["Anna", "il capo"], ["la fattura", "la macchina"]),
    "nl": (["morgen", "vrijdag"], ["Anna", "mijn baas"], ["de factuur", "de auto"]),
}
#: What a wish is made of, and words of courtesy and temper that may stand around it.
WISHES = {
    "en": ("no more calls", "dont contact me", "erase my number", "please thanks really guys damn sir ok"),
    "es": ("no mas avisos", "no me contacten", "borren mi numero", "por favor gracias señores ya siempre"),
    "fr": ("plus de relances", "ne me contactez jamais", "effacez mon numero", "svp merci vraiment alors madame enfin"),
    "de": ("keine anrufe mehr", "kontaktiert mich nie", "löscht meine nummer", "bitte danke endlich sofort also"),
    "pt": ("chega de avisos", "nunca me contatem", "apaguem meu numero", "por favor obrigada gente sempre já então"),
    "it": ("basta avvisi", "non contattatemi mai", "cancellate il mio numero", "per favore grazie subito ragazzi"),
    "nl": ("geen telefoontjes meer", "benader mij nooit", "verwijder mijn nummer", "graag bedankt echt direct mensen"),
}  # fmt: skip


def everyday(language: str) -> list[str]:
    """The texts of every day of a language, with their slots filled in."""
    days, people, objects = SLOTS[language]
    values = {"day": days, "who": people, "thing": objects}
    texts: list[str] = []
    for line in (EVERYDAY / f"{language}.txt").read_text("utf-8").splitlines():
        for chosen in itertools.product(*(values[name] for name in re.findall(r"\{(\w+)\}", line))):
            left = iter(chosen)
            texts.append(re.sub(r"\{\w+\}", lambda _, left=left: next(left), line))  # type: ignore[misc]
    return texts


@pytest.mark.parametrize("language", SLOTS)
def test_the_same_words_in_texts_of_every_day_say_nothing(language: str) -> None:
    texts = everyday(language)
    assert len(texts) >= 75
    said = [(text, decision.rule) for text in texts if (decision := classify(text)).action in ("out", "hold")]
    assert not said


@pytest.mark.parametrize("language", WISHES)
def test_courtesy_around_a_wish_does_not_matter(language: str) -> None:
    """Whatever words of courtesy stand before and behind it, in whatever order."""
    *wishes, courtesy = WISHES[language]
    chance = random.Random(6)
    missed: list[str] = []
    for wish in wishes:
        for _ in range(40):
            around = chance.sample(courtesy.split(), chance.randint(0, 4))
            at = chance.randint(0, len(around))
            text = " ".join((*around[:at], wish, *around[at:]))
            if classify(text).action not in ("out", "hold"):
                missed.append(text)
    assert not missed


@pytest.mark.parametrize(
    "text",
    [
        "dont stop", "I dont call before noon", "no calls yet", "dont call, text me instead", "don't text me now",
        "you never text me", "no me dejen de avisar", "hört nicht auf", "non smettere", "niet stoppen",
    ],
)  # fmt: skip
def test_no_closed_text_means_the_contrary(text: str) -> None:
    assert not classify(text).rule.partition(".")[2].partition(".")[2].startswith("closed-")


@pytest.mark.parametrize("word", ["the", "garage", "painted"])
def test_a_word_of_no_class_opens_a_text(word: str) -> None:
    """Only a closed clause at an end is read then."""
    opened = f"{word} no {word} further {word} newsletters {word}"
    assert classify(opened).action == ("hold" if word == "the" else "none")


def test_slips_count_in_long_words_only() -> None:
    assert classify("never cntact this phone").action == "hold"
    assert classify("nevr contat this phone pls").action == "hold"
    assert classify("delete my nimber").action in ("hold", "out")


def test_a_language_that_is_not_spoken_is_not_read() -> None:
    text = "keinerlei Anrufe erwünscht danke"
    assert classifier(frozenset({"de"})).classify(text).action == "hold"
    assert classifier(frozenset({"en"})).classify(text).action == "none"


def test_every_shape_names_classes_that_some_language_has() -> None:
    named = set(re.findall(r"\{([a-z]+)\}", " ".join(rule.pattern for rule in closed_texts.RULES)))
    assert named >= {
        "not",
        "none",
        "order",
        "stop",
        "stopit",
        "remove",
        "lose",
        "take",
        "off",
        "key",
        "report",
        "unwanted",
    }
