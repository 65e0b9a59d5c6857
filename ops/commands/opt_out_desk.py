"""`hookline opt-outs`: looking numbers up, deciding about them, and proving what was done."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ops.commands.opt_out_operator import by, decide, opt_out_settings
from ops.commands.opt_out_reviews import review
from ops.commands.opt_outs import opt_outs
from ops.database import database, postgres_dsn
from ops.exits import CheckFailed, TryLater
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from processors.engine.database import Database
    from processors.opt_out.reconcile import Difference
    from processors.opt_out.target import OptOutTarget
    from runtime.phone_lookup import NumberQuery
    from runtime.postgres import Connection


@command()
@click.argument("phone")
def show(out: Output, phone: str) -> None:
    """Show everything about PHONE: the proof.

    Its state, every row of the ledger with its evidence and its place in the chain, what was enforced and when, and
    what people decided. A number that the ledger does not know is told as such: exit code 1.
    """
    from processors.opt_out.desk import proof

    number = _number(phone)
    with database("opt-outs") as connection:
        data = proof(connection, number, opt_out_settings().peppers())
    out.result(data, lambda: _drawn(data))
    if not data["ledger"]:
        raise CheckFailed(f"{number.phone.number}: the ledger has no row about it")


@command(changes=True)
@click.argument("phone")
@click.option("--reason", required=True, help="How it is known; without names and numbers.")
@click.option("--text", help="What the person said: kept as evidence.")
@by
def add(out: Output, phone: str, reason: str, text: str | None, operator: str | None) -> None:
    """Opt PHONE out everywhere, such as after a call or a letter."""
    decide(out, operator, lambda desk, connection: desk.add(connection, _number(phone).phone.number, reason, text))


@command(changes=True)
@click.argument("phone")
@click.option("--reason", required=True, help="Why; without names and numbers.")
@by
def hold(out: Output, phone: str, reason: str, operator: str | None) -> None:
    """Have nobody text PHONE until it is decided; undecided it becomes an opt-out."""
    decide(out, operator, lambda desk, connection: desk.hold(connection, _number(phone).phone.number, reason))


@command(changes=True)
@click.argument("phone")
@click.option("--reason", required=True, help="Why it was no stop; without names and numbers.")
@by
def release(out: Output, phone: str, reason: str, operator: str | None) -> None:
    """End the hold of PHONE. An opt-out is ended only by the person's own opt-in."""
    from processors.opt_out.desk import held_as

    number = _number(phone)
    decide(out, operator, lambda desk, connection: desk.release(connection, held_as(connection, number), reason))


@command(changes=True)
def rebuild(out: Output) -> None:
    """Make the states anew from the ledger. Nothing changes where all is as it ought to be.

    Where a row was not, everything is published again, and what follows from the right state is done.
    """
    from processors.opt_out.ledger import Ledger, database_clock, lock
    from processors.opt_out.publication import start_over
    from processors.opt_out.states import rebuild as make_anew

    settings = opt_out_settings()
    with database("opt-outs") as connection, connection.transaction():
        lock(connection)
        now = database_clock(connection)
        found = make_anew(connection, settings.scope, now(), write=not out.dry_run)
        if found.differing and not out.dry_run:
            Ledger(settings, now).follow(connection, found.differing)
            start_over(connection)
    data = {"dry_run": out.dry_run, "phones": found.phones, "differing": found.differing}
    rows = [("phones", found.phones), ("differing", len(found.differing))]
    out.result(data, lambda: table(("what", "count"), rows, numbers=("count",)))


@command(changes=True)
def reconcile(out: Output) -> None:
    """Compare every number that the ledger knows with each target, and repair towards out.

    What a target has lost is told to it again; what it never told us is written down. Opt-ins are never made.
    """
    import time

    from ops.configuration import load
    from processors.engine.database import Database
    from processors.opt_out.ledger import Ledger, database_clock
    from processors.opt_out.reconcile import repair
    from processors.opt_out.target import target_types
    from processors.outbox.rate_limiter import BudgetLimiter
    from runtime.postgres import connect

    dsn = postgres_dsn()

    def connected() -> Connection:
        return connect(dsn, process="reconcile")

    def sleep(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    database, lines = Database(connected), []
    for name, kind in target_types().items():
        settings = load(kind.settings_type)[kind.settings_type]
        if not kind.is_used(settings):
            out.note(f"{name} is not configured")
            continue
        limiter = BudgetLimiter(kind.budget(settings), connected, sleep)
        target = kind.configured(settings, limiter)
        try:
            found = _compared(database, target, dry_run=out.dry_run)
        finally:
            target.close()
            limiter.close()
        if not out.dry_run:
            with database.transaction() as connection:
                now = database_clock(connection)
                repair(connection, Ledger(opt_out_settings(), now), found, now())
        lines.append({"target": name} | found.counts() | {"lost_at": found.lost, "unheard_at": found.unheard})
    database.close()
    columns = ("target", "accounts", "compared", "lost", "unheard")
    rows = [[row[column] for column in columns] for row in lines]
    out.result({"dry_run": out.dry_run, "targets": lines}, lambda: table(columns, rows, numbers=columns[1:]))


def _compared(database: Database, target: OptOutTarget[Any], *, dry_run: bool) -> Difference:
    """What `target` says otherwise; that it failed is written down for the console. Raises TryLater."""
    from processors.opt_out.ledger import database_clock
    from processors.opt_out.reconcile import compare, note_failure
    from processors.outbox.errors import Rejected, RetryLater

    try:
        return compare(database, target)
    except (RetryLater, Rejected) as error:
        if not dry_run:
            with database.transaction() as connection:
                note_failure(connection, target.name, error, database_clock(connection)())
        raise TryLater(str(error)) from error


@command()
@click.option("--days", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True, help="How far back.")
def report(out: Output, days: float) -> None:
    """Tell how fast opt-outs were made true, what is late, the opt-out rates, and who was texted after a stop.

    Exit code 1 where a deadline is over, there is a violation, or the rate of an account that texted 100 contacts or
    more is 1.0 % (alert) or 1.5 % (restricted) at least.
    """
    from datetime import timedelta

    from processors.opt_out import report as of
    from processors.opt_out.ledger import utc_now

    settings, now = opt_out_settings(), utc_now()
    with database("opt-outs") as connection:
        speed = of.speed(connection, now, days)
        late = of.late(connection, now + timedelta(hours=settings.near_deadline_hours))
        statuses = of.statuses(connection)
        rates = of.rates(connection, now)
        violations = of.violations(connection, now)
    over = [call for call in late if call.deadline <= now]
    near = [call for call in late if call.deadline > now]
    data = {
        "seconds_from_received_to_enforced": asdict(speed),
        "enforcements": [dict(zip(("target", "status", "count"), row, strict=True)) for row in statuses],
        "over_deadline": [asdict(call) for call in over],
        "near_deadline": [asdict(call) for call in near],
        "rates_30_days": [asdict(rate) | {"rate": rate.rate, "alarm": rate.alarm} for rate in rates],
        "violations_30_days": [asdict(violation) for violation in violations],
    }
    rows = [
        ("calls that made it true", speed.calls),
        *((f"seconds from received to enforced, {name}", getattr(speed, name)) for name in ("p50", "p99", "max")),
        *((f"{target}: {status}", count) for target, status, count in statuses),
        ("near deadline", len(near)),
        ("over deadline", len(over)),
        *((f"opt-out rate of {rate.provider}/{rate.account}", f"{rate.rate:.2%} {rate.alarm or ''}") for rate in rates),
        ("texts after an opt-out", len(violations)),
    ]
    out.result(data, lambda: table(("what", "value"), rows))
    alarms = [
        f"{rate.provider}/{rate.account}: {rate.rate:.2%}" for rate in rates if rate.alarm and rate.contacts >= 100
    ]
    problems = [f"{len(over)} over deadline"] * bool(over) + [f"{len(violations)} violations"] * bool(violations)
    if problems or alarms:
        raise CheckFailed("; ".join([*problems, *alarms]))


def _drawn(data: dict[str, Any]) -> RenderableType:
    state = data["opt_out"]
    ledger = [
        (row["position"], row["action"], row["effective_at"], row["actor"], row["rule"] or row["reason"],
         (row["evidence"] or {}).get("text"), row["hash"][:12])
        for row in data["ledger"]
    ]  # fmt: skip
    calls = [
        (row["target"], row["account"], row["status"], row["attempts"], row["deadline"], row["done_at"])
        for row in data["enforcements"]
    ]
    reviews_shown = [
        (row["id"], row["kind"], row["due_at"], row["decision"], row["decided_by"]) for row in data["reviews"]
    ]
    lines = f"{data['phone']}: {state['state']} since {state['since']}: {state['reason']}" if state else "not known"
    others = [f"kept as {phone}" for phone in data["kept_as"] if phone != data["phone"]]
    others += [f"cannot be told apart from {phone}: show that too" for phone in data["may_also_be"]]
    return stacked(
        "\n".join([lines, *others]),
        table(("row", "action", "effective", "actor", "rule or reason", "evidence", "hash"), ledger),
        table(("target", "account", "status", "attempts", "deadline", "done"), calls),
        table(("question", "kind", "due", "decision", "by"), reviews_shown),
    )


def _number(text: str) -> NumberQuery:
    """The number that an operator typed. Raises ConfigurationError and click.UsageError."""
    from ops.configuration import load
    from runtime.phone_lookup import number_query
    from runtime.phone_settings import PhoneSettings

    number = number_query(text, load(PhoneSettings)[PhoneSettings].default_region)
    if not number.phone.number:
        raise click.UsageError("PHONE is empty")
    return number


for _member in (show, add, hold, release, review, rebuild, reconcile, report):
    opt_outs.add_command(_member)
