"""Row-level security on a real PostgreSQL: a process writes what is its own, and reads what others wrote."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import Database

REFUSED = psycopg.errors.InsufficientPrivilege
HEARTBEAT = (
    "INSERT INTO process_heartbeats (name, instance, node, version, state, reason, started_at, at)"
    " VALUES (%s, 'i', 'n', '0', 'ready', 'ok', now(), now())"
)
LETTER = "VALUES ('c', gen_random_uuid(), 0, 1, %s"
REQUEST = (
    "INSERT INTO dead_letter_requests (processor, action, most, requested_by, reason)"
    " VALUES ('opt-out', 'redrive', 1, 'olga', 'mended')"
)


@pytest.mark.parametrize(
    ("statement", "own", "of_others"),
    [
        # Who looks well, or is missing
        (HEARTBEAT, "persist", "opt-out"),
        # Which letters are done with
        (
            "INSERT INTO redriven_letters (cluster_id, topic_id, partition, letter_offset, processor) " + LETTER + ")",
            "persist",
            "opt-out",
        ),
        (
            "INSERT INTO discarded_letters (cluster_id, topic_id, partition, letter_offset, processor, reason,"
            " discarded_by) " + LETTER + ", 'x', 'operator:ann')",
            "persist",
            "opt-out",
        ),
        # In whose name every call becomes doubtful
        (
            "INSERT INTO restores (since, noted_by) VALUES ('-infinity', %s)",
            "hookline-persist",
            "hookline-opt-out",
        ),
    ],
)
def test_a_process_speaks_for_itself(postgres: Database, statement: str, own: str, of_others: str) -> None:
    with psycopg.connect(postgres.dsn("persist"), autocommit=True) as connection:
        connection.execute(statement, [own])
        with pytest.raises(REFUSED):
            connection.execute(statement, [of_others])


def test_nobody_ends_what_another_process_is_asked_for_or_says(postgres: Database) -> None:
    with psycopg.connect(postgres.dsn("console")) as console:
        console.execute(REQUEST)
    with psycopg.connect(postgres.dsn("opt-out")) as opt_out:
        opt_out.execute(HEARTBEAT, ["opt-out"])
    with psycopg.connect(postgres.dsn("persist")) as persist:
        assert persist.execute("UPDATE dead_letter_requests SET state = 'done'").rowcount == 0
        assert persist.execute("UPDATE process_heartbeats SET state = 'stopped'").rowcount == 0
        assert persist.execute("DELETE FROM process_heartbeats").rowcount == 0
    with psycopg.connect(postgres.dsn("opt-out")) as opt_out:
        assert opt_out.execute("UPDATE dead_letter_requests SET state = 'running'").rowcount == 1
    with psycopg.connect(postgres.dsn("console")) as console:
        assert console.execute("UPDATE dead_letter_requests SET stopped_by = 'olga'").rowcount == 1
