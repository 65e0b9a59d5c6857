"""Where an event is safe."""

from __future__ import annotations

from enum import StrEnum


class Durability(StrEnum):
    """Where an event is safe: the header `X-Durability`."""

    KAFKA = "kafka"
    SPOOL = "spool"
