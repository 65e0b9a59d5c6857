"""Faults on demand: what the sandbox was told to do wrong, and to which of the next requests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator
from werkzeug.wrappers import Response

from deploy.local.sandbox.refusals import RequestBody

#: A number of seconds or an HTTP date; goes into the header Retry-After as it stands.
RetryAfter = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float) else value)]


class FaultBody(RequestBody):
    """Body of POST /_sandbox/faults.

    Three faults are alternatives: `status` answers in place of the service, which does nothing; `drop_answer`
    lets the service act and closes the connection without an answer; `delay_s` alone lets it act and answers
    late. `delay_s` may be added to the other two. `effect_after_s` alone, or with what lets it act, has it act late.
    """

    path: str  #: a prefix of the decoded path; %2B may be written for +
    method: Annotated[str, StringConstraints(to_upper=True)] | None = None  #: every method without it
    status: Annotated[int, Field(ge=200, le=599)] | None = None  #: answered instead of acting
    effect_after_s: Annotated[float, Field(ge=0)] = 0.0  #: seconds until the service acts, whoever still waits for it
    delay_s: Annotated[float, Field(ge=0)] = 0.0  #: seconds between the effect and the answer
    drop_answer: bool = False  #: perform the effect, then close the connection
    times: Annotated[int, Field(ge=1)] | None = 1  #: how many requests; null: until faults are cleared
    retry_after: RetryAfter | None = None  #: Retry-After of the `status` answer
    body: Any = None  #: body of the `status` answer: a string as it stands, anything else as JSON
    headers: dict[str, str] = Field(default_factory=dict)  #: headers of the `status` answer, such as Location
    drip_s: Annotated[float, Field(ge=0)] = 0.0  #: seconds between the bytes of the `status` answer

    @field_validator("path")
    @classmethod
    def _decoded(cls, value: str) -> str:
        path = unquote(value)
        if not path.startswith("/"):
            raise ValueError("a path begins with /")
        return path

    @model_validator(mode="after")
    def _one_fault(self) -> FaultBody:
        if self.status is not None and self.drop_answer:
            raise ValueError("status and drop_answer exclude each other")
        if self.status is not None and self.effect_after_s:
            raise ValueError("status and effect_after_s exclude each other: it has no effect")
        if self.status is None and not (self.drop_answer or self.delay_s or self.effect_after_s):
            raise ValueError("one of status, delay_s, effect_after_s, drop_answer is needed")
        if self.status is None and (self.retry_after or self.body is not None or self.headers or self.drip_s):
            raise ValueError("retry_after, body, headers and drip_s belong to a status")
        return self


@dataclass(frozen=True)
class Fault:
    """One fault as it applies to one request."""

    ordered: FaultBody

    @property
    def replaces_answer(self) -> bool:
        """Whether the service does nothing and `answer` is given instead."""
        return self.ordered.status is not None

    def answer(self, sleep: Callable[[float], None]) -> Response:
        """The wrong answer."""
        ordered = self.ordered
        content = ordered.body
        if content is None:
            content = {"status": ordered.status, "title": "fault on demand"}
        as_text = isinstance(content, str)
        data = (str(content) if as_text else json.dumps(content)).encode()
        media_type = "text/plain" if as_text else "application/json"
        response = Response(status=ordered.status, content_type=media_type)
        if ordered.retry_after is not None:
            response.headers["Retry-After"] = ordered.retry_after
        response.headers.update(ordered.headers)
        response.content_length = len(data)
        response.response = _drip(data, ordered.drip_s, sleep) if ordered.drip_s else [data]
        return response


def _drip(data: bytes, pause_s: float, sleep: Callable[[float], None]) -> Iterator[bytes]:
    for position in range(len(data)):
        if position:
            sleep(pause_s)
        yield data[position : position + 1]


@dataclass
class _Planted:
    number: int
    fault: Fault
    left: int | None


class Faults:
    """The faults that are planted; the one planted first applies first."""

    def __init__(self, *, lock: threading.RLock) -> None:
        self._lock = lock
        self._planted: list[_Planted] = []
        self._number = 0

    def plant(self, ordered: FaultBody) -> dict[str, Any]:
        """Arm a fault; returns it as `shown` does."""
        with self._lock:
            self._number += 1
            planted = _Planted(self._number, Fault(ordered), ordered.times)
            self._planted.append(planted)
            return _shown(planted)

    def claim(self, method: str, path: str) -> Fault | None:
        """The fault that this request shall suffer, taken off its number of times."""
        with self._lock:
            for planted in self._planted:
                ordered = planted.fault.ordered
                if path.startswith(ordered.path) and ordered.method in (None, method):
                    if planted.left is not None:
                        planted.left -= 1
                        if not planted.left:
                            self._planted.remove(planted)
                    return planted.fault
            return None

    def shown(self) -> list[dict[str, Any]]:
        """The faults still armed, with how many times are left."""
        with self._lock:
            return [_shown(planted) for planted in self._planted]

    def clear(self) -> None:
        """Disarm every fault."""
        with self._lock:
            self._planted.clear()


def _shown(planted: _Planted) -> dict[str, Any]:
    return {"id": planted.number, "left": planted.left} | planted.fault.ordered.model_dump(exclude_defaults=True)
