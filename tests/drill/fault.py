"""One fault of the drill, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.drill.stack import DrillStack

#: Seconds within which `status` and an alarm have to name what was killed, frozen or starved.
SOON = 30.0


def nothing(_: DrillStack) -> None:
    """Does nothing."""


@dataclass(frozen=True, slots=True)
class DrillFault:
    """What happens, who has to say what about it, and what mends it."""

    name: str  #: for --only
    what: str  #: what happens, for people
    make: Callable[[DrillStack], None]
    #: A pattern of the phrase of `hookline status` that names it with its cause; empty: status does not know of it.
    status: str
    alarm: str  #: the rule of the alarm; empty: the notifier cannot tell
    alarm_text: str = ""  #: a pattern of the alarm's section
    #: A pattern of the command to run, which status, the alarm or its section of the runbook has to name as it is
    #: pasted; empty: nobody has to run anything.
    command: str = ""
    mended_by: str = ""  #: what else mends it, in words: a supervisor, or what is put right outside of Hookline
    prepare: Callable[[DrillStack], None] = nothing  #: what takes time and is no fault yet
    repair: Callable[[DrillStack], None] = nothing  #: puts right what is outside of Hookline, before the command
    status_within: float = SOON
    alarm_within: float = SOON
    well_within: float = 90.0  #: after the mend, until status is well again
    over_within: float = 120.0  #: after the mend, until whoever heard of the alarm hears that it is over
    #: A pattern of every problem that it may bring: other faults are made while it lasts.
    concerns: str = ""
    #: Faults that take minutes by their nature have a lane of their own, beside the main one, whose name is empty.
    lane: str = ""
    arguments: str = ""  #: what a person adds to the command: a reason, that it need not ask
