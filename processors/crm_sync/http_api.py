"""JSON over HTTP to a CRM that somebody has configured: what its answers mean to the port."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from processors.api_budget.rate_limiter import RateLimiter
from processors.crm_sync.port import AskedToWait, CrmCredentialsRefused, Gone, Unknown
from processors.engine.processor import Rejected, Retryable
from processors.outbound.caller import Caller, HttpResponse, NoAnswer, NotSent
from processors.outbound.ssrf_guard import AddressRefused

#: Seconds to wait after a 429 that does not say how long.
BUSY = 10.0
#: Seconds to wait while our credentials are refused.
LOCKED_OUT = 15.0
#: Seconds between two looks at a record that somebody has locked (423).
HELD = 2.0

#: Answers after which nothing has been done, and which may be another time.
_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_EARLY)


class HttpApi:
    """Any number of threads may share one."""

    def __init__(
        self,
        name: str,
        base_url: str,
        limiter: RateLimiter,
        *,
        headers: Mapping[str, str],
        timeout: float,
        allow_private: bool = False,
    ) -> None:
        self._name = name
        self._caller = Caller(
            base_url,
            limiter,
            headers={"Accept": "application/json", **headers},
            content_type="application/json",
            timeout=timeout,
            busy=BUSY,
            allow_private=allow_private,
        )

    def close(self) -> None:
        """Close its connections."""
        self._caller.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What it answers, parsed; None: nothing. Raises Retryable and its kinds, Gone and Rejected.

        A GET changes nothing, so that its outcome is never unknown.
        """
        changes = method != "GET"
        try:
            answer = self._caller.call(method, path, body)
        except AddressRefused as error:
            raise Rejected(f"{self._name}: {error}") from None
        except NotSent as error:
            raise Retryable(f"{self._name} cannot be reached: {error}") from None
        except NoAnswer as error:
            kind = Unknown if changes else Retryable
            raise kind(f"{self._name} does not answer: {error}") from None
        return self._judged(answer, changes=changes)

    def _judged(self, answer: HttpResponse, *, changes: bool) -> Any:
        status, says = answer.status, f"{self._name} answers {answer.status}"
        if 200 <= status < 300:
            try:
                return answer.json()
            except ValueError:
                kind = Unknown if changes else Retryable
                raise kind(f"{says} with what is not JSON") from None
        wait = answer.wait()
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise CrmCredentialsRefused(f"{says}: it refuses our credentials", retry_after=max(wait or 0.0, LOCKED_OUT))
        if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise Gone(says)
        if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait):
            raise AskedToWait(says, retry_after=wait or BUSY)
        if status == HTTPStatus.LOCKED:
            raise Retryable(says, retry_after=max(wait or 0.0, HELD))
        if 300 <= status < 400:
            raise Rejected(f"{says}: redirects are not followed")
        if 400 <= status < 500 and status not in _PASSING:
            raise Rejected(says)
        kind = Unknown if changes and status >= 500 else Retryable
        raise kind(says, retry_after=wait)
