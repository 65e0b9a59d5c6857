"""What a drill has seen of a fault, and what of it is a miss. Nothing here waits or asks anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.drill.fault import DrillFault
from tests.servers.alarm_receiver import ReceivedAlarm

#: A place that a rule's text has for a label, and that nobody filled.
_UNFILLED = re.compile(r"\{\w+\}|(?<!\S)\?(?!\S)")


@dataclass(frozen=True, slots=True)
class StatusReading:
    """What `hookline status` said at one moment."""

    at: float  #: by the monotonic clock
    healthy: bool
    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def phrases(self) -> tuple[str, ...]:
        """All that it said."""
        return (*self.problems, *self.warnings)


@dataclass(frozen=True, slots=True)
class Mention:
    """That somebody has named a fault."""

    after: float  #: seconds since it was made
    text: str


@dataclass(slots=True)
class DrillResult:
    """What was seen of one fault."""

    fault: DrillFault
    status: Mention | None = None
    alarm: Mention | None = None
    alarm_command: str = ""
    command: str = ""  #: as it was run
    command_failed: str = ""  #: how
    well_after: float | None = None  #: seconds since the mend
    over_after: float | None = None  #: seconds since the mend
    other_alarms: tuple[str, ...] = ()  #: rules that went on meanwhile
    trouble: str = ""  #: why the drill itself could not go on with this fault
    misses: list[str] = field(default_factory=list)


def status_mention(readings: Sequence[StatusReading], pattern: str, since: float) -> Mention | None:
    """When status first said what `pattern` is of, and had not said so in these words just before the fault."""
    earlier = [reading for reading in readings if reading.at <= since]
    before = set(earlier[-1].phrases) if earlier else set()
    for reading in readings:
        if reading.at > since:
            for phrase in reading.phrases:
                if phrase not in before and re.search(pattern, phrase):
                    return Mention(reading.at - since, phrase)
    return None


def alarm_mention(alarms: Sequence[ReceivedAlarm], fault: DrillFault, since: float) -> ReceivedAlarm | None:
    """The first alarm about `fault` that came after it."""
    for alarm in alarms:
        if alarm.at > since and alarm.rule in fault.alarm.split("|") and re.search(fault.alarm_text, alarm.text):
            return alarm
    return None


def over_mention(alarms: Sequence[ReceivedAlarm], on: ReceivedAlarm, fault: DrillFault) -> ReceivedAlarm | None:
    """The message that `on` is over: its summary may have other numbers by then."""
    for alarm in alarms:
        if alarm.is_over and alarm.at > on.at and _without_numbers(alarm.summary) == _without_numbers(on.summary):
            return alarm
    return None


def _without_numbers(summary: str) -> str:
    return re.sub(r"\d[\d.,:TZ+-]*\s*(?:s|min|h|d)?\b", "N", summary)


def command_named(pattern: str, texts: Sequence[str]) -> str:
    """The command as one of `texts` names it; empty: none does."""
    for text in texts:
        if match := re.search(pattern, text):
            return match[0]
    return ""


def is_well(reading: StatusReading, besides: Sequence[str]) -> bool:
    """Whether status has no problem but what the patterns `besides` are of."""
    if not besides:
        return reading.healthy
    return all(any(re.search(pattern, problem) for pattern in besides) for problem in reading.problems)


def gone_after(readings: Sequence[StatusReading], pattern: str, since: float) -> float | None:
    """Seconds from `since` to the first reading from which on no problem is what `pattern` is of; None: it still is."""
    found: float | None = None
    for reading in readings:
        if reading.at > since:
            is_there = any(re.search(pattern, problem) for problem in reading.problems)
            found = None if is_there else found if found is not None else reading.at - since
    return found


def misses_of(result: DrillResult) -> list[str]:
    """What should have been otherwise, a phrase each."""
    fault, found = result.fault, []
    if result.trouble:
        found.append(result.trouble)
    if fault.status:
        found += _late("status", result.status, fault.status_within)
    if fault.alarm:
        found += _late(f"the alarm {fault.alarm}", result.alarm, fault.alarm_within)
    if result.alarm is not None:
        if not result.alarm_command:
            found.append("the alarm names no command")
        elif _UNFILLED.search(result.alarm_command):
            found.append(f"the alarm's command cannot be pasted: {result.alarm_command}")
        if _UNFILLED.search(result.alarm.text.splitlines()[0]):
            found.append(f"the alarm leaves a place open: {result.alarm.text.splitlines()[0]}")
    if fault.command and not result.command:
        found.append(f"neither status, nor the alarm, nor the runbook names {fault.command}")
    if result.command_failed:
        found.append(f"{result.command} failed: {result.command_failed}")
    found += _ended("status is not well again", result.well_after, fault.well_within)
    if fault.alarm and result.alarm is not None:
        found += _ended("the alarm is not over", result.over_after, fault.over_within)
    return found


def _late(who: str, mention: Mention | None, within: float) -> list[str]:
    if mention is None:
        return [f"{who} never named it"]
    return [f"{who} took {mention.after:.0f} s of {within:.0f}"] if mention.after > within else []


def _ended(what: str, after: float | None, within: float) -> list[str]:
    if after is None:
        return [f"{what} within {within:.0f} s"]
    return [f"{what} within {within:.0f} s, but after {after:.0f}"] if after > within else []
