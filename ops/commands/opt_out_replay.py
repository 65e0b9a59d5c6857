"""`hookline opt-outs replay`: two rule sets over the stored history, and holds for what the older one missed."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from ops.commands.opt_out_operator import opt_out_settings, user
from ops.commands.opt_outs import opt_outs
from ops.database import database
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from processors.opt_out.classifier import Classifier
    from processors.opt_out.replay import Kind

_SETS = re.compile(r"(\d+)\.\.(\d+)")
_WORD = re.compile(r"\w")


@command(changes=True)
@click.option("--rules", "sets", required=True, metavar="N..M", help="The older rule set and the newer one.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]), help="Received from then on.")
@click.option("--apply", "applied", is_flag=True, help="Hold what the older set missed; without it nothing changes.")
@click.option("--reveal", is_flag=True, help="Show numbers and texts as they are.")
@click.option("--by", "operator", metavar="NAME", help="Who decides; default: the system's user.")
def replay(out: Output, sets: str, since: datetime | None, applied: bool, reveal: bool, operator: str | None) -> None:
    """Show what rule set M would have decided otherwise than N about every stored message.

    With --apply each number whose message N let through and M does not is put on hold with a review: as of the
    message's own times, so that a later opt-in ends it, and with a clock that starts now. It may be repeated.
    """
    older, newer = _classifiers(sets)
    applied = applied and not out.dry_run
    messages, unreadable, kinds, holds, change = _compare(out, older, newer, since, applied, operator or user())
    data: dict[str, Any] = {
        "older": older.number,
        "newer": newer.number,
        "since": since,
        "messages": messages,
        "unreadable": unreadable,
        "applied": applied,
        "rule_change": change,
        "holds": holds,
        "differences": [_described(key, kind, reveal) for key, kind in kinds],
    }
    out.result(data, lambda: _shown(data))


def _compare(
    out: Output, older: Classifier, newer: Classifier, since: datetime | None, applied: bool, by: str
) -> tuple[int, int, list[tuple[tuple[str, str, str], Kind]], int, int | None]:
    from ops.stored_events import event_again
    from processors.opt_out.ledger import Ledger, database_clock
    from processors.opt_out.replay import Kind, begin, differences, hold, stored_messages

    kinds: dict[tuple[str, str, str], Kind] = defaultdict(Kind)
    messages = unreadable = holds = 0
    change: int | None = None
    with database("opt-outs") as reader, database("opt-outs") as writer, reader.transaction():
        now = database_clock(writer)
        ledger = Ledger(opt_out_settings(), now)
        if applied:
            change = begin(writer, (older.number, newer.number), since, by, now())
        for rows in stored_messages(reader, since):
            events = [event for row in rows if (event := event_again(row)) is not None]
            found = list(differences(events, older, newer))
            messages, unreadable = messages + len(rows), unreadable + len(rows) - len(events)
            for difference in found:
                kinds[difference.kind].add(difference.message)
            if change is not None:
                with writer.transaction():
                    holds += hold(writer, ledger, change, len(rows), found)
    if not applied:
        out.note("dry run: nothing was written; --apply holds what was missed")
    most = sorted(kinds.items(), key=lambda item: -item[1].messages)
    return messages, unreadable, most, holds, change


def _described(key: tuple[str, str, str], kind: Kind, reveal: bool) -> dict[str, Any]:
    examples = [
        {
            "event_id": message.event_id,
            "phone": message.contact_phone if reveal else None,
            "text": message.text if reveal else _masked(message.text or ""),
        }
        for message in kind.examples
    ]
    before, after, rule = key
    counted = {"messages": kind.messages, "phones": len(kind.phones)}
    return {"from": before, "to": after, "rule": rule, **counted, "examples": examples}


def _masked(text: str) -> str:
    """How long its words are, and no more."""
    return _WORD.sub("*", text)


def _shown(data: dict[str, Any]) -> Any:
    rows = [
        (kind["from"], kind["to"], kind["rule"], kind["messages"], kind["phones"], kind["examples"][0]["text"])
        for kind in data["differences"]
    ]
    title = f"rule set {data['older']} and {data['newer']}: {data['messages']:,} messages"
    change = f"rule change {data['rule_change']}: {data['holds']:,} holds" if data["applied"] else "nothing was changed"
    return stacked(table(("from", "to", "rule", "messages", "phones", "example"), rows, title=title), change)


def _classifiers(sets: str) -> tuple[Classifier, Classifier]:
    from processors.opt_out.classifier import classifier
    from processors.opt_out.rules import VERSION

    found = _SETS.fullmatch(sets)
    older, newer = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 0 < older < newer <= VERSION:
        raise click.BadParameter(f"{sets}: there are rule sets 1 to {VERSION}; say 1..{VERSION}", param_hint="--rules")
    languages = frozenset(opt_out_settings().languages)
    return classifier(languages, older), classifier(languages, newer)


opt_outs.add_command(replay)
