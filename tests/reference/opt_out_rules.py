"""docs/opt-out-rules.md, from the rules themselves."""

from __future__ import annotations

from processors.opt_out.rules import ACTIONS, LANGUAGES, VERSION, Rule, rule_set
from processors.opt_out.words.keywords import OWN_WORDS
from tests.reference.markdown import code, table


def page() -> str:
    """The whole page."""
    rules, unless = rule_set()
    parts = [
        "# Rules for opt-outs\n",
        f"Rule set {VERSION}. What the tiers mean and how a decision is explained: [opt-outs](opt-outs.md). The "
        "patterns themselves are shown by `hookline opt-outs rules --json`.\n",
        "## What says stop, in the order in which it is tried\n",
        table(
            ("rule", "tier", "action", "languages", "recognises", "words"),
            ((code(rule.id), rule.tier, ACTIONS[rule.tier], _spoken(rule), rule.says, _words(rule)) for rule in rules),
        ),
        "## What takes a phrase's meaning away\n",
        "For each place where one of the phrases stands, the first of these that fits decides. D: the phrase counts "
        "for nothing there. C: a person decides. B: the phrase stands after all, whatever comes below.\n",
        table(
            ("rule", "tier", "recognises", "concerns"),
            (
                (
                    code(exception.id),
                    "B" if exception.becomes == "same" else exception.becomes,
                    exception.says,
                    ", ".join(map(code, exception.of)),
                )
                for exception in unless
            ),
        ),
        "## Words that are no slips\n",
        "One slip away from a keyword, and yet what a person may well send by itself.\n",
        table(
            ("language", "words"),
            ((language, ", ".join(map(code, sorted(words)))) for language, words in sorted(OWN_WORDS.items())),
        ),
    ]
    return "\n".join(parts)


def _spoken(rule: Rule) -> str:
    return "all" if set(rule.languages) == LANGUAGES else ", ".join(sorted(rule.languages))


def _words(rule: Rule) -> str:
    """Words that are the rule; those of a phrase only say where to look."""
    return "" if rule.kind == "phrase" else ", ".join(map(code, rule.words))
