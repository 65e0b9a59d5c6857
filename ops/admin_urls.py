"""Where the processes' admin ports are: NAME=URL, comma-separated, as settings have them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from runtime.settings import StringList


def _checked(given: tuple[str, ...]) -> tuple[str, ...]:
    """As they came. Raises ValueError where one is not NAME=URL."""
    for item in given:
        name, _, url = item.partition("=")
        parts = urlsplit(url)
        if not name.strip() or parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"{item!r} is not NAME=http://host:port")
    return given


#: NAME=URL of the admin port of each process.
AdminUrls = Annotated[StringList, AfterValidator(_checked)]


def admin_urls_by_name(given: Iterable[str]) -> dict[str, str]:
    """The URL of each process's admin port, by the process's name."""
    return {name.strip(): url.rstrip("/") for name, _, url in (item.partition("=") for item in given)}
