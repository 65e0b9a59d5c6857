"""A row of the view `opt_out_certainty` under which the gate is sure: all has caught up, no spool holds anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

READ_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
#: What opt-out reads there.
READ_TOPICS = ("sms.messages.v1", "redrive.opt-out")
#: Caught up half a second ago, and no node with anything in its spool.
SURE = (
    READ_AT, READ_AT - timedelta(seconds=0.5), list(READ_TOPICS), None, 0, None, None,
    READ_AT - timedelta(seconds=0.4), "a",
)  # fmt: skip
