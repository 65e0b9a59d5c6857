"""What is still due about a number: it is not erased before that, because nobody could do it afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from ops.erasure.person import ErasedPerson
from ops.gate.certainty import COLUMNS, Certainty
from processors.engine.runner import topics_of
from processors.opt_out import OptOutProcessor
from runtime.postgres import Connection

#: Seconds that a processor may be behind: what came before that is in the tables.
BEHIND = 5.0
#: Seconds after which a process that says nothing is not there.
_SILENT = 30

_CERTAINTY = f"SELECT {COLUMNS} FROM opt_out_certainty"  # noqa: S608 - our columns
#: The newest word of each processor that has ever read anything, but opt-out, whose view knows better.
_BEHIND = """
SELECT g.name, max((h.facts ->> 'lag_seconds')::float8), count(h.name)
FROM (SELECT DISTINCT replace(consumer_group, 'hookline-', '') AS name FROM consumer_offsets
    WHERE consumer_group IN ('hookline-persist', 'hookline-crm-sync')) AS g
LEFT JOIN process_heartbeats AS h ON h.name = g.name AND h.state <> 'stopped'
    AND h.at > clock_timestamp() - %s * interval '1 second'
GROUP BY g.name ORDER BY g.name
"""
_CALLS = """
SELECT target || '/' || account, status FROM enforcements
WHERE phone = ANY (%s) AND status IN ('pending', 'failed', 'parked') ORDER BY 1, 2
"""
_REVIEWS = "SELECT id FROM opt_out_reviews WHERE phone = ANY (%s) AND decision IS NULL ORDER BY id"
_DELIVERIES = """
SELECT target, status, count(*) FROM crm_deliveries
WHERE contact_phone = ANY (%s) AND (status = 'pending' OR (status = 'dead' AND event_type = 'opt_out.state'))
GROUP BY target, status ORDER BY target, status
"""
_WITHOUT_DIGEST = """
SELECT count(*) FROM opt_out_ledger AS l LEFT JOIN opt_out_joined_phones AS j USING (position)
WHERE l.phone = ANY (%s) AND l.chain_version = 1 AND j.phone_digest IS NULL
"""
_ANSWER = "hookline opt-outs review {number} --out --reason TEXT; or --release, or --in where its kind is opt-in"
_ANSWER_THE_HOLD = "hookline opt-outs release PHONE --reason TEXT, or hookline opt-outs add PHONE --reason TEXT"
_HOLDS = "SELECT count(*) FROM opt_outs WHERE phone = ANY (%s) AND state = 'hold'"


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that keeps a number from being erased."""

    what: str
    fix: str  #: what ends it
    passes: bool = False  #: it ends by itself in a while
    may_be_forced: bool = False  #: an operator may say that it was done by hand


def obligations(connection: Connection, person: ErasedPerson) -> list[Obligation]:
    """All of them. The caller has locked the ledger, or asks only what would be."""
    phones = list(person.phones)
    found = _behind(connection)
    for place, status in connection.execute(_CALLS, (phones,)):
        if status == "pending":
            found.append(
                Obligation(f"{place} has yet to be told of the opt-out", "hookline opt-outs report", passes=True)
            )
        else:
            what = f"{place} was never told of the opt-out: the call is {status}"
            fix = "opt the number out there by hand, then erase it with --force"
            found.append(Obligation(what, fix, may_be_forced=True))
    for (number,) in connection.execute(_REVIEWS, (phones,)):
        found.append(Obligation(f"question {number} about it is open", _ANSWER.format(number=number)))
    [(holds,)] = connection.execute(_HOLDS, (phones,)).fetchall()
    if holds and not any(item.what.startswith("question") for item in found):
        found.append(Obligation("it is on hold", _ANSWER_THE_HOLD))
    for target, status, count in connection.execute(_DELIVERIES, (phones,)):
        what = f"{target}: {count} deliveries about it are {status}"
        if status == "pending":
            found.append(Obligation(what, "hookline crm status", passes=True))
        else:
            fix = (
                f"hookline dlq redrive crm:{target}, or write the opt-out down there by hand and erase it with --force"
            )
            found.append(Obligation(what, fix, may_be_forced=True))
    [(rows,)] = connection.execute(_WITHOUT_DIGEST, (phones,)).fetchall()
    if rows:
        what = f"{rows} rows of the ledger about it are hashed with the phone itself"
        found.append(
            Obligation(what, "opt-out joins them in some seconds, with HOOKLINE_OPT_OUT__PHONE_PEPPERS", passes=True)
        )
    return found


def _behind(connection: Connection) -> list[Obligation]:
    """Whether anything about the number may be on its way to the tables."""
    found = []
    row = connection.execute(_CERTAINTY).fetchone()
    assert row is not None, "the view has one row"
    if (doubt := Certainty(*row).doubt(topics_of(OptOutProcessor), BEHIND, 0.0)) is not None:
        found.append(Obligation(doubt.why, "hookline status", passes=True))
    for name, seconds, members in connection.execute(_BEHIND, (_SILENT,)):
        if not members:
            found.append(
                Obligation(f"{name} does not run, so it may be behind", f"hookline process {name}", passes=True)
            )
        elif seconds is None:
            what = f"{name} does not know yet how far behind it is"
            found.append(Obligation(what, "hookline status", passes=True))
        elif seconds > BEHIND:
            found.append(Obligation(f"{name} is {seconds:.0f} s behind", "hookline status", passes=True))
    return found
