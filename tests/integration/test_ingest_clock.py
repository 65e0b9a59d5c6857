"""A running ingest whose wall clock is set back: PostgreSQL's clock is what its receipts go by."""

from __future__ import annotations

import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingest.postgres_clock import POSTGRES_CLOCK
from schemas.codec import Codec
from schemas.ids import SchemaIds
from tests.faults.services import INJECTED, ROOT
from tests.integration.test_ingest import records_of, wait_until
from tests.integration.test_spool_service import Ingest

#: Seconds: more than a receipt may be ahead of the node's own clock (HOOKLINE_INGEST__RECEIPT_AHEAD_SECONDS).
STEP = -3 * 3600.0
CODEC = Codec(SchemaIds.checked_in())


@pytest.mark.slow
def test_a_node_whose_clock_is_set_back_gives_no_earlier_receipt_while_postgres_is_there(
    kafka: str, postgres: Any, tmp_path: Path
) -> None:
    with closing(Ingest(tmp_path)) as ingest:
        # Given a node with its workers' clock in our hands, which reports to PostgreSQL
        ingest.start(
            kafka,
            HOOKLINE_POSTGRES__DSN=postgres.dsn("ingest"),
            PYTHONPATH=f"{INJECTED}:{ROOT}",
            FAULTS_INJECT=f"clock={tmp_path}",
        )
        wait_until((ingest.spool / POSTGRES_CLOCK).exists, "PostgreSQL's clock is known")
        before = [posted(ingest, number) for number in range(4)]
        # When the clock is three hours behind
        (tmp_path / "clock").write_bytes(struct.pack("<d", STEP))
        after = [posted(ingest, number) for number in range(10, 14)]
    # Then whichever worker it comes to, nothing was received earlier than what was posted before it
    records = records_of(kafka, {*before, *after}, "sms.messages.v1")
    received = {event_id: CODEC.decode(record.value).received_at for event_id, record in records.items()}
    assert max(received[event_id] for event_id in before) <= min(received[event_id] for event_id in after)


def posted(ingest: Ingest, number: int) -> str:
    """The id of the event that a webhook posted now becomes."""
    answer = ingest.post(number)
    assert answer.status_code == 200
    return answer.headers["X-Event-Id"]
