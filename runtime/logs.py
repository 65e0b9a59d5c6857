"""Structured logs: an event name and its facts; JSON, or for people on a terminal.

Nothing personal and nothing secret gets out: `redact` is the last processor before the renderer and looks into
every value, whoever logged it, the text of exceptions included.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

#: Facts whose values are personal or secret whatever they look like.
HIDDEN_KEYS = frozenset(
    {
        "account_phone", "api_token", "authorization", "body", "contact_phone", "dsn", "key", "name", "password",
        "payload", "phone", "phone_number", "secret", "secrets", "signature", "signing_secret", "tag", "text",
        "token", "value",
    }
)  # fmt: skip
MASK = "[redacted]"

#: Seven digits or more, however they are grouped, are taken for a phone number, unless they are part of
#: something that surely is none: a hexadecimal id, a decimal fraction, an ISO time.
_PHONE = re.compile(r"(?<![\w.:-])\+?\(?\d(?:[\s().\-/]{0,3}\d){6,17}(?![\w:])")
_NOT_A_PHONE = re.compile(r"\d{4}-\d{2}-\d{2}([ T].*)?")
_DSN_PASSWORD = re.compile(r"(://[^:/@\s]+:)[^@\s]+@|(password=)\S+", re.IGNORECASE)


class Redactor:
    """Replaces phone numbers, known secrets and whatever stands under a telling key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret that contains another is hidden whole.
        self._secrets = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """`text` without secrets and phone numbers."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _DSN_PASSWORD.sub(lambda found: f"{found[1] or found[2]}{MASK}{'@' if found[1] else ''}", text)
        return _PHONE.sub(lambda found: found[0] if _NOT_A_PHONE.match(found[0]) else MASK, text)

    def value(self, value: Any) -> Any:
        """`value` with every text in it redacted, however deep."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): MASK if str(key).lower() in HIDDEN_KEYS else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """As a structlog processor."""
        redacted: MutableMapping[str, Any] = self.value(event)
        for key in ("timestamp", "level", "logger"):
            if key in event:
                redacted[key] = event[key]
        return redacted


def configure(process: str, *, level: str = "INFO", secrets: Iterable[str] = (), stream: IO[str] | None = None) -> None:
    """Send all logs, the standard library's too, to `stream` (default standard error) as `process`."""
    stream = sys.stderr if stream is None else stream
    people = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, event: {"process": process, **event},
    ]
    ending: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        Redactor(secrets),
        structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ending))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # kafka-python's DEBUG lines carry keys and values; its INFO is chatter (FACTS, "Kafka from Python").
    logging.getLogger("kafka").setLevel(max(logging.WARNING, root.level))
    for chatty in ("werkzeug", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger called `name`; its messages are event names such as "record_set_aside"."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found
