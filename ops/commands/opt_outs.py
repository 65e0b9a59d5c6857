"""`hookline opt-outs`: who may not be texted, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ops.output import Output, command, table

if TYPE_CHECKING:
    from processors.opt_out.explanation import Explanation
    from processors.opt_out.rules import Rule


@click.group("opt-outs")
def opt_outs() -> None:
    """Opt-outs: who may not be texted, why, and the proof of it."""


@command()
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--languages", help="Comma-separated, such as en,es; default: HOOKLINE_OPT_OUT__LANGUAGES. en is always on."
)
@click.option("--explain", "explained", is_flag=True, help="Tell what the rules saw and which rule came nearest.")
@click.option("--rules", "number", type=int, help="The rule set to decide by; default: the newest.")
def classify(out: Output, texts: tuple[str, ...], languages: str | None, explained: bool, number: int | None) -> None:
    """Tell tier, rule and action of each TEXT, or of each line on standard input.

    A: out at once. B: out at once, with a review. C: on hold until somebody decides. D: nothing. in: an opt-in.
    """
    from processors.opt_out.classifier import classifier
    from processors.opt_out.explanation import explain
    from processors.opt_out.rules import VERSION

    if number is not None and not 0 < number <= VERSION:
        raise click.BadParameter(f"{number}: there are rule sets 1 to {VERSION}", param_hint="--rules")
    held = classifier(_languages(languages), number or VERSION)
    for text in texts or _lines():
        decision = held.classify(text)
        data = {
            "text": text,
            "tier": decision.tier,
            "rule": decision.rule,
            "action": decision.action,
            "matched": decision.matched,
            "rule_set": decision.rule_set,
        }
        matched = f"  ({decision.matched})" if decision.matched else ""
        line = f"{decision.tier:<2}  {decision.action:<4}  {decision.rule:<22}  {_shown(text)}{matched}"
        if explained:
            explanation = explain(held, text)
            data |= {key: value for key, value in asdict(explanation).items() if key != "decision"}
            line = "\n      ".join([line, *_explained(explanation)])
        out.line(data, line)


@command()
def rules(out: Output) -> None:
    """Show every rule: what it recognises, in which languages, and what follows."""
    from processors.opt_out.rules import ACTIONS, VERSION, fingerprint, rule_set

    held, unless = rule_set()
    data = {
        "rule_set": VERSION,
        "fingerprint": fingerprint(),
        "rules": [{**asdict(rule), "action": ACTIONS[rule.tier]} for rule in held],
        "unless": [asdict(exception) for exception in unless],
    }
    columns = ("rule", "tier", "action", "languages", "recognises")
    rows = [
        *((rule.id, rule.tier, ACTIONS[rule.tier], _spoken(rule), rule.says) for rule in held),
        *((exception.id, _becomes(exception.becomes), "", "", exception.says) for exception in unless),
    ]
    out.result(data, lambda: table(columns, rows, title=f"rule set {VERSION}"))


def _explained(explanation: Explanation) -> Iterator[str]:
    yield f"normalised: {' | '.join(explanation.clauses)}"
    yield f"rule: {explanation.decision.rule}: {explanation.recognises}"
    for overridden in explanation.overridden:
        yield f"overridden: {overridden.rule} ({overridden.matched}) by {overridden.by}"
    if explanation.nearest is not None:
        near = explanation.nearest
        yield f"nearest: {near.rule}: {near.recognises}" + (f"; lacks {' or '.join(near.lacks)}" if near.lacks else "")


def _languages(given: str | None) -> frozenset[str]:
    from processors.opt_out.rules import LANGUAGES

    if given is None:
        from ops.configuration import load
        from processors.opt_out.settings import OptOutSettings

        return frozenset(load(OptOutSettings)[OptOutSettings].languages)
    chosen = frozenset(part.strip() for part in given.split(",") if part.strip())
    if chosen - LANGUAGES:
        unknown, known = ", ".join(sorted(chosen - LANGUAGES)), ", ".join(sorted(LANGUAGES))
        raise click.BadParameter(f"{unknown}: no opt-out language; there are {known}", param_hint="--languages")
    return chosen


def _lines() -> Iterator[str]:
    """Lines of standard input as UTF-8; bytes that are none are shown as such instead of ending the run."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _shown(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _spoken(rule: Rule) -> str:
    from processors.opt_out.rules import LANGUAGES

    return "all" if set(rule.languages) == LANGUAGES else ", ".join(rule.languages)


def _becomes(tier: str) -> str:
    return "stands" if tier == "same" else tier


opt_outs.add_command(classify)
opt_outs.add_command(rules)
