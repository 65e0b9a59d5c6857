"""How long and how much: what every benchmark is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """The size of a run."""

    rounds: int  #: how often each thing and its limit are measured, in turns
    seconds: float  #: of load in each round
    events: int  #: that persist has to store in each round
    memory_events: int  #: over which persist's memory is watched
    export_events: int  #: that are exported
    note: Callable[[str], None]  #: tells people how far we are


#: What a person waits for, and what shows in seconds that the benchmark itself works.
FULL = {"rounds": 3, "seconds": 8.0, "events": 100_000, "memory_events": 200_000, "export_events": 500_000}
QUICK = {"rounds": 1, "seconds": 1.0, "events": 6_000, "memory_events": 12_000, "export_events": 20_000}
