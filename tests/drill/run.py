"""A drill: each fault is made, looked for, mended by what is said to mend it, and looked for again."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

from tests.drill.fault import DrillFault
from tests.drill.judgement import (
    DrillResult,
    Mention,
    alarm_mention,
    command_named,
    gone_after,
    is_well,
    misses_of,
    over_mention,
    status_mention,
)
from tests.drill.stack import DrillStack
from tests.servers.alarm_receiver import ReceivedAlarm

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
#: Seconds between two looks, and for which everything has to be well before a fault is made.
EVERY, CALM = 0.25, 180.0
#: Seconds beyond a bound for which a drill goes on looking: to tell late from never.
BEYOND = 20.0


def section_of(rule: str, runbook: str) -> str:
    """What the runbook says of an alarm; empty where it has no such section."""
    found = re.search(rf"^### {rule}\n(.*?)(?=^#|\Z)", runbook, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


class Drill:
    """Runs faults on one stack: those of a lane one after the other, the lanes side by side."""

    def __init__(self, stack: DrillStack, note: Callable[[str], None]) -> None:
        self._stack = stack
        self._note = note
        self._runbook = RUNBOOK.read_text("utf-8")
        self._made: list[DrillFault] = []
        self._lasting: dict[str, float] = {}  #: when it was mended, of faults that others were made beside
        self._mended: dict[str, tuple[float, ReceivedAlarm]] = {}

    def run(self, faults: Sequence[DrillFault]) -> list[DrillResult]:
        """All of them; the results in their order."""
        results: dict[str, DrillResult] = {}

        def lane(members: Sequence[DrillFault]) -> None:
            for fault, following in zip_longest(members, members[1:]):
                results[fault.name] = self._run_fault(fault)
                if following is not None and fault.concerns and following.concerns == fault.concerns:
                    self._look_for_the_end(results[fault.name])  # whose problems could not be told from the next one's

        lanes = sorted({fault.lane for fault in faults})
        threads = [
            threading.Thread(target=lane, args=([fault for fault in faults if fault.lane == name],), daemon=True)
            for name in lanes
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for fault in faults:
            self._look_for_the_end(results[fault.name])
        for result in results.values():
            result.misses = misses_of(result)
        return [results[fault.name] for fault in faults]

    def _run_fault(self, fault: DrillFault) -> DrillResult:
        result = DrillResult(fault)
        stack = self._stack
        if not self._until(lambda: self._is_well(fault), CALM):
            result.trouble = f"status was not well before: {'; '.join(stack.readings[-1].problems)[:300]}"
            self._note(f"{fault.name}: {result.trouble}")
            return result
        if fault.alarm and not self._until(lambda: not self._is_on(fault), CALM):
            result.trouble = f"{fault.alarm} was on before"
            return result
        self._made.append(fault)
        since = time.monotonic()
        try:
            fault.prepare(stack)
            self._note(f"{fault.name}: {fault.what}")
            since = time.monotonic()
            fault.make(stack)
            self._look(fault, result, since)
            self._mend(fault, result)
        except Exception as error:  # noqa: BLE001 - one fault that cannot be made leaves the others alone
            result.trouble = f"the drill failed: {type(error).__name__}: {error}"
        mended = time.monotonic()
        if fault.concerns:
            self._lasting[fault.name] = mended
        elif self._until(lambda: self._is_well(fault, mended), fault.well_within + BEYOND):
            result.well_after = time.monotonic() - mended
        if (on := alarm_mention(stack.receiver.alarms(), fault, since)) is not None:
            self._mended[fault.name] = (mended, on)
        others = {alarm.rule for alarm in stack.receiver.alarms() if alarm.at > since and alarm.rule}
        result.other_alarms = tuple(sorted(others - {fault.alarm}))
        self._note(f"{fault.name}: {_outcome(result)}")
        return result

    def _look(self, fault: DrillFault, result: DrillResult, since: float) -> None:
        """Until status and the notifier have named it, or are late."""

        def found() -> bool:
            if result.status is None and fault.status:
                result.status = status_mention(self._stack.readings, fault.status, since)
                if result.status is not None:
                    self._note(f"{fault.name}: status after {result.status.after:.1f} s: {result.status.text[:160]}")
            if result.alarm is None and fault.alarm:
                alarm = alarm_mention(self._stack.receiver.alarms(), fault, since)
                if alarm is not None:
                    result.alarm, result.alarm_command = Mention(alarm.at - since, alarm.text), alarm.command
                    self._note(f"{fault.name}: alarm after {result.alarm.after:.1f} s: {alarm.summary[:160]}")
            return (result.status is not None or not fault.status) and (result.alarm is not None or not fault.alarm)

        self._until(found, max(fault.status_within, fault.alarm_within) + BEYOND)

    def _mend(self, fault: DrillFault, result: DrillResult) -> None:
        fault.repair(self._stack)
        if not fault.command:
            return
        texts = [mention.text for mention in (result.status, result.alarm) if mention is not None]
        result.command = command_named(fault.command, [*texts, section_of(fault.alarm, self._runbook)])
        if result.command:
            result.command += fault.arguments
            self._note(f"{fault.name}: {result.command}")
            result.command_failed = self._stack.run_command(result.command)

    def _look_for_the_end(self, result: DrillResult) -> None:
        """Until status no longer names it, and whoever heard of the alarm has heard that it is over."""
        if (since := self._lasting.pop(result.fault.name, None)) is not None:
            left = since + result.fault.well_within + BEYOND - time.monotonic()
            self._until(lambda: gone_after(self._stack.readings, result.fault.concerns, since) is not None, left)
            result.well_after = gone_after(self._stack.readings, result.fault.concerns, since)
        if result.fault.name not in self._mended:
            return
        mended, on = self._mended.pop(result.fault.name)
        left = mended + result.fault.over_within + BEYOND - time.monotonic()
        self._until(lambda: over_mention(self._stack.receiver.alarms(), on, result.fault) is not None, left)
        over = over_mention(self._stack.receiver.alarms(), on, result.fault)
        if over is not None:
            result.over_after = max(0.0, over.at - mended)

    def _is_well(self, fault: DrillFault, since: float = 0.0) -> bool:
        """By the latest reading, which has to be from after `since`, of what concerns no other fault under way."""
        readings = self._stack.readings
        besides = [other.concerns for other in list(self._made) if other is not fault and other.concerns]
        return bool(readings) and readings[-1].at > since + 1.0 and is_well(readings[-1], besides)

    def _is_on(self, fault: DrillFault) -> bool:
        """Whether whoever is told has heard of the alarm of `fault` and not of its end."""
        alarms = self._stack.receiver.alarms()
        on = alarm_mention(list(reversed(alarms)), fault, 0.0)
        return on is not None and over_mention(alarms, on, fault) is None

    @staticmethod
    def _until(holds: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
            time.sleep(EVERY)
        return True


def _outcome(result: DrillResult) -> str:
    if result.trouble:
        return result.trouble
    return "mended" if result.well_after is None else f"well again {result.well_after:.0f} s after the mend"
