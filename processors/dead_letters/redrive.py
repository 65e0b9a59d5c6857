"""Sending dead letters back to the processor that set them aside, each once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Protocol

from processors.dead_letters.box import Box
from processors.dead_letters.canary import Canary, CanaryFailure
from processors.dead_letters.letter import Letter
from processors.dead_letters.pace import paced
from runtime.kafka.producer import NotPublished, Producer
from schemas.topics import consumer_group

#: A record that came back this often belongs in front of a person.
MAX_REDRIVES = 3
#: Letters on their way at once, where no rate is asked for.
BATCH = 100
ACK_TIMEOUT_S = 10.0


class Interrupted(Exception):
    """Run the redrive again: Kafka did not confirm every letter. What it confirmed is remembered. Exit code 75."""

    exit_code = 75


@dataclass(frozen=True, slots=True)
class RedriveDecision:
    """Whether a letter goes back, and why not."""

    letter: Letter
    reason: str | None  #: None: it goes


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which letters are asked for."""

    disposition: str | None = None
    error_class: str | None = None
    limit: int | None = None  #: at most this many go
    force: bool = False  #: even those that came back MAX_REDRIVES times
    writer: str | None = None  #: "ours" or "unknown"


def selected(letters: Iterable[Letter], decided: set[tuple[int, int]], selection: LetterFilter) -> Iterator[Letter]:
    """Those of `letters` that are asked for; those sent back or discarded before are passed over in silence."""
    for letter in letters:
        conditions = (
            (selection.disposition, letter.disposition),
            (selection.error_class, letter.error_class),
            (selection.writer, letter.writer),
        )
        if letter.place not in decided and all(value in (None, found) for value, found in conditions):
            yield letter


def judge(
    letters: Iterable[Letter], processor: str, decided: set[tuple[int, int]], letter_filter: LetterFilter
) -> Iterator[RedriveDecision]:
    """A verdict on each of `letters` that is asked for; see `selected`."""
    going = 0
    for letter in selected(letters, decided, letter_filter):
        if letter_filter.limit is not None and going >= letter_filter.limit:
            return
        verdict = RedriveDecision(letter, _reason_to_stay(letter, processor, letter_filter))
        going += verdict.reason is None
        yield verdict


def _reason_to_stay(letter: Letter, processor: str, letter_filter: LetterFilter) -> str | None:
    if letter.group != consumer_group(processor):
        return f"set aside by {letter.group or 'nobody who says so'}, not by {consumer_group(processor)}"
    if letter.left_out is not None:
        return f"the letter lacks its {letter.left_out}; the record is where it was set aside, as `dlq show` tells"
    if letter.redrive_count >= MAX_REDRIVES and not letter_filter.force:
        return f"has been sent back {letter.redrive_count} times already; --force sends it again"
    return None


class SentLetters(Protocol):
    """Where letters that were sent back are remembered."""

    def remember(self, box: Box, letters: Sequence[Letter]) -> None:
        """These have been."""


@dataclass(slots=True)
class RedriveOutcome:
    """What became of a redrive."""

    refused: list[Letter] = field(default_factory=list)  #: by Kafka, for good
    failures: Sequence[CanaryFailure] = ()  #: of the canary; then nothing else was sent

    def canary_failed(self, canary: int) -> str:
        """How many of its `canary` letters failed again, and of what."""
        counts = Counter(failure.error_class for failure in self.failures)
        causes = "; ".join(f"{count} x {cause}" for cause, count in counts.items())
        return f"{len(self.failures)} of the canary's {canary} letters failed again ({causes})"


def send_in_turn(
    letters: Iterable[Letter],
    send_part: Callable[[Iterable[Letter]], list[Letter]],
    open_canary: Callable[[], Canary],
    *,
    canary: int | None,
    canary_timeout: float,
) -> RedriveOutcome:
    """The first `canary` of `letters`, and the others if none of them fails; all at once where there are no others.

    `send_part` sends letters and returns what Kafka refuses, as `send`. Raises NotHandledInTime, Interrupted.
    """
    remaining = iter(letters)
    first = list(islice(remaining, canary)) if canary else []
    others = list(islice(remaining, 1))
    if not (first and others):
        return RedriveOutcome(send_part(chain(first, others, remaining)))
    watched = open_canary()
    refused = send_part(first)
    if failures := watched.failures(timeout=canary_timeout):
        return RedriveOutcome(refused, failures)
    return RedriveOutcome(refused + send_part(chain(others, remaining)))


def send(
    box: Box,
    letters: Iterable[Letter],
    producer: Producer,
    memory: SentLetters,
    *,
    rate: float | None,
    done: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Letter]:
    """Send `letters` back, at most `rate` a second, and remember each that Kafka has confirmed.

    Returns those that Kafka refuses for good. Raises Interrupted.
    """
    refused: list[Letter] = []
    before = 0
    for batch in paced(letters, BATCH, rate=rate, clock=clock, sleep=sleep):
        outcomes = producer.publish_all([letter.returned(box.processor) for letter in batch], timeout=ACK_TIMEOUT_S)
        judged = list(zip(batch, outcomes, strict=True))
        sent = [letter for letter, outcome in judged if outcome is None]
        if sent:
            memory.remember(box, sent)
        refused += [
            letter for letter, outcome in judged if outcome is not None and not isinstance(outcome, NotPublished)
        ]
        unsure = sum(isinstance(outcome, NotPublished) for outcome in outcomes)
        if unsure:
            raise Interrupted(
                f"Kafka did not confirm {unsure} of {len(batch)} letters; {before + len(sent)} were sent back before. "
                "Run the same command again: what was sent is not sent twice"
            )
        before += len(batch)
        done(len(batch))
    return refused
