"""Events become work: the folds that say what a CRM is to have, and a delivery for every event and target."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files

from processors.processor import Delivery
from processors.staging import fold_contacts, stage
from runtime.postgres import Connection
from schemas.events import EventType, OptOutState

_OPT_OUTS = """
INSERT INTO crm_contacts AS c (phone, opt_out_state, opt_out_position) SELECT DISTINCT ON (phone) phone, state, position
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS t (phone, state, position) ORDER BY phone, position DESC
ON CONFLICT (phone) DO UPDATE SET updated_at = now(),
    opt_out_state = CASE WHEN EXCLUDED.opt_out_position > COALESCE(c.opt_out_position, -1)
        THEN EXCLUDED.opt_out_state ELSE c.opt_out_state END,
    opt_out_position = GREATEST(c.opt_out_position, EXCLUDED.opt_out_position)
"""


def take_in(connection: Connection, batch: Sequence[Delivery], targets: Iterable[str]) -> None:
    """Order everything that `batch` asks for at `targets`; the same events again change nothing."""
    names = sorted(targets)
    stage(connection, batch)
    if any(one.event.event_type == EventType.CONTACT_CREATED for one in batch):
        connection.execute(statement("echoes"), (names,))
    fold_contacts(connection, "crm_contacts")
    states = [one.event for one in batch if isinstance(one.event, OptOutState) and not one.event.is_test]
    if states:
        columns = zip(*((one.contact_phone, one.state, one.position) for one in states), strict=True)
        connection.execute(_OPT_OUTS, [list(column) for column in columns])
    connection.execute(statement("notes"))
    ordered = connection.execute(statement("deliveries"), (names,)).rowcount
    if ordered:
        connection.execute(statement("lanes"), (names,))


@lru_cache(maxsize=8)
def statement(name: str) -> bytes:
    """The text of `<name>.sql`."""
    return files(__package__).joinpath(f"{name}.sql").read_bytes()
