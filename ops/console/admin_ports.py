"""What the processes say on their admin ports: whether they are ready, and their settings."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

#: Seconds that a process has to answer, and bytes that are read.
TIMEOUT, MOST_BYTES = 1.5, 1 << 20


def ask(url: str) -> Any:
    """The JSON at `url`, whatever the status. Raises OSError, http.client.HTTPException, ValueError."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path or "/")
        return json.loads(connection.getresponse().read(MOST_BYTES))
    finally:
        connection.close()


def ask_all(admin_ports: Mapping[str, str], path: str) -> dict[str, Any]:
    """What each process answers at `path`, all asked at once; None: nothing that is JSON."""
    if not admin_ports:
        return {}
    with ThreadPoolExecutor(len(admin_ports), "admin-ports") as pool:
        answers = {name: pool.submit(_answer, url + path) for name, url in admin_ports.items()}
        return {name: answer.result() for name, answer in answers.items()}


def _answer(url: str) -> Any:
    try:
        return ask(url)
    except (OSError, http.client.HTTPException, ValueError):
        return None
