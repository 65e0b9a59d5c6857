"""How a language's patterns are written down: rules with ids, sources and examples, and forms of words."""

from __future__ import annotations

from collections.abc import Callable

from processors.opt_out.rules import Rule

LAW = "47 CFR 64.1200(a)(10): any wording that a reasonable person reads as a stop"
#: Words one letter away from a word of a lexicon, most of them of chats (bus stop, shop): they are no slips.
CHAT_WORDS = frozenset(
    ["avg", "bstop", "liao", "nosms", "paya", "psam", "revokes", "shopp", "shoppe", "stopover", "tocall"]
)
POLICY = "our own decision: a person looks, see docs/opt-outs.md"


def forms(stems: str, endings: str) -> str:
    """Each of `stems` with each of `endings`; `-` is no ending."""
    return " ".join(stem + ("" if ending == "-" else ending) for stem in stems.split() for ending in endings.split())


def rules_of(language: str, macros: dict[str, str] | None = None) -> Callable[..., Rule]:
    """A maker of the pattern rules of `language`; `macros` are spelled out in each pattern."""

    def rule(name: str, says: str, pattern: str, *examples: str, source: str = LAW, since: int = 2) -> Rule:
        for macro, meaning in (macros or {}).items():
            pattern = pattern.replace(macro, meaning)
        return Rule(
            f"c.{language}.{name}", "C", "pattern", says, (language,), pattern=pattern, since=since, source=source,
            examples=examples,
        )  # fmt: skip

    return rule
