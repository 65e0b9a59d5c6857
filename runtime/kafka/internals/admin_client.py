"""kafka-python's admin client, which leaves nothing behind when it finds no broker."""

from __future__ import annotations

from typing import Any

from kafka import KafkaAdminClient


class AdminClient(KafkaAdminClient):  # type: ignore[misc] # it has no types
    """The library's, which leaves its thread and its sockets behind when its constructor finds no broker."""

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except BaseException:
            if hasattr(self, "_net"):
                self._closed = False
                self.close()
            raise
