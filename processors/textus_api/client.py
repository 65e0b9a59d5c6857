"""Calls of TextUs's API (apidocs.next.textus.com, seen 2026-11), each paid for from the shared budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from processors.api_budget.budget import Seen
from processors.api_budget.purse import Purse, Told
from processors.textus_api.settings import TextUsApiSettings

MEDIA_TYPE = "application/vnd.textus+jsonld"
#: Seconds to wait after a 429 that does not say how long.
BUSY = 30.0
#: More pages than this are a circle.
PAGES = 1000

Json = Mapping[str, Any]


class Unavailable(Exception):
    """Call again later: TextUs does not answer, asks to wait, or has trouble of its own."""

    def __init__(self, why: str, *, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Unauthorized(Exception):
    """Mend HOOKLINE_TEXTUS__API_TOKEN: TextUs does not take it."""


class NotFound(Exception):
    """There is no such account or thing."""


class BadRequest(Exception):
    """Do not send this again: TextUs will never take it."""


class TextUsClient:
    """Any number of threads may share one."""

    def __init__(
        self, settings: TextUsApiSettings, purse: Purse, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        token = settings.api_token.get_secret_value() if settings.api_token else ""
        self._purse = purse
        self._http = httpx.Client(
            base_url=settings.api_url,
            headers={"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE},
            timeout=settings.timeout,
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def put(self, *segments: str) -> None:
        """PUT without a body. Raises Unavailable, Unauthorized, NotFound, BadRequest."""
        self._call("PUT", _path(segments), {"Content-Type": MEDIA_TYPE})

    def get(self, *segments: str) -> Json:
        """GET one thing. Raises as `put` does."""
        return self._read(_path(segments))

    def members(self, *segments: str, query: Sequence[tuple[str, str]] = ()) -> Iterator[Json]:
        """GET a collection, page after page. Raises as `put` does."""
        url = _path(segments)
        if query:
            url += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        for _ in range(PAGES):
            page = self._read(url)
            members = page.get("members")
            if not isinstance(members, list):
                raise Unavailable("TextUs answers a collection without members")
            yield from (member for member in members if isinstance(member, dict))
            view = page.get("view")
            following = view.get("next") if isinstance(view, dict) else None
            if not isinstance(following, str):
                return
            # Relative, as in the published samples; of an absolute one only the path is followed, so that the
            # token goes nowhere else.
            url = httpx.URL(following).raw_path.decode("ascii")
        raise Unavailable(f"TextUs answers a collection of more than {PAGES} pages")

    def _read(self, url: str) -> Json:
        answer = self._call("GET", url, {})
        try:
            body = answer.json()
        except ValueError:
            raise Unavailable("TextUs answers what is not JSON") from None
        if not isinstance(body, dict):
            raise Unavailable("TextUs answers JSON that is no object")
        return body

    def _call(self, method: str, url: str, headers: Mapping[str, str]) -> httpx.Response:
        self._purse.pay()
        try:
            answer = self._http.request(method, url, headers=dict(headers))
        except httpx.HTTPError as error:
            self._purse.tell(Told(answered=False))
            raise Unavailable(f"TextUs does not answer: {type(error).__name__}") from None
        wait = _seconds(answer.headers.get("Retry-After"))
        busy = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
        self._purse.tell(Told(_seen(answer), blocked=(wait or BUSY) if busy else None))
        if answer.is_success:
            return answer
        says = f"TextUs answers {answer.status_code}"
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise Unauthorized(says)
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise NotFound(says)
        passing = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
        if answer.is_client_error and answer.status_code not in passing:
            raise BadRequest(says)
        raise Unavailable(says, retry_after=wait)


def _path(segments: Sequence[str]) -> str:
    return "/" + "/".join(quote(segment, safe="") for segment in segments)


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; its other form, a date, TextUs does not use."""
    return float(text) if text is not None and text.strip().isdecimal() else None


def _seen(answer: httpx.Response) -> Seen | None:
    numbers = [answer.headers.get(f"X-RateLimit-{name}", "") for name in ("Limit", "Remaining", "Reset")]
    if not all(number.isdecimal() for number in numbers):
        return None
    limit, remaining, reset = map(int, numbers)
    return Seen(limit, remaining, reset)
