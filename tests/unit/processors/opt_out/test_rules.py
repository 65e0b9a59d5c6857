"""The rules as data: told apart by id, tied to their version, and each where the documents say it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processors.opt_out.rules import LANGUAGES, VERSION, either, fingerprint, rule_set

RULES, UNLESS = rule_set()
#: Version -> fingerprint of the rule sets that have decided something.
PINNED = Path(__file__).parent / "rule_sets.json"


def test_a_change_of_the_rules_changes_their_version() -> None:
    known = json.loads(PINNED.read_text("utf-8"))
    assert known.get(str(VERSION)) == fingerprint(), (
        f"the rules are not those of version {VERSION}: raise processors.opt_out.rules.VERSION and add "
        f'"{VERSION + 1}": "{fingerprint()}" to {PINNED.name}'
    )
    assert list(known) == [str(version) for version in range(1, VERSION + 1)]


@pytest.mark.parametrize("number", range(1, VERSION))
def test_an_older_rule_set_is_as_it_was(number: int) -> None:
    assert json.loads(PINNED.read_text("utf-8"))[str(number)] == fingerprint(number)


def test_every_id_is_one_rule_and_begins_with_its_tier() -> None:
    ids = [rule.id for rule in (*RULES, *UNLESS)]
    assert len(set(ids)) == len(ids)
    assert all(rule.id.startswith(f"{rule.tier.lower()}.") for rule in RULES)
    assert all(
        exception.id.startswith({"same": "b"}.get(exception.becomes, exception.becomes.lower()) + ".")
        for exception in UNLESS
    )


def test_every_rule_speaks_known_languages() -> None:
    assert all(rule.languages and set(rule.languages) <= LANGUAGES for rule in RULES)


def test_what_takes_a_meaning_away_names_phrases_that_exist() -> None:
    every = {rule.id for number in range(1, VERSION + 1) for rule in rule_set(number)[0]}
    phrases = every - {rule.id for rule in RULES if rule.kind not in ("phrase", "pattern", "outside")}
    for exception in UNLESS:
        assert set(exception.of) <= phrases, exception.id
        assert exception.before or exception.after or exception.itself or exception.anywhere or exception.around, (
            exception.id
        )


def test_every_phrase_can_be_found_by_its_words() -> None:
    """A text without one of a phrase's words is never looked at for it: they are lower-case words of their own."""
    for rule in RULES:
        if rule.kind == "phrase":
            assert rule.words, rule.id
        assert all(word == word.lower().strip() for word in rule.words), rule.id


def test_either_is_any_of_its_lists() -> None:
    assert either("a b / c", "d") == "(?:a b|c|d)"
