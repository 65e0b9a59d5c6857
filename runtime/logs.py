"""Structured logs: an event name and its facts; JSON, or for people on a terminal.

Nothing personal and nothing secret gets out: `redact` is the last processor before the renderer and looks into
every value, whoever logged it, the text of exceptions included.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from runtime.printable import printable
from runtime.settings import SHORTEST_SECRET

#: Facts whose values are personal or secret whatever they look like.
HIDDEN_KEYS = frozenset(
    {
        "account_phone", "api_token", "authorization", "body", "contact_phone", "dsn", "key", "name", "password",
        "payload", "phone", "phone_number", "secret", "secrets", "signature", "signing_secret", "tag", "text",
        "token", "value",
    }
)  # fmt: skip
MASK = "[redacted]"

#: What looks like a phone number and is none comes first and is left as it is: UUIDs, times, IPv4 addresses, fractions
#: below one. Then seven to eighteen digits, however they are grouped or what stands before them ("tel:", "%2B").
_DIGITS = re.compile(
    r"""
    (?P<harmless>
        [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}
      | (?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?
      | (?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\d.])
      | (?<![\d.])0\.\d+
    )
  | (?<!\d)\+?\(?\d(?:[\s().\-/\u00ad\u200b-\u200f\u2010-\u2015\u2060]{0,3}\d){6,17}(?!\d)
    """,
    re.VERBOSE,
)
#: Whole numbers of this many digits may be phone numbers, unless their key says what they count.
_PHONE_DIGITS = range(10, 16)
_COUNTED = ("_at", "_ms", "_ns", "bytes", "offset", "seed", "seconds", "until")
#: The password in a URL, where an @ follows. Without one the match takes all up to the next blank all the same, or each
#: "://" in it would be looked at again, up to that blank: the square of the length.
_URL_PASSWORD = re.compile(r"(://[^:/@\s]+:)([^@\s]*)(@?)")
_KEYWORD_PASSWORD = re.compile(r"(password=)\S+", re.IGNORECASE)


class Redactor:
    """Replaces phone numbers, known secrets and whatever stands under a telling key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # Longest first, so that a secret that contains another is hidden whole.
        self._secrets = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """`text` without secrets and phone numbers."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _URL_PASSWORD.sub(lambda found: f"{found[1]}{MASK}@" if found[2] and found[3] else found[0], text)
        text = _KEYWORD_PASSWORD.sub(lambda found: found[1] + MASK, text)
        return _DIGITS.sub(lambda found: found[0] if found["harmless"] else MASK, text)

    def value(self, value: Any, key: str = "") -> Any:
        """`value`, which stands under `key`, with every text in it redacted, however deep."""
        if isinstance(value, int) and not isinstance(value, bool):
            is_count = len(str(abs(value))) not in _PHONE_DIGITS or key.endswith(_COUNTED)
            return value if is_count else MASK
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(name)): MASK if str(name).lower() in HIDDEN_KEYS else self.value(item, str(name))
                for name, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(item, key) for item in value]
        if value is None or isinstance(value, bool | float):
            return value
        return self.text(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """As a structlog processor."""
        redacted: MutableMapping[str, Any] = self.value(event)
        for key in ("timestamp", "level", "logger"):
            if key in event:
                redacted[key] = event[key]
        return redacted


class Throttle(logging.Filter):
    """Lets a line of a library through once in a while; whoever reads is told how many were left out."""

    def __init__(self, library: str, *, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._library = library
        self._seconds = seconds
        self._clock = clock
        self._last: dict[tuple[str, str], float] = {}
        self._left_out: Counter[tuple[str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is logged; lines are the same where their text is before arguments are put in."""
        if record.name.partition(".")[0] != self._library:
            return True
        line = record.name, str(record.msg)
        now = self._clock()
        if now - self._last.get(line, float("-inf")) < self._seconds:
            self._left_out[line] += 1
            return False
        self._last[line] = now
        if left_out := self._left_out.pop(line, 0):
            record.msg = f"{record.msg} ({left_out} more since)"
        return True


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """As a structlog processor: every text escaped that may be somebody else's; a traceback keeps its lines."""
    return {name: _escaped(value, lines=name in ("exception", "stack")) for name, value in event.items()}


def _escaped(value: Any, *, lines: bool = False) -> Any:
    if isinstance(value, str):
        return printable(value, lines=lines)
    if isinstance(value, Mapping):
        return {printable(str(name)): _escaped(item) for name, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


#: In ASCII, whatever the terminal is that somebody reads the log with.
_JSON = structlog.processors.JSONRenderer(
    serializer=lambda event, **options: json.dumps(event, **options).replace("\x7f", "\\u007f")
)


def _by_the_standard_library(*processors: Processor) -> None:
    """Hand what its logger's level lets through to `processors`, and then to the standard library's logging."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *processors],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def to_standard_error() -> None:
    """Until `configure`, as in the commands: warnings go to standard error, by `logging.lastResort`.

    structlog's own default is standard output, where the answers of `--json` stand.
    """
    _by_the_standard_library(
        structlog.stdlib.add_log_level, structlog.processors.format_exc_info, Redactor(), _printable, _JSON
    )


to_standard_error()


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
        *([_printable, structlog.dev.ConsoleRenderer()] if people else [_JSON]),
    ]
    _by_the_standard_library(
        *shared,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=ending))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # kafka-python's DEBUG lines carry keys and values; its INFO is chatter (docs/kafka-python.md). In an outage
    # both clients repeat the same errors a dozen times a second.
    for client in ("kafka", "confluent_kafka"):
        logging.getLogger(client).setLevel(max(logging.WARNING, root.level))
    handler.addFilter(Throttle("kafka"))  # librdkafka's lines are throttled where they come from
    # It warns at every connection of credentials "in the clear", which SCRAM does not send: they are salted and proven.
    logging.getLogger("kafka.net.sasl.scram").setLevel(logging.ERROR)
    for chatty in ("werkzeug", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger called `name`; its messages are event names such as "record_set_aside"."""
    found: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return found
