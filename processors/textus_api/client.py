"""Calls of TextUs's API (apidocs.next.textus.com, seen 2026-11), each paid for from the shared budget."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from processors.api_budget.rate_limiter import RateLimiter
from processors.outbound.caller import Caller, HttpResponse, NoAnswer, NotSent
from processors.outbound.paths import OddPath, path_of
from processors.outbound.ssrf_guard import AddressRefused
from processors.textus_api.settings import TextUsApiSettings

MEDIA_TYPE = "application/vnd.textus+jsonld"
#: Seconds to wait after a 429 that does not say how long.
BUSY = 30.0
#: Pages of a collection at most: more would spend the budget of everything else.
PAGES = 1000
#: A URL as RFC 3986 has it: printable ASCII, so that it is sent as it stands.
_FOLLOWED = re.compile(r"[!-~]{1,8000}")

Json = Mapping[str, Any]


#: Answers after which nothing has been done, and which may be another time.
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.LOCKED, HTTPStatus.TOO_EARLY)


class TextUsUnavailable(Exception):
    """Call again later: TextUs does not answer, asks to wait, or has trouble of its own."""

    def __init__(
        self, why: str, *, retry_after: float | None = None, asks: bool = False, perhaps_done: bool = False
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after  #: seconds; None: it does not say
        self.asks = asks  #: it asks to wait, rather than failing
        self.perhaps_done = perhaps_done  #: what was to be changed may have been


class Redirected(TextUsUnavailable):
    """Mend HOOKLINE_TEXTUS__API_URL, if it stays so: TextUs is elsewhere, and nothing is followed."""


class TokenRefused(Exception):
    """Mend HOOKLINE_TEXTUS__API_TOKEN: TextUs does not take it."""


class NotFound(Exception):
    """There is no such account or thing."""


class BadRequest(Exception):
    """Do not send this again: TextUs will never take it."""


class TextUsClient:
    """Any number of threads may share one."""

    def __init__(self, settings: TextUsApiSettings, limiter: RateLimiter, *, allow_private: bool = True) -> None:
        """`allow_private`: the API's address may be one of a private network, such as a proxy's."""
        token = settings.api_token.get_secret_value() if settings.api_token else ""
        self._home = urlsplit(settings.api_url)
        self._caller = Caller(
            settings.api_url,
            limiter,
            headers={"Authorization": f"Bearer {token}", "Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE},
            content_type=None,
            timeout=settings.timeout,
            busy=BUSY,
            allow_private=allow_private,
        )

    def close(self) -> None:
        """Close its connections."""
        self._caller.close()

    def put(self, *segments: str) -> None:
        """PUT without a body. Raises Unavailable, Unauthorized, NotFound, BadRequest."""
        self._call("PUT", _path(segments))

    def get(self, *segments: str) -> Json:
        """GET one thing. Raises as `put` does."""
        return self._object("GET", _path(segments))

    def send(self, method: str, *segments: str, body: Json) -> Json:
        """POST or PUT `body`; the thing that it answers. Raises as `put` does."""
        return self._object(method, _path(segments), body)

    def members(self, *segments: str, query: Sequence[tuple[str, str]] = ()) -> Iterator[Json]:
        """GET a collection, page after page. Raises as `put` does."""
        url = _path(segments)
        if query:
            url += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        read: set[str] = set()
        while url not in read and len(read) < PAGES:
            read.add(url)
            page = self._object("GET", url)
            members = page.get("members")
            if not isinstance(members, list):
                raise TextUsUnavailable("TextUs answers a collection without members")
            yield from (member for member in members if isinstance(member, dict))
            view = page.get("view")
            following = view.get("next") if isinstance(view, dict) else None
            if not isinstance(following, str):
                return
            url = self._next_page(following)
        raise TextUsUnavailable(f"TextUs answers a collection whose pages do not end, or that are more than {PAGES}")

    def _next_page(self, following: str) -> str:
        """The path and query of `view.next`, relative as in the published samples, or absolute.

        Raises Unavailable where it leads elsewhere or is no URL: a collection that is not read to its end is not read.
        """
        try:
            parts = urlsplit(following)
            is_there = (parts.scheme, parts.netloc) in (("", ""), (self._home.scheme, self._home.netloc))
        except ValueError:  # brackets that hold no address
            is_there = False
        if not is_there or not _FOLLOWED.fullmatch(following) or not parts.path.startswith("/"):
            raise TextUsUnavailable("TextUs answers a collection whose next page is not one of its own")
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def _object(self, method: str, url: str, body: Json | None = None) -> Json:
        answer = self._call(method, url, body)
        try:
            parsed = answer.json()
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise TextUsUnavailable("TextUs answers what is no JSON object", perhaps_done=method != "GET")
        return parsed

    def _call(self, method: str, url: str, body: Json | None = None) -> HttpResponse:
        changes = method != "GET"
        try:
            answer = self._caller.call(method, url, body)
        except (NotSent, AddressRefused) as error:
            raise TextUsUnavailable(f"TextUs cannot be reached: {error}") from None
        except NoAnswer as error:
            raise TextUsUnavailable(f"TextUs does not answer: {error}", perhaps_done=changes) from None
        if 200 <= answer.status < 300:
            return answer
        raise _failure(answer, changes=changes)


def _failure(answer: HttpResponse, *, changes: bool) -> Exception:
    """What an answer that is none of success means."""
    status, says, wait = answer.status, f"TextUs answers {answer.status}", answer.wait()
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return TokenRefused(says)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return NotFound(says)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait):
        return TextUsUnavailable(says, retry_after=wait, asks=True)
    if 300 <= status < 400:
        return Redirected(f"{says}: redirects are not followed")
    if 400 <= status < 500 and status not in _PASSING:
        return BadRequest(says)
    return TextUsUnavailable(says, retry_after=wait, perhaps_done=changes and status >= 500)


def _path(segments: Sequence[str]) -> str:
    try:
        return path_of(segments)
    except OddPath as error:
        raise BadRequest(str(error)) from None
