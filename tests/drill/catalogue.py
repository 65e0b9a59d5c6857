"""Every fault of the drill, in the order in which they are made."""

from __future__ import annotations

from tests.drill.event_faults import EVENT_FAULTS
from tests.drill.fault import DrillFault
from tests.drill.process_faults import PROCESS_FAULTS
from tests.drill.server_faults import SERVER_FAULTS

#: Those whose alarm stays on longest come first: the drill waits at its end until each is over.
FAULTS: tuple[DrillFault, ...] = tuple(
    sorted((*EVENT_FAULTS, *PROCESS_FAULTS, *SERVER_FAULTS), key=lambda fault: -fault.over_within)
)
