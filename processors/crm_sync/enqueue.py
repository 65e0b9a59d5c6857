"""Events become work: the folds that say what a CRM is to have, and a delivery for every event and target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.engine.sql import sql
from processors.staging import fold_contacts, stage
from runtime.postgres import Connection
from schemas.events import Event, EventType, OptOutState

# Two statements write to crm_contacts where there are opt-outs: its rows are locked in one go before, in their order.
_BOTH = """
INSERT INTO crm_contacts (phone) SELECT contact_phone FROM staged_events
WHERE NOT is_test AND (is_contact OR name <> contact_phone OR tag IS NOT NULL OR event_type = 'opt_out.state')
GROUP BY contact_phone ORDER BY contact_phone ON CONFLICT (phone) DO UPDATE SET updated_at = now()
"""
_OPT_OUTS = """
INSERT INTO crm_contacts AS c (phone, opt_out_state, opt_out_position) SELECT DISTINCT ON (phone) phone, state, position
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t (phone, state, position) ORDER BY phone, position DESC
ON CONFLICT (phone) DO UPDATE SET updated_at = now(),
    opt_out_state = CASE WHEN EXCLUDED.opt_out_position > COALESCE(c.opt_out_position, -1)
        THEN EXCLUDED.opt_out_state ELSE c.opt_out_state END,
    opt_out_position = GREATEST(c.opt_out_position, EXCLUDED.opt_out_position)
"""


def take_in(connection: Connection, events: Sequence[Event], targets: Iterable[str]) -> int:
    """Order everything that `events` ask for at `targets`, and say how many deliveries that made.

    The same events again change nothing. Rows are locked in order of their keys, table after table, whoever calls it.
    """
    names = sorted(targets)
    stage(connection, events)
    if any(event.event_type == EventType.CONTACT_CREATED for event in events):
        connection.execute(sql(__package__, "echoes"), (names,))
    states = [event for event in events if isinstance(event, OptOutState) and not event.is_test]
    if states:
        connection.execute(_BOTH)
    fold_contacts(connection, "crm_contacts")
    if states:
        columns = zip(*((state.contact_phone, state.state, state.position) for state in states), strict=True)
        connection.execute(_OPT_OUTS, [list(column) for column in columns])
    connection.execute(sql(__package__, "notes"))
    ordered = connection.execute(sql(__package__, "deliveries"), (names,)).rowcount
    if ordered:
        connection.execute(sql(__package__, "lanes"), (names,))
    return ordered
