"""Nothing personal and nothing secret gets into a log, however hard a caller tries."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import logs
from runtime.logs import MASK, Redactor

SECRET = "s3cret-of-the-webhook"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a process has logged."""
    stream = io.StringIO()
    logs.configure("test", secrets=[SECRET], stream=stream, level="DEBUG")
    yield stream
    for name in ("kafka", "werkzeug", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    "phone",
    [
        "+13035550142",
        "13035550142",
        "3035550142",
        "555-0142-33",
        "(303) 555-0142",
        "+1 (303) 555-0142",
        "303.555.0142",
        "+381 69 0156360",
        "0049/30/1234567",
        "tel:+13035550142",
        "phone=13035550142",
        "contact-3035550142",
        "id-3035550142",
        "msg3035550142",
        "%2B13035550142",  # in a URL
        "303\u200b555\u200b0142",  # with zero-width spaces
        "303\u2013555\u20130142",  # with en dashes
        '"phone_number":13035550142',
        "\u0663\u0660\u0663\u0665\u0665\u0665\u0660\u0661\u0664\u0662",  # Arabic-Indic digits
    ],
)
def test_a_phone_number_is_masked_wherever_it_stands(log: io.StringIO, phone: str) -> None:
    logger = logs.logger("attack")
    logger.info("event", fact=phone)
    logger.info("event", nested={"deep": [phone, {"deeper": (phone,)}]}, raw=phone.encode())
    logger.info(f"event of {phone}")
    logging.getLogger("library").warning("refused %s", phone)
    try:
        raise ValueError(f"no such contact: {phone}")
    except ValueError:
        logger.exception("failed")
    digits = "".join(character for character in phone if character.isdigit())
    for line in log.getvalue().splitlines():
        assert phone not in line
        assert digits not in "".join(character for character in line if character.isdigit() or character.isalpha())
        assert MASK in line


def test_a_phone_number_as_a_number_is_masked(log: io.StringIO) -> None:
    logs.logger("attack").info("event", contact=13035550142, sizes=[13035550142])
    assert written(log)[0]["contact"] == MASK
    assert written(log)[0]["sizes"] == [MASK]


@pytest.mark.parametrize(
    "harmless",
    [
        "01a200f2-6779-7dc9-ba1b-1616da04b54d",  # an event's id
        "12345678-1234-1234-1234-123456789012",  # one without a letter
        "2026-11-22T01:50:11.368900Z",
        "2026-11-22",
        "127.0.0.1:25713",
        "192.168.100.200",
        "0.1234567891",
        "123456",
        "SQLSTATE 22021 at line 1234",
    ],
)
def test_what_is_no_phone_number_stays(harmless: str) -> None:
    assert Redactor().text(f"before {harmless} after") == f"before {harmless} after"


def test_numbers_that_count_something_stay(log: io.StringIO) -> None:
    logs.logger("count").info("event", offset=12345678901, received_ms=1748455363370, records=123456, pid=4321)
    [line] = written(log)
    assert (line["offset"], line["received_ms"], line["records"], line["pid"]) == (
        12345678901,
        1748455363370,
        123456,
        4321,
    )


@pytest.mark.parametrize(
    "key", ["phone", "contact_phone", "text", "body", "payload", "secret", "authorization", "Token"]
)
def test_telling_keys_are_hidden_whatever_they_hold(log: io.StringIO, key: str) -> None:
    logs.logger("attack").info("event", **{key: "hi"}, outer={key: ["hi", 1]})
    [line] = written(log)
    assert line[key] == MASK
    assert line["outer"] == {key: MASK}


def test_known_secrets_and_passwords_are_hidden(log: io.StringIO) -> None:
    logger = logs.logger("attack")
    logger.info(f"got {SECRET}", where=f"x{SECRET}y", deep=[{SECRET: SECRET}])
    logger.info("dsn", at="postgresql://hookline_app:hunter22@127.0.0.1/hookline", options="host=x password=hunter22")
    try:
        raise RuntimeError(SECRET)
    except RuntimeError:
        logger.exception("failed")
    assert SECRET not in log.getvalue()
    assert "hunter22" not in log.getvalue()
    assert "hookline_app" in log.getvalue()


@pytest.mark.parametrize("secret", ["abc", "s3cr", "12345", "hunter2"])
def test_a_short_secret_is_hidden_as_well(secret: str) -> None:
    """Every one that is let in as a secret at all."""
    stream = io.StringIO()
    logs.configure("test", secrets=[secret], stream=stream)
    logs.logger("attack").info(f"got <{secret}>", where=f"x{secret}y")
    assert secret not in stream.getvalue().replace("where", "")
    assert MASK in stream.getvalue()


def test_lines_are_json_with_the_event_name(log: io.StringIO) -> None:
    logs.logger("some.module").info("record_set_aside", topic="sms.messages.v1", partition=3)
    [line] = written(log)
    expected = {
        "event": "record_set_aside",
        "level": "info",
        "logger": "some.module",
        "process": "test",
        "partition": 3,
    }
    assert expected.items() <= line.items()
    assert line["timestamp"].endswith("Z")


def test_the_kafka_clients_debug_lines_stay_off(log: io.StringIO) -> None:
    """They contain keys and values (docs/kafka-python.md)."""
    logging.getLogger("kafka.producer.kafka").debug("Sending (key=%r)", b"+13035550142")
    assert log.getvalue() == ""


def test_a_library_that_repeats_itself_is_throttled() -> None:
    # Given a library that says the same a hundred times in ten seconds, and once more afterwards
    now = [0.0]
    throttle = logs.Throttle("kafka", seconds=10, clock=lambda: now[0])
    kept = []
    for tenth in range(101):
        now[0] = tenth / 10
        record = logging.LogRecord("kafka.net", logging.ERROR, "", 1, "%s is not answering", ("broker 1",), None)
        if throttle.filter(record):
            kept.append(record.getMessage())
    # Then it is heard twice, and how often it was not
    assert kept == ["broker 1 is not answering", "broker 1 is not answering (99 more since)"]
    # And nobody else is silenced
    ours = logging.LogRecord("ingest.webhooks", logging.ERROR, "", 1, "webhook_not_durable", (), None)
    assert all(throttle.filter(ours) for _ in range(3))


def test_before_it_is_configured_nothing_stands_among_a_commands_answers(capfd: pytest.CaptureFixture[str]) -> None:
    code = "from runtime import logs; log = logs.logger('a'); log.info('b'); log.warning('slow', at='+13035550142')"
    subprocess.run([sys.executable, "-c", code], check=True)
    answers, complaints = capfd.readouterr()
    assert answers == ""
    assert json.loads(complaints) == {"event": "slow", "level": "warning", "at": MASK}


def test_on_a_terminal_lines_are_for_people() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    logs.configure("test", stream=terminal)
    logs.logger("some.module").info("serving", port=8080)
    assert "serving" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


#: Pieces of which texts are made that a pattern may look at again and again.
PIECES = [
    "://a:", "://", "://a", "a:b", "://user:password", "password=", "p", "1", "1 ", "(1", "+1(", "1-", "20",
    "2026-01-01T", "2026-01-01T00:00:00.", "0.", "1.", "1.1.1.1:", "deadbeef-", "12345678-1234-", "-", " ", "\u200b1",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_redaction_takes_time_in_proportion_to_the_text(piece: str) -> None:
    redactor = Redactor(["a-known-secret"])

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        took = []
        for _ in range(5):
            began = time.process_time()
            redactor.text(text)
            took.append(time.process_time() - began)
        return min(took)

    # Eight times the text takes eight times as long; the square of that would be 64 times.
    assert seconds(80_000) < 24 * max(seconds(10_000), 0.0005)


@given(st.lists(st.sampled_from([*PIECES, "hunter22@", "@", "/db", "x", "\n"]), max_size=30))
def test_a_password_in_a_url_never_shows(around: list[str]) -> None:
    text = "".join(around) + " postgresql://app:hunter33@db/hookline " + "".join(around)
    assert "hunter33" not in Redactor().text(text)
