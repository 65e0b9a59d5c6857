"""What was set aside: dead letters by cause, records that opt-out parked, and what is in the nodes' quarantines."""

from __future__ import annotations

from flask import Blueprint

from ops.console.context import Answer, answer, masking, services
from runtime.postgres import named_rows

pages = Blueprint("dead_letters", __name__, url_prefix="/dead-letters")

#: Dead letters and parked records that are shown: the newest.
SHOWN = 50

_CAUSES = """
SELECT consumer_group, topic, disposition, error_class, ours, count(*) AS letters, min(failed_at) AS first,
    max(failed_at) AS last
FROM dead_letters GROUP BY consumer_group, topic, disposition, error_class, ours ORDER BY count(*) DESC LIMIT 100
"""
_DECIDED = """
SELECT processor, count(*) AS discarded, max(discarded_at) AS last FROM discarded_letters GROUP BY processor ORDER BY 1
"""
_NEWEST = f"""
SELECT consumer_group, topic, partition, record_offset, event_id, event_type, disposition, error_class, error_message,
    attempts, failed_at
FROM dead_letters ORDER BY failed_at DESC LIMIT {SHOWN}
"""  # noqa: S608 - a number of ours
_PARKED = f"""
SELECT p.topic, p.partition, p.record_offset, p.disposition, p.error_class, p.writer, p.parked_at, p.review_id,
    r.decision, r.position
FROM opt_out_parked AS p LEFT JOIN opt_out_reviews AS r ON r.id = p.review_id ORDER BY p.id DESC LIMIT {SHOWN}
"""  # noqa: S608 - as above
_QUARANTINES = """
SELECT node, state, (facts ->> 'quarantined')::bigint AS webhooks, (facts ->> 'quarantine_bytes')::bigint AS bytes,
    (facts ->> 'refused_lately')::bigint AS refused, at
FROM process_heartbeats WHERE name = 'ingest' AND state <> 'stopped' AND facts ? 'quarantined' ORDER BY node, at
"""


@pages.get("")
def page() -> Answer:
    """Counts by cause, and the newest of each."""
    personal = masking()
    with services().database.reading() as connection:
        return answer(
            "dead_letters.html",
            personal,
            causes=named_rows(connection, _CAUSES),
            decided=named_rows(connection, _DECIDED),
            newest=named_rows(connection, _NEWEST),
            parked=named_rows(connection, _PARKED),
            quarantines=named_rows(connection, _QUARANTINES),
        )
