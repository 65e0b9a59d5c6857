"""`hookline dlq resume | discard`: what an operator decides about a halt, and about letters nobody needs."""

from __future__ import annotations

import getpass
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from ops.commands import dlq_deliveries as deliveries
from ops.commands.dlq_source import PROCESSOR, SOURCE, is_placed, kafka_settings, letter_at, names_of, place_of
from ops.database import database
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from processors.dead_letters.letter import Letter
    from processors.engine.batch import PartitionId


@command(changes=True)
@click.argument("processor", type=PROCESSOR)
@click.option(
    "--through-end",
    is_flag=True,
    help="What is set aside of the records that are on its topics now does not halt it again.",
)
@click.option(
    "--accept-loss", is_flag=True, help="Where a partition lost its place, go on from the beginning of its log."
)
def resume(out: Output, processor: str, *, through_end: bool, accept_loss: bool) -> None:
    """Let PROCESSOR go on after it halted because most records were set aside. Mend the cause first."""
    from processors.engine.progress import Progress, excuse
    from processors.engine.progress import accept_loss as accept
    from processors.engine.progress import resume as lift
    from schemas.topics import consumer_group

    [name] = names_of(processor)
    group = consumer_group(name)
    ends = _ends(name) if through_end else {}
    with database("dlq") as connection, connection.transaction(force_rollback=out.dry_run):
        reason = Progress(group).halt(connection)
        halted = lift(connection, group)
        accepted = accept(connection, group) if accept_loss else []
        excuse(connection, group, ends)
    moved = [
        {"topic": topic, "partition": number, "lost_offset": lost, "next_offset": begin}
        for topic, number, lost, begin in accepted
    ]
    excused = [
        {"topic": topic, "partition": place.partition, "below_offset": end}
        for (place, topic), (begin, end) in sorted(ends.items())
        if end > begin
    ]
    would = "would be " if out.dry_run else ""
    lines = [f"{name} was halted; its halt {would or 'is '}lifted" if halted else f"{name} was not halted"]
    lines += [reason] if reason else []
    lines += [f"{row['topic']}/{row['partition']}: {would}moved to {row['next_offset']}" for row in moved]
    lines += [
        f"{row['topic']}/{row['partition']}: what is set aside below {row['below_offset']}"
        + (" would halt nothing" if out.dry_run else " halts nothing")
        for row in excused
    ]
    data = {
        "processor": name,
        "dry_run": out.dry_run,
        "was_halted": halted,
        "halt": reason,
        "moved": moved,
        "excused": excused,
    }
    out.result(data, lambda: "\n".join(lines))


@command(changes=True)
@click.argument("processor", type=SOURCE)
@click.option("--reason", required=True, help="Why nobody needs them; without names and numbers.")
@click.option("--disposition", help="Only these: undecodable, rejected or poison.")
@click.option("--error-class", help="Only these, as `dlq ls` names them.")
@click.option("--writer", type=click.Choice(["ours", "unknown"]), help="Only what our processes wrote, or did not.")
@click.option("--limit", type=click.IntRange(1), help="At most so many; without: all.")
@click.option("--partition", type=click.IntRange(0), help="With --offset: only this letter.")
@click.option("--offset", type=click.IntRange(0), help="With --partition: only this letter.")
@click.option("--by", "operator", metavar="NAME", help="Who decides; default: the system's user.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
def discard(out: Output, processor: str, reason: str, **options: Any) -> None:
    """Write down that dead letters of PROCESSOR are junk: they no longer wait, and are not sent back.

    Each is recorded with the reason and the name of who decided; its bytes stay on dlq.PROCESSOR until the retention
    of that topic ends. Asks first; --dry-run only tells.
    """
    from processors.dead_letters.box import Memory, open_boxes
    from processors.dead_letters.redrive import LetterFilter, selected

    if deliveries.target_of(processor) is not None:
        raise click.UsageError(f"{processor}: deliveries are redriven, or stay dead; discard is for letters on a topic")
    [name] = names_of(processor)
    [box] = open_boxes(kafka_settings(), [name])
    selection = LetterFilter(options["disposition"], options["error_class"], options["limit"], writer=options["writer"])
    with database("dlq") as connection:
        memory = Memory(connection)
        letters = letter_at(box, options) if is_placed(options) else box.letters()
        chosen = list(selected(letters, memory.decided(box), selection))[: options["limit"]]
        if chosen and not out.dry_run:
            if not options["yes"]:
                deliveries.ask(out, _drawn(chosen), f"Discard {len(chosen)} dead letters of {name}?")
            memory.discard(box, chosen, reason, options["operator"] or _user())
    rows = [letter.described() for letter in chosen]
    counts = Counter(row["disposition"] for row in rows)
    data = {"processor": name, "dry_run": out.dry_run, "reason": reason, "counts": counts, "letters": rows}
    out.result(data, lambda: _drawn(chosen) if rows else "no dead letters to discard")


def _ends(name: str) -> dict[tuple[PartitionId, str], tuple[int, int]]:
    """Where the log of every partition that the processor reads begins and ends."""
    from processors.engine.batch import PartitionId
    from processors.engine.processor import processor_types
    from runtime.kafka.topics import TopicAdmin

    kind = processor_types()[name]
    topics = [*(topic.name for topic in kind.topics), kind.redrive().name]
    with TopicAdmin(kafka_settings(), "hookline-dlq") as admin:
        there = admin.describe(topics)
        offsets = admin.offsets(there.values())
        cluster = admin.cluster_id()
    return {
        (PartitionId(cluster, there[topic].id, number), topic): (bounds.begin, bounds.end)
        for (topic, number), bounds in offsets.items()
    }


def _drawn(letters: list[Letter]) -> Any:
    columns = ("letter", "event", "disposition", "error class", "writer", "set aside")
    rows = []
    for letter in letters[: deliveries.SHOWN]:
        row = letter.described()
        what = (row["event_type"], row["disposition"], row["error_class"], row["writer"], row["last_failed_at"])
        rows.append((place_of(letter), *what))
    more = f"and {len(letters) - deliveries.SHOWN} more" if len(letters) > deliveries.SHOWN else ""
    return stacked(table(columns, rows), *filter(None, [more, f"{len(letters)} dead letters"]))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
