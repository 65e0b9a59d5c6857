"""A sandbox whose time stands still until a test moves it, and clients that speak to it as documented."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from deploy.local.sandbox.app import Options, create_app

TOKEN = "test-token"
MEDIA_TYPE = "application/vnd.textus+jsonld"


class Clock:
    """Epoch seconds that pass only by `sleep`."""

    def __init__(self) -> None:
        self.now = 1_774_476_600.0  # a multiple of 300: the beginning of a window
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Caller:
    """Calls the sandbox as TextUs documents it; `call` leaves everything to the test."""

    def __init__(self, client: FlaskClient) -> None:
        self.call = client.open

    def __call__(self, method: str, path: str, body: Any = None, **headers: str | None) -> TestResponse:
        """`headers` with underscores for dashes; None takes a usual header away."""
        usual: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", "Accept": MEDIA_TYPE}
        if body is not None:
            usual["Content-Type"] = MEDIA_TYPE
        usual |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        sent = {name: value for name, value in usual.items() if value is not None}
        return self.call(path, method=method, data=data, headers=sent)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_caller(clock: Clock) -> Callable[..., Caller]:
    """A caller of a new sandbox with the given options."""

    def make(**chosen: Any) -> Caller:
        options = Options(**({"textus_token": TOKEN} | chosen))
        return Caller(create_app(options, clock=clock, sleep=clock.sleep).test_client())

    return make


@pytest.fixture
def textus(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller()


@pytest.fixture
def crm(textus: Caller) -> Callable[..., TestResponse]:
    """Calls the CRM of the same sandbox: plain JSON, no token."""

    def call(method: str, path: str, body: Any = None) -> TestResponse:
        return textus.call(path, method=method) if body is None else textus.call(path, method=method, json=body)

    return call


@pytest.fixture
def fields() -> Callable[[TestResponse], list[str]]:
    """The names of the fields that a 422 complains about."""
    return lambda answer: [error["field"] for error in json.loads(answer.data)["errors"]]


@pytest.fixture
def read() -> Callable[[TestResponse], Any]:
    """The JSON of an answer, whatever its media type is called."""
    return lambda answer: json.loads(answer.data)
