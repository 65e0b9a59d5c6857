"""The local stack from outside: started on its own, and stopped. Imports little, so that both are quick."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psutil

from deploy.local.child import Log
from deploy.local.home import AlreadyRunning, Home, alive
from deploy.local.launch import hookline

#: Seconds that `down` waits for a tidy end; longer than any service is given (Service.stop_patience).
STOP_TIMEOUT = 90.0
#: Seconds that a stack in the background is given until it serves: a first start downloads.
START_TIMEOUT = 600.0


class DidNotServe(Exception):
    """Read the lines above: the stack in the background ended, or took too long."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def serve_in_background(home: Home, options: Sequence[str], show: Callable[[str], None]) -> dict[str, str]:
    """Start `hookline up OPTIONS` on its own and return its environment once it serves.

    What it prints is passed to `show`. Raises AlreadyRunning, DidNotServe.
    """
    if home.is_held():
        raise AlreadyRunning(f"a local stack already runs in {home.path}: `hookline down` stops it")
    os.umask(0o077)
    with home.usable():
        home.close_to_others()
        home.logs.mkdir(exist_ok=True)
    log = Log(home.logs / "up.log")
    log.rotate()
    with log.path.open("ab") as out, log.path.open("rb") as printed:
        printed.seek(0, os.SEEK_END)
        process = subprocess.Popen(  # noqa: S603 - ourselves
            [*hookline(), "up", *options],
            env=os.environ | {"HOOKLINE_HOME": str(home.path)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_TIMEOUT
        try:
            while process.poll() is None and time.monotonic() < deadline:
                environment = home.environment()
                for line in printed.read().decode("utf-8", "replace").splitlines():
                    show(line)
                if environment is not None:
                    return environment
                time.sleep(0.1)
        except BaseException:
            process.terminate()
            raise
        for line in printed.read().decode("utf-8", "replace").splitlines():
            show(line)
    if process.returncode is None:
        process.terminate()
        raise DidNotServe(f"the local stack did not serve within {START_TIMEOUT:g} s ({log.path})", 75)
    raise DidNotServe(f"the local stack did not come up ({log.path})", process.returncode or 70)


def stop_running(home: Home, announce: Callable[[str], None]) -> bool:
    """Stop the stack of `home` and wait until nothing of it is left; False: none ran."""
    if not home.is_held():
        end_leftovers(home)
        return False
    state = home.read("stack.json")
    supervisor = alive(state.get("supervisor"))
    if supervisor is not None:
        supervisor.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT
    while home.is_held():
        if time.monotonic() > deadline:
            if supervisor is None:
                raise DidNotServe(f"something else holds {home.path / 'lock'}: no stack is known to run", 75)
            announce(f"it did not stop in {STOP_TIMEOUT:g} s: killed")
            supervisor.kill()
            break
        time.sleep(0.05)
    while supervisor is not None and _runs(supervisor) and time.monotonic() < deadline:
        time.sleep(0.02)  # it has let go of the home, and has only itself to end
    _end(state)
    home.forget("stack.json")
    return True


def _runs(process: psutil.Process) -> bool:
    """Whether `process` has not ended; one that nobody has asked about since (a zombie) has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_leftovers(home: Home) -> None:
    """End what a supervisor that was killed left running: where its system does not do that by itself."""
    _end(home.read("stack.json"))
    home.forget("stack.json")


def _end(state: Mapping[str, Any]) -> None:
    left = [process for known in state.get("services") or () if (process := alive(known)) is not None]
    for process in left:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(left, timeout=10)
