"""Carries out the oldest open request about dead letters of a processor: `python -m processors.dead_letters.carry_out`.

A program of its own, started by the processor with its environment: the letters stay out of the processor's memory and
its interpreter, and it ends with the processor. Killed at any place, it goes on at the next start: what was confirmed
is remembered in batches, and a batch that was sent and not remembered goes again, which the processor recognises by
its event ids. Exit code 0: the request has come to an end, or there was none; 75: try again in a while.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import islice

import psycopg

from processors.dead_letters.box import Box, Memory, open_boxes
from processors.dead_letters.canary import Canary, NotHandledInTime
from processors.dead_letters.letter import Letter
from processors.dead_letters.pace import paced
from processors.dead_letters.redrive import BATCH, Interrupted, judge, selected, send, send_in_turn
from processors.dead_letters.requests import (
    MOST_ATTEMPTS,
    LetterRequest,
    RequestMemory,
    RequestStopped,
    begin_request,
    end_request,
    oldest_request,
    postpone_request,
    tell_detail,
    tell_expected,
)
from runtime import logs
from runtime.connections import KafkaSettings, PostgresSettings
from runtime.kafka.consumer import Unanswered
from runtime.kafka.errors import KafkaError
from runtime.kafka.producer import KafkaProducer
from runtime.postgres import Connection, connect
from runtime.process import die_with_parent
from runtime.settings import Configuration

log = logs.logger("processors.dead_letters.carry_out")

TRY_AGAIN = 75
#: Seconds that the processor has to handle the canary, its retries included.
CANARY_TIMEOUT = 120.0
#: How much less than the processor it may have of a busy core.
_NICENESS = 10


def carry_out(connection: Connection, settings: KafkaSettings, processor: str) -> int:
    """Do it; the exit code. Raises psycopg.Error."""
    request = oldest_request(connection, processor)
    if request is None:
        return 0
    try:
        [box] = open_boxes(settings, [processor])
        if not Memory(connection).alone(box):
            return TRY_AGAIN
        if oldest_request(connection, processor) != request:  # another process has worked on it meanwhile
            return TRY_AGAIN
        if request.attempts >= MOST_ATTEMPTS:
            end_request(
                connection, request, "failed", f"its process failed {MOST_ATTEMPTS} times: see {processor}'s log"
            )
            return 0
        begin_request(connection, request)
        if request.action == "discard":
            _discard(connection, box, request)
        else:
            _redrive(connection, box, request)
    except RequestStopped as stopped:
        end_request(connection, request, "stopped", str(stopped))
    except NotHandledInTime as late:
        end_request(connection, request, "failed", str(late))
    except (Interrupted, KafkaError, Unanswered) as passing:
        log.warning("dead_letter_request_postponed", request=request.id, error_class=type(passing).__name__)
        postpone_request(connection, request, "Kafka does not answer: it is tried again")
        return TRY_AGAIN
    return 0


def _redrive(connection: Connection, box: Box, request: LetterRequest) -> None:
    memory = RequestMemory(connection, request)
    decided = memory.decided(box)
    # Twice through the topic rather than all letters in memory: the first time counts, for the progress.
    reasons = Counter(
        decision.reason for decision in judge(box.letters(), box.processor, decided, request.letter_filter)
    )
    going = reasons.pop(None, 0)
    tell_expected(connection, request, going, reasons.total(), "sending back")
    # A reader that is left to the end of the process waits for ever there: kafka-python's network thread has gone.
    with (
        closing(_going(box, request, decided)) as letters,
        closing(KafkaProducer(box.settings, "hookline-redrive")) as producer,
    ):
        outcome = send_in_turn(
            letters,
            lambda part: send(box, part, producer, memory, rate=None, done=lambda _count: None),
            lambda: _canary(connection, box, request),
            canary=request.canary,
            canary_timeout=CANARY_TIMEOUT,
        )
    refused = len(outcome.refused)
    if outcome.failures:
        failed = outcome.canary_failed(request.canary or 0)
        end_request(connection, request, "canary failed", f"{failed}: no other was sent", refused=refused)
        return
    said = [f"{count} kept: {reason}" for reason, count in reasons.most_common(3)]
    said += [f"{refused} kept: Kafka refuses them for good"] if refused else []
    end_request(connection, request, "done", "; ".join(said), refused=refused)


def _going(box: Box, request: LetterRequest, decided: set[tuple[int, int]]) -> Generator[Letter, None, None]:
    for decision in judge(box.letters(), box.processor, decided, request.letter_filter):
        if decision.reason is None:
            yield decision.letter


def _canary(connection: Connection, box: Box, request: LetterRequest) -> Canary:
    tell_detail(
        connection, request, f"the canary of {request.canary} goes first, then {box.processor} has to handle it"
    )
    return Canary(box.settings, connection, box.processor)


def _discard(connection: Connection, box: Box, request: LetterRequest) -> None:
    memory = RequestMemory(connection, request)
    decided, letter_filter = memory.decided(box), request.letter_filter

    def chosen() -> Generator[Letter, None, None]:
        yield from islice(selected(box.letters(), decided, letter_filter), letter_filter.limit)

    tell_expected(connection, request, sum(1 for _ in chosen()), 0, "discarding")
    with closing(chosen()) as letters:
        for part in paced(letters, BATCH, rate=None, clock=time.monotonic, sleep=time.sleep):
            memory.discard(box, part, request.reason, request.requested_by)
    end_request(connection, request, "done", "")


def main(arguments: Sequence[str]) -> int:
    """PROCESSOR PARENT, the process id of whoever started it."""
    processor, parent = arguments
    die_with_parent(int(parent))
    os.nice(_NICENESS)
    logs.configure(processor)
    configuration = Configuration.load(KafkaSettings, PostgresSettings)
    postgres = configuration[PostgresSettings]
    try:
        with connect(
            postgres.dsn.get_secret_value(), process=f"{processor}-requests", call_timeout=postgres.call_timeout
        ) as connection:
            return carry_out(connection, configuration[KafkaSettings], processor)
    except psycopg.OperationalError as error:
        log.warning("dead_letter_request_postponed", error_class=type(error).__name__)
        return TRY_AGAIN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
