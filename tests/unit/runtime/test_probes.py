"""What strangers may ask as often as they like asks nobody itself."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from ingest.app import create_app
from runtime.admin import Readiness
from runtime.probes import REMEMBERED, Probes, Remembered


def answer_of(app: Any, path: str, method: str = "GET") -> tuple[str, dict[str, str], bytes]:
    found: list[Any] = []
    said = app({"PATH_INFO": path, "REQUEST_METHOD": method}, lambda *started: found.extend(started))
    return found[0], dict(found[1]), b"".join(said)


@pytest.mark.parametrize(
    ("path", "method", "status", "body"),
    [
        ("/healthz", "GET", "200 OK", b'{"ok":true,"process":"x"}\n'),
        ("/readyz", "GET", "503 SERVICE UNAVAILABLE", b'{"ok":false,"process":"x","reason":"leaving"}\n'),
        ("/readyz", "HEAD", "503 SERVICE UNAVAILABLE", b""),
        ("/readyz", "POST", "405 METHOD NOT ALLOWED", b'{"ok":false,"error":"Method Not Allowed"}\n'),
        ("/readyz/", "GET", "418", b"another"),
        ("/", "POST", "418", b"another"),
    ],
)
def test_both_paths_are_answered_and_the_rest_is_handed_on(path: str, method: str, status: str, body: bytes) -> None:
    def another(_environ: Any, start: Any) -> list[bytes]:
        start("418", [])
        return [b"another"]

    probes = Probes(another, lambda: Readiness(False, "leaving"), process="x")
    assert (answer_of(probes, path, method)[0], answer_of(probes, path, method)[2]) == (status, body)


def test_ingest_answers_them_before_flask() -> None:
    app = create_app(None, lambda: Readiness(True))  # type: ignore[arg-type]
    app.request_class = None  # type: ignore[assignment] # Flask's own machinery would stumble over it
    assert answer_of(app, "/healthz")[2] == b'{"ok":true,"process":"ingest"}\n'
    assert answer_of(app, "/readyz")[2] == b'{"ok":true,"process":"ingest","reason":"ok"}\n'
    assert isinstance(app, Flask)


def test_a_question_is_asked_once_in_a_while() -> None:
    now, questions = 0.0, list[float]()

    def ask() -> bool:
        questions.append(now)
        return len(questions) > 1

    remembered = Remembered(ask, clock=lambda: now)
    assert [remembered() for _ in range(100)] == [False] * 100
    now = REMEMBERED
    assert [remembered() for _ in range(100)] == [True] * 100
    assert questions == [0.0, REMEMBERED]


def test_while_one_asks_the_others_are_told_what_was_said_last() -> None:
    now, begun, release = 0.0, threading.Event(), threading.Event()

    def ask() -> bool:
        if now == 0.0:
            return True
        begun.set()
        assert release.wait(20)
        return False

    remembered = Remembered(ask, clock=lambda: now)
    assert remembered()
    now = 1.0
    asking = threading.Thread(target=remembered)
    asking.start()
    assert begun.wait(20)
    assert remembered() is True
    release.set()
    asking.join(20)
    assert remembered() is False
