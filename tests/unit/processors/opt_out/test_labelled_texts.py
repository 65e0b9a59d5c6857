"""What people write is understood: every labelled text gets its tier, and every rule earns its place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from processors.opt_out.classifier import Classifier, classifier, classify
from processors.opt_out.rules import LANGUAGES, Rule, Unless, rule_set
from tests.unit.processors.opt_out.labelled import FILES, TEXTS, Labelled, read

RULES, UNLESS = rule_set(1)
OF_SET_1 = classifier(number=1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_gets_its_tier(path: Path) -> None:
    wrong = [
        f"{labelled.text!r} ({labelled.why}): {labelled.tier}, not {decision.tier} by {decision.rule}"
        for labelled in read(path)
        if (decision := classify(labelled.text)).tier != labelled.tier
    ]
    assert not wrong


def test_there_are_enough_and_none_twice() -> None:
    tiers = Counter(labelled.tier for labelled in TEXTS)
    assert len(TEXTS) >= 300
    assert set(tiers) == {"A", "B", "C", "D", "in"}
    assert min(tiers["A"], tiers["B"], tiers["C"], tiers["D"]) >= 100
    assert not [text for text, times in Counter(labelled.text for labelled in TEXTS).items() if times > 1]


def test_a_wrong_label_would_be_seen(tmp_path: Path) -> None:
    planted = tmp_path / "planted.tsv"
    planted.write_text("A\tstop by at 5\\n\ta visit\n", "utf-8")

    assert read(planted) == [Labelled("A", "stop by at 5\n", "a visit")]
    with pytest.raises(AssertionError, match=r"A, not D by d\.nothing"):
        test_every_text_gets_its_tier(planted)


#: Rules of rule set 2 have a test of their own (test_requests.py): a classifier without one takes a second to make.
OLDER = [rule for rule in (*RULES, *UNLESS) if rule.since == 1]


@pytest.mark.parametrize("spared", OLDER, ids=lambda exception: exception.id)
def test_every_rule_earns_its_place(spared: Rule | Unless) -> None:
    """Without it, some labelled text would be understood otherwise."""
    if isinstance(spared, Rule) and spared.kind not in {"phrase", "whole", "first", "object"}:
        # These kinds are steps of the classifier rather than entries of a list: some text is theirs.
        assert spared.id in {OF_SET_1.classify(labelled.text).rule for labelled in TEXTS}
        return
    rules = tuple(rule for rule in RULES if rule is not spared)
    unless = tuple(exception for exception in UNLESS if exception is not spared)
    without = Classifier(LANGUAGES, (rules, unless), number=1)
    assert any(without.classify(labelled.text) != OF_SET_1.classify(labelled.text) for labelled in TEXTS)
