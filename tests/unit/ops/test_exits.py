"""What each kind of failure means to whoever ran the command: code, service, setting, fix."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from kafka import errors as kafka_errors

from ops.exits import (
    CHECK_FAILED,
    CONFIG,
    SOFTWARE,
    TRY_LATER,
    UNAVAILABLE,
    CheckFailed,
    TryLater,
    Unreachable,
    failure,
)
from processors.dead_letters.redrive import Interrupted
from runtime.settings import ConfigurationError


def http_error(kind: type[httpx.TransportError], *, known: bool = True) -> httpx.TransportError:
    request = httpx.Request("GET", "http://registry.test:8081/subjects?secret=x") if known else None
    return kind("Connection refused", request=request)


NO_SERVER = 'connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused'
WRONG_PASSWORD = 'connection failed: FATAL:  password authentication failed for user "hookline_app"'


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        # ours say what they are
        (CheckFailed("3 topics are missing"), CHECK_FAILED, "3 topics are missing"),
        (Unreachable("Kafka", "127.0.0.1:9092", "HOOKLINE_X", "refused"), UNAVAILABLE, "127.0.0.1:9092 (HOOKLINE_X)"),
        (TryLater("another redrive is running"), TRY_LATER, "another redrive"),
        (ConfigurationError(["HOOKLINE_A is missing", "HOOKLINE_B is wrong"]), CONFIG, "HOOKLINE_B is wrong"),
        (Interrupted("3 letters"), TRY_LATER, "3 letters"),  # an exception may name its own code
        # PostgreSQL, before there is a session
        (psycopg.OperationalError(NO_SERVER), UNAVAILABLE, "HOOKLINE_POSTGRES__DSN"),
        (psycopg.OperationalError(WRONG_PASSWORD), CONFIG, "refuses the password"),
        (psycopg.OperationalError('FATAL:  database "hl" does not exist'), CONFIG, "does not know"),
        (psycopg.OperationalError('FATAL:  role "nobody" does not exist'), CONFIG, "does not know"),
        (psycopg.OperationalError("FATAL:  the database system is starting up"), TRY_LATER, "not ready"),
        (psycopg.OperationalError("FATAL:  sorry, too many clients already"), TRY_LATER, "not ready"),
        # PostgreSQL, by SQLSTATE
        (psycopg.errors.UndefinedTable('relation "events"'), CONFIG, "hookline db migrate"),
        (psycopg.errors.UndefinedColumn("column"), CONFIG, "hookline db migrate"),
        (psycopg.errors.InsufficientPrivilege("denied"), CONFIG, "may not do this"),
        (psycopg.errors.DeadlockDetected("deadlock"), TRY_LATER, "try again"),
        (psycopg.errors.QueryCanceled("statement timeout"), TRY_LATER, "try again"),
        (psycopg.errors.LockNotAvailable("lock"), TRY_LATER, "try again"),
        # a statement of ours that cannot work is a bug
        (psycopg.errors.SyntaxError("at or near"), SOFTWARE, "bug"),
        (psycopg.errors.UniqueViolation("key"), SOFTWARE, "bug"),
        # Kafka
        (kafka_errors.KafkaTimeoutError("Unable to bootstrap"), UNAVAILABLE, "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"),
        (kafka_errors.KafkaConnectionError("refused"), UNAVAILABLE, "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"),
        (kafka_errors.NodeNotReadyError("controller"), UNAVAILABLE, "not ready"),
        (kafka_errors.TopicAuthorizationFailedError("x"), CONFIG, "ACL"),
        (kafka_errors.SaslAuthenticationFailedError("x"), CONFIG, "HOOKLINE_KAFKA__SASL_"),
        (kafka_errors.UnknownTopicOrPartitionError("x"), CONFIG, "hookline topics apply"),
        (kafka_errors.NotControllerError("x"), TRY_LATER, "NotControllerError"),
        (kafka_errors.InvalidPartitionsError("x"), SOFTWARE, "bug"),
        # HTTP
        (http_error(httpx.ConnectError), UNAVAILABLE, "http://registry.test:8081 cannot be reached"),
        (http_error(httpx.ReadTimeout), UNAVAILABLE, "http://registry.test:8081"),
        (http_error(httpx.ConnectError, known=False), UNAVAILABLE, "an HTTP service"),
        # anything else
        (ValueError("what?"), SOFTWARE, "this is a bug in hookline: ValueError: what?"),
        (KeyError(), SOFTWARE, "KeyError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failure_has_its_code_and_says_what_to_do(error: Exception, code: int, expected: str) -> None:
    found = failure(error)

    assert (found.code, expected in found.message) == (code, True), found


def test_an_address_is_told_without_its_query() -> None:
    assert "secret" not in failure(http_error(httpx.ConnectError)).message


def test_a_sentence_is_one_line_however_many_libpq_makes() -> None:
    found = failure(psycopg.OperationalError("connection failed:\n\tIs the server running\n\ton that host?"))

    assert "\n" not in found.message
