"""Processes of ours that are killed, frozen, or die again and again."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace

import psutil

from tests.drill.fault import DrillFault
from tests.drill.stack import DrillStack, freeze, thaw

_ALL = ("ingest", "persist", "opt-out", "crm-sync", "console")


def killing(service: str) -> Callable[[DrillStack], None]:
    """kill -9, once."""
    return lambda stack: stack.service(service).kill()


def freezing(service: str) -> Callable[[DrillStack], None]:
    """SIGSTOP, until it is thawed or killed."""

    def make(stack: DrillStack) -> None:
        members = freeze(stack.service(service))
        stack.at_the_end(lambda: thaw(members))

    return make


class KilledAgain:
    """kill -9 as often as the supervisor starts it, until it is let be."""

    def __init__(self, service: str, *, every: float, phases: Collection[str] = ("starting", "serving")) -> None:
        """`phases`: those of the supervisor in which it is killed."""
        self._service = service
        self._every = every
        self._phases = phases
        self._let_be = threading.Event()

    def make(self, stack: DrillStack) -> None:
        """Begin."""
        self._let_be.clear()
        stack.at_the_end(self._let_be.set)
        threading.Thread(target=self._run, args=(stack,), daemon=True).start()

    def repair(self, _: DrillStack) -> None:
        """Let it be."""
        self._let_be.set()

    def _run(self, stack: DrillStack) -> None:
        while not self._let_be.wait(self._every):
            with suppress(KeyError, psutil.NoSuchProcess):
                if stack.local.service(self._service)["phase"] in self._phases:
                    stack.service(self._service).send_signal(signal.SIGKILL)


def killed(service: str) -> DrillFault:
    """A supervisor starts it again at once: somebody has to hear of it all the same."""
    return DrillFault(
        f"{service}-killed",
        f"{service} is killed -9",
        killing(service),
        status=rf"^{service} was started again .*SIGKILL",
        alarm="HooklineRestarted",
        alarm_text=rf"{re.escape(service)} .*started again",
        mended_by="its supervisor",
        over_within=420.0,
    )


def frozen(service: str) -> DrillFault:
    """Until its supervisor kills it, after some 15 seconds, and starts it again."""
    return DrillFault(
        f"{service}-frozen",
        f"{service} is frozen (SIGSTOP)",
        freezing(service),
        status=rf"^{service} .*(is unreachable|is missing|not heard of)",
        alarm="HooklineMissing|HooklineDown",
        alarm_text=rf"{re.escape(service)}\b.*(not answer|not been heard of)",
        mended_by="its supervisor",
    )


_gate = KilledAgain("gate", every=4.0, phases=("serving",))

PROCESS_FAULTS = (
    *map(killed, _ALL),
    replace(killed("notifier"), lane="notifier"),
    *map(frozen, ("persist", "opt-out", "crm-sync", "ingest")),
    DrillFault(
        "crash-loop",
        "the gate is killed -9 whenever it serves again",
        _gate.make,
        status=r"^gate was started again within an hour \(([3-9]|\d\d) x\): .*SIGKILL",
        alarm="HooklineRestarting",
        alarm_text="gate",
        repair=_gate.repair,
        mended_by="nobody kills it any more",
        status_within=60.0,
        alarm_within=90.0,
        over_within=1000.0,
    ),
)
