"""Exit codes (sysexits.h where it has one), and the one place that maps an exception to code and sentence."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from types import ModuleType

OK = 0
CHECK_FAILED = 1
USAGE = 2
UNAVAILABLE = 69
SOFTWARE = 70
TRY_LATER = 75
CONFIG = 78
INTERRUPTED = 130  # 128 + SIGINT, as every shell expects
BROKEN_PIPE = 141  # 128 + SIGPIPE


class CheckFailed(Exception):
    """Look at what is named: a check failed. Exit code 1."""


class Unreachable(Exception):
    """Start the service that is named, or mend the setting. Exit code 69."""

    def __init__(self, service: str, where: str, setting: str, why: str) -> None:
        super().__init__(f"{service} cannot be reached at {where} ({setting}): {why}")


class TryLater(Exception):
    """Run the command again in a while. Exit code 75."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ends when it fails."""

    code: int
    message: str


def failure(error: BaseException) -> Failure:
    """What `error` means to whoever ran the command."""
    text = _one_line(error)
    if isinstance(error, CheckFailed):
        return Failure(CHECK_FAILED, text)
    if isinstance(error, Unreachable):
        return Failure(UNAVAILABLE, text)
    if isinstance(error, TryLater):
        return Failure(TRY_LATER, text)
    if isinstance(code := getattr(error, "exit_code", None), int):  # the local stack's exceptions name theirs
        return Failure(code, str(error))
    found = _configuration(error) or _postgres(error, text) or _kafka(error, text) or _http(error, text)
    return found or Failure(SOFTWARE, f"this is a bug in hookline: {type(error).__name__}: {text}")


# A library is looked at only when it is loaded: what was never imported has raised nothing.


def _configuration(error: BaseException) -> Failure | None:
    settings = _loaded("runtime.settings")
    if settings is None or not isinstance(error, settings.ConfigurationError):
        return None
    return Failure(CONFIG, "\n  ".join(["the configuration is not usable:", *error.mistakes]))


_DSN = "HOOKLINE_POSTGRES__DSN or, for migrations, HOOKLINE_POSTGRES__OWNER_DSN"

#: What libpq says where it gives no SQLSTATE, because no session came about.
_POSTGRES_SAYS = (
    (
        r"password authentication failed|no password supplied",
        CONFIG,
        f"PostgreSQL refuses the password in {_DSN}",
    ),
    (r"(role|database) .* does not exist", CONFIG, f"PostgreSQL does not know what {_DSN} names"),
    (r"the database system is |too many clients", TRY_LATER, "PostgreSQL is not ready"),
)
#: SQLSTATE or its class: appendix A of PostgreSQL's manual.
_SQLSTATES = (
    (("42P01", "42703", "42883"), CONFIG, "the database is not up to date; run `hookline db migrate`"),
    (("42501",), CONFIG, f"the role in {_DSN} may not do this"),
    (("40", "53", "55", "57"), TRY_LATER, "PostgreSQL asks to try again"),
)


def _postgres(error: BaseException, text: str) -> Failure | None:
    psycopg = _loaded("psycopg")
    if psycopg is None or not isinstance(error, psycopg.Error):
        return None
    for pattern, code, meaning in _POSTGRES_SAYS:
        if re.search(pattern, text):
            return Failure(code, f"{meaning}: {text}")
    for states, code, meaning in _SQLSTATES:
        if error.sqlstate is not None and error.sqlstate.startswith(states):
            return Failure(code, f"{meaning}: {text}")
    if isinstance(error, psycopg.OperationalError):
        return Failure(UNAVAILABLE, f"PostgreSQL cannot be reached ({_DSN}): {text}")
    return None


_BOOTSTRAP = "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"

#: By kafka-python's names; the first that the error is an instance of counts.
_KAFKA_ERRORS = (
    ("AuthorizationError", CONFIG, f"Kafka does not allow this ({_BOOTSTRAP}, its ACLs)"),
    ("SaslAuthenticationFailedError", CONFIG, "Kafka refuses the credentials (HOOKLINE_KAFKA__SASL_...)"),
    ("UnsupportedSaslMechanismError", CONFIG, "Kafka does not speak HOOKLINE_KAFKA__SASL_MECHANISM"),
    ("UnknownTopicOrPartitionError", CONFIG, "Kafka lacks a topic; run `hookline topics apply`"),
    ("KafkaConnectionError", UNAVAILABLE, f"Kafka cannot be reached ({_BOOTSTRAP})"),
    ("KafkaTimeoutError", UNAVAILABLE, f"Kafka does not answer ({_BOOTSTRAP})"),
    ("NodeNotReadyError", UNAVAILABLE, f"Kafka is not ready ({_BOOTSTRAP})"),
    ("RetriableError", TRY_LATER, "Kafka asks to try again"),
)


def _kafka(error: BaseException, text: str) -> Failure | None:
    errors = _loaded("kafka.errors")
    if errors is None or not isinstance(error, errors.KafkaError):
        return None
    for name, code, meaning in _KAFKA_ERRORS:
        if isinstance(error, getattr(errors, name)):
            kind = type(error).__name__
            return Failure(code, f"{meaning}: {kind}: {text.removeprefix(f'{kind}: ')}")
    return None


def _http(error: BaseException, text: str) -> Failure | None:
    httpx = _loaded("httpx")
    if httpx is None or not isinstance(error, httpx.TransportError):
        return None
    try:
        url = f"{error.request.url.scheme}://{error.request.url.netloc.decode()}"
    except RuntimeError:  # httpx: "The .request property has not been set"
        url = "an HTTP service"
    return Failure(UNAVAILABLE, f"{url} cannot be reached: {text or type(error).__name__}")


def _loaded(module: str) -> ModuleType | None:
    return sys.modules.get(module)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
