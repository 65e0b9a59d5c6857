"""Calls of TextUs's API (apidocs.next.textus.com, seen 2026-11), each paid for from the shared budget."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from processors.http.client import HttpClient
from processors.http.paths import path_of
from processors.http.status import unsure
from processors.outbox.errors import RetryLater
from processors.outbox.rate_limiter import RateLimiter
from processors.textus_api.settings import TextUsApiSettings

MEDIA_TYPE = "application/vnd.textus+jsonld"
#: Seconds to wait after a 429 that does not say how long.
BUSY = 30.0
#: Pages of a collection at most: more would spend the budget of everything else.
PAGES = 1000
#: A URL as RFC 3986 has it: printable ASCII, so that it is sent as it stands.
_FOLLOWED = re.compile(r"[!-~]{1,8000}")

Json = Mapping[str, Any]


class TextUsClient:
    """Any number of threads may share one. What its methods raise stands in `processors/outbox/errors.py`."""

    def __init__(self, settings: TextUsApiSettings, limiter: RateLimiter, *, allow_private: bool = True) -> None:
        """`allow_private`: the API's address may be one of a private network, such as a proxy's."""
        token = settings.api_token.get_secret_value() if settings.api_token else ""
        self._home = urlsplit(settings.api_url)
        self._http = HttpClient(
            "TextUs",
            settings.api_url,
            limiter,
            headers={"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE},
            media_type=MEDIA_TYPE,
            timeout=settings.timeout,
            busy=BUSY,
            allow_private=allow_private,
        )

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def put(self, *segments: str) -> None:
        """PUT without a body; what it answers does not matter."""
        self._http.request("PUT", path_of(segments))

    def get(self, *segments: str) -> Json:
        """GET one thing."""
        return self._object("GET", path_of(segments))

    def send(self, method: str, *segments: str, body: Json) -> Json:
        """POST or PUT `body`; the thing that it answers."""
        return self._object(method, path_of(segments), body)

    def members(self, *segments: str, query: Sequence[tuple[str, str]] = ()) -> Iterator[Json]:
        """GET a collection, page after page."""
        url = path_of(segments)
        if query:
            url += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        read: set[str] = set()
        while url not in read and len(read) < PAGES:
            read.add(url)
            page = self._object("GET", url)
            members = page.get("members")
            if not isinstance(members, list):
                raise RetryLater("TextUs answers a collection without members")
            yield from (member for member in members if isinstance(member, dict))
            view = page.get("view")
            following = view.get("next") if isinstance(view, dict) else None
            if not isinstance(following, str):
                return
            url = self._next_page(following)
        raise RetryLater(f"TextUs answers a collection whose pages do not end, or that are more than {PAGES}")

    def _next_page(self, following: str) -> str:
        """The path and query of `view.next`, relative as in the published samples, or absolute.

        Raises RetryLater where it leads elsewhere or is no URL: a collection that is not read to its end is not read.
        """
        try:
            parts = urlsplit(following)
            is_there = (parts.scheme, parts.netloc) in (("", ""), (self._home.scheme, self._home.netloc))
        except ValueError:  # brackets that hold no address
            is_there = False
        if not is_there or not _FOLLOWED.fullmatch(following) or not parts.path.startswith("/"):
            raise RetryLater("TextUs answers a collection whose next page is not one of its own")
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def _object(self, method: str, url: str, body: Json | None = None) -> Json:
        parsed = self._http.call(method, url, body)
        if not isinstance(parsed, dict):
            raise unsure(changes=method != "GET")("TextUs answers what is no JSON object")
        return parsed
