"""`hookline dlq`: dead letters, and their way back; dead deliveries of the CRMs too (`dlq_deliveries.py`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from ops.commands import dlq_deliveries as deliveries
from ops.commands.dlq_decisions import discard, resume
from ops.commands.dlq_source import SOURCE, is_placed, kafka_settings, letter_at, names_of, place_of
from ops.database import database
from ops.exits import CheckFailed, TryLater
from ops.output import Output, as_json, command, stacked, table

if TYPE_CHECKING:
    from processors.dead_letters.box import Box, Memory
    from processors.dead_letters.letter import Letter
    from processors.dead_letters.redrive import RedriveDecision, RedriveOutcome
    from runtime.postgres import Connection


@click.group()
def dlq() -> None:
    """Dead letters: what processors set aside, why, and its way back. So too what a CRM did not take: crm:TARGET."""


@command("ls")
@click.argument("source", type=SOURCE, required=False)
def list_letters(out: Output, source: str | None) -> None:
    """Count the dead letters of SOURCE, or of all, by cause: disposition, error class and message.

    SOURCE is a processor, or crm:TARGET for dead deliveries of a CRM.
    """
    from dataclasses import asdict

    from ops.dead_letters.tally import tally
    from processors.dead_letters.box import open_boxes

    target = deliveries.target_of(source)
    boxes = [] if target else open_boxes(kafka_settings(), names_of(source))
    decided = _decided(out, boxes) if boxes else {}
    rows = []
    for box in boxes:
        with out.progress(f"reading dlq.{box.processor}", box.held) as done:
            counts = tally(box.letters(), decided.get(box.processor), done)
        rows += [{"processor": box.processor} | asdict(count) for count in counts]
    if target or source is None:
        rows += deliveries.count(out, target)
    columns = ("processor", "disposition", "error_class", "cause", "letters", "waiting", "oldest", "newest")
    data = {"processors": [source] if target else [box.processor for box in boxes], "dead_letters": rows}
    drawn = [[row[column] for column in columns] for row in rows]
    out.result(data, lambda: table(columns, drawn, numbers=columns[4:6]) if rows else "no dead letters")


@command()
@click.argument("source", type=SOURCE)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="The newest so many.")
@click.option("--partition", type=click.IntRange(0), help="With --offset: this one letter.")
@click.option("--offset", type=click.IntRange(0), help="With --partition: this one letter.")
@click.option("--event", type=click.UUID, help="Of crm:TARGET: the delivery of this event.")
@click.option("--decode", is_flag=True, help="Show the event in it, personal data hidden.")
@click.option("--reveal", is_flag=True, help="With --decode: show texts, names and phone numbers too.")
def show(out: Output, source: str, **options: Any) -> None:
    """Show dead letters of SOURCE, a processor or crm:TARGET: where, what, why, and how often it was sent back."""
    from ops.configuration import load
    from processors.dead_letters.box import open_boxes
    from runtime.schema_registry import SchemaRegistrySettings
    from runtime.schema_registry import codec as registered_codec

    if options["reveal"] and not options["decode"]:
        raise click.UsageError("--reveal goes with --decode")
    if target := deliveries.target_of(source, options):
        deliveries.show(out, target, options)
        return
    [processor] = names_of(source)
    [box] = open_boxes(kafka_settings(), [processor])
    letters = letter_at(box, options) if is_placed(options) else box.newest(options["limit"])
    codec = registered_codec(load(SchemaRegistrySettings)[SchemaRegistrySettings])
    rows = []
    for letter in letters:
        row = letter.described()
        if options["decode"]:
            row["event"] = letter.decoded(codec, reveal=options["reveal"])
        rows.append(row)
    columns = ["partition", "offset", "last_failed_at", "event_type", "event_id", "disposition", "error_class"]
    columns += ["writer", "error_message", "redrive_count"]
    drawn = table(columns, [[row[column] for column in columns] for row in rows])
    events = [f"{row['partition']}/{row['offset']} {as_json(row['event'])}" for row in rows if "event" in row]
    out.result(
        {"processor": processor, "letters": rows}, lambda: stacked(drawn, *events) if rows else "no dead letters"
    )


@command(changes=True)
@click.argument("source", type=SOURCE)
@click.option("--limit", type=click.IntRange(1), default=10_000, show_default=True, help="At most so many go.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="Letters per second; without: as fast as it goes."
)
@click.option("--disposition", help="Only these: undecodable, rejected or poison.")
@click.option("--error-class", help="Only these, as `dlq ls` names them.")
@click.option("--writer", type=click.Choice(["ours", "unknown"]), help="Only what our processes wrote, or did not.")
@click.option("--partition", type=click.IntRange(0), help="With --offset: only this letter.")
@click.option("--offset", type=click.IntRange(0), help="With --partition: only this letter.")
@click.option("--event", type=click.UUID, help="Of crm:TARGET: only the delivery of this event.")
@click.option("--force", is_flag=True, help="Send even what has come back three times.")
@click.option("--canary", type=click.IntRange(1), help="Send so many first, and the rest only if none of them fails.")
@click.option(
    "--canary-timeout", type=float, default=60.0, show_default=True, help="Seconds that the processor has for them."
)
@click.option("--yes", is_flag=True, help="Do it without asking.")
def redrive(out: Output, source: str, **options: Any) -> None:
    """Send dead letters of SOURCE, a processor or crm:TARGET, back to it, and to nobody else, each once.

    They go through redrive.PROCESSOR with their key, value and own headers; a CRM's deliveries are tried again, the
    oldest first. Asks first; --dry-run only tells. With --canary exit code 1 where one of the first fails again: the
    rest was not sent.
    """
    from processors.dead_letters.box import Memory, open_boxes
    from processors.dead_letters.redrive import LetterFilter, RedriveOutcome, judge

    if target := deliveries.target_of(source, options):
        deliveries.redrive(out, target, options)
        return
    [processor] = names_of(source)
    [box] = open_boxes(kafka_settings(), [processor])
    letter_filter = LetterFilter(
        options["disposition"], options["error_class"], options["limit"], options["force"], options["writer"]
    )
    with database("dlq") as connection:
        memory = Memory(connection)
        if not out.dry_run and not memory.alone(box):
            raise TryLater(f"another redrive of {processor} is running")
        letters = letter_at(box, options) if is_placed(options) else box.letters()
        verdicts = list(judge(letters, processor, memory.decided(box), letter_filter))
        going = [verdict.letter for verdict in verdicts if verdict.reason is None]
        sent = RedriveOutcome()
        if going and not out.dry_run:
            if not options["yes"]:
                shown = _drawn(verdicts, {}, "would go")
                deliveries.ask(out, shown, f"Send {len(going)} back to {processor}?")
            sent = _send_in_turn(out, box, going, memory, connection, options)
    held_back = going[options["canary"] :] if sent.failures else []
    _report(out, processor, verdicts, sent.refused, held_back)
    if sent.failures:
        raise CheckFailed(
            f"{sent.canary_failed(options['canary'])}: {len(held_back)} were kept. Mend the cause, then redrive again; "
            f"`hookline dlq show {processor}` tells more"
        )
    if sent.refused:
        where = ", ".join(map(place_of, sent.refused))
        raise CheckFailed(f"Kafka refuses {len(sent.refused)} letters for good: {where}")


def _send_in_turn(
    out: Output, box: Box, going: list[Letter], memory: Memory, connection: Connection, options: dict[str, Any]
) -> RedriveOutcome:
    """The canary first, where there is to be one, and the others if it is fine."""
    from processors.dead_letters.canary import Canary
    from processors.dead_letters.redrive import send, send_in_turn
    from runtime.kafka.producer import KafkaProducer

    with (
        closing(KafkaProducer(box.settings, "hookline-redrive")) as producer,
        out.progress("sending back", len(going)) as done,
    ):
        return send_in_turn(
            going,
            lambda part: send(box, part, producer, memory, rate=options["rate"], done=done),
            lambda: Canary(box.settings, connection, box.processor),
            canary=options["canary"],
            canary_timeout=options["canary_timeout"],
        )


def _decided(out: Output, boxes: list[Box]) -> dict[str, set[tuple[int, int]]]:
    """By processor, which letters have been sent back or discarded; empty where PostgreSQL cannot be asked."""
    import psycopg

    from ops.exits import failure
    from processors.dead_letters.box import Memory

    try:
        with database("dlq") as connection:
            memory = Memory(connection)
            return {box.processor: memory.decided(box) for box in boxes}
    except psycopg.OperationalError as error:
        out.note(f"how many of them wait is not known: {failure(error).message}")
        return {}


def _report(
    out: Output, processor: str, verdicts: list[RedriveDecision], refused: list[Letter], held_back: list[Letter]
) -> None:
    places = {letter.place: "kept: Kafka refuses it for good" for letter in refused}
    places |= {letter.place: "kept: the canary failed" for letter in held_back}
    word = "would go" if out.dry_run else "sent back"
    rows = [verdict.letter.described() | {"verdict": _verdict(verdict, places, word)} for verdict in verdicts]
    counts = Counter(row["verdict"] for row in rows)
    data = {"processor": processor, "dry_run": out.dry_run, "counts": counts, "letters": rows}
    out.result(data, lambda: _drawn(verdicts, places, word) if rows else "no dead letters to send back")


def _drawn(verdicts: list[RedriveDecision], reasons: Mapping[tuple[int, int], str], word: str) -> Any:
    rows = []
    for verdict in verdicts[: deliveries.SHOWN]:
        description = verdict.letter.described()
        what = (
            description["event_type"],
            description["disposition"],
            description["error_class"],
            description["redrive_count"],
        )
        rows.append((place_of(verdict.letter), *what, _verdict(verdict, reasons, word)))
    counts = Counter(_verdict(verdict, reasons, word) for verdict in verdicts)
    more = f"and {len(verdicts) - deliveries.SHOWN} more" if len(verdicts) > deliveries.SHOWN else ""
    columns = ("letter", "event", "disposition", "error class", "redriven", "verdict")
    return stacked(
        table(columns, rows), *filter(None, [more, *(f"{count} x {what}" for what, count in counts.items())])
    )


def _verdict(verdict: RedriveDecision, reasons: Mapping[tuple[int, int], str], word: str) -> str:
    if verdict.letter.place in reasons:
        return reasons[verdict.letter.place]
    return word if verdict.reason is None else f"kept: {verdict.reason}"


for member in (list_letters, show, redrive, resume, discard):
    dlq.add_command(member)
