"""`hookline audit` on a real Kafka and PostgreSQL: every planted gap is found, and nothing else is called one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ingest.durable.spool.state import SharedState
from ingest.node.count_report import CountReport
from ingest.node.name import node_name
from ingest.node.report import NodeReport
from ops.__main__ import main
from runtime.postgres import connect
from tests.twins.events import unrecognized
from tests.twins.ingest_rig import IngestRig

Capture = pytest.CaptureFixture[str]


def audit(ingest_rig: IngestRig, capsys: Capture) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    until = ingest_rig.begin + timedelta(hours=1)
    code = main(["audit", "--from", ingest_rig.begin.isoformat(), "--to", until.isoformat(), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_where_nothing_is_missing_all_numbers_are_the_same(ingest_rig: IngestRig, capsys: Capture) -> None:
    ingest_rig.accept(*(ingest_rig.event() for _ in range(30)))
    ingest_rig.accept(ingest_rig.event(), spooled=True)
    moment = ingest_rig.begin + timedelta(minutes=5)
    ingest_rig.accept(unrecognized(occurred_at=moment, received_at=moment))
    ingest_rig.report_counts()
    ingest_rig.persist()

    code, answer = audit(ingest_rig, capsys)

    assert (code, answer["ok"], answer["missing"], answer["gaps"], answer["notes"]) == (0, True, [], [], [])
    assert [answer[key] for key in ("accepted", "on_topics", "in_postgres", "dead_letters", "parked")] == [
        32,
        32,
        32,
        0,
        0,
    ]
    hour = ingest_rig.begin.isoformat()
    assert answer["hours"] == [{"hour": hour, "accepted": 32, "on_topics": 32, "in_postgres": 32}]


def test_each_planted_gap_is_found(ingest_rig: IngestRig, capsys: Capture) -> None:
    events = [ingest_rig.event() for _ in range(40)]
    ingest_rig.accept(*events[:20])
    # Given five that were answered 200 and never came to Kafka
    lost = ingest_rig.accept(*events[20:25], lost=True)
    ingest_rig.accept(*events[25:])
    ingest_rig.report_counts()
    ingest_rig.persist()
    # And three that PostgreSQL has lost
    gone = [event.event_id for event in (events[3], events[9], events[30])]
    ingest_rig.owner.execute("DELETE FROM events WHERE event_id = ANY (%s)", (gone,))

    code, answer = audit(ingest_rig, capsys)

    assert (code, answer["ok"]) == (1, False)
    assert answer["missing"] == sorted(map(str, gone))
    assert [answer[key] for key in ("accepted", "on_topics", "in_postgres")] == [40, 35, 32]
    numbers = [int(record.headers[-1][1]) for record in lost]
    assert sorted(number for gap in answer["gaps"] for number in gap["numbers"]) == numbers
    minutes = sorted(event.received_at.replace(second=0).isoformat() for event in events[20:25])
    assert sorted(gap["minute"] for gap in answer["gaps"]) == minutes
    assert {(gap["node"], gap["topic"]) for gap in answer["gaps"]} == {
        (node_name(ingest_rig.spool_dir), "sms.messages.v1")
    }


def test_what_is_set_aside_waits_or_came_twice_is_no_gap(ingest_rig: IngestRig, capsys: Capture) -> None:
    aside, repeated, twice = ingest_rig.event(), ingest_rig.event(), ingest_rig.event()
    ingest_rig.accept(aside, repeated, repeated)  # the provider sent one again: two records, one event
    ingest_rig.publish(*ingest_rig.accept(twice))  # Kafka had not confirmed it in time, and the spool brought it again
    # A number that was never answered 200: the 503 is no gap
    ingest_rig.record(ingest_rig.event())
    ingest_rig.report_counts()
    log = ingest_rig.persist()
    ingest_rig.owner.execute("DELETE FROM events WHERE event_id = %s", (aside.event_id,))
    ingest_rig.owner.execute(
        "INSERT INTO dead_letters (consumer_group, topic_id, partition, record_offset, topic, event_id, disposition,"
        " error_class, error_message, attempts, ours) VALUES ('hookline-persist', %s, 0, 0, 'sms.messages.v1', %s,"
        " 'rejected', 'DataError', '', 1, true)",
        (log.topic_ids["sms.messages.v1"], aside.event_id),
    )
    ingest_rig.accept(ingest_rig.event())  # persist has not come to it

    code, answer = audit(ingest_rig, capsys)

    assert (code, answer["missing"], answer["gaps"]) == (0, [], [])
    assert (answer["on_topics"], answer["in_postgres"], answer["dead_letters"], answer["waiting"]) == (5, 2, 1, 1)


def test_what_waits_in_a_spool_is_told_apart_from_what_is_lost(ingest_rig: IngestRig, capsys: Capture) -> None:
    ingest_rig.accept(*(ingest_rig.event() for _ in range(3)))
    ingest_rig.accept(ingest_rig.event(), ingest_rig.event(), spooled=True, lost=True)
    ingest_rig.report_counts()
    ingest_rig.persist()
    node = node_name(ingest_rig.spool_dir)
    ingest_rig.owner.execute("INSERT INTO ingest_nodes (node, spooled, heard_at) VALUES (%s, 2, now())", (node,))

    code, answer = audit(ingest_rig, capsys)
    assert (code, answer["spooled"], answer["gaps"]) == (0, 2, [])
    assert any(f"2 may wait in the spool of {node}" in note for note in answer["notes"])

    # One fewer in the spool than is missing: nobody can say that all of it is there
    ingest_rig.owner.execute("UPDATE ingest_nodes SET spooled = 1")
    code, answer = audit(ingest_rig, capsys)
    assert (code, len(answer["gaps"])) == (1, 2)


def test_what_is_spooled_today_does_not_explain_what_was_lost_yesterday(ingest_rig: IngestRig, capsys: Capture) -> None:
    # Given two that are lost, of those that went to the spool, and as many that the spool holds of the hour after
    ingest_rig.accept(ingest_rig.event(), ingest_rig.event(), spooled=True, lost=True)
    later = ingest_rig.begin + timedelta(minutes=70)
    today = [ingest_rig.event(received_at=later, occurred_at=later) for _ in range(2)]
    records = ingest_rig.accept(*today, spooled=True, lost=True)
    ingest_rig.report_counts()
    ingest_rig.persist()
    node = node_name(ingest_rig.spool_dir)
    ingest_rig.owner.execute(
        "INSERT INTO ingest_nodes (node, spooled, oldest, heard_at) VALUES (%s, 2, %s, now())", (node, later)
    )

    code, answer = audit(ingest_rig, capsys)
    assert (code, answer["ok"], answer["spooled"], len(answer["gaps"])) == (1, False, 0, 2)

    # Those of the hour after have come to Kafka, and the spool holds two all the same: they may be the missing ones
    ingest_rig.publish(*records)
    ingest_rig.persist()
    code, answer = audit(ingest_rig, capsys)
    assert (code, answer["spooled"], answer["gaps"]) == (0, 2, [])


def test_a_spool_does_not_explain_what_never_went_to_it(ingest_rig: IngestRig, capsys: Capture) -> None:
    ingest_rig.accept(ingest_rig.event(), lost=True)
    ingest_rig.report_counts()
    node = node_name(ingest_rig.spool_dir)
    ingest_rig.owner.execute("INSERT INTO ingest_nodes (node, spooled, heard_at) VALUES (%s, 1, now())", (node,))

    code, answer = audit(ingest_rig, capsys)
    assert (code, answer["spooled"], len(answer["gaps"])) == (1, 0, 1)


def test_a_worker_without_counts_whose_numbers_have_a_hole_is_not_called_fine(
    ingest_rig: IngestRig, capsys: Capture
) -> None:
    ingest_rig.accept(ingest_rig.event())
    ingest_rig.record(ingest_rig.event())
    ingest_rig.accept(ingest_rig.event())
    ingest_rig.persist()
    code, answer = audit(ingest_rig, capsys)
    assert (code, answer["missing"], answer["gaps"]) == (1, [], [])
    assert "1 numbers between 1 and 3" in answer["notes"][-1]


def test_counts_are_told_once_however_often_and_a_refusal_keeps_nothing_up(ingest_rig: IngestRig) -> None:
    ingest_rig.accept(ingest_rig.event(), ingest_rig.event())
    report = CountReport("n1", ingest_rig.spool_dir, monotonic=iter(range(0, 1000, 10)).__next__)
    with connect(ingest_rig.postgres.dsn("ingest"), process="ingest") as connection:
        for _ in range(2):
            report(connection)
        ingest_rig.accept(ingest_rig.event())
        ingest_rig.owner.execute("REVOKE INSERT ON ingest_counts FROM hookline_ingest")
        report(connection)  # refused, and the connection is as good as before
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
        ingest_rig.owner.execute("GRANT INSERT ON ingest_counts TO hookline_ingest")
        report(connection)
    rows = ingest_rig.owner.execute("SELECT sum(events), min(first_seq), max(last_seq) FROM ingest_counts").fetchall()
    assert rows == [(3, 1, 3)]


def test_the_node_s_report_brings_the_counts_and_goes_out_without_them(ingest_rig: IngestRig) -> None:
    ingest_rig.accept(ingest_rig.event())
    dsn, counts = ingest_rig.postgres.dsn("ingest"), CountReport("n1", ingest_rig.spool_dir)
    state = SharedState(ingest_rig.spool_dir / "state")
    report = NodeReport("n1", state, lambda: connect(dsn, process="ingest"), counts=counts)
    try:
        assert report.report()
        assert ingest_rig.owner.execute("SELECT node, events FROM ingest_counts").fetchall() == [("n1", 1)]
        # The tables of the version before: the gate hears of the node all the same
        ingest_rig.owner.execute("DROP TABLE ingest_counts")
        ingest_rig.accept(ingest_rig.event())
        counts._next = 0.0
        assert report.report()
    finally:
        report.close()
        state.close()


@pytest.mark.parametrize("arguments", [["--from", "yesterday"], ["--from", "2026-03-02", "--to", "2026-03-01"]])
def test_a_window_that_is_none_is_refused(arguments: list[str]) -> None:
    assert main(["audit", *arguments]) == 2
