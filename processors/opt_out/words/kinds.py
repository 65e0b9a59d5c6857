"""How a kind of wish is written down: a rule of the same kind for each language."""

from __future__ import annotations

from processors.opt_out.rules import Rule
from processors.opt_out.words.english import expand
from processors.opt_out.words.language import LAW

#: A pattern, then texts of our own that it finds.
Wording = tuple[str, ...]


def in_each_language(
    name: str, says: str, *, source: str = LAW, since: int = 5, **wordings: Wording
) -> tuple[Rule, ...]:
    """A rule of the kind `name` for each language of `wordings`, from rule set `since` on."""
    return tuple(
        Rule(
            f"c.{language}.{name}", "C", "pattern", says, (language,),
            pattern=expand(pattern) if language == "en" else pattern, since=since, source=source, examples=tuple(examples),
        )
        for language, (pattern, *examples) in wordings.items()
    )  # fmt: skip
